"""Whole processes: a virtual bench with its truth channel, and the command `ledcal`."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ledcal.rig.keys import engineering_key
from ledcal.rig.virtual_bench import demo_speed, station_file

DARK_LIMIT_S = 2.0
LOOK_EVERY_S = 0.02


@dataclass(frozen=True)
class LiveBench:
    """A virtual bench in a process of its own.

    Attributes:
        station: Path of its station file.
        data_folder: Data folder that the station file names.
        panel: VISA resource name of the panel.
        process: The bench.
        instruments: What its ready line says of them.
    """

    station: Path
    data_folder: Path
    panel: str
    process: "subprocess.Popen[bytes]"
    truth_address: tuple[str, int]
    instruments: dict[str, Any]

    def truth(self, **question: Any) -> dict[str, Any]:
        """Ask the side channel that only tests use."""
        with socket.create_connection(self.truth_address, timeout=10) as connection:
            connection.sendall(json.dumps(question).encode() + b"\n")
            with connection.makefile("rb") as answers:
                answer = json.loads(answers.readline())
        assert "error" not in answer, answer
        return dict(answer)

    def dark_within_s(self, limit_s: float) -> bool:
        """Tell whether the panel is dark by the limit on the wall clock."""
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            if self.truth(ask="state")["dark"]:
                return True
        return False


@contextmanager
def live_bench(
    folder: Path,
    *,
    serial: str = "DEMO-0001",
    seed: int = 1,
    speed: float | None = None,
    mode: str = "ENG",
    trusted: bool = True,
    also_trusted: Sequence[bytes] = (),
    options: Sequence[str] = (),
) -> Iterator[LiveBench]:
    """Serve a virtual bench while the context lasts; `mode` is that of the panel's firmware.

    Without a speed it runs as fast as this machine can follow now.
    """
    speed = speed or demo_speed()
    data_folder = folder / "data"
    bench_folder = folder / "bench"
    data_folder.mkdir(parents=True)
    bench_folder.mkdir()
    key = engineering_key(data_folder)
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "ledcal.instruments.virtual", "--folder", str(bench_folder)),
            *("--speed", str(speed), "--seed", str(seed), "--serial", serial),
            *("--trust", key.public.hex() if trusted else bytes(32).hex()),
            *(f"--trust={public.hex()}" for public in also_trusted),
            *("--mode", mode),
            *options,
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        ready = json.loads(process.stdout.readline())
        station = bench_folder / "station.toml"
        station.write_text(station_file(ready, data_folder, "DEMO"))
        host, _, port = ready["truth"].partition(":")
        with _serial_lines_kept(ready["instruments"]):
            yield LiveBench(
                station=station,
                data_folder=data_folder,
                panel=ready["instruments"]["panel"]["resource"],
                process=process,
                truth_address=(host, int(port)),
                instruments=ready["instruments"],
            )
    finally:
        process.stdin.close()
        process.wait(timeout=10)
        process.stdout.close()


@contextmanager
def _serial_lines_kept(instruments: dict[str, Any]) -> Iterator[None]:
    """Keep the numbers of a bench's pseudo terminals taken, also when it was killed.

    Another bench of another test would get them, and who still tries the dead one would meet it.
    """
    resources = [str(one) for said in instruments.values() for one in said.values()]
    lines = [one[4:-7] for one in resources if one.startswith("ASRL") and one.endswith("::INSTR")]
    with ExitStack() as stack:
        for line in lines:
            stack.callback(os.close, os.open(line, os.O_RDWR | os.O_NOCTTY))
        yield


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[LiveBench]:
    """A virtual bench with panel DEMO-0001."""
    with live_bench(tmp_path) as served:
        yield served


SHORT_PRODUCT = Path(__file__).with_name("short-product.toml")


@pytest.fixture(scope="session")
def short_product() -> Path:
    """A product file with which a whole run takes about half the time."""
    return SHORT_PRODUCT


LEDCAL = (sys.executable, "-m", "ledcal.rig")
Completed = subprocess.CompletedProcess[str]


@pytest.fixture(scope="session")
def serve() -> Callable[..., AbstractContextManager[LiveBench]]:
    """Serve a virtual bench of a test's own choice."""
    return live_bench


@pytest.fixture(scope="session")
def ledcal() -> Callable[..., Completed]:
    """Run the command to its end, in a folder; `told` is the badge and PIN of who stands there."""

    def run(*arguments: str | Path, cwd: Path, told: bytes = b"") -> Completed:
        command = [*LEDCAL, *map(str, arguments)]
        if not told:
            return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300)
        theirs, ours = os.pipe()
        with os.fdopen(ours, "wb") as pipe, os.fdopen(theirs, "rb"):
            pipe.write(told)
            pipe.flush()
            return subprocess.run(
                command,
                cwd=cwd,
                capture_output=True,
                text=True,
                timeout=300,
                env=os.environ | {"LEDCAL_PIN_FILE": f"/dev/fd/{theirs}"},
                pass_fds=(theirs,),
            )

    return run


