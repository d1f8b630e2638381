"""The panel is dark whatever hangs, stops or goes away; nobody disturbs a run that goes on."""

import fcntl
import json
import os
import pty
import signal
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import serial

from ledcal.calibration.outcome import Outcome
from ledcal.rig.run import RUNS, Request
from ledcal.rig.summary import record_of
from ledcal.rig.supervisor import calibrate, order
from ledcal.rig.verify import verify_run
from tests.system.conftest import child_of

pytestmark = pytest.mark.system
DARK_LIMIT_S = 2.0
HUNG_RIG = Path(__file__).with_name("hung_rig.py")
LEDCAL = (sys.executable, "-m", "ledcal.rig")


@pytest.fixture(scope="module")
def shared_bench(serve: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    with serve(tmp_path_factory.mktemp("shared")) as served:
        yield served


@contextmanager
def hung_rig(bench: Any, how: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A rig that has just lit the panel and hangs."""
    command = [sys.executable, str(HUNG_RIG), str(bench.station), "DEMO-0001", how]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as rig:
        assert rig.stdout is not None
        try:
            assert rig.stdout.readline() == b"lit\n"
            yield rig
        finally:
            rig.kill()


@pytest.mark.parametrize(
    ("how", "word"),
    [("interpreter held", None), ("keep-alive dead", None), ("deaf", signal.SIGTERM)],
)
def test_a_rig_that_hangs_leaves_the_panel_dark(
    shared_bench: Any, how: str, word: signal.Signals | None
) -> None:
    with hung_rig(shared_bench, how) as rig:
        if word is not None:
            # Nothing is wrong yet: the light stays on until the word comes.
            assert not shared_bench.truth(ask="state")["dark"]
            rig.send_signal(word)
        assert shared_bench.dark_within_s(DARK_LIMIT_S)
        assert rig.poll() is None


def test_a_full_disk_leaves_the_panel_dark(shared_bench: Any) -> None:
    with hung_rig(shared_bench, "disk full") as rig:
        assert shared_bench.dark_within_s(DARK_LIMIT_S)
        assert rig.wait(timeout=30) == 0


def test_a_panel_at_which_nobody_looks_turns_dark(
    serve: Callable[..., Any], tmp_path: Path
) -> None:
    """On a bench so fast that the two minutes until then last a second."""
    with serve(tmp_path, speed=120.0) as bench, hung_rig(bench, "nobody looks") as rig:
        assert bench.dark_within_s(DARK_LIMIT_S)
        assert rig.poll() is None


def test_a_screen_that_fails_does_not_take_the_run_with_it(bench: Any) -> None:
    """The child ends it in order, as when its command is interrupted, and it is kept whole."""

    def show(event: Mapping[str, Any]) -> None:
        if event["event"] == "observation":
            raise ValueError("no such sign on this screen")

    with pytest.raises(ValueError, match="no such sign"):
        calibrate(order(Request(serial="DEMO-0001"), bench.station, None, None), show)
    assert bench.truth(ask="state")["dark"]
    (folder,) = (bench.data_folder / RUNS).iterdir()
    record = record_of(folder)
    assert (record.outcome, record.reasons[0]["code"]) == (Outcome.ABORTED, "INTERRUPTED")
    assert verify_run(folder, bench.data_folder).findings == ()


def test_a_second_run_is_refused_and_the_first_does_not_notice(
    bench: Any,
    running: Any,
    ledcal: Callable[..., Any],
    wait_for: Callable[..., None],
    journal_of: Callable[..., Any],
    tmp_path: Path,
) -> None:
    child = child_of(running.pid)
    before = len(journal_of(bench.data_folder))
    elsewhere = tmp_path / "elsewhere"
    second = ledcal(
        *("calibrate", "DEMO-0002", "--station", bench.station, "--data", elsewhere),
        cwd=tmp_path,
    )
    assert second.returncode == 4, second.stdout
    assert "STATION_IN_USE" in second.stdout
    assert f"in use by process {child} (" in second.stdout
    # The supervisor only follows: while it is stopped, the procedure measures on, under its own
    # interlocks and the watchdog.
    os.kill(running.pid, signal.SIGSTOP)
    (transcript,) = bench.data_folder.glob("runs/*/transcript.jsonl")
    size = transcript.stat().st_size
    wait_for(lambda: transcript.stat().st_size > size + 10000, limit_s=30, what="measurement")
    wait_for(lambda: not bench.truth(ask="state")["dark"], limit_s=30, what="light")
    since = journal_of(bench.data_folder)[before:]
    assert not [event for event in since if event["event"] in ("note", "error")]
    # Both stopped, as by Ctrl-Z: nobody feeds the watchdog. The death of the one that follows
    # ends the run all the same, as soon as the other wakes.
    os.kill(child, signal.SIGSTOP)
    assert bench.dark_within_s(DARK_LIMIT_S)
    os.kill(running.pid, signal.SIGKILL)
    os.kill(child, signal.SIGCONT)
    wait_for(
        lambda: journal_of(bench.data_folder)[-1]["event"] == "run_finished",
        limit_s=30,
        what="the procedure to write its end",
    )
    end = journal_of(bench.data_folder)[-1]
    assert end["outcome"] == "ABORTED"
    assert end["reasons"][0]["code"] in ("INTERRUPTED", "PANEL_TRIPPED")


class Terminal:
    """A terminal with a run in its foreground."""

    def __init__(self, *command: str, cwd: Path) -> None:
        self.master, slave = pty.openpty()
        os.set_blocking(self.master, False)

        def take_terminal() -> None:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            command,
            cwd=cwd,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=take_terminal,
        )
        os.close(slave)
        self.shown = b""

    def read(self) -> bytes:
        """Return all that was shown so far."""
        with suppress(BlockingIOError, OSError):
            while octets := os.read(self.master, 65536):
                self.shown += octets
        return self.shown

    def close(self) -> None:
        """Close the terminal's window, once."""
        master, self.master = self.master, -1
        if master >= 0:
            os.close(master)


@pytest.fixture
def terminal(bench: Any, wait_for: Callable[..., None], tmp_path: Path) -> Iterator[Terminal]:
    """A terminal in which a run has lit the panel."""
    own = Terminal(
        *LEDCAL, *("calibrate", "DEMO-0001", "--station", str(bench.station)), cwd=tmp_path
    )
    with closing(own):

        def lit() -> bool:
            own.read()
            return not bench.truth(ask="state")["dark"]

        try:
            wait_for(lit, limit_s=60, what="the panel to be lit")
            yield own
        finally:
            with suppress(ProcessLookupError):
                os.killpg(own.process.pid, signal.SIGKILL)
            own.process.wait()


@pytest.mark.parametrize("how", ["closed", "interrupted again and again"])
def test_a_terminal_that_goes_or_interrupts_ends_the_run_in_good_order(
    bench: Any,
    terminal: Terminal,
    ledcal: Callable[..., Any],
    wait_for: Callable[..., None],
    tmp_path: Path,
    how: str,
) -> None:
    if how == "closed":
        terminal.close()
    else:
        for _ in range(3):
            os.write(terminal.master, b"\x03")
            assert not terminal.process.poll()
    assert bench.dark_within_s(DARK_LIMIT_S)
    wait_for(
        lambda: terminal.read() is not None and terminal.process.poll() is not None,
        limit_s=120,
        what="the run to end",
    )
    assert terminal.process.returncode == 5
    shown = ledcal("show", "DEMO-0001", "--data", bench.data_folder, "--json", cwd=tmp_path)
    said = json.loads(shown.stdout)
    assert (said["outcome"], said["reasons"][0]["code"]) == ("ABORTED", "INTERRUPTED")
    verified = ledcal("verify", said["folder"], "--data", bench.data_folder, cwd=tmp_path)
    assert verified.returncode == 0, verified.stdout


def test_another_program_at_the_line_is_told_of_also_without_any_stream(
    bench: Any, ledcal: Callable[..., Any], tmp_path: Path
) -> None:
    command = f"{' '.join(LEDCAL)} calibrate DEMO-0001 --station {bench.station}"
    line = bench.panel.removeprefix("ASRL").removesuffix("::INSTR")
    with serial.Serial(line, exclusive=True):
        ran = subprocess.run(
            ["sh", "-c", f"exec {command} <&- >&- 2>&-"], cwd=tmp_path, timeout=60, check=False
        )
    assert ran.returncode == 4
    shown = ledcal("show", "DEMO-0001", "--data", bench.data_folder, "--json", cwd=tmp_path)
    text = json.loads(shown.stdout)["reasons"][0]["text"]
    assert f"panel at {bench.panel}: " in text
    assert "that no other program holds it" in text
    # A reader that goes away does not change an exit code either.
    show = f"{' '.join(LEDCAL)} show DEMO-0001 --data {bench.data_folder}"
    left = subprocess.run(
        ["bash", "-c", f"(sleep 0.5; {show}; echo $? >&2) | true"],
        cwd=tmp_path,
        timeout=60,
        check=False,
        capture_output=True,
        text=True,
    )
    assert left.stderr == "0\n"
