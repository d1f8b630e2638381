"""The lines to the instruments: pseudo terminals and TCP sockets on the loopback interface."""

import asyncio
import os
import pty
import tty
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Protocol

from ledcal.instruments.virtual.clock import BenchClock
from ledcal.instruments.virtual.fault_line import FaultLine
from ledcal.instruments.virtual.fault_line import Send as Send
from ledcal.instruments.virtual.messages import MessageSplitter
from ledcal.instruments.virtual.scpi import ScpiInstrument

LOOPBACK = "127.0.0.1"
BITS_PER_BYTE = 10
"""8N1: a start bit, eight data bits, a stop bit."""
LINE_BAUD = 115200
UNFINISHED_WALL_S = 1.0
"""An unfinished message is dropped after this silence of the wall clock: its sender died."""

ABORT = b"\x1b"
"""ESC: ends the command that runs (JETI)."""

FAREWELL_WALL_S = 2.0


class SerialPort:
    """An instrument on a pseudo terminal, which a client opens as a serial line.

    The terminal is reached by a link in the file system, as `/dev/serial/by-id` has them: when
    the plug has been pulled and put in again, the same name leads to another terminal.

    Attributes:
        resource_name: VISA resource name of the line.
    """

    def __init__(
        self,
        instrument: ScpiInstrument,
        clock: BenchClock,
        line: FaultLine,
        folder: Path,
        heard: Callable[[], None] = lambda: None,
    ) -> None:
        """Open the line.

        Args:
            instrument: Answers.
            clock: Times the bits.
            line: What goes wrong on the way.
            folder: Where the link to the terminal is made, by the name of the line.
            heard: Called for each message as soon as it has arrived.
        """
        self._instrument = instrument
        self._clock = clock
        self._line = line
        self._heard = heard
        self._device = folder.resolve() / f"{line.name}.tty"
        self.resource_name = f"ASRL{self._device}::INSTR"
        self._received_s = 0.0
        self._plug_in()

    def _plug_in(self) -> None:
        self._master, self._slave = pty.openpty()
        # Keeping the slave open here lets clients come and go without hanging up the line.
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self._splitter = MessageSplitter()
        self._messages: asyncio.Queue[bytes] = asyncio.Queue()
        # Renamed into place: at no time does the name lead nowhere.
        new = self._device.with_suffix(".new")
        with suppress(FileNotFoundError):
            new.unlink()
        new.symlink_to(os.ttyname(self._slave))
        new.replace(self._device)

    def plug_in_again(self) -> None:
        """Pull the plug and put it in again: clients lose the line and may open it anew."""
        old = self._master, self._slave
        # The name leads to the new terminal before the old one is gone.
        self._plug_in()
        self._leave(*old)
        asyncio.get_running_loop().add_reader(self._master, self.receive)

    def _leave(self, master: int, slave: int) -> None:
        asyncio.get_running_loop().remove_reader(master)
        os.close(master)
        os.close(slave)

    def receive(self) -> None:
        """Take all bytes that have arrived by now."""
        now_s = self._clock.now_s()
        silence_wall_s = (now_s - self._received_s) / self._clock.speed
        if self._splitter.unfinished and silence_wall_s > UNFINISHED_WALL_S:
            self._splitter.reset()
        while True:
            try:
                received = os.read(self._master, 4096)
            except BlockingIOError:
                return
            self._received_s = now_s
            for message in self._splitter.feed(received):
                self._heard()
                self._messages.put_nowait(message)
            if self._splitter.overrun:
                self._splitter.overrun = False
                self._instrument.report(-223)

    async def serve(self) -> None:
        """Execute messages one after the other until cancelled."""
        asyncio.get_running_loop().add_reader(self._master, self.receive)
        try:
            while True:
                message = await self._messages.get()
                execute = partial(self._execute, message)
                # An instrument without power leaves its line as it is; only the plug is lost.
                lost = (lambda: None) if self._line.off else self.plug_in_again
                await self._line.handle(message, execute, self._send, lost)
        finally:
            self._leave(self._master, self._slave)
            self._device.unlink()

    async def _execute(self, message: bytes, send: Send) -> None:
        reply = await self._instrument.execute(message)
        if reply is not None:
            await send(reply + b"\n")

    async def _send(self, reply: bytes) -> None:
        await self._clock.sleep(len(reply) * BITS_PER_BYTE / LINE_BAUD)
        while reply:
            try:
                reply = reply[os.write(self._master, reply) :]
            except BlockingIOError:
                # Nobody reads; the line has no flow control and loses what does not fit.
                return


class Session(Protocol):
    """One connection's framing and its instrument."""

    def feed(self, received: bytes) -> list[bytes]:
        """Return the messages completed by some bytes; `ABORT` ends the one that runs."""

    async def handle(self, message: bytes, send: Send) -> None:
        """Execute a message, sending replies as they come."""


class ScpiSession:
    """One TCP connection to a SCPI instrument: newline-terminated messages both ways."""

    def __init__(self, instrument: ScpiInstrument, lock: asyncio.Lock) -> None:
        """Use the instrument in turn with its other connections."""
        self._instrument = instrument
        self._lock = lock
        self._splitter = MessageSplitter()

    def feed(self, received: bytes) -> list[bytes]:
        """Return the messages completed by some bytes."""
        messages = self._splitter.feed(received)
        if self._splitter.overrun:
            self._splitter.overrun = False
            self._instrument.report(-223)
        return messages

    async def handle(self, message: bytes, send: Send) -> None:
        """Execute a message and send its reply."""
        async with self._lock:
            reply = await self._instrument.execute(message)
        if reply is not None:
            await send(reply + b"\n")


async def serve_tcp(session: Callable[[], Session], line: FaultLine | None) -> asyncio.Server:
    """Serve one session object for each connection on a free loopback port.

    Args:
        session: Makes a session.
        line: What goes wrong on the way; None for the side channel, where nothing does.
    """

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if line is not None and line.off:
            writer.close()
            return
        await _serve_connection(session(), reader, writer, line)

    return await asyncio.start_server(connected, LOOPBACK, 0)


def port_of(server: asyncio.Server) -> int:
    """Return the TCP port that a server listens on."""
    return int(server.sockets[0].getsockname()[1])


async def _serve_connection(
    session: Session,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    line: FaultLine | None,
) -> None:
    """Execute messages in order while reading on, so that an abort or the end is noticed."""
    messages: asyncio.Queue[bytes | None] = asyncio.Queue()
    connection = None if line is None else line.connected(writer.close)

    async def send(reply: bytes) -> None:
        writer.write(reply)
        await writer.drain()

    async def work() -> None:
        while (message := await messages.get()) is not None:
            if line is None:
                await session.handle(message, send)
            else:
                await line.handle(message, partial(session.handle, message), send, writer.close)

    worker = asyncio.create_task(work())
    try:
        while (received := await reader.read(65536)) and not worker.done():
            if connection is not None:
                connection.heard()
            for message in session.feed(received):
                if message == ABORT:
                    worker.cancel()
                    messages = asyncio.Queue()
                    worker = asyncio.create_task(work())
                else:
                    messages.put_nowait(message)
        # What was sent before the end is still executed, but its client waits for no reply.
        messages.put_nowait(None)
        await asyncio.wait_for(worker, FAREWELL_WALL_S)
    except (ConnectionError, TimeoutError, asyncio.CancelledError):
        pass  # the client went away, or the bench ends; the last command dies with the connection
    finally:
        worker.cancel()
        writer.close()
        if line is not None and connection is not None:
            line.disconnected(connection)
