"""The JETI specbos 1211's second line: its FTDI serial port, on a pseudo terminal.

The same instrument answers here and on its socket, as on the LAN version of the instrument.
"""

import asyncio
import os
import pty
import tty
from functools import partial

from ledcal.instruments.virtual.fault_line import FaultLine
from ledcal.instruments.virtual.transports import ABORT, Session

PIECE = 512
"""Bytes that are given to the terminal at a time; it holds a few thousand."""
PATIENCE_WALL_S = 2.0
"""A line has no flow control: what nobody reads within this time of the wall clock is lost."""


class JetiPort:
    """A session on a pseudo terminal, which a client opens as a serial line.

    Attributes:
        resource_name: VISA resource name of the line.
    """

    def __init__(self, session: Session, line: FaultLine) -> None:
        """Open the line; `line` knows what goes wrong on the way to the instrument."""
        self._session = session
        self._line = line
        self._master, self._slave = pty.openpty()
        # Keeping the slave open here lets clients come and go without hanging up the line.
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.resource_name = f"ASRL{os.ttyname(self._slave)}::INSTR"
        self._messages: asyncio.Queue[bytes] = asyncio.Queue()
        self._worker: asyncio.Task[None] | None = None

    async def serve(self) -> None:
        """Execute commands one after the other until cancelled."""
        loop = asyncio.get_running_loop()
        self._worker = asyncio.create_task(self._work())
        loop.add_reader(self._master, self._receive)
        try:
            while True:
                worker = self._worker
                await asyncio.wait({worker})
                if worker is self._worker:
                    # It ended by itself: a defect, which ends the bench with its traceback.
                    worker.result()
        finally:
            loop.remove_reader(self._master)
            self._worker.cancel()
            os.close(self._master)
            os.close(self._slave)

    def _receive(self) -> None:
        for message in self._session.feed(os.read(self._master, 4096)):
            if message == ABORT:
                self._abort()
            else:
                self._messages.put_nowait(message)

    def _abort(self) -> None:
        """End the command that runs and forget those that wait."""
        if self._worker is not None:
            self._worker.cancel()
        self._messages = asyncio.Queue()
        self._worker = asyncio.create_task(self._work())

    async def _work(self) -> None:
        messages = self._messages
        while True:
            message = await messages.get()
            execute = partial(self._session.handle, message)
            # Without power the line stays open and silent; its plug is never pulled.
            await self._line.handle(message, execute, self._send, lambda: None)

    async def _send(self, reply: bytes) -> None:
        end_s = asyncio.get_running_loop().time() + PATIENCE_WALL_S
        while reply and asyncio.get_running_loop().time() < end_s:
            try:
                reply = reply[os.write(self._master, reply[:PIECE]) :]
            except BlockingIOError:
                await asyncio.sleep(0.002)
