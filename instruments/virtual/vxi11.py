"""VXI-11: one SCPI instrument `inst0` over remote procedure calls (VXI-11 revision 1.0).

The core channel and the abort channel, both over TCP; a client that names the core channel's
port needs no portmapper. There is no interrupt channel: service requests are polled for.
The message exchange is that of IEEE 488.2: a message that comes before the last answer was read
drops that answer (-410), and to read with nothing asked is an error of its own (-420).
"""

import asyncio
import struct
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from ledcal.instruments.virtual.fault_line import FaultLine, HangUp, Send
from ledcal.instruments.virtual.messages import LONGEST_MESSAGE
from ledcal.instruments.virtual.onc_rpc import (
    NoSuchProcedure,
    Program,
    Xdr,
    pack_opaque,
    serve_stream,
)
from ledcal.instruments.virtual.scpi import ScpiInstrument
from ledcal.instruments.virtual.transports import LOOPBACK

DEVICE_CORE, DEVICE_ASYNC, VERSION = 0x0607AF, 0x0607B0, 1
ABORT = 1
CREATE_LINK, WRITE, READ, READ_STATUS, TRIGGER, CLEAR = 10, 11, 12, 13, 14, 15
REMOTE, LOCAL, LOCK, UNLOCK, ENABLE_SRQ, DO_COMMAND, DESTROY_LINK = 16, 17, 18, 19, 20, 22, 23
CREATE_INTERRUPT, DESTROY_INTERRUPT = 25, 26
NO_ERROR, NO_DEVICE, INVALID_LINK, NOT_SUPPORTED, NO_RESOURCES = 0, 3, 4, 8, 9
LOCKED, NO_LOCK, IO_TIMEOUT, ABORTED = 11, 12, 15, 23
WAIT_FLAG, END_FLAG, TERMINATION_FLAG = 0x01, 0x08, 0x80
REASON_COUNT, REASON_CHARACTER, REASON_END = 1, 2, 4
LARGEST_RECEIVE = 65536
MOST_LINKS = 64
MESSAGE_AVAILABLE = 0x10
FREE = 0


