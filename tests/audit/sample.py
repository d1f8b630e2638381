"""A panel's life on the virtual bench, as an auditor may find it: nothing of it is made up."""

import os
import signal
import subprocess
import time
from pathlib import Path

from tests.audit.evidence import LEDCAL, Told
from tests.system.conftest import SHORT_PRODUCT, LiveBench, live_bench

PANEL, OPERATOR = "DEMO-0001", "Tom Technician"
SECOND_WINDOW = "second-window.json"
_LONGEST_S = 600
_LABORATORY = """
[laboratory]
name = "Test laboratory, virtual"
street = "Bench Street 1"
city = "Example"
post_code = "00000"
country_code = "DE"
"""


def make_sample(folder: Path) -> Path:
    """Calibrate one panel twice, with an aborted, a blocked and a refused run; return the last.

    Raises:
        RuntimeError: A step did not end as it has to.
    """
    with live_bench(folder, serial=PANEL) as bench:
        station = bench.station
        station.write_text(station.read_text() + _LABORATORY)
        _interrupted(bench, folder)
        _overdue(bench, folder)
        _passed(bench, folder, "first calibration", "--product", str(SHORT_PRODUCT))
        _passed(bench, folder, "yearly recalibration")
        told = _ledcal(folder, "read-back", PANEL, "--station", str(station))
        _need(told.code == 0, told)
    runs = sorted((bench.data_folder / "runs").glob(f"*Z-{PANEL}"))
    return runs[-1]


def _ledcal(folder: Path, *arguments: str) -> Told:
    done = subprocess.run(
        [*LEDCAL, *arguments],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_LONGEST_S,
    )
    return Told(done.returncode, done.stdout + done.stderr)


def _calibrate(bench: LiveBench, reason: str) -> tuple[str, ...]:
    who = ("--operator", OPERATOR, "--reason", reason, "--json")
    return ("calibrate", PANEL, "--station", str(bench.station), *who)


def _need(holds: bool, told: Told) -> None:
    if not holds:
        raise RuntimeError(f"the sample cannot be made: exit code {told.code}\n{told.text}")


def _passed(bench: LiveBench, folder: Path, reason: str, *more: str) -> None:
    told = _ledcal(folder, *_calibrate(bench, reason), *more)
    _need(told.code == 0, told)


def _interrupted(bench: LiveBench, folder: Path) -> None:
    """Begin a run, begin another on the same panel, and kill the first."""
    run = subprocess.Popen(
        [*LEDCAL, *_calibrate(bench, "first calibration")],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    end = time.monotonic() + _LONGEST_S
    while bench.truth(ask="state")["dark"] and run.poll() is None and time.monotonic() < end:
        time.sleep(0.05)
    second = _ledcal(folder, *_calibrate(bench, "from another window"))
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    said = second.text[: second.text.rindex("}") + 1] if "}" in second.text else "{}"
    (bench.data_folder / SECOND_WINDOW).write_text(said)
    while not bench.truth(ask="state")["dark"] and time.monotonic() < end:
        time.sleep(0.05)


def _overdue(bench: LiveBench, folder: Path) -> None:
    """Try a run with a power meter whose certificate has run out."""
    certificate = bench.station.parent / "power_meter.toml"
    whole = certificate.read_text()
    certificate.write_text(whole.replace("due = 2036-02-02", "due = 2026-03-01"))
    told = _ledcal(folder, *_calibrate(bench, "first calibration"))
    certificate.write_text(whole)
    _need(told.code == 4, told)
