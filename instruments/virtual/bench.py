"""The running bench: the world and the panel's firmware, stepped together in bench time."""

import asyncio
from collections.abc import Callable

from ledcal.instruments.virtual.clock import BenchClock
from ledcal.instruments.virtual.panel_firmware import PanelFirmware
from ledcal.instruments.virtual.world import LONGEST_STEP_S, Light, World

TICK_WALL_S = 0.02
LATE_WALL_S = 0.1
"""A gap between two looks at the clock beyond this was the process standing still."""


class Bench:
    """One physical world with its clock; instruments look at it only through this class."""

    def __init__(self, clock: BenchClock, world: World, firmware: PanelFirmware) -> None:
        """Join clock, world and firmware."""
        self.clock = clock
        self.world = world
        self.firmware = firmware
        self.receive_panel_input: Callable[[], None] = lambda: None
        """Takes what has arrived on the panel's line; set by the panel's port."""
        self._seen_s = clock.now_s()

    def advance(self) -> None:
        """Bring world and firmware to the present bench time.

        Input that has already arrived at the panel counts as having arrived before, and time in
        which this process stood still does not count as the host's silence: the watchdog guards
        against a dead host, not against a busy computer.
        """
        self.receive_panel_input()
        now_s = self.clock.now_s()
        late_s = now_s - self._seen_s - LATE_WALL_S * self.clock.speed
        self._seen_s = now_s
        if late_s > 0.0:
            self.firmware.forgive_silence(late_s)
        while (left_s := now_s - self.world.time_s) > 0.0:
            until_due_s = self.firmware.due_s - self.world.time_s
            step_s = min(left_s, LONGEST_STEP_S)
            # An event of the firmware ends a step, so that it happens at its own bench time.
            if 1e-6 < until_due_s < step_s:
                step_s = until_due_s
            self.world.step(step_s)
            self.firmware.tick()

    async def expose(self, duration_s: float) -> Light:
        """Let an instrument gather light for `duration_s` and return the mean light."""
        self.advance()
        exposure = self.world.expose(duration_s)
        await self.clock.sleep(duration_s)
        self.advance()
        return self.world.gathered(exposure)

    async def run(self) -> None:
        """Keep the world going while nobody looks at it."""
        while True:
            self.advance()
            await asyncio.sleep(TICK_WALL_S)
