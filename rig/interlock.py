"""When the panel must go dark at once: too hot, heating too fast, no fan, or nobody can tell.

The thermocouples guard it. So one that cannot be believed ends the light too, but as a fault of
the station: a broken thermocouple shows garbage before the logger calls it open.
"""

from collections import deque
from dataclasses import dataclass, field

from ledcal.calibration.indication import PanelIndication, TemperatureIndication
from ledcal.rig.errors import PanelError, StationError
from ledcal.rig.product import CutOffSettings
from ledcal.rig.rework import to_rework

BELIEVED_DEGC = (-20.0, 150.0)
"""No part of a panel in a room is outside of this."""
JUMP_K, JUMP_K_IN_1_S = 5.0, 1.0
"""No part of a panel changes its temperature by more than this, and so much more each second."""
FAN_START_S = 3.0
"""A fan may take so long to come to its speed."""
LIT_A = 0.001
BOARD = "board"
PROBES = ("surface", "heatsink")
"""Thermocouples on the panel: they take part in what its board does."""
BOARD_RISE_K, LEAST_SHARE = 10.0, 0.1
"""Once the board has risen so far, a probe that has risen by less than this share has come off."""


@dataclass(slots=True)
class Interlock:
    """Remembers the temperatures and the fan from one look to the next.

    Attributes:
        seen_s: When the thermocouples were read last, by bench time. [s]
        seen_degc: What they showed. [degC]
        first_degc: What they and the board showed first. [degC]
        board_degc: Bench time and board temperature of the last looks.
        fan_off_s: Since when the fan is out of its limits while a channel is lit. [s]
    """

    seen_s: float = 0.0
    seen_degc: dict[str, float] = field(default_factory=dict)
    first_degc: dict[str, float] = field(default_factory=dict)
    board_degc: deque[tuple[float, float]] = field(default_factory=deque)
    fan_off_s: float | None = None

    def check(
        self,
        now_s: float,
        limit: CutOffSettings,
        panel: PanelIndication,
        thermocouples: TemperatureIndication,
    ) -> None:
        """Look at the temperatures and the fan of one moment.

        Args:
            now_s: Bench time. [s]
            limit: The product's cut-offs.
            panel: What the panel says of itself.
            thermocouples: The logger's scan.

        Raises:
            StationError: A thermocouple shows what cannot be.
            PanelError: The panel is too hot, heats too fast, or its fan does not run.
        """
        # The panel's own sensor first: it needs no thermocouple to be too hot.
        self._not_hot(limit, panel, {})
        self._believe(now_s, thermocouples.thermocouple_degc)
        self._not_hot(limit, panel, thermocouples.thermocouple_degc)
        self._not_rising(now_s, limit, panel.board_degc)
        self._attached(panel.board_degc, thermocouples.thermocouple_degc)
        self._cooled(now_s, limit, panel)

    def _believe(self, now_s: float, seen_degc: dict[str, float]) -> None:
        allowed_k = JUMP_K + JUMP_K_IN_1_S * (now_s - self.seen_s)
        low_degc, high_degc = BELIEVED_DEGC
        for name, degc in seen_degc.items():
            before_degc = self.seen_degc.get(name, degc)
            if not low_degc <= degc <= high_degc:
                found = f"shows {degc:.1f} degC (believed: {low_degc:g} to {high_degc:g})"
            elif not abs(degc - before_degc) <= allowed_k:
                found = (
                    f"jumped from {before_degc:.1f} to {degc:.1f} degC in "
                    f"{now_s - self.seen_s:.1f} s (limit {allowed_k:.1f} K)"
                )
            else:
                continue
            raise StationError(
                "THERMOCOUPLE",
                f"thermocouple {name!r} {found}: it is broken or has come off; the panel was made "
                "dark, since nobody can tell how hot it is; check the probe, its plug and its "
                "place, then start again",
            )
        self.seen_s, self.seen_degc = now_s, dict(seen_degc)

    def _not_hot(
        self, limit: CutOffSettings, panel: PanelIndication, seen_degc: dict[str, float]
    ) -> None:
        hot = [
            f"thermocouple {name} at {degc:.1f} degC (limit {limit.thermocouple_degc:g})"
            for name, degc in seen_degc.items()
            if not degc <= limit.thermocouple_degc
        ]
        if not panel.board_degc <= limit.board_degc:
            hot.append(f"LED board at {panel.board_degc:.1f} degC (limit {limit.board_degc:g})")
        if hot:
            raise PanelError(
                "TOO_HOT",
                f"cut off: {'; '.join(hot)}; let it cool, then check fan and heatsink; "
                f"{to_rework('HEAT')}",
            )

    def _not_rising(self, now_s: float, limit: CutOffSettings, board_degc: float) -> None:
        limit_k_per_s = limit.board_rise_k / limit.board_rise_s
        seen = self.board_degc
        seen.append((now_s, board_degc))
        # The last look before the window stays: of looks that lie further apart than the window,
        # their own time tells how fast the board must have risen within one at the least.
        while len(seen) > 2 and seen[1][0] <= now_s - limit.board_rise_s:
            seen.popleft()
        for since_s, cold_degc in seen:
            span_s = max(now_s - since_s, limit.board_rise_s)
            rise_k = board_degc - cold_degc
            if rise_k <= limit_k_per_s * span_s:
                continue
            raise PanelError(
                "HEATS_TOO_FAST",
                f"cut off: the LED board rose by {rise_k:.1f} K to {board_degc:.1f} degC within "
                f"{span_s:.3g} s (limit {limit.board_rise_k:g} K in {limit.board_rise_s:g} s); "
                "let it cool, then check that the board is pressed on its heatsink; "
                f"{to_rework('HEAT')}",
            )

    def _attached(self, board_degc: float, seen_degc: dict[str, float]) -> None:
        first_degc = self.first_degc
        if not first_degc:
            first_degc |= seen_degc
            first_degc[BOARD] = board_degc
        rise_k = board_degc - first_degc[BOARD]
        for name in PROBES:
            probe_k = seen_degc[name] - first_degc[name]
            if rise_k >= BOARD_RISE_K and not probe_k >= LEAST_SHARE * rise_k:
                raise StationError(
                    "PROBE_OFF",
                    f"thermocouple {name!r} rose by {probe_k:.1f} K while the LED board rose by "
                    f"{rise_k:.1f} K: check the probe, it has come off; fix it in its place, then "
                    "start again; if it sits well, the board is loose on its heatsink",
                )

    def _cooled(self, now_s: float, limit: CutOffSettings, panel: PanelIndication) -> None:
        lit = any(current_a > LIT_A for current_a in panel.current_a.values())
        if limit.fan_rpm is None or not lit:
            self.fan_off_s = None
            return
        low_rpm, high_rpm = limit.fan_rpm
        if low_rpm <= panel.fan_rpm <= high_rpm:
            self.fan_off_s = None
            return
        if self.fan_off_s is None:
            self.fan_off_s = now_s
        if now_s - self.fan_off_s >= FAN_START_S:
            raise PanelError(
                "FAN_STALLED",
                f"cut off: the fan turns at {panel.fan_rpm:.0f} /min (limits {low_rpm:g} to "
                f"{high_rpm:g}) while the panel is lit; free or replace it; {to_rework('FAN')}",
            )
