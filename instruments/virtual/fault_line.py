"""The line to one instrument as it is when something goes wrong on it.

It stands between an instrument and what carries its bytes, whichever that is: a reply that comes
late, in part, twice or not at all; a connection that drops; an instrument without power.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from ledcal.instruments.virtual.fault_plan import FaultPlan
from ledcal.instruments.virtual.faults import Fault

TICK_WALL_S = 0.02

Send = Callable[[bytes], Awaitable[None]]
HangUp = Callable[[], None]


class Connection:
    """One client's connection, and when it was last heard."""

    def __init__(self, hang_up: HangUp) -> None:
        """Begin now."""
        self.hang_up = hang_up
        self.heard()

    def heard(self) -> None:
        """Note that the client said something."""
        self.heard_wall_s = time.monotonic()


class FaultLine:
    """The line to one instrument.

    Attributes:
        name: The instrument, as a fault names it.
    """

    def __init__(
        self,
        name: str,
        plan: FaultPlan,
        *,
        serial: Callable[[], str],
        switch_on: Callable[[], None],
        switch_off: Callable[[], None] = lambda: None,
    ) -> None:
        """Begin without clients.

        Args:
            name: The instrument, as a fault names it.
            plan: What goes wrong, and when.
            serial: Returns the instrument's serial number.
            switch_on: Starts the instrument anew with its power-on settings.
            switch_off: What of it acts on the world ends without power.
        """
        self.name = name
        self._plan = plan
        self._serial = serial
        self._switch_on = switch_on
        self._switch_off = switch_off
        self._connections: list[Connection] = []
        self._was_off = False

    @property
    def off(self) -> bool:
        """Whether the instrument has no power."""
        self.tick()
        return self._was_off

    def connected(self, hang_up: HangUp) -> Connection:
        """Note a client's connection, which `hang_up` ends."""
        connection = Connection(hang_up)
        self._connections.append(connection)
        return connection

    def disconnected(self, connection: Connection) -> None:
        """Forget a client's connection."""
        self._connections.remove(connection)

    def tick(self) -> None:
        """Let the power fail and come back, and close connections that are idle."""
        off = self._plan.lasting(self.name, "power_off") is not None
        if off != self._was_off:
            self._was_off = off
            (self._switch_off if off else self._switch_on)()
        limit_wall_s = self._plan.lasting(self.name, "idle_close")
        now_wall_s = time.monotonic()
        for connection in list(self._connections):
            idle_wall_s = now_wall_s - connection.heard_wall_s
            if off or (limit_wall_s is not None and idle_wall_s > limit_wall_s):
                connection.hang_up()

    async def handle(
        self,
        message: bytes,
        execute: Callable[[Send], Awaitable[None]],
        send: Send,
        hang_up: HangUp,
    ) -> None:
        """Let the instrument execute a message and send what arrives of its reply.

        Args:
            message: What the client sent.
            execute: Lets the instrument execute it and send its reply by the function it is given.
            send: Sends to the client.
            hang_up: Ends the client's connection.
        """
        struck = self._plan.heard(self.name, message)
        if self.off:
            hang_up()
            return
        while self._plan.lasting(self.name, "stalled"):
            await asyncio.sleep(TICK_WALL_S)
        other = self._plan.lasting(self.name, "other_instrument")
        if not struck and other is None:
            await execute(send)
            return
        parts: list[bytes] = []

        async def keep(part: bytes) -> None:
            parts.append(part)

        await execute(keep)
        reply = b"".join(parts)
        if other is not None:
            reply = reply.replace(self._serial().encode(), other.encode())
        await self._deliver(reply, struck, send, hang_up)

    async def _deliver(
        self, reply: bytes, struck: Sequence[Fault], send: Send, hang_up: HangUp
    ) -> None:
        drops = False
        for fault in struck:
            if fault.name == "late_reply":
                await asyncio.sleep(fault.value)
            elif fault.name == "dropped_connection":
                reply, drops = reply[: fault.value], True
            else:
                reply = _altered(reply, fault)
        if reply:
            await send(reply)
        if drops:
            hang_up()


async def keep_time(plan: FaultPlan, lines: Sequence[FaultLine]) -> None:
    """Begin and end faults at their times, until cancelled."""
    while True:
        plan.tick()
        for line in lines:
            line.tick()
        await asyncio.sleep(TICK_WALL_S)


def _altered(reply: bytes, fault: Fault) -> bytes:
    """Return what is left of a reply."""
    middle = len(reply) // 2
    if fault.name == "no_reply":
        return b""
    if fault.name == "half_reply":
        return reply[: middle if fault.value is None else fault.value]
    if fault.name == "garbage_before":
        return bytes(fault.value) + reply
    if fault.name == "garbage_inside":
        return reply[:middle] + bytes(fault.value) + reply[middle:]
    assert fault.name == "duplicate_reply", fault.name
    return reply * 2
