"""Kill a run at every event of its journal, and see what is left of it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledcal.calibration.errors import RecordError
from ledcal.rig.closing import PANEL_FILE
from ledcal.rig.errors import RefusedInput
from ledcal.rig.folder import sha256_hex
from ledcal.rig.journal import read_journal
from ledcal.rig.run import runs_of
from ledcal.rig.summary import record_of
from ledcal.rig.verify import verify_run
from tests.system.conftest import DARK_LIMIT_S, LiveBench

QUICK_PRODUCT = Path(__file__).with_name("quick-product.toml")
KILL_SWITCH = Path(__file__).with_name("kill_switch")
VICTIMS = ("child", "command", "both")
LAST_STEP_DONE = "step_finished verify"
_RUN_LIMIT_S = 300.0
_END_LIMIT_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Killed:
    """What became of one run.

    Attributes:
        at: Number of the event after which it was killed, or a text in its line.
        event: That event's name, with its step or kind; "end" when the run ended before it.
        victim: Who was killed.
        outcome: What the run ends as, by its journal.
        problems: What is wrong with what is left, in words; empty when nothing is.
    """

    at: int | str
    event: str
    victim: str
    outcome: str
    problems: tuple[str, ...]


def kill_at(
    bench: LiveBench, folder: Path, serial: str, kills: Iterable[tuple[int | str, str]]
) -> Iterator[Killed]:
    """Run the same panel again and again, each time killed after another event.

    It ends early with the first run that has fewer events.

    Args:
        bench: Serves the panel.
        folder: Where the command is run.
        serial: Serial of the panel.
        kills: Number of an event or a text in its line, and the victim.
    """
    for at, victim in kills:
        killed = _one(bench, folder, serial, at, victim)
        yield killed
        if killed.event == "end" and killed.outcome == "PASS":
            return


def whole_run(bench: LiveBench, folder: Path, serial: str) -> list[dict[str, Any]]:
    """Calibrate the panel and return the journal's events.

    Raises:
        AssertionError: It did not pass.
    """
    done = _start(bench, folder, serial, "").wait(timeout=_RUN_LIMIT_S)
    run = _runs(bench, serial)[-1]
    assert done == 0, f"exit code {done}: {record_of(run).reasons}"
    return read_journal(run)


def kind(event: dict[str, Any]) -> str:
    """Return what sort of event it is: its name, with what tells one of its kind from another."""
    detail = event.get("step") or event.get("state") or event.get("role") or ""
    return f"{event['event']} {detail}".strip()


def _one(bench: LiveBench, folder: Path, serial: str, at: int | str, victim: str) -> Killed:
    before = bench.truth(ask="panel")["sha256"]
    earlier = len(_runs(bench, serial))
    note = folder / f"killed-{serial}-{earlier + 1}"
    kill = json.dumps({"note": str(note), "at": at, "victim": victim})
    process = _start(bench, folder, serial, kill)
    child = _struck(process, note)
    problems = []
    if child is not None and not bench.dark_within_s(DARK_LIMIT_S):
        problems.append(f"lit {DARK_LIMIT_S} s after the kill")
    code = process.wait(timeout=_RUN_LIMIT_S)
    if child is not None and not _ended(child):
        problems.append("the child did not end")
    runs = _runs(bench, serial)
    if len(runs) != earlier + 1:
        return Killed(
            at=at,
            event="not begun",
            victim=victim,
            outcome="none",
            problems=(*problems, f"no new run (exit code {code})"),
        )
    run = runs[-1]
    try:
        events, outcome = read_journal(run), record_of(run).outcome.value
    except (RecordError, RefusedInput) as error:
        return Killed(
            at=at,
            event="unreadable",
            victim=victim,
            outcome="none",
            problems=(*problems, str(error)),
        )
    struck = _struck_event(events, at)
    expected: tuple[str, ...]
    if child is None or struck["event"] == "run_finished":
        # After its last event a run has ended; what is killed then is only its cleaning up.
        expected = ("PASS",)
    elif victim == "command" and kind(struck) == LAST_STEP_DONE:
        # All is measured and proven. The child has only to write that down, and may have done so
        # before the death of the command reaches it.
        expected = ("PASS", "ABORTED")
    else:
        expected = ("ABORTED",)
    if outcome not in expected:
        allowed = " or ".join(expected)
        problems.append(f"outcome {outcome}, expected {allowed}: {record_of(run).reasons}")
    if events[0]["attempt"] != earlier + 1:
        problems.append(f"attempt {events[0]['attempt']} after {earlier} runs")
    if victim == "child" and child is not None:
        problems += _closed(bench, run, code)
    problems += _file_whole(bench, run, before)
    return Killed(
        at=at,
        event="end" if child is None else kind(struck),
        victim=victim,
        outcome=outcome,
        problems=tuple(problems),
    )


def _start(bench: LiveBench, folder: Path, serial: str, kill: str) -> "subprocess.Popen[bytes]":
    paths = [str(KILL_SWITCH), *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "ledcal.rig", "calibrate", serial),
            *("--station", str(bench.station), "--product", str(QUICK_PRODUCT)),
            *("--reason", "killed at every event", "--data", str(bench.data_folder)),
        ],
        cwd=folder,
        env=os.environ | {"LEDCAL_KILL": kill, "PYTHONPATH": os.pathsep.join(paths)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _struck(process: "subprocess.Popen[bytes]", note: Path) -> int | None:
    """Wait for the kill and return the child's process id; None when the run ended before."""
    end_s = time.monotonic() + _RUN_LIMIT_S
    while time.monotonic() < end_s:
        if note.exists() and (words := note.read_text(encoding="ascii")).endswith("\n"):
            return int(words.split()[0])
        if process.poll() is not None and not note.exists():
            return None
        time.sleep(0.005)
    raise AssertionError(f"the run did not end within {_RUN_LIMIT_S} s")


def _ended(pid: int) -> bool:
    end_s = time.monotonic() + _END_LIMIT_S
    while time.monotonic() < end_s:
        try:
            state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state.split()[0] == "Z":
            return True
        time.sleep(0.01)
    return False


def _struck_event(events: list[dict[str, Any]], at: int | str) -> dict[str, Any]:
    if isinstance(at, int):
        return events[min(at, len(events)) - 1]
    return next((one for one in events if at in json.dumps(one, ensure_ascii=False)), events[-1])


def _closed(bench: LiveBench, run: Path, code: int) -> Iterator[str]:
    """Yield what is wrong with a run that the command closed."""
    if code != record_of(run).outcome.exit_code:
        yield f"exit code {code}"
    for finding in verify_run(run, bench.data_folder).findings:
        yield f"verify: {finding}"


def _file_whole(bench: LiveBench, run: Path, before: str | None) -> Iterator[str]:
    """Yield what is wrong with the panel's file: the old one, the new one, or none is right."""
    now = bench.truth(ask="panel")["sha256"]
    made = run / PANEL_FILE
    new = sha256_hex(made.read_bytes()) if made.exists() else None
    erased = any(e.get("state") == "erased" for e in read_journal(run))
    if now not in (before, new) and not (now is None and erased):
        yield f"the panel's file is {now}, neither the old one {before} nor the new one {new}"


def _runs(bench: LiveBench, serial: str) -> list[Path]:
    return runs_of(bench.data_folder / "runs", serial)
