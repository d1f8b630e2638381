"""Other people's exchanges with a specbos 1211, on the spectrometer's socket and serial line."""

import re
import socket
from collections.abc import Callable, Iterator

import serial

from tests.conformance.check import Check
from tests.conformance.client_environment import Client, Environments
from tests.conformance.jeti_sequences import SEQUENCES, Sequence
from tests.conformance.running_bench import RunningBench

PATIENCE_WALL_S = 20.0
QUIET_WALL_S = 0.1
"""After what was expected, nothing more may come."""

PYPLR = Client(
    name="pyplr Spectraval",
    version="1.0.3",
    instrument="spectrometer",
    requirements=("numpy", "matplotlib", "pyserial==3.5"),
    alone=("pyplr==1.0.3",),
    script="jeti_pyplr.py",
    optional="more than what is promised",
)

Speak = Callable[[bytes, float], bytes]
"""Sends bytes (or none) and returns what has come after at most some seconds."""


def checks(bench: RunningBench, environments: Environments) -> Iterator[Check]:
    """Play each sequence on both lines, in red light; then the programs."""
    bench.light(1)
    with socket.create_connection(bench.address("spectrometer")) as connection:
        for sequence in SEQUENCES:
            yield _played(sequence, _on_socket(connection), "socket")
    device = bench.resource("spectrometer", "resource_serial")
    with serial.Serial(device.removeprefix("ASRL").removesuffix("::INSTR"), 921600) as line:
        for sequence in SEQUENCES:
            yield _played(sequence, _on_line(line), "serial line")
        line.write(b"*RST\r")
        line.read(1)
    yield from environments.run(PYPLR, str(line.name))


def _played(sequence: Sequence, speak: Speak, where: str) -> Check:
    detail = ""
    for sent, pattern in sequence.steps:
        heard = speak(sent, 0.0)
        waited_s = 0.0
        while not re.fullmatch(pattern, heard, re.DOTALL) and waited_s < PATIENCE_WALL_S:
            more = speak(b"", QUIET_WALL_S)
            waited_s += 0.0 if more else QUIET_WALL_S
            heard += more
        heard += speak(b"", QUIET_WALL_S)
        if not re.fullmatch(pattern, heard, re.DOTALL):
            detail = f"{sent!r} was answered {heard[:80]!r}"
            break
    return Check(
        client=sequence.client,
        version=sequence.version,
        instrument="spectrometer",
        exchange=f"{sequence.exchange} ({where})",
        result="FAILED" if detail else "ok",
        detail=detail,
    )


def _on_socket(connection: socket.socket) -> Speak:
    def speak(sent: bytes, patience_s: float) -> bytes:
        connection.sendall(sent)
        connection.settimeout(max(patience_s, 0.001))
        try:
            return connection.recv(65536)
        except TimeoutError:
            return b""

    return speak


def _on_line(line: serial.Serial) -> Speak:
    def speak(sent: bytes, patience_s: float) -> bytes:
        line.write(sent)
        line.timeout = max(patience_s, 0.001)
        return bytes(line.read(1) + line.read(line.in_waiting))

    return speak
