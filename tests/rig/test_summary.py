import json
import shutil
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ledcal.calibration.outcome import Outcome
from ledcal.calibration.record_reader import read_record
from ledcal.reports.certificate import certificate_html
from ledcal.reports.stages import stages
from ledcal.reports.text import tied
from ledcal.reports.verification import verification
from ledcal.rig.archive import _kept
from ledcal.rig.certificate_again import render_again
from ledcal.rig.cli import app
from ledcal.rig.closing import RECORD, SEAL, close_run, finished
from ledcal.rig.errors import RefusedInput, StationError
from ledcal.rig.journal import JOURNAL, Journal
from ledcal.rig.keys import SigningKey
from ledcal.rig.summary import (
    UNSEALED,
    history_object,
    outcome_object,
    print_history,
    print_json,
    print_record,
    print_verifications,
    record_of,
    refusal_object,
    refusal_text,
)
from ledcal.rig.verify import Finding, Verification
from tests.reports.conftest import _COMPLETED_RUN, recalibrated

StartRun = Callable[..., tuple[Path, Journal]]
HOSTILE = "\x1b[31m\x1b]0;x\x07[bold red]b[/] \u202edlrow\u2066 \r\x08 \u200b" + "X" * 10_000
KEYS = [
    *("run", "serial", "outcome", "exit_code", "reasons", "signature"),
    *("revision", "amendments", "sealed", "folder", "paths"),
]
PATHS = ["record", "calibration", "file", "certificate", "report", "transcript"]