@pytest.fixture
def start() -> Iterator[Callable[..., "subprocess.Popen[bytes]"]]:
    """Start the command in a process group of its own; what is left of it is killed at the end."""
    with ExitStack() as stack:

        def begin(*arguments: str | Path, cwd: Path) -> "subprocess.Popen[bytes]":
            process = subprocess.Popen(
                [*LEDCAL, *map(str, arguments)],
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            stack.callback(_kill_group, process)
            return process

        yield begin


def _kill_group(process: "subprocess.Popen[bytes]") -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


@pytest.fixture(scope="session")
def journal_of() -> Callable[[Path], list[dict[str, Any]]]:
    """Read the whole lines of the newest run's journal, while it grows too."""

    def read(data_folder: Path) -> list[dict[str, Any]]:
        folders = sorted((data_folder / "runs").glob("*Z-*"))
        path = folders[-1] / "journal.jsonl" if folders else None
        if path is None or not path.exists():
            return []
        return [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]

    return read


@dataclass(frozen=True)
class Told:
    """How a run ended, and what its journal tells.

    Attributes:
        said: The object that the command printed.
        events: The journal.
    """

    said: dict[str, Any]
    events: list[dict[str, Any]]

    @property
    def outcome(self) -> tuple[str, int, str]:
        """Outcome, exit code and the first reason's code."""
        reasons = self.said["reasons"]
        code = reasons[0]["code"] if reasons else ""
        return self.said["outcome"], self.said["exit_code"], code

    @property
    def text(self) -> str:
        """The first reason in words."""
        return str(self.said["reasons"][0]["text"])

    def notes(self, code: str) -> list[str]:
        """Return the words of the notes with a code."""
        notes = [one for one in self.events if one["event"] == "note"]
        return [one["text"] for one in notes if one["code"] == code]


Strike = tuple[str, str, Any]
"""A step's name at whose beginning a condition is set to a value."""


@pytest.fixture
def tell(
    start: Callable[..., "subprocess.Popen[bytes]"], journal_of: Callable[..., Any], tmp_path: Path
) -> Callable[..., Told]:
    """Calibrate on a bench while conditions strike, to the end; nothing stays lit or is lost."""

    def run(bench: LiveBench, *options: str | Path, strikes: Sequence[Strike] = ()) -> Told:
        before = bench.truth(ask="panel")["sha256"]
        process = start(
            *("calibrate", "DEMO-0001", "--station", bench.station, "--json", *options),
            cwd=tmp_path,
        )
        left = list(strikes)
        while process.poll() is None:
            begun = {e["step"] for e in journal_of(bench.data_folder) if "step" in e}
            while left and left[0][0] in begun:
                _, name, value = left.pop(0)
                bench.truth(set=name, value=value)
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=LOOK_EVERY_S)
        said = json.loads(process.stdout.read())  # type: ignore[union-attr]
        assert not left, f"the run ended before {left[0]}: {said}"
        told = Told(said, journal_of(bench.data_folder))
        assert process.returncode == said["exit_code"]
        assert bench.truth(ask="state")["dark"]
        if said["outcome"] != "PASS":
            assert bench.truth(ask="panel")["sha256"] == before
            page = Path(said["paths"]["certificate"]).read_text()
            assert said["reasons"][0]["code"] in page
            # A panel is sent away only when it is the panel's fault.
            assert ("panel to rework, code" in told.text) == (said["outcome"] == "FAIL")
        return told

    return run


@pytest.fixture(scope="session")
def wait_for() -> Callable[..., None]:
    """Look until a condition holds; fail after the limit."""

    def wait(condition: Callable[[], bool], *, limit_s: float, what: str) -> None:
        end = time.monotonic() + limit_s
        while not condition():
            assert time.monotonic() < end, f"{what}: not within {limit_s} s"

    return wait


def child_of(pid: int) -> int:
    """Return the process id of the pytest child of the command."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(children[0])


@pytest.fixture
def running(
    bench: Any, start: Callable[..., Any], wait_for: Callable[..., None], tmp_path: Path
) -> Any:
    """A run in its warm-up, caught with the panel lit."""
    process = start("calibrate", "DEMO-0001", "--station", bench.station, cwd=tmp_path)
    wait_for(lambda: not bench.truth(ask="state")["dark"], limit_s=60, what="the panel to be lit")
    return process
