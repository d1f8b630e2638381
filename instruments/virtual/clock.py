"""Bench time: every physical and instrument time of the virtual bench runs on this clock."""

import asyncio
import time


class BenchClock:
    """Bench seconds since the start; `speed` of them pass in one second of the wall clock."""

    def __init__(self, speed: float = 1.0) -> None:
        """Start at zero.

        Raises:
            ValueError: the speed is not a positive number.
        """
        if not 0.0 < speed <= 1000.0:
            raise ValueError(f"speed {speed} is outside 0 (exclusive) to 1000")
        self.speed = speed
        self._start = time.monotonic()

    def now_s(self) -> float:
        """Return the bench time. [s]"""
        return (time.monotonic() - self._start) * self.speed

    async def sleep(self, duration_s: float) -> None:
        """Let bench time pass. [s]"""
        await asyncio.sleep(max(duration_s, 0.0) / self.speed)
