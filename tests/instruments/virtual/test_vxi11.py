"""The VXI-11 core channel, call by call (RFC 5531 framing written out here once more)."""

import struct
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledcal.instruments.virtual.onc_rpc import Xdr, pack_opaque

CORE, ASYNC = 0x0607AF, 0x0607B0
CREATE_LINK, WRITE, READ, READ_STATUS, TRIGGER, CLEAR = 10, 11, 12, 13, 14, 15
LOCK, UNLOCK, DESTROY_LINK = 18, 19, 23
WAIT, END = 1, 8


class Rpc:
    """One connection that counts its calls."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.xid = 0

    def call(
        self,
        procedure: int,
        arguments: bytes = b"",
        *,
        program: int = CORE,
        version: int = 1,
        fragments: int = 1,
    ) -> tuple[int, bytes]:
        """Return the accept state and the result."""
        self.send(procedure, arguments, program=program, version=version, fragments=fragments)
        return self.receive()

    def send(
        self,
        procedure: int,
        arguments: bytes = b"",
        *,
        program: int = CORE,
        version: int = 1,
        fragments: int = 1,
    ) -> None:
        self.xid += 1
        record = struct.pack(">10I", self.xid, 0, 2, program, version, procedure, 0, 0, 0, 0)
        record += arguments
        size = -(-len(record) // fragments)
        for start in range(0, len(record), size):
            part = record[start : start + size]
            last = 0x8000_0000 if start + size >= len(record) else 0
            self.client.write(struct.pack(">I", last | len(part)) + part)

    def receive(self) -> tuple[int, bytes]:
        (mark,) = struct.unpack(">I", self.client.reader.read(4))
        reply = self.client.reader.read(mark & 0x7FFF_FFFF)
        xid, kind, accepted, _, _, state = struct.unpack_from(">6I", reply)
        assert (xid, kind, accepted) == (self.xid, 1, 0)
        return state, reply[24:]

    def link(self, name: bytes = b"inst0") -> tuple[int, int]:
        state, result = self.call(CREATE_LINK, struct.pack(">3I", 1, 0, 0) + pack_opaque(name))
        assert state == 0
        error, number, _, largest = struct.unpack(">4I", result)
        assert error or largest >= 1024
        return error, number

    def write(self, link: int, content: bytes, flags: int = END) -> int:
        words = struct.pack(">4I", link, 1000, 0, flags)
        _, result = self.call(WRITE, words + pack_opaque(content))
        error, written = struct.unpack(">2I", result)
        assert error or written == len(content)
        return int(error)

    def read(
        self, link: int, size: int = 1000, timeout_ms: int = 5000, end: bytes = b""
    ) -> tuple[int, int, bytes]:
        flags, character = (0x80, end[0]) if end else (0, 0)
        _, result = self.call(
            READ, struct.pack(">6I", link, size, timeout_ms, 0, flags, character)
        )
        error, reason = struct.unpack_from(">2I", result)
        return error, reason, Xdr(result, 8).opaque()


@pytest.fixture
def rpc(bench: Any, tcp: Any) -> Iterator[Rpc]:
    address = bench.instruments["thermocouple_logger"]["resource"].split("::")[1]
    host, port = address.split(",")
    client = tcp((host, int(port)))
    yield Rpc(client)
    client.close()


@given(st.binary(max_size=50), st.binary(max_size=50))
def test_opaque_data_come_back(first: bytes, second: bytes) -> None:
    packed = pack_opaque(first) + pack_opaque(second)
    assert len(packed) % 4 == 0
    reader = Xdr(packed, 0)
    assert reader.opaque() == first
    assert reader.opaque() == second


def test_short_opaque_data_are_refused() -> None:
    with pytest.raises(ValueError, match="10 bytes"):
        Xdr(struct.pack(">I", 10) + b"abc", 0).opaque()


def test_only_inst0_is_there(rpc: Rpc) -> None:
    assert rpc.link(b"inst7")[0] == 3
    assert rpc.link(b"INST0")[0] == 0


def test_a_message_may_come_in_pieces_and_fragments(rpc: Rpc) -> None:
    _, link = rpc.link()
    assert rpc.write(link, b"*ID", flags=0) == 0
    assert rpc.write(link, b"N?\n") == 0
    error, reason, content = rpc.read(link)
    assert (error, reason & 4) == (0, 4)
    assert content.startswith(b"Keysight")
    assert rpc.call(0, fragments=5) == (0, b"")


def test_a_read_ends_at_count_character_or_end(rpc: Rpc) -> None:
    _, link = rpc.link()
    rpc.write(link, b"*IDN?\n")
    assert rpc.read(link, size=4) == (0, 1, b"Keys")
    error, reason, content = rpc.read(link, end=b",")
    assert (error, reason, content) == (0, 2, b"ight Technologies,")
    assert rpc.read(link)[1] == 4


def test_a_read_without_a_reply_times_out(rpc: Rpc) -> None:
    _, link = rpc.link()
    assert rpc.read(link, timeout_ms=50)[0] == 15


def test_message_available_shows_in_the_status_byte(rpc: Rpc) -> None:
    _, link = rpc.link()
    rpc.write(link, b"*OPC?\n")
    flags = struct.pack(">4I", link, 0, 0, 0)
    while True:
        _, result = rpc.call(READ_STATUS, flags)
        error, byte = struct.unpack(">2I", result)
        assert error == 0
        if byte & 0x10:
            break
    assert rpc.read(link)[2] == b"1\n"


def test_unknown_links_and_procedures_are_errors(rpc: Rpc) -> None:
    assert rpc.write(999, b"*IDN?\n") == 4
    assert rpc.read(999)[0] == 4
    assert rpc.call(DESTROY_LINK, struct.pack(">I", 999)) == (0, struct.pack(">I", 4))
    assert rpc.call(99, struct.pack(">I", 0))[0] == 3
    assert rpc.call(0, program=1)[0] == 1
    assert rpc.call(0, version=9)[0] == 2


def test_locks_are_accepted_and_a_link_can_be_destroyed(rpc: Rpc) -> None:
    _, link = rpc.link()
    assert rpc.call(LOCK, struct.pack(">3I", link, 0, 0)) == (0, struct.pack(">I", 0))
    assert rpc.call(DESTROY_LINK, struct.pack(">I", link)) == (0, struct.pack(">I", 0))
    assert rpc.write(link, b"*IDN?\n") == 4


def test_what_is_no_rpc_ends_the_connection(rpc: Rpc) -> None:
    rpc.client.write(struct.pack(">I", 0x8000_0018) + b"\xff" * 24)
    assert rpc.client.reader.read(1) == b""


def generic(link: int, flags: int = 0, lock_timeout_ms: int = 0) -> bytes:
    return struct.pack(">4I", link, flags, lock_timeout_ms, 1000)


@pytest.fixture
def second(bench: Any, tcp: Any) -> Iterator[Rpc]:
    address = bench.instruments["thermocouple_logger"]["resource"].split("::")[1]
    host, port = address.split(",")
    client = tcp((host, int(port)))
    yield Rpc(client)
    client.close()


def error_code(rpc: Rpc, link: int) -> str:
    rpc.write(link, b"SYST:ERR?\n")
    return rpc.read(link)[2].split(b",")[0].decode()


def test_a_lock_keeps_other_links_out_until_it_is_released(rpc: Rpc, second: Rpc) -> None:
    (_, own), (_, other) = rpc.link(), second.link()
    locked, unlocked = struct.pack(">I", 0), struct.pack(">I", 12)
    assert rpc.call(UNLOCK, struct.pack(">I", own))[1] == unlocked
    assert rpc.call(LOCK, struct.pack(">3I", own, 0, 0))[1] == locked
    assert second.call(LOCK, struct.pack(">3I", other, WAIT, 50))[1] == struct.pack(">I", 11)
    assert second.write(other, b"*IDN?\n") == 11
    assert second.read(other)[0] == 11
    assert second.call(READ_STATUS, generic(other))[1] == struct.pack(">2I", 11, 0)
    for procedure in (TRIGGER, CLEAR):
        assert second.call(procedure, generic(other))[1] == struct.pack(">I", 11)
    assert rpc.write(own, b"*OPC?\n") == 0
    assert rpc.read(own)[2] == b"1\n"
    rpc.call(UNLOCK, struct.pack(">I", own))
    assert second.write(other, b"*OPC?\n") == 0


def test_a_call_that_may_wait_waits_for_the_lock(rpc: Rpc, second: Rpc) -> None:
    (_, own), (_, other) = rpc.link(), second.link()
    rpc.call(LOCK, struct.pack(">3I", own, 0, 0))
    second.send(LOCK, struct.pack(">3I", other, WAIT, 10_000))
    assert rpc.call(UNLOCK, struct.pack(">I", own))[1] == struct.pack(">I", 0)
    assert second.receive() == (0, struct.pack(">I", 0))
    assert rpc.write(own, b"*IDN?\n") == 11


def test_a_client_that_dies_in_a_call_leaves_neither_lock_nor_link(rpc: Rpc, second: Rpc) -> None:
    (_, own), (_, other) = rpc.link(), second.link()
    rpc.call(LOCK, struct.pack(">3I", own, 0, 0))
    # It waits for an answer that never comes, for a minute, and is killed meanwhile.
    rpc.send(READ, struct.pack(">6I", own, 1000, 60_000, 0, 0, 0))
    rpc.client.close()
    assert second.call(LOCK, struct.pack(">3I", other, WAIT, 10_000))[1] == struct.pack(">I", 0)
    assert second.write(own, b"*IDN?\n") == 4


def test_a_link_may_be_created_with_the_lock(rpc: Rpc, second: Rpc) -> None:
    arguments = struct.pack(">3I", 1, 1, 0) + pack_opaque(b"inst0")
    _, result = rpc.call(CREATE_LINK, arguments)
    assert struct.unpack(">4I", result)[0] == 0
    _, result = second.call(CREATE_LINK, arguments)
    assert struct.unpack(">4I", result) == (11, 0, 0, 0)


def test_an_unread_answer_is_dropped_by_the_next_message(rpc: Rpc) -> None:
    _, link = rpc.link()
    rpc.write(link, b"*CLS;*IDN?\n")
    rpc.write(link, b"*OPC?\n")
    rpc.write(link, b"SYST:ERR?\n")
    assert rpc.read(link)[2] == b'-410,"Query INTERRUPTED"\n'
    assert error_code(rpc, link) == "-410"
    assert error_code(rpc, link) == "+0"


def test_to_read_with_nothing_asked_is_an_error(rpc: Rpc) -> None:
    _, link = rpc.link()
    rpc.write(link, b"*CLS\n")
    assert rpc.read(link, timeout_ms=20)[0] == 15
    assert error_code(rpc, link) == "-420"


def test_a_waiting_read_is_aborted_over_the_abort_channel(rpc: Rpc, second: Rpc) -> None:
    _, link = rpc.link()
    rpc.send(READ, struct.pack(">6I", link, 1000, 60_000, 0, 0, 0))
    assert second.call(1, struct.pack(">I", 9999), program=ASYNC)[1] == struct.pack(">I", 4)
    assert second.call(1, struct.pack(">I", link), program=ASYNC)[1] == struct.pack(">I", 0)
    state, result = rpc.receive()
    assert (state, struct.unpack(">3I", result)) == (0, (23, 0, 0))
    rpc.write(link, b"*CLS;*OPC?\n")
    assert rpc.read(link)[2] == b"1\n"


def test_service_requests_are_not_there_and_links_are_limited(rpc: Rpc) -> None:
    _, link = rpc.link()
    assert rpc.call(20, struct.pack(">2I", link, 1) + pack_opaque(b""))[1][3:] == b"\x08"
    errors = [rpc.link()[0] for _ in range(70)]
    assert errors[-1] == 9
    assert errors.count(0) < 64


def test_a_message_that_does_not_end_is_dropped(rpc: Rpc) -> None:
    _, link = rpc.link()
    rpc.write(link, b"*CLS\n")
    for _ in range(2):
        rpc.write(link, b"A" * 40_000, flags=0)
    assert error_code(rpc, link) == "-223"
