"""The virtual bench as a process, as clients of another language would find it."""

import json
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import serial

END_WALL_S = 10.0


class RunningBench:
    """A bench in real time with its ready line.

    Attributes:
        instruments: Resource names and serials by role, from the ready line.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        ready: dict[str, Any] = json.loads(process.stdout.readline())
        self.instruments: dict[str, Any] = ready["instruments"]
        host, port = ready["truth"].split(":")
        self._truth = (host, int(port))

    def resource(self, role: str, key: str = "resource") -> str:
        """Return the VISA resource name of a role."""
        return str(self.instruments[role][key])

    def device(self, role: str) -> str:
        """Return the path of a role's serial line."""
        return self.resource(role).removeprefix("ASRL").removesuffix("::INSTR")

    def address(self, role: str, key: str = "resource") -> tuple[str, int]:
        """Return host and port of a role's socket."""
        _, host, port, _ = self.resource(role, key).split("::")
        return host, int(port)

    def truth(self, **request: object) -> dict[str, Any]:
        """Ask or set something on the bench's side channel."""
        with socket.create_connection(self._truth, timeout=END_WALL_S) as connection:
            connection.sendall(json.dumps(request).encode() + b"\n")
            answer: dict[str, Any] = json.loads(connection.makefile().readline())
        assert "error" not in answer, answer
        return answer

    def light(self, *channels: int) -> None:
        """Light these channels of the panel fully, and no others."""
        with serial.Serial(self.device("panel"), timeout=END_WALL_S) as line:
            line.write(b"*RST;:SYST:WATC 0\n")
            for channel in channels:
                line.write(f"SOUR{channel}:DRIV 65535;:OUTP{channel} ON\n".encode())
            line.write(b"*OPC?\n")
            assert line.readline().strip() == b"1"

    def settle(self) -> None:
        """Give the meter its defaults and an empty error queue, whoever spoke before."""
        with serial.Serial(self.device("power_meter"), timeout=END_WALL_S) as line:
            line.write(b"*RST;*CLS\n*OPC?\n")
            while (answer := line.readline().strip()) != b"1":
                assert answer, "the meter does not answer"


@contextmanager
def running_bench(*options: str) -> Iterator[RunningBench]:
    """Serve a bench of seed 1 in real time; `options` go to the bench's command line."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "ledcal.instruments.virtual", "--folder", folder]
        with subprocess.Popen(
            [*command, "--seed", "1", *options],
            cwd=Path(folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                yield RunningBench(process)
            finally:
                assert process.stdin is not None
                process.stdin.close()
                process.wait(END_WALL_S)
