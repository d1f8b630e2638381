"""The VXI-11 core channel, call by call (RFC 5531 framing written out here once more)."""

import struct
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledcal.instruments.virtual.onc_rpc import Xdr, pack_opaque

CORE = 0x0607AF
CREATE_LINK, WRITE, READ, READ_STATUS, LOCK, DESTROY_LINK = 10, 11, 12, 13, 18, 23
END = 8


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
        self.xid += 1
        record = struct.pack(">10I", self.xid, 0, 2, program, version, procedure, 0, 0, 0, 0)
        record += arguments
        size = -(-len(record) // fragments)
        for start in range(0, len(record), size):
            part = record[start : start + size]
            last = 0x8000_0000 if start + size >= len(record) else 0
            self.client.write(struct.pack(">I", last | len(part)) + part)
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
