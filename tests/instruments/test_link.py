"""How the link fails, on real sockets and ptys."""

import errno
import fcntl
import gc
import os
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest
import serial

from ledcal.instruments import exchange
from ledcal.instruments.dialogue import Framing
from ledcal.instruments.errors import LinkLost, LinkTimeout, ReplyError, WrongInstrument
from ledcal.instruments.link import Bus, lock_line

KINDS = ["pty", "socket"]
Serve = Callable[..., Any]
Scpi = Callable[..., Any]


def _open(bus: Bus, peer: Any) -> Any:
    return bus.open(peer.resource, instrument="power meter", framing=Framing(baud=115200))


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.usefixtures("impatient")
def test_late_reply_is_never_taken_for_the_next(
    kind: str, serve: Serve, scpi: Scpi, bus: Bus
) -> None:
    released = threading.Event()

    def late() -> bytes:
        released.wait(30)
        return b"late\n"

    link = _open(bus, serve(kind, scpi({b"LATE?": late, b"NEXT?": b"next\n"})))
    with pytest.raises(LinkTimeout, match=r"power meter at .*: no answer to LATE\? in 0\.4 s"):
        link.query("LATE?")
    released.set()
    assert [link.query("NEXT?") for _ in range(5)] == ["next"] * 5


@pytest.mark.usefixtures("impatient")
def test_what_a_stalled_instrument_answers_with_pauses_is_late_too(
    serve: Serve, scpi: Scpi, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each vain try to find the way back leaves an identity query that it answers at last."""
    released, pause = threading.Event(), threading.Event()
    released.set()
    answers = scpi({b"NEXT?": b"next\n"})

    def answer(line: bytes) -> Any:
        if not released.is_set():
            released.wait(30)
        elif line == b"*IDN?":
            pause.wait(0.25)  # longer than the link listens for what nobody asked for
        return answers(line)

    link = _open(bus, serve("pty", answer))
    released.clear()
    for _ in range(3):
        with pytest.raises(LinkTimeout):
            link.query("NEXT?")
    monkeypatch.setattr(exchange, "FIXED_WAIT_S", 20.0)
    released.set()
    assert [link.query("NEXT?") for _ in range(3)] == ["next"] * 3


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.usefixtures("impatient")
def test_half_reply_is_a_timeout_that_shows_it(
    kind: str, serve: Serve, scpi: Scpi, bus: Bus, spoken: Callable[[str], bytes]
) -> None:
    link = _open(bus, serve(kind, scpi({b"HALF?": b"1.2", b"NEXT?": b"next\n"})))
    with pytest.raises(LinkTimeout, match=r"only b'1\.2'"):
        link.query("HALF?")
    assert link.query("NEXT?") == "next"
    assert b"1.2" in spoken("in")


@pytest.mark.parametrize("kind", KINDS)
def test_garbage_is_refused_and_the_next_reply_is_right(
    kind: str, serve: Serve, scpi: Scpi, bus: Bus
) -> None:
    link = _open(bus, serve(kind, scpi({b"BAD?": b"\xfe\x80\n", b"NEXT?": b"next\n"})))
    with pytest.raises(ReplyError, match=r"BAD\?: not ASCII"):
        link.query("BAD?")
    assert link.query("NEXT?") == "next"


@pytest.mark.parametrize("kind", KINDS)
def test_bytes_that_nobody_asked_for_are_not_an_answer(
    kind: str, serve: Serve, scpi: Scpi, bus: Bus
) -> None:
    # Two lines for one query: the second waits when the next query is sent.
    link = _open(bus, serve(kind, scpi({b"TWICE?": b"1\n2\n", b"NEXT?": b"next\n"})))
    assert link.query("TWICE?") == "1"
    assert link.query("NEXT?") == "next"


@pytest.mark.parametrize("kind", KINDS)
def test_interrupt_in_an_exchange_leaves_no_answer_behind(
    kind: str, serve: Serve, scpi: Scpi, bus: Bus
) -> None:
    link = _open(bus, serve(kind, scpi({b"OLD?": b"old\n", b"NEXT?": b"next\n"})))
    with pytest.raises(KeyboardInterrupt), link.exchange("OLD?"):
        raise KeyboardInterrupt
    assert link.query("NEXT?") == "next"


@pytest.mark.parametrize("kind", KINDS)
def test_threads_get_their_own_answers(kind: str, serve: Serve, bus: Bus) -> None:
    link = _open(bus, serve(kind, lambda line: line.removeprefix(b"ECHO ") + b"\n"))
    wrong: list[str] = []

    def ask(name: str) -> None:
        wrong.extend(
            text for n in range(100) if (text := link.query(f"ECHO {name}{n}")) != f"{name}{n}"
        )

    threads = [threading.Thread(target=ask, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_closed_port_is_found_at_open(bus: Bus, closed_port: int) -> None:
    with pytest.raises(LinkLost, match=r"power meter at TCPIP::.*check its power"):
        bus.open(
            f"TCPIP::127.0.0.1::{closed_port}::SOCKET", instrument="power meter", framing=Framing()
        )


# pyvisa-py 0.8.1 leaves the socket of a VXI-11 link that could not be opened to the collector.
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_closed_vxi11_port_is_found_at_open(bus: Bus, closed_port: int) -> None:
    with pytest.raises(LinkLost, match="cannot be opened"):
        bus.open(
            f"TCPIP::127.0.0.1,{closed_port}::inst0::INSTR", instrument="x", framing=Framing()
        )
    gc.collect()


@pytest.mark.parametrize(
    "name", ["ASRL/dev/no-such-tty::INSTR", "nonsense", "TCPIP::h::BACKPLANE"]
)
def test_impossible_resource_is_lost(name: str, bus: Bus) -> None:
    with pytest.raises(LinkLost, match="cannot be opened"):
        bus.open(name, instrument="power meter", framing=Framing())


@pytest.mark.usefixtures("impatient")
def test_peer_that_says_nothing_is_found_at_open(serve: Serve, bus: Bus) -> None:
    with pytest.raises(LinkTimeout, match=r"no answer to \*IDN\?"):
        _open(bus, serve("socket", lambda line: None))


@pytest.mark.parametrize("kind", KINDS)
def test_peer_that_dies_is_lost_not_late(kind: str, serve: Serve, bus: Bus) -> None:
    def answer(line: bytes) -> bytes | None:
        if line == b"DIE?":
            peer.hang_up()
            return None
        return b"a,b,c,d\n"

    peer = serve(kind, answer)
    link = _open(bus, peer)
    with pytest.raises(LinkLost):
        link.query("DIE?")
    with pytest.raises(LinkLost):
        link.query("*IDN?")


def test_a_line_that_another_program_gives_up_is_waited_for(serve: Serve) -> None:
    path = serve("pty", lambda line: None).resource.removeprefix("ASRL").removesuffix("::INSTR")
    other = os.open(path, os.O_RDWR | os.O_NOCTTY)
    fcntl.flock(other, fcntl.LOCK_EX)
    refused = []

    class Port(serial.Serial):
        def _reconfigure_port(self, force_update: bool = False) -> None:
            try:
                super()._reconfigure_port(force_update)  # type: ignore[misc]  # its stubs lack it
            except serial.SerialException as error:
                refused.append(error.errno)
                fcntl.flock(other, fcntl.LOCK_UN)
                raise

    with Port(path) as port:
        lock_line(port)
        assert refused == [errno.EAGAIN]
        with pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(other)


def test_connection_that_drops_is_opened_again(serve: Serve, scpi: Scpi, bus: Bus) -> None:
    peer = serve("socket", scpi({b"N?": b"1\n"}))
    link = _open(bus, peer)
    peer.drop()
    lost = 0
    for _ in range(20):
        try:
            assert link.query("N?") == "1"
        except LinkLost:
            # Its end came while the answer was waited for: that is told, once.
            lost += 1
    assert lost <= 1
    assert peer.heard.count(b"*IDN?") >= 2


@pytest.mark.usefixtures("impatient")
def test_another_instrument_after_a_reconnection_is_not_spoken_to(serve: Serve, bus: Bus) -> None:
    names = iter([b"a,b,c,1\n", *[b"a,b,c,2\n"] * 4])
    asked: list[bytes] = []

    def answer(line: bytes) -> bytes | None:
        asked.append(line)
        return next(names) if line == b"*IDN?" else None

    link = _open(bus, serve("socket", answer))
    with pytest.raises(LinkTimeout):
        link.query("SILENT?")
    for _ in range(2):
        with pytest.raises(WrongInstrument, match=r"expected a,b,c,1, found a,b,c,2"):
            link.query("OUTP1 ON")
    assert b"OUTP1 ON" not in asked


def test_line_left_by_a_program_before_us_is_not_the_identity(
    serve: Serve, scpi: Scpi, bus: Bus
) -> None:
    answers = iter([b"late\n" + b"a,b,c,d\n", b"a,b,c,d\n", b"a,b,c,d\n"])
    link = _open(bus, serve("pty", lambda line: next(answers)))
    assert link.identity == "a,b,c,d"


def test_serial_line_is_held_by_one_link_only(serve: Serve, scpi: Scpi, bus: Bus) -> None:
    peer = serve("pty", scpi({}))
    link = _open(bus, peer)
    with pytest.raises(LinkLost, match="no other program holds it"):
        _open(bus, peer)
    link.close()
    assert _open(bus, peer).identity == "Maker,Model,S1,1.0"


def test_no_socket_is_left_open(serve: Serve, scpi: Scpi, bus: Bus) -> None:
    peer = serve("socket", scpi({}))
    _open(bus, peer).close()
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        _open(bus, peer).close()
    # The peer's own ends close in its threads, a moment later.
    assert len(os.listdir("/proc/self/fd")) <= before + 5


@pytest.mark.parametrize("kind", KINDS)
def test_push_does_not_wait_for_the_way_back(
    kind: str, serve: Serve, scpi: Scpi, bus: Bus
) -> None:
    arrived = threading.Event()

    def dark() -> None:
        arrived.set()

    link = _open(bus, serve(kind, scpi({b"BAD?": b"\xff\n", b"OUTP:ALL OFF": dark})))
    with pytest.raises(ReplyError):
        link.query("BAD?")
    link.push("OUTP:ALL OFF")
    assert arrived.wait(10)


@pytest.mark.parametrize("kind", KINDS)
def test_transcript_holds_every_byte(
    kind: str, serve: Serve, scpi: Scpi, bus: Bus, spoken: Callable[[str], bytes]
) -> None:
    block = bytes(range(256))
    table = {b"BLK?": b"#3256" + block + b"\n"}
    peer = serve(kind, scpi(table))
    link = _open(bus, peer)
    assert link.query_block("BLK?") == block
    link.write("SET 1")
    link.write_block("DATA", block)
    assert spoken("out") == bytes(peer.heard)
    assert spoken("in").count(b'0,"No error"\n') == 2
    assert b"#3256" + block + b"\n" in spoken("in")
