import io
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from ledcal.calibration.outcome import Outcome
from ledcal.rig.closing import close_run, finished
from ledcal.rig.journal import JOURNAL, Journal, read_journal
from ledcal.rig.keys import SigningKey
from ledcal.rig.run import RUNS
from ledcal.rig.screen import STEP_WORDS, TYPICAL_BENCH_S, Screen, open_screen
from ledcal.rig.summary import record_of

StartRun = Callable[..., tuple[Path, Journal]]
HOSTILE = "\x1b]0;x\x07[red]r[/red]\u202e\r" + "X" * 10_000


def show(events: list[dict[str, Any]], *, terminal: bool = False) -> str:
    """Return what is shown of the events."""
    written = io.StringIO()
    console = Console(
        file=written, markup=False, highlight=False, soft_wrap=True, force_terminal=terminal
    )
    screen = Screen(console, {})
    if terminal:
        with screen.live():
            for event in events:
                screen.follow(event)
    else:
        for event in events:
            screen.follow(event)
    return written.getvalue()


@pytest.fixture
def started(begin_run: StartRun) -> dict[str, Any]:
    folder, journal = begin_run()
    journal.close()
    return read_journal(folder)[0]


def test_every_step_has_words_and_a_typical_time() -> None:
    assert list(STEP_WORDS) == list(TYPICAL_BENCH_S)


def test_plain_lines_tell_the_steps(started: dict[str, Any]) -> None:
    lines = show(
        [
            started,
            {"event": "step_started", "step": "blank"},
            {"event": "step_finished", "step": "blank", "result": "PASS", "duration_s": 1.26},
            {"event": "measured", "verdict": "FAIL", "channel": 2, "measurand": "centroid"},
            {"event": "measured", "verdict": "PASS", "channel": 3, "measurand": "centroid"},
            {"event": "measured_as_found", "verdict": "FAIL", "channel": 4, "measurand": "x"},
            {"event": "step_finished", "step": "fit", "result": "ERROR", "duration_s": 0.0},
            {"event": "error", "code": "DISK", "text": "full"},
        ]
    ).splitlines()
    assert lines[0].startswith("SIMULATED BENCH, DEMO: panel TEST-0001, LT5-300 1.0.0, attempt 1")
    assert lines[1] == "… first look, dark and lit"
    assert lines[2].startswith("✔ first look, dark and lit")
    assert lines[2].endswith("PASS  1.3 s")
    assert lines[3] == "    channel 2: centroid: FAIL"
    assert lines[4] == "    channel 4: x: FAIL"
    assert lines[5].startswith("▲ fit the calibration")
    assert lines[6] == "    DISK: full"
    assert len(lines) == 7


@pytest.mark.parametrize("terminal", [False, True])
def test_hostile_text_does_nothing(started: dict[str, Any], terminal: bool) -> None:
    product = started["product"] | {"model": HOSTILE, "version": HOSTILE}
    shown = show(
        [
            started | {"serial": HOSTILE, "product": product},
            {"event": "error", "code": "C", "text": HOSTILE},
            {"event": "note", "code": "C", "text": HOSTILE},
        ],
        terminal=terminal,
    )
    assert "\x1b]0;" not in shown
    assert "\x07" not in shown
    assert "\u202e" not in shown
    assert "[red]r[/red]" in shown
    assert max(len(line) for line in shown.split("\n")) < 2_200


def test_the_verdict_is_a_word_with_its_reasons(begin_run: StartRun, key: SigningKey) -> None:
    folder, journal = begin_run()
    cause = "the head is dark; " * 30 + "take its cap off"
    reasons = [{"code": "NO_LIGHT", "text": HOSTILE}, {"code": "CAPPED", "text": cause}]
    journal.append("note", {"code": "AS_FOUND_OUT", "text": "channel 3 gave 14.7% less" + HOSTILE})
    journal.append("run_finished", finished(Outcome.SETUP, reasons))
    journal.close()
    close_run(folder, key)
    written = io.StringIO()
    Screen(Console(file=written, markup=False, soft_wrap=True), {}).verdict(
        folder, record_of(folder)
    )
    shown = written.getvalue()
    assert "▲ SETUP" in shown
    assert Outcome.SETUP.meaning in shown
    assert "  NO_LIGHT: " in shown
    assert f"  CAPPED: {cause}\n" in shown  # whole: its end says what to do
    assert "  AS_FOUND_OUT: channel 3 gave 14.7% less" in shown
    assert str(folder / "certificate.html") in shown
    assert [c for c in shown if c != "\n" and unicodedata.category(c) in ("Cc", "Cf")] == []


def test_a_quiet_screen_shows_nothing(
    data_folder: Path, started: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    with open_screen(data_folder, quiet=True) as screen:
        screen.follow(started)
        screen.follow({"event": "step_started", "step": "blank"})
        screen.tick()
    assert capsys.readouterr().out == ""


def test_a_damaged_run_before_does_not_stop_this_one(
    started: dict[str, Any], data_folder: Path
) -> None:
    for day, content in enumerate((b"", b"\xff\n", b'{"n": 1}\n', b"[]\n"), start=1):
        other = data_folder / RUNS / f"2026040{day}T120000000Z-TEST-0001"
        other.mkdir()
        (other / JOURNAL).write_bytes(content)
    with open_screen(data_folder, quiet=True) as screen:
        screen.follow(started)
