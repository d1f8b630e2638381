"""VXI-11 core channel: SCPI over ONC RPC, one instrument `inst0` (VXI-11 revision 1.0).

Only TCP and only the core channel; a client that names the port needs no portmapper.
RPC: RFC 5531 (record marking in section 11); data: RFC 4506 (XDR).
"""

import asyncio
import struct
from dataclasses import dataclass, field
from functools import partial

from ledcal.instruments.virtual.fault_line import FaultLine, HangUp, Send
from ledcal.instruments.virtual.scpi import ScpiInstrument
from ledcal.instruments.virtual.transports import LOOPBACK

DEVICE_CORE, CORE_VERSION = 0x0607AF, 1
NULL, CREATE_LINK, WRITE, READ, READ_STATUS, TRIGGER, CLEAR = 0, 10, 11, 12, 13, 14, 15
REMOTE, LOCAL, LOCK, UNLOCK, ENABLE_SRQ, DESTROY_LINK = 16, 17, 18, 19, 20, 23
NO_ERROR, NO_DEVICE, INVALID_LINK, NOT_SUPPORTED, IO_TIMEOUT = 0, 3, 4, 8, 15
END_FLAG, TERMINATION_FLAG = 0x08, 0x80
REASON_COUNT, REASON_CHARACTER, REASON_END = 1, 2, 4
LARGEST_RECEIVE = 65536
LAST_FRAGMENT = 0x8000_0000


@dataclass(slots=True)
class Link:
    """One client's link: what it has written and what it has not read yet."""

    incoming: bytes = b""
    outgoing: bytes = b""
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    running: "asyncio.Task[None] | None" = field(default=None)
    hang_up: HangUp = lambda: None


