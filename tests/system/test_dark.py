"""However a run ends, the panel is dark within two seconds and the journal can be read."""

import json
import os
import random
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.system.conftest import child_of

pytestmark = pytest.mark.system
DARK_LIMIT_S = 2.0


@pytest.mark.parametrize("victim", ["command", "child", "both"])
def test_kill_leaves_the_panel_dark_and_an_aborted_journal(
    bench: Any,
    running: Any,
    ledcal: Callable[..., Any],
    wait_for: Callable[..., None],
    tmp_path: Path,
    victim: str,
) -> None:
    # A moment within the warm-up that differs from case to case, the same in every session.
    lit_readings = random.Random(victim).randint(1, 40)
    for _ in range(lit_readings):
        bench.truth(ask="state")
    child = child_of(running.pid)
    pids = {"command": [running.pid], "child": [child], "both": [running.pid, child]}[victim]
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    assert bench.dark_within_s(DARK_LIMIT_S)
    wait_for(lambda: not Path(f"/proc/{child}").exists() or _zombie(child), limit_s=30, what="end")
    if victim == "child":
        assert running.wait(timeout=60) == 5
    shown = ledcal("show", "DEMO-0001", "--data", bench.data_folder, "--json", cwd=tmp_path)
    assert json.loads(shown.stdout)["outcome"] == "ABORTED"
    # The next run of the same panel starts clean and counts the aborted attempt.
    assert bench.truth(ask="state")["dark"]


def test_signal_ends_the_run_in_good_order(
    bench: Any, running: Any, ledcal: Callable[..., Any], tmp_path: Path
) -> None:
    # SIGINT and SIGHUP come from terminals: test_ending.py.
    os.kill(running.pid, signal.SIGTERM)
    assert bench.dark_within_s(DARK_LIMIT_S)
    assert running.wait(timeout=60) == 5
    shown = ledcal("show", "DEMO-0001", "--data", bench.data_folder, "--json", cwd=tmp_path)
    said = json.loads(shown.stdout)
    assert said["outcome"] == "ABORTED"
    assert said["reasons"][0]["code"] == "INTERRUPTED"
    verified = ledcal("verify", said["folder"], "--data", bench.data_folder, cwd=tmp_path)
    assert verified.returncode == 0, verified.stdout


def test_bench_ends_when_the_run_that_started_it_is_killed(
    start: Callable[..., Any], wait_for: Callable[..., None], tmp_path: Path
) -> None:
    process = start("calibrate", "DEMO-0001", cwd=tmp_path)
    wait_for(lambda: bool(_benches(process.pid)), limit_s=60, what="the bench to be started")
    bench_pids = _benches(process.pid)
    for pid in (child_of(process.pid), process.pid):
        os.kill(pid, signal.SIGKILL)
    wait_for(
        lambda: all(not Path(f"/proc/{pid}").exists() or _zombie(pid) for pid in bench_pids),
        limit_s=10,
        what="the bench to end",
    )


def _benches(pid: int) -> list[int]:
    """Return the virtual benches among the grandchildren of a command."""
    try:
        child = child_of(pid)
        grandchildren = Path(f"/proc/{child}/task/{child}/children").read_text().split()
        return [
            int(one)
            for one in grandchildren
            if b"ledcal.instruments.virtual" in Path(f"/proc/{one}/cmdline").read_bytes()
        ]
    except (OSError, IndexError):
        return []


def _zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True