@dataclass(slots=True)
class Link:
    """One client's link: what it has written and what it has not read yet."""

    incoming: bytes = b""
    outgoing: bytes = b""
    event: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while there is something to read, and when a call is aborted."""
    running: "asyncio.Task[None] | None" = None
    aborted: bool = False
    hang_up: HangUp = lambda: None


class Vxi11Server:
    """Serves one SCPI instrument to any number of clients."""

    def __init__(self, instrument: ScpiInstrument, lock: asyncio.Lock, line: FaultLine) -> None:
        """Use the instrument in turn with its other connections; `line` is what goes wrong."""
        self._instrument = instrument
        self._line = line
        self._turn = lock
        self._links: dict[int, Link] = {}
        self._last_link = FREE
        self._holder = FREE
        self._released = asyncio.Event()

    async def start(self) -> asyncio.Server:
        """Listen on a free loopback port, for both channels."""
        return await asyncio.start_server(self._connected, LOOPBACK, 0)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._line.off:
            writer.close()
            return
        own: set[int] = set()
        _, port = writer.get_extra_info("sockname")
        connection = self._line.connected(writer.close)

        async def serve(procedure: int, arguments: Xdr) -> bytes:
            connection.heard()
            if procedure == CREATE_LINK:
                reply = await self._create_link(arguments, own, port)
                for number in own:
                    self._links[number].hang_up = writer.close
                return reply
            return await self._serve(procedure, arguments, own)

        core = Program(DEVICE_CORE, VERSION, serve)
        abort = Program(DEVICE_ASYNC, VERSION, self._serve_abort)
        try:
            await serve_stream([core, abort], reader, writer)
        finally:
            # A client that died or forgot leaves no link and no lock behind.
            for number in tuple(own):
                self._destroy(number)
            self._line.disconnected(connection)

    async def _serve_abort(self, procedure: int, arguments: Xdr) -> bytes:
        if procedure != ABORT:
            raise NoSuchProcedure
        link = self._links.get(arguments.word())
        if link is None:
            return struct.pack(">I", INVALID_LINK)
        link.aborted = True
        link.event.set()
        return struct.pack(">I", NO_ERROR)

    async def _serve(self, procedure: int, arguments: Xdr, own: set[int]) -> bytes:
        """Serve one call of the core channel to a link that exists (VXI-11, table B.2)."""
        if procedure in (CREATE_INTERRUPT, DESTROY_INTERRUPT):
            return struct.pack(">I", NOT_SUPPORTED)
        if procedure == DO_COMMAND:
            return struct.pack(">2I", NOT_SUPPORTED, 0)
        number = arguments.word()
        link = self._links.get(number)
        if procedure == WRITE:
            return await self._write(number, link, arguments)
        if procedure == READ:
            return await self._read(number, link, arguments)
        if procedure == READ_STATUS:
            return await self._read_status(number, link, arguments)
        if procedure in (TRIGGER, CLEAR, REMOTE, LOCAL):
            return struct.pack(">I", await self._act(procedure, number, link, arguments))
        if link is None and procedure in (LOCK, UNLOCK, ENABLE_SRQ, DESTROY_LINK):
            return struct.pack(">I", INVALID_LINK)
        if procedure == LOCK:
            flags, timeout_ms = arguments.word(), arguments.word()
            return struct.pack(">I", await self._lock(number, flags, timeout_ms))
        if procedure == UNLOCK:
            held = self._holder == number
            self._unlock(number)
            return struct.pack(">I", NO_ERROR if held else NO_LOCK)
        if procedure == ENABLE_SRQ:
            return struct.pack(">I", NOT_SUPPORTED)
        if procedure == DESTROY_LINK:
            own.discard(number)
            self._destroy(number)
            return struct.pack(">I", NO_ERROR)
        raise NoSuchProcedure

    async def _create_link(self, arguments: Xdr, own: set[int], abort_port: int) -> bytes:
        arguments.word()  # the client's own id
        wants_lock, timeout_ms = arguments.word(), arguments.word()
        if arguments.opaque().decode("latin-1").lower() != "inst0":
            return struct.pack(">4I", NO_DEVICE, 0, 0, 0)
        if len(self._links) >= MOST_LINKS:
            return struct.pack(">4I", NO_RESOURCES, 0, 0, 0)
        self._last_link += 1
        number = self._last_link
        self._links[number] = Link()
        own.add(number)
        if wants_lock and await self._lock(number, WAIT_FLAG, timeout_ms) != NO_ERROR:
            own.discard(number)
            self._destroy(number)
            return struct.pack(">4I", LOCKED, 0, 0, 0)
        return struct.pack(">4I", NO_ERROR, number, abort_port, LARGEST_RECEIVE)

    def _destroy(self, number: int) -> None:
        link = self._links.pop(number, None)
        if link is not None:
            _drop(link)
        self._unlock(number)

    async def _lock(self, number: int, flags: int, timeout_ms: int) -> int:
        """Lock the instrument for a link, waiting for another one's lock if it may."""
        error = await self._blocked(number, flags, timeout_ms)
        if error == NO_ERROR:
            self._holder = number
            self._released.clear()
        return error

    def _unlock(self, number: int) -> None:
        if self._holder == number:
            self._holder = FREE
            self._released.set()

    async def _blocked(self, number: int, flags: int, timeout_ms: int) -> int:
        """Return LOCKED while another link holds the lock, waiting if the flags say so."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_ms / 1000.0 if flags & WAIT_FLAG else 0.0):
                while self._holder not in (FREE, number):
                    self._released.clear()
                    await self._released.wait()
        return NO_ERROR if self._holder in (FREE, number) else LOCKED

    async def _write(self, number: int, link: Link | None, arguments: Xdr) -> bytes:
        """Take bytes; END says that the message is complete (VXI-11, table B.3)."""
        if link is None:
            return struct.pack(">2I", INVALID_LINK, 0)
        arguments.word()  # I/O timeout: writing never waits
        timeout_ms, flags = arguments.word(), arguments.word()
        if error := await self._blocked(number, flags, timeout_ms):
            return struct.pack(">2I", error, 0)
        content = arguments.opaque()
        link.incoming += content
        if len(link.incoming) > LONGEST_MESSAGE:
            link.incoming = b""
            self._instrument.report(-223)
        elif flags & END_FLAG:
            message, link.incoming = link.incoming, b""
            link.running = asyncio.create_task(self._execute(link, message, link.running))
        return struct.pack(">2I", NO_ERROR, len(content))

    async def _execute(
        self, link: Link, message: bytes, before: "asyncio.Task[None] | None"
    ) -> None:
        if before is not None:
            await before

        async def send(reply: bytes) -> None:
            link.outgoing += reply
            link.event.set()

        for line in message.splitlines():
            if link.outgoing:
                link.outgoing = b""
                link.event.clear()
                self._instrument.report(-410)
            await self._line.handle(line, partial(self._answer, line), send, link.hang_up)

    async def _answer(self, message: bytes, send: Send) -> None:
        async with self._turn:
            reply = await self._instrument.execute(message)
        if reply is not None:
            await send(reply + b"\n")

    async def _read(self, number: int, link: Link | None, arguments: Xdr) -> bytes:
        if link is None:
            return struct.pack(">3I", INVALID_LINK, 0, 0)
        size, timeout_ms, lock_timeout_ms = (arguments.word() for _ in range(3))
        flags, character = arguments.word(), arguments.word()
        if error := await self._blocked(number, flags, lock_timeout_ms):
            return struct.pack(">3I", error, 0, 0)
        if not link.outgoing and (link.running is None or link.running.done()):
            self._instrument.report(-420)
        try:
            await asyncio.wait_for(link.event.wait(), timeout_ms / 1000.0)
        except TimeoutError:
            return struct.pack(">3I", IO_TIMEOUT, 0, 0)
        if link.aborted:
            link.aborted = False
            if not link.outgoing:
                link.event.clear()
            return struct.pack(">3I", ABORTED, 0, 0)
        content, reason = link.outgoing[:size], 0
        if flags & TERMINATION_FLAG and bytes([character]) in content:
            content = content[: content.index(bytes([character])) + 1]
            reason |= REASON_CHARACTER
        link.outgoing = link.outgoing[len(content) :]
        reason |= REASON_COUNT if len(content) == size else 0
        if not link.outgoing:
            link.event.clear()
            reason |= REASON_END
        return struct.pack(">2I", NO_ERROR, reason) + pack_opaque(content)

    async def _read_status(self, number: int, link: Link | None, arguments: Xdr) -> bytes:
        if link is None:
            return struct.pack(">2I", INVALID_LINK, 0)
        flags, timeout_ms = arguments.word(), arguments.word()
        if error := await self._blocked(number, flags, timeout_ms):
            return struct.pack(">2I", error, 0)
        available = MESSAGE_AVAILABLE if link.outgoing else 0
        return struct.pack(">2I", NO_ERROR, self._instrument.status_byte() | available)

    async def _act(self, procedure: int, number: int, link: Link | None, arguments: Xdr) -> int:
        """Trigger or clear the instrument; remote and local are the front panel's matter."""
        if link is None:
            return INVALID_LINK
        flags, timeout_ms = arguments.word(), arguments.word()
        if error := await self._blocked(number, flags, timeout_ms):
            return error
        if procedure == CLEAR:
            _drop(link)
        elif procedure == TRIGGER:
            await self._instrument.execute(b"*TRG")
        return NO_ERROR


def _drop(link: Link) -> None:
    """Device clear: end what runs, forget what was written and what was not read."""
    if link.running is not None:
        link.running.cancel()
    link.running, link.incoming, link.outgoing = None, b"", b""
    link.aborted = False
    link.event.clear()
