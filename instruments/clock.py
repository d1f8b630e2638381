"""The one clock of the rig: on a bench whose physics runs faster, every window follows it."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Clock:
    """Bench time: `speed` bench seconds pass in one second of the wall clock.

    Attributes:
        speed: 1 on every real bench; `[clock] speed` of a DEMO or ENG station otherwise.
    """

    speed: float = 1.0

    def now_s(self) -> float:
        """Return monotonic bench time. [s]"""
        return time.monotonic() * self.speed

    def sleep(self, duration_s: float) -> None:
        """Let bench time pass. [s]"""
        if duration_s > 0:
            time.sleep(duration_s / self.speed)

    def wall_s(self, duration_s: float) -> float:
        """Return how long a span of bench time lasts on the wall clock. [s]"""
        return duration_s / self.speed

    @staticmethod
    def utc() -> datetime:
        """Return the present UTC time of the wall clock."""
        return datetime.now(UTC)
