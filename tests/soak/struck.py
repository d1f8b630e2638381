"""One run that is struck by one trouble, and what is wrong with what comes of it."""

import os
import random
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledcal.calibration.errors import RecordError
from ledcal.calibration.outcome import Outcome
from ledcal.rig.bench import open_panel
from ledcal.rig.errors import RefusedInput
from ledcal.rig.journal import JOURNAL, read_journal, take_in_local_file
from ledcal.rig.product import read_product
from ledcal.rig.run import runs_of
from ledcal.rig.station import read_station
from ledcal.rig.summary import record_of
from ledcal.rig.verify import verify_run
from tests.soak.clock import stepping, untold
from tests.soak.killed import QUICK_PRODUCT
from tests.soak.troubles import Trouble
from tests.system.conftest import DARK_LIMIT_S, LiveBench, live_bench

RUN_LIMIT_S = 300.0
LATEST_S = 250.0
"""Of bench time: about as long as a run lasts. [s]"""
STOP_WALL_S = 1.5
STEP_WALL_S = (3.0, 15.0)
"""In which a step of the clock strikes: from about the first event to the last. [s]"""
FULL_DISK_BYTES = (30_000, 300_000)
"""A run that finds less does not begin; one that finds more ends before its disk is full."""
_OUTCOMES = {outcome.exit_code: outcome for outcome in Outcome}
_NOT_BEGUN = "refused before it began"


@dataclass(frozen=True, slots=True, kw_only=True)
class Struck:
    """What became of one run.

    Attributes:
        trouble: Name of what struck it.
        moment: When, in words.
        outcome: How it ended; by its journal where the command was killed.
        code: First reason's code.
        problems: What is wrong, in words; empty when nothing is.
    """

    trouble: str
    moment: str
    outcome: str
    code: str
    problems: tuple[str, ...]


def strike(trouble: Trouble, seed: int, folder: Path) -> Struck:
    """Run a panel on a bench of its own, strike it once, and look at everything that is left."""
    draw = random.Random(seed)
    serial = f"SOAK-{seed:05d}"
    with live_bench(folder, serial=serial, seed=seed) as bench:
        if trouble.by == "blocked folder":
            (bench.data_folder / "runs").write_text("in the way of the folder", encoding="ascii")
        moment = _plan(bench, trouble, draw)
        steps_after_s = 0.0
        if trouble.by == "clock":
            steps_after_s = draw.uniform(*STEP_WALL_S)
            moment = f"after {steps_after_s:.1f} s"
        process = _start(bench, trouble, serial, draw, steps_after_s)
        if trouble.by in ("kill", "stop"):
            moment = _signal(bench, process, trouble, draw)
        problems = []
        if trouble.by == "kill" and trouble.victim != "bench":
            problems += _lit(bench)
        try:
            code = process.wait(timeout=RUN_LIMIT_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            code = process.wait()
            problems.append(f"did not end within {RUN_LIMIT_S:g} s")
        bench_lives = bench.process.poll() is None
        if bench_lives:
            problems += _lit(bench)
        if left := _left_of(process.pid):
            problems.append(f"processes left: {left}")
        outcome, reason, more = _outcome(bench, trouble, serial, code)
        problems += more
        if outcome is Outcome.PASS and bench_lives:
            problems += _untrue(bench, serial, folder)
        right = trouble.right
        if trouble.victim == "child" and reason == _NOT_BEGUN:
            right |= {Outcome.STATION}  # who is alive says so: no run was begun that could end
        if outcome not in right:
            problems.append(f"{outcome.value if outcome else 'no outcome'} is not right: {reason}")
    with suppress(OSError), socket.create_connection(bench.truth_address, timeout=1):
        problems.append("the bench's port still listens")
    return Struck(
        trouble=trouble.name,
        moment=moment,
        outcome=outcome.value if outcome else f"exit {code}",
        code=reason.partition(":")[0],
        problems=tuple(problems),
    )


def _plan(bench: LiveBench, trouble: Trouble, draw: random.Random) -> str:
    """Give the bench its fault; return its moment in words."""
    if trouble.by != "bench":
        return ""
    fault: dict[str, Any] = dict(trouble.fault)
    if trouble.commands:
        fault["at_command"] = draw.randint(1, trouble.commands)
        moment = f"{fault['command']} number {fault['at_command']}"
    elif fault["fault"] == "power_off" and "at_s" in fault:
        fault["for_s"] = draw.uniform(10.0, 120.0)
        moment = f"for {fault['for_s']:.0f} s"
    elif "at_s" in fault:
        moment = "from the start"
    else:
        fault["at_s"] = draw.uniform(0.0, LATEST_S)
        moment = f"at {fault['at_s']:.0f} s"
    bench.truth(set="fault", value=fault)
    return moment


def _start(
    bench: LiveBench, trouble: Trouble, serial: str, draw: random.Random, steps_after_s: float
) -> "subprocess.Popen[bytes]":
    limit = draw.randint(*FULL_DISK_BYTES)
    environment = None
    if trouble.by == "clock":
        environment = stepping(bench.station.parent, trouble.step_s, steps_after_s)

    def full_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.Popen(
        [
            *(sys.executable, "-m", "ledcal.rig", "calibrate", serial),
            *("--station", str(bench.station), "--product", str(QUICK_PRODUCT)),
        ],
        cwd=bench.station.parent,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=full_disk if trouble.by == "file limit" else None,
    )


def _signal(
    bench: LiveBench, process: "subprocess.Popen[bytes]", trouble: Trouble, draw: random.Random
) -> str:
    """Kill or stop a process at a random moment; return the moment in words."""
    at_s = draw.uniform(0.0, LATEST_S)
    begin_s = bench.truth(ask="state")["time_s"]
    while bench.truth(ask="state")["time_s"] < begin_s + at_s and process.poll() is None:
        time.sleep(0.02)
    child = _child_of(process.pid)
    # Before the child is there, the command is alone.
    targets = {
        "child": [child or process.pid],
        "command": [process.pid],
        "both": [process.pid, *([child] if child else [])],
        "bench": [bench.process.pid],
    }[trouble.victim]
    for pid in targets:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP if trouble.by == "stop" else signal.SIGKILL)
    if trouble.by == "stop":
        time.sleep(STOP_WALL_S)
        for pid in targets:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
    return f"at {at_s:.0f} s"