class Vxi11Server:
    """Serves one SCPI instrument to any number of links."""

    def __init__(self, instrument: ScpiInstrument, lock: asyncio.Lock, line: FaultLine) -> None:
        """Use the instrument in turn with its other connections; `line` is what goes wrong."""
        self._instrument = instrument
        self._lock = lock
        self._line = line
        self._links: dict[int, Link] = {}
        self._last_link = 0

    async def start(self) -> asyncio.Server:
        """Listen on a free loopback port."""
        return await asyncio.start_server(self._connected, LOOPBACK, 0)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        own: set[int] = set()
        if self._line.off:
            writer.close()
            return
        connection = self._line.connected(writer.close)
        try:
            while True:
                record = await _read_record(reader)
                connection.heard()
                reply = await self._call(record, own)
                for number in own:
                    self._links[number].hang_up = writer.close
                writer.write(struct.pack(">I", LAST_FRAGMENT | len(reply)) + reply)
                await writer.drain()
        except (EOFError, ConnectionError, ValueError, struct.error, asyncio.CancelledError):
            pass  # the client went away or speaks no RPC, or the bench ends
        finally:
            for number in own:
                self._abort(self._links.pop(number, Link()))
            self._line.disconnected(connection)
            writer.close()

    async def _call(self, record: bytes, own: set[int]) -> bytes:
        """Answer one RPC call (RFC 5531, section 9)."""
        xid, kind, rpc, program, version, procedure = struct.unpack_from(">6I", record)
        if kind != 0 or rpc != 2:
            raise ValueError("no ONC RPC call")
        arguments = Xdr(record, 24)
        for _ in ("credentials", "verifier"):
            arguments.word()
            arguments.opaque()
        accepted = struct.pack(">5I", xid, 1, 0, 0, 0)
        if program != DEVICE_CORE:
            return accepted + struct.pack(">I", 1)
        if version != CORE_VERSION:
            return accepted + struct.pack(">3I", 2, CORE_VERSION, CORE_VERSION)
        if procedure == NULL:
            return accepted + struct.pack(">I", 0)
        if procedure == CREATE_LINK:
            return accepted + struct.pack(">I", 0) + self._create_link(arguments, own)
        number = arguments.word()
        link = self._links.get(number)
        if procedure == DESTROY_LINK:
            result = self._destroy_link(number, own)
        elif procedure == WRITE:
            result = self._write(link, arguments)
        elif procedure == READ:
            result = await self._read(link, arguments)
        elif procedure == READ_STATUS:
            byte = self._instrument.status_byte() | (0x10 if link and link.outgoing else 0)
            result = struct.pack(">2I", INVALID_LINK if link is None else NO_ERROR, byte)
        elif procedure in (CLEAR, TRIGGER, REMOTE, LOCAL, LOCK, UNLOCK, ENABLE_SRQ):
            if procedure == CLEAR and link is not None:
                self._abort(link)
            elif procedure == TRIGGER and link is not None:
                await self._instrument.execute(b"*TRG")
            result = struct.pack(">I", INVALID_LINK if link is None else NO_ERROR)
        else:
            return accepted + struct.pack(">I", 3)
        return accepted + struct.pack(">I", 0) + result

    def _create_link(self, arguments: "Xdr", own: set[int]) -> bytes:
        for _ in ("client id", "lock device", "lock timeout"):
            arguments.word()
        if arguments.opaque().decode("latin-1").lower() != "inst0":
            return struct.pack(">4I", NO_DEVICE, 0, 0, 0)
        self._last_link += 1
        self._links[self._last_link] = Link()
        own.add(self._last_link)
        # The abort channel's port is 0: there is none.
        return struct.pack(">4I", NO_ERROR, self._last_link, 0, LARGEST_RECEIVE)

    def _destroy_link(self, number: int, own: set[int]) -> bytes:
        link = self._links.pop(number, None)
        own.discard(number)
        if link is None:
            return struct.pack(">I", INVALID_LINK)
        self._abort(link)
        return struct.pack(">I", NO_ERROR)

    def _write(self, link: Link | None, arguments: "Xdr") -> bytes:
        """Take bytes; END says that the message is complete (VXI-11, table B.3)."""
        if link is None:
            return struct.pack(">2I", INVALID_LINK, 0)
        arguments.word()  # I/O timeout: writing never waits
        arguments.word()  # lock timeout: locks are always free
        flags = arguments.word()
        content = arguments.opaque()
        link.incoming += content
        if flags & END_FLAG:
            message, link.incoming = link.incoming, b""
            before = link.running
            link.running = asyncio.create_task(self._execute(link, message, before))
        return struct.pack(">2I", NO_ERROR, len(content))

    async def _execute(
        self, link: Link, message: bytes, before: "asyncio.Task[None] | None"
    ) -> None:
        if before is not None:
            await before

        async def send(reply: bytes) -> None:
            link.outgoing += reply
            link.ready.set()

        for line in message.splitlines():
            await self._line.handle(line, partial(self._answer, line), send, link.hang_up)

    async def _answer(self, line: bytes, send: Send) -> None:
        async with self._lock:
            reply = await self._instrument.execute(line)
        if reply is not None:
            await send(reply + b"\n")

    async def _read(self, link: Link | None, arguments: "Xdr") -> bytes:
        if link is None:
            return struct.pack(">3I", INVALID_LINK, 0, 0)
        size, timeout_ms = arguments.word(), arguments.word()
        arguments.word()  # lock timeout: locks are always free
        flags, character = arguments.word(), arguments.word()
        try:
            await asyncio.wait_for(link.ready.wait(), timeout_ms / 1000.0)
        except TimeoutError:
            return struct.pack(">3I", IO_TIMEOUT, 0, 0)
        content, reason = link.outgoing[:size], 0
        if flags & TERMINATION_FLAG and bytes([character]) in content:
            content = content[: content.index(bytes([character])) + 1]
            reason |= REASON_CHARACTER
        link.outgoing = link.outgoing[len(content) :]
        reason |= REASON_COUNT if len(content) == size else 0
        if not link.outgoing:
            link.ready.clear()
            reason |= REASON_END
        return struct.pack(">2I", NO_ERROR, reason) + pack_opaque(content)

    @staticmethod
    def _abort(link: Link) -> None:
        if link.running is not None:
            link.running.cancel()
        link.running, link.incoming, link.outgoing = None, b"", b""
        link.ready.clear()


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


async def _read_record(reader: asyncio.StreamReader) -> bytes:
    """Read one record of one or more fragments (RFC 5531, section 11).

    Raises:
        ValueError: longer than any call of this protocol.
    """
    record = b""
    while True:
        (mark,) = struct.unpack(">I", await reader.readexactly(4))
        size = mark & ~LAST_FRAGMENT
        if len(record) + size > 4 * LARGEST_RECEIVE:
            raise ValueError(f"RPC record of {len(record) + size} bytes")
        record += await reader.readexactly(size)
        if mark & LAST_FRAGMENT:
            return record
