"""Instruments made of a few lines each, on real sockets and ptys, to try the link on."""

import json
import os
import pty
import socket
import subprocess
import sys
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledcal.calibration.codec import encode, key_id
from ledcal.calibration.panel_calibration import FLAG_SIMULATED, ChannelTable, PanelCalibration
from ledcal.instruments import exchange
from ledcal.instruments.clock import Clock
from ledcal.instruments.link import Bus
from ledcal.instruments.roles import Panel
from ledcal.instruments.transcript import Transcript

SPEED = 20.0
IDENTITY = b"Maker,Model,S1,1.0"
Answer = Callable[[bytes], bytes | None]
"""Turns one line without its end into the bytes to send, None for silence."""


class PtyPeer:
    """An instrument on a pseudo terminal."""

    def __init__(self, answer: Answer, end: bytes) -> None:
        self._master, self._slave = pty.openpty()
        tty.setraw(self._master)
        self.resource = f"ASRL{os.ttyname(self._slave)}::INSTR"
        self.heard = bytearray()
        self._thread = threading.Thread(target=self._serve, args=(answer, end), daemon=True)
        self._thread.start()

    def send(self, octets: bytes) -> None:
        os.write(self._master, octets)

    def hang_up(self) -> None:
        # The other end stays open: a number that is free is another program's next terminal, and
        # what is opened again by its name must be nobody's.
        with suppress(OSError):
            os.close(self._master)
        self._master = -1

    def free(self) -> None:
        self.hang_up()
        with suppress(OSError):
            os.close(self._slave)
        self._slave = -1

    def _serve(self, answer: Answer, end: bytes) -> None:
        rest = b""
        with suppress(OSError):
            while octets := os.read(self._master, 4096):
                self.heard += octets
                *lines, rest = (rest + octets).split(end)
                for line in lines:
                    if (reply := answer(line)) is not None:
                        os.write(self._master, reply)


