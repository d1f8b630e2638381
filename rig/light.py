"""What shall be lit: raw drive codes, or irradiances that the panel's firmware is asked for."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from ledcal.rig.bench import Bench

FULL_CODE = 65535
SETTLE_S = 0.3
"""Time for a channel's current and its junctions to settle after a change of drive. [s]"""


@dataclass(frozen=True, slots=True)
class ByDrive:
    """Light channels at raw drive codes."""

    code: Mapping[int, int]

    def apply(self, bench: Bench) -> None:
        """Set the codes, then open the gates."""
        for channel, code in self.code.items():
            bench.panel.set_drive_code(channel, code)
        for channel in self.code:
            bench.panel.set_output(channel, on=True)

    @property
    def channels(self) -> tuple[int, ...]:
        """The channels that are lit."""
        return tuple(self.code)


@dataclass(frozen=True, slots=True)
class ByIrradiance:
    """Light channels by asking the panel's own firmware for irradiances. [W/m2]"""

    request_w_m2: Mapping[int, float]

    def apply(self, bench: Bench) -> None:
        """Ask, then open the gates."""
        for channel, request in self.request_w_m2.items():
            bench.panel.set_irradiance_w_m2(channel, request)
        for channel in self.request_w_m2:
            bench.panel.set_output(channel, on=True)

    @property
    def channels(self) -> tuple[int, ...]:
        """The channels that are lit."""
        return tuple(self.request_w_m2)


Light = ByDrive | ByIrradiance


@contextmanager
def lit(bench: Bench, codes: Mapping[int, int]) -> Iterator[None]:
    """Light channels at drive codes and let them settle; dark again when the context ends."""
    ByDrive(codes).apply(bench)
    try:
        bench.clock.sleep(SETTLE_S)
        yield
    finally:
        bench.panel.dark()