def require_harmless(text: str) -> None:
    """No character of a terminal's that acts, and no line without end."""
    acting = [c for c in text if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Cs")]
    assert acting == []
    assert max(len(line) for line in text.split("\n")) < 3_000


@pytest.fixture
def hostile_run(begin_run: StartRun, key: SigningKey) -> Path:
    folder, journal = begin_run(operator=HOSTILE, reason=HOSTILE)
    journal.append("note", {"code": HOSTILE, "text": HOSTILE})
    journal.append("step_started", {"step": HOSTILE})
    journal.append("run_finished", finished(Outcome.FAIL, [{"code": HOSTILE, "text": HOSTILE}]))
    journal.close()
    close_run(folder, key)
    return folder


def test_hostile_text_does_nothing_on_a_terminal(
    hostile_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = record_of(hostile_run)
    print_record(hostile_run, record)
    print_history("TEST-0001", [hostile_run])
    print_history(HOSTILE, [])
    print_verifications(
        [
            Verification(
                folder=Path("\x1b[31m\u202e"),
                findings=(Finding(file=HOSTILE, text=HOSTILE),),
                checked=0,
                key_id="",
            )
        ],
        as_json=False,
    )
    shown = capsys.readouterr().out
    require_harmless(shown)
    assert r"\u001b[31m" in shown
    assert "[bold red]b[/]" in shown  # no markup, so it stands as it is
    assert "✘ FAIL" in shown


def test_show_tells_as_found_in_the_words_of_the_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = read_record(recalibrated(_COMPLETED_RUN))
    print_record(tmp_path, record)
    shown = " ".join(capsys.readouterr().out.split())
    found, action, left = stages(record, verification(record))
    assert f"as found ✘ Out of tolerance: {found.remark} action Adjusted: " in shown
    assert f"{action.remark} as left ✔ In tolerance: {left.remark} " in shown
    page = certificate_html(record, record_sha256="5a" * 32)
    for stage in (found, action, left):
        assert tied(stage.remark) in page
    impossible = [replace(m, expanded_uncertainty=-1.0) for m in record.measured_as_found]
    print_record(tmp_path, replace(record, measured_as_found=impossible))
    assert "cannot be told: the uncertainty" in capsys.readouterr().out


def test_a_refusal_is_harmless_too() -> None:
    text = refusal_text(RefusedInput("FILE", f"f.toml:1: {HOSTILE}\n\nf.toml:2: \x1b[2J"))
    acting = [c for c in text if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Cs")]
    assert acting == []
    assert text.startswith("USAGE: f.toml:1: ")
    assert text.count("\n") == 1


def test_the_object_of_a_run_has_the_promised_keys(sealed_run: Path) -> None:
    value = outcome_object(sealed_run, record_of(sealed_run))
    assert list(value) == KEYS
    assert list(value["paths"]) == PATHS
    assert (value["run"], value["serial"]) == (sealed_run.name, "TEST-0001")
    assert (value["outcome"], value["exit_code"]) == ("ABORTED", 5)
    assert value["reasons"] == [{"code": "X", "text": "y"}]
    assert Path(value["paths"]["file"]).read_bytes()[1:5] == b"LCAL"
    assert value["paths"]["transcript"] is None


def test_a_run_without_a_seal_is_told_as_one(sealed_run: Path, data_folder: Path) -> None:
    """Whoever can write a folder can copy a run without its seal, and let it tell PASS."""
    runner, data = CliRunner(), ["--data", str(data_folder)]
    forged = sealed_run.with_name("20260401T120000000Z-TEST-0001")
    shutil.copytree(sealed_run, forged)
    (forged / SEAL).unlink()
    history = runner.invoke(app, ["history", "TEST-0001", *data]).output.splitlines()
    assert ["not sealed" in line for line in history] == [False, True]
    assert "not sealed" in runner.invoke(app, ["show", "TEST-0001", *data]).output
    said = runner.invoke(app, ["verify", str(data_folder), *data])
    assert f"not sealed, and so not checked: {forged.name}" in said.output
    assert said.exit_code == 0  # so stands a run that is being made
    said = runner.invoke(app, ["verify", str(data_folder), *data, "--json"])
    assert json.loads(said.output)["paths"][0]["not_sealed"] == [forged.name]
    assert [one.words for one in _kept("TEST-0001", data_folder)] == ["", UNSEALED]


def test_the_object_of_a_refusal_has_the_same_keys() -> None:
    value = refusal_object(StationError("DISK", "full"))
    assert sorted(value) == sorted(KEYS)
    assert sorted(value["paths"]) == sorted(PATHS)
    assert (value["outcome"], value["exit_code"]) == ("STATION", 4)
    assert value["reasons"] == [{"code": "DISK", "text": "full"}]


def test_json_is_one_object_without_acting_characters(
    hostile_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    value = outcome_object(hostile_run, record_of(hostile_run))
    print_json(value)
    shown = capsys.readouterr().out
    assert json.loads(shown) == value
    assert shown.isascii()
    assert "\x1b" not in shown
    with pytest.raises(ValueError, match="not JSON compliant"):
        print_json({"value": float("nan")})


def test_a_run_that_never_began_stands_in_the_history(
    sealed_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dead = sealed_run.with_name("20260302T120000000Z-TEST-0001")
    dead.mkdir()
    print_history("TEST-0001", [sealed_run, dead])
    first, second = capsys.readouterr().out.splitlines()
    assert first == f"{sealed_run.name}  ■ ABORTED  X"
    assert second.startswith(f"{dead.name}  ■ ABORTED  ")
    assert "No such file" in second
    value = history_object("TEST-0001", [sealed_run, dead])
    assert [sorted(run) for run in value["runs"]] == [sorted(KEYS)] * 2
    assert [run["run"] for run in value["runs"]] == [sealed_run.name, dead.name]
    assert [run["exit_code"] for run in value["runs"]] == [5, 5]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}\n",
        b'{"n": 1, "event": "run_started"}\n',
        b'{"n": 1, "at": "", "event": "run_finished"}\n',
    ],
)
def test_a_journal_without_a_beginning_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / JOURNAL).write_bytes(content)
    with pytest.raises(RefusedInput) as caught:
        record_of(tmp_path)
    assert caught.value.code == "JOURNAL"
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize(
    ("event", "facts"),
    [
        ("step_finished", {"step": "fit", "result": "PASS", "duration_s": None}),
        ("step_finished", {}),
        ("run_finished", {"outcome": "GOOD", "reasons": []}),
        ("run_finished", {"outcome": "PASS", "reasons": None}),
        ("measured", {"verdict": "PASS"}),
    ],
)
def test_a_malformed_event_is_refused(
    begin_run: StartRun, event: str, facts: dict[str, Any]
) -> None:
    folder, journal = begin_run()
    journal.append(event, facts)
    journal.close()
    with pytest.raises(RefusedInput):
        record_of(folder)


def test_a_page_made_again_is_compared_with_the_sealed_one(
    sealed_run: Path, tmp_path: Path
) -> None:
    output = tmp_path / "again.html"
    page = sealed_run / "certificate.html"
    assert render_again(sealed_run, output).endswith("identical with the run's page")
    assert output.read_bytes() == page.read_bytes()
    page.write_bytes(page.read_bytes() + b" ")
    assert "differs from the run's page" in render_again(sealed_run, output)
    page.unlink()
    assert "no page of its own" in render_again(sealed_run, output)
    (sealed_run / RECORD).unlink()
    render_again(sealed_run, output)
    with pytest.raises(StationError, match="cannot be written"):
        render_again(sealed_run, tmp_path / "absent" / "again.html")
