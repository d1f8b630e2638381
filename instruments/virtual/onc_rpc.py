"""ONC remote procedure calls over TCP and UDP, as far as VXI-11 and its portmapper need them.

RPC: RFC 5531 (record marking in section 11); data: RFC 4506 (XDR).
"""

import asyncio
import struct
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

LONGEST_RECORD = 4 * 65536
LAST_FRAGMENT = 0x8000_0000
SUCCESS, PROGRAM_UNAVAILABLE, PROGRAM_MISMATCH, PROCEDURE_UNAVAILABLE = range(4)


class Xdr:
    """Reads words and opaque data from an RPC record (RFC 4506)."""

    def __init__(self, record: bytes, position: int) -> None:
        """Begin at a byte offset."""
        self._record = record
        self._position = position

    def word(self) -> int:
        """Read an unsigned 32-bit word."""
        (value,) = struct.unpack_from(">I", self._record, self._position)
        self._position += 4
        return int(value)

    def opaque(self) -> bytes:
        """Read variable-length opaque data, padded to whole words.

        Raises:
            ValueError: the record is shorter than the announced length.
        """
        size = self.word()
        content = self._record[self._position : self._position + size]
        if len(content) != size:
            raise ValueError(f"opaque data of {size} bytes, {len(content)} received")
        self._position += size + -size % 4
        return content


def pack_opaque(content: bytes) -> bytes:
    """Write variable-length opaque data, padded to whole words (RFC 4506, section 4.10)."""
    return struct.pack(">I", len(content)) + content + b"\0" * (-len(content) % 4)


class NoSuchProcedure(Exception):
    """The program has no procedure of this number."""


@dataclass(frozen=True, slots=True)
class Program:
    """One RPC program: `serve` takes procedure number and arguments, and returns the result.

    Attributes:
        number: Its program number.
        version: Its only version.
        serve: Raises NoSuchProcedure for a number that it does not know.
    """

    number: int
    version: int
    serve: Callable[[int, Xdr], Awaitable[bytes]]


async def answered(record: bytes, programs: Sequence[Program]) -> bytes:
    """Return the reply to one call (RFC 5531, section 9).

    Raises:
        ValueError: the record is no call.
        struct.error: the record ends too early.
    """
    xid, kind, rpc, number, version, procedure = struct.unpack_from(">6I", record)
    if kind != 0 or rpc != 2:
        raise ValueError("no ONC RPC call")
    arguments = Xdr(record, 24)
    for _ in ("credentials", "verifier"):
        arguments.word()
        arguments.opaque()
    accepted = struct.pack(">5I", xid, 1, 0, 0, 0)
    program = next((each for each in programs if each.number == number), None)
    if program is None:
        return accepted + struct.pack(">I", PROGRAM_UNAVAILABLE)
    if version != program.version:
        lowest = highest = program.version
        return accepted + struct.pack(">3I", PROGRAM_MISMATCH, lowest, highest)
    if procedure == 0:
        return accepted + struct.pack(">I", SUCCESS)
    try:
        result = await program.serve(procedure, arguments)
    except NoSuchProcedure:
        return accepted + struct.pack(">I", PROCEDURE_UNAVAILABLE)
    return accepted + struct.pack(">I", SUCCESS) + result


async def serve_stream(
    programs: Sequence[Program], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Answer the calls of one TCP connection until its client goes away or speaks no RPC."""
    coming = asyncio.create_task(read_record(reader))
    answering: asyncio.Task[bytes] | None = None
    try:
        while True:
            record = await coming
            answering = asyncio.create_task(answered(record, programs))
            # To listen on meanwhile is to notice that the client died in the middle of a call.
            coming = asyncio.create_task(read_record(reader))
            await asyncio.wait({answering, coming}, return_when=asyncio.FIRST_COMPLETED)
            if coming.done() and coming.exception() is not None:
                break
            reply = await answering
            writer.write(struct.pack(">I", LAST_FRAGMENT | len(reply)) + reply)
            await writer.drain()
    except (EOFError, ConnectionError, ValueError, struct.error, asyncio.CancelledError):
        pass  # the client went away or speaks no RPC, or the bench ends
    finally:
        for task in (coming, answering):
            if task is not None:
                task.cancel()
        writer.close()


async def read_record(reader: asyncio.StreamReader) -> bytes:
    """Read one record of one or more fragments (RFC 5531, section 11).

    Raises:
        ValueError: longer than any call of these protocols.
    """
    record = b""
    while True:
        (mark,) = struct.unpack(">I", await reader.readexactly(4))
        size = mark & ~LAST_FRAGMENT
        if len(record) + size > LONGEST_RECORD:
            raise ValueError(f"RPC record of {len(record) + size} bytes")
        record += await reader.readexactly(size)
        if mark & LAST_FRAGMENT:
            return record
