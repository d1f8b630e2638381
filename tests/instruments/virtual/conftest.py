"""The virtual bench as a process on its real transports, and as objects in this process."""

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import serial

# How long an example takes says more about the computer than about the code.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

SPEED = 20.0
PATIENCE_S = 20.0
"""Wall time after which a bench that does not answer is taken as dead. [s]"""


class BenchProcess:
    """One running bench with its ready line."""

    def __init__(self, folder: Path, *options: str) -> None:
        command = [sys.executable, "-m", "ledcal.instruments.virtual", "--folder", str(folder)]
        self.process = subprocess.Popen(
            [*command, "--speed", str(SPEED), *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.line = self.process.stdout.readline()
        self.ready: dict[str, Any] = json.loads(self.line)
        self.instruments: dict[str, Any] = self.ready["instruments"]

    def close(self) -> tuple[str, str]:
        """End its standard input and return what else it printed, stdout and stderr."""
        return self.process.communicate(timeout=PATIENCE_S)


class Line:
    """A serial client: one message out, one line or block in."""

    def __init__(self, resource_name: str) -> None:
        device = resource_name.removeprefix("ASRL").removesuffix("::INSTR")
        self.port = serial.Serial(device, 115200, timeout=PATIENCE_S)

    def write(self, message: str | bytes) -> None:
        octets = message.encode() if isinstance(message, str) else message
        self.port.write(octets + b"\n")

    def query(self, message: str) -> str:
        self.write(message)
        return self.port.readline().decode().removesuffix("\n")

    def query_block(self, message: str) -> bytes:
        self.write(message)
        assert self.port.read(1) == b"#"
        size = int(self.port.read(int(self.port.read(1))) or b"0")
        content = self.port.read(size)
        assert self.port.read(1) == b"\n"
        return content


class Tcp:
    """A socket client with exact reads."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=PATIENCE_S)
        self.reader = self.socket.makefile("rb")

    def write(self, octets: bytes) -> None:
        self.socket.sendall(octets)

    def read_until(self, end: bytes) -> bytes:
        octets = b""
        while not octets.endswith(end):
            octet = self.reader.read(1)
            assert octet, f"connection closed after {octets!r}"
            octets += octet
        return octets.removesuffix(end)

    def query(self, message: str) -> str:
        self.write(message.encode() + b"\n")
        return self.read_until(b"\n").decode()

    def close(self) -> None:
        self.reader.close()
        self.socket.close()


class Truth(Tcp):
    """The side channel."""

    def ask(self, name: str, **more: object) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.query(json.dumps({"ask": name, **more})))
        return answer

    def set(self, name: str, value: object) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.query(json.dumps({"set": name, "value": value})))
        return answer


def socket_address(resource_name: str) -> tuple[str, int]:
    _, host, port, _ = resource_name.split("::")
    return host, int(port)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BenchProcess]:
    """A bench of seed 1, for all tests of a module."""
    running = BenchProcess(tmp_path_factory.mktemp("bench"))
    yield running
    _, errors = running.close()
    assert errors == ""
    assert running.process.returncode == 0


@pytest.fixture
def truth(bench: BenchProcess) -> Iterator[Truth]:
    host, port = bench.ready["truth"].split(":")
    channel = Truth((host, int(port)))
    yield channel
    channel.close()


@pytest.fixture
def panel(bench: BenchProcess) -> Iterator[Line]:
    """The panel's line; dark and without a watchdog before and after."""
    line = Line(bench.instruments["panel"]["resource"])
    line.write("*RST;*CLS;:SYST:WATC 0")
    yield line
    line.write("*RST;*CLS;:SYST:WATC 0")
    line.query("*OPC?")
    line.port.close()


@pytest.fixture
def run_bench() -> Iterator[Callable[..., BenchProcess]]:
    """Starts benches of their own; whatever still runs is ended."""
    started: list[BenchProcess] = []

    def start(folder: Path, *options: str) -> BenchProcess:
        started.append(BenchProcess(folder, *options))
        return started[-1]

    yield start
    for running in started:
        if running.process.poll() is None:
            running.close()
        for stream in (running.process.stdin, running.process.stdout, running.process.stderr):
            if stream is not None:
                stream.close()


@pytest.fixture
def meter(bench: BenchProcess, truth: Truth) -> Iterator[Line]:
    """The power meter's line, with its defaults and without its cap."""
    line = Line(bench.instruments["power_meter"]["resource"])
    line.write("*RST;*CLS")
    yield line
    truth.set("capped", False)
    line.port.close()


@pytest.fixture
def jeti(bench: BenchProcess) -> Iterator[Tcp]:
    """The spectrometer's socket."""
    client = Tcp(socket_address(bench.instruments["spectrometer"]["resource"]))
    yield client
    client.close()


@pytest.fixture
def logger(bench: BenchProcess) -> Iterator[Tcp]:
    """The logger's raw socket, with its defaults."""
    client = Tcp(socket_address(bench.instruments["thermocouple_logger"]["resource_socket"]))
    client.write(b"*RST;*CLS\n")
    yield client
    client.close()


@pytest.fixture
def tcp() -> type[Tcp]:
    """The socket client, for tests that find their own address."""
    return Tcp


@pytest.fixture
def line() -> Iterator[Callable[[BenchProcess], Line]]:
    """Opens the panel's line of any bench."""
    opened: list[Line] = []

    def connect(bench: BenchProcess) -> Line:
        opened.append(Line(bench.instruments["panel"]["resource"]))
        return opened[-1]

    yield connect
    for each in opened:
        each.port.close()


@pytest.fixture
def side_channel() -> Iterator[Callable[[BenchProcess], Truth]]:
    """Opens the truth of any bench."""
    opened: list[Truth] = []

    def connect(bench: BenchProcess) -> Truth:
        host, port = bench.ready["truth"].split(":")
        opened.append(Truth((host, int(port))))
        return opened[-1]

    yield connect
    for each in opened:
        each.close()