def _lit(bench: LiveBench) -> list[str]:
    if bench.dark_within_s(DARK_LIMIT_S):
        return []
    return [f"the panel is still lit {DARK_LIMIT_S:g} s after the end"]


def _outcome(
    bench: LiveBench, trouble: Trouble, serial: str, code: int
) -> tuple[Outcome | None, str, list[str]]:
    """Return outcome, first reason and what is wrong with the run's folder."""
    runs = runs_of(bench.data_folder / "runs", serial) if trouble.by != "blocked folder" else []
    try:
        if runs:
            take_in_local_file(runs[-1])
        if not runs or not (runs[-1] / JOURNAL).exists() or not read_journal(runs[-1]):
            if code < 0:
                return Outcome.ABORTED, "killed before it began", []
            return _OUTCOMES.get(code), _NOT_BEGUN, []
        record = record_of(runs[-1])
    except (RecordError, RefusedInput) as error:
        return _OUTCOMES.get(code), "", [f"the journal cannot be read: {error}"]
    reasons = [f"{each['code']}: {each['text']}" for each in record.reasons]
    reason = reasons[0] if reasons else ""
    problems = []
    if code >= 0 and code != record.outcome.exit_code and trouble.by != "file limit":
        problems.append(f"exit code {code} of a run that is {record.outcome.value}")
    if trouble.by == "clock":
        problems += untold(read_journal(runs[-1]), trouble.step_s)
    if trouble.sealed:
        findings = verify_run(runs[-1], bench.data_folder).findings
        problems += [f"verify: {finding.file}: {finding.text}" for finding in findings]
    return record.outcome, reason, problems


def _untrue(bench: LiveBench, serial: str, folder: Path) -> Iterator[str]:
    """Ask the calibrated panel in W/m2, and yield where its true light is out of tolerance."""
    product = read_product(QUICK_PRODUCT).settings
    # Where it is used, not where it may have lain.
    bench.truth(set="distance_mm", value=product.distance_mm)
    station = read_station(bench.station)
    with open_panel(station, serial, folder / "afterwards.jsonl") as panel:
        for channel, settings in product.channels.items():
            asked_w_m2 = product.verify_fractions[-1] * settings.nominal_w_m2
            panel.set_irradiance_w_m2(channel, asked_w_m2)
            panel.set_output(channel, on=True)
            true_w_m2 = bench.truth(ask="state")["irradiance_w_m2"][str(channel)]
            panel.set_output(channel, on=False)
            if not abs(true_w_m2 / asked_w_m2 - 1) <= product.limits.irradiance_tolerance:
                yield f"wrong PASS: channel {channel}: {true_w_m2:.2f} of {asked_w_m2:.2f} W/m2"


def _child_of(pid: int) -> int | None:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(children[0]) if children else None


def _left_of(session: int) -> list[int]:
    """Return the processes of a session that are still there; a child may take its time."""
    end_s = time.monotonic() + 30.0
    while (left := list(_of_session(session))) and time.monotonic() < end_s:
        time.sleep(0.05)
    for pid in left:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return left


def _of_session(session: int) -> Iterator[int]:
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            try:
                words = (path / "stat").read_text(encoding="ascii").rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(words[3]) == session and words[0] != "Z":
                yield int(path.name)