class SocketPeer:
    """An instrument on a TCP port that takes one connection after the other."""

    def __init__(self, answer: Answer, end: bytes) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connections: list[socket.socket] = []
        self._lock = threading.Lock()
        self.resource = f"TCPIP::127.0.0.1::{self._listener.getsockname()[1]}::SOCKET"
        self.heard = bytearray()
        threading.Thread(target=self._accept, args=(answer, end), daemon=True).start()

    def send(self, octets: bytes) -> None:
        self._connections[-1].sendall(octets)

    def hang_up(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.drop()

    def drop(self) -> None:
        """Close the connections but go on listening."""
        for connection in self._connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def free(self) -> None:
        self.hang_up()

    def _accept(self, answer: Answer, end: bytes) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._connections.append(connection)
                threading.Thread(
                    target=self._serve, args=(connection, answer, end), daemon=True
                ).start()

    def _serve(self, connection: socket.socket, answer: Answer, end: bytes) -> None:
        rest = b""
        with suppress(OSError), connection:
            while octets := connection.recv(4096):
                self.heard += octets
                *lines, rest = (rest + octets).split(end)
                for line in lines:
                    if (reply := answer(line)) is not None:
                        connection.sendall(reply)


Serve = Callable[..., Any]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start instruments of a few lines; they are gone when the test is over."""
    with ExitStack() as stack:

        def start(kind: str, answer: Answer, end: bytes = b"\n") -> PtyPeer | SocketPeer:
            peer = PtyPeer(answer, end) if kind == "pty" else SocketPeer(answer, end)
            stack.callback(peer.free)
            return peer

        yield start


@pytest.fixture
def scpi() -> Callable[[dict[bytes, bytes | Callable[[], bytes | None]]], Answer]:
    """Return an answering function from a table; identity and empty error queue are added."""

    def table(replies: dict[bytes, bytes | Callable[[], bytes | None]]) -> Answer:
        def answer(line: bytes) -> bytes | None:
            known = {b"*IDN?": IDENTITY + b"\n", b"SYST:ERR?": b'0,"No error"\n'} | replies
            reply = known.get(line)
            return reply() if callable(reply) else reply

        return answer

    return table


@pytest.fixture
def transcript_path(tmp_path: Path) -> Path:
    return tmp_path / "transcript.jsonl"


@pytest.fixture
def bus(transcript_path: Path) -> Iterator[Bus]:
    transcript = Transcript(transcript_path)
    yield Bus(clock=Clock(), transcript=transcript)
    transcript.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the fixed wait where a test waits it out."""
    monkeypatch.setattr(exchange, "FIXED_WAIT_S", 0.4)


@pytest.fixture
def spoken(transcript_path: Path) -> Callable[[str], bytes]:
    """Return all bytes that the transcript holds for one direction."""

    def read(direction: str) -> bytes:
        entries = [json.loads(line) for line in transcript_path.read_text("ascii").splitlines()]
        return b"".join(
            e["data"].encode("ascii").decode("unicode_escape").encode("latin-1")
            for e in entries
            if e["dir"] == direction
        )

    return read


@pytest.fixture(scope="session")
def signing_key() -> Ed25519PrivateKey:
    """The key that the virtual panel trusts; its secret is that of RFC 8032, 7.1, test 1."""
    return Ed25519PrivateKey.from_private_bytes(
        bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    )


@pytest.fixture(scope="module")
def bench(
    tmp_path_factory: pytest.TempPathFactory, signing_key: Ed25519PrivateKey
) -> Iterator[dict[str, Any]]:
    """The ready line of a virtual bench in a process of its own."""
    folder = tmp_path_factory.mktemp("bench")
    command = [sys.executable, "-m", "ledcal.instruments.virtual", "--folder", str(folder)]
    trusted = signing_key.public_key().public_bytes_raw().hex()
    with subprocess.Popen(
        [*command, "--speed", str(SPEED), "--seed", "1", "--trust", trusted],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.stdin.close()
        assert process.wait(timeout=10) == 0


@pytest.fixture(scope="module")
def bench_bus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bus]:
    transcript = Transcript(tmp_path_factory.mktemp("bench_bus") / "transcript.jsonl")
    yield Bus(clock=Clock(SPEED), transcript=transcript)
    transcript.close()


@pytest.fixture(scope="module")
def truth(bench: dict[str, Any]) -> Iterator[Callable[[dict[str, Any]], dict[str, Any]]]:
    """Ask the bench's side channel what is true, or set what the surroundings do."""
    host, port = bench["truth"].split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        stream = connection.makefile("rw", encoding="utf-8")

        def ask(question: dict[str, Any]) -> dict[str, Any]:
            stream.write(json.dumps(question) + "\n")
            stream.flush()
            reply: dict[str, Any] = json.loads(stream.readline())
            assert "error" not in reply, reply
            return reply

        yield ask
        stream.close()


@pytest.fixture
def calibration_file(signing_key: Ed25519PrivateKey) -> Callable[[Panel, int], bytes]:
    """Return a file that fits a panel: every channel linear from 0 to 200 W/m2."""

    def signed(panel: Panel, sequence: int) -> bytes:
        hardware, geometry = panel.hardware(), panel.geometry()
        calibration = PanelCalibration(
            flags=FLAG_SIMULATED,
            uid=bytes.fromhex(panel.uid()),
            serial=panel.identity.serial,
            product_code=hardware.product_code,
            hardware_revision=hardware.hardware_revision,
            drive_epoch=hardware.drive_epoch,
            sequence=sequence,
            issued_at=1_790_000_000,
            valid_until_hours=2000,
            hours_at_calibration=panel.on_hours(),
            record_sha256=bytes(range(32)),
            distance_mm=geometry.distance_mm,
            geometry_id=geometry.geometry_id,
            channels=tuple(
                ChannelTable(
                    channel=channel,
                    centroid_dnm=round(nominal_nm * 10),
                    t_ref=40 * 256,
                    t_min=5 * 256,
                    t_max=70 * 256,
                    u_rel=300,
                    ceiling=15000,
                    b1=0,
                    b2=0,
                    irradiance=(0, 20000),
                    drive=(0, 65535),
                )
                for channel, nominal_nm in panel.nominal_nm.items()
            ),
        )
        public_key = signing_key.public_key().public_bytes_raw()
        return encode(calibration, key_id=key_id(public_key), sign=signing_key.sign)

    return signed
