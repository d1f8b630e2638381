"""Heat of the virtual panel: the LED board on its heatsink in the room's air."""

from dataclasses import dataclass

BOARD_TIME_S = 15.0
"""Board to heatsink: 10 s to 30 s for a metal-core board."""
HEATSINK_TIME_S = 220.0
"""Heatsink to air with the fan running; 500 s to 1200 s are seen without one."""
STALLED_FAN_FACTOR = 3.5
"""Resistance of the heatsink to the air with a stalled fan, over that with the fan."""
LOOSE_RESISTANCE, LOOSE_CAPACITY = 6.0, 0.5
"""Resistance to the heatsink and heat capacity of a board that came off it, over those of one
that is pressed on."""
SURFACE_SHARE = 0.55
"""The window's surface lies between the air (0) and the board (1)."""


@dataclass(slots=True, kw_only=True)
class HeatNetwork:
    """Two nodes: board and heatsink.

    Attributes:
        board_k_per_w: Resistance from the board to the heatsink.
        heatsink_k_per_w: Resistance from the heatsink to the air, fan running.
        ambient_degc: Air temperature. [degC]
        board_degc: Temperature of the LED board. [degC]
        heatsink_degc: Temperature of the heatsink. [degC]
        fan_stalled: The fan stands still although it should run.
        board_loose: The LED board has come off the heatsink.
    """

    board_k_per_w: float
    heatsink_k_per_w: float
    ambient_degc: float
    board_degc: float
    heatsink_degc: float
    fan_stalled: bool = False
    board_loose: bool = False

    def step(self, heat_w: float, duration_s: float) -> None:
        """Let `heat_w` flow into the board for `duration_s` (explicit Euler).

        The steps of the bench are 1/300 of the shorter time constant, so that the method's error
        (about 0.2 % of the transient) is far below a panel's spread.
        """
        to_air_k_per_w = self.heatsink_k_per_w * (STALLED_FAN_FACTOR if self.fan_stalled else 1.0)
        down_w = (self.board_degc - self.heatsink_degc) / self.board_k_per_w
        into_board_w = heat_w - down_w
        if self.board_loose:
            down_w /= LOOSE_RESISTANCE
            into_board_w = (heat_w - down_w) / LOOSE_CAPACITY
        out_w = (self.heatsink_degc - self.ambient_degc) / to_air_k_per_w
        self.board_degc += into_board_w * duration_s * self.board_k_per_w / BOARD_TIME_S
        self.heatsink_degc += (
            (down_w - out_w) * duration_s * self.heatsink_k_per_w / HEATSINK_TIME_S
        )

    def steady_board_degc(self, heat_w: float) -> float:
        """Return where the board ends with a constant heat, the fan running. [degC]"""
        return self.ambient_degc + heat_w * (self.board_k_per_w + self.heatsink_k_per_w)

    @property
    def surface_degc(self) -> float:
        """Temperature of the window's surface. [degC]"""
        return self.ambient_degc + SURFACE_SHARE * (self.board_degc - self.ambient_degc)
