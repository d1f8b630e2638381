"""Light the panel and read all instruments at once: blank, lit, blank, under the interlocks."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from ledcal.calibration.indication import (
    Observation,
    PanelIndication,
    PowerIndication,
    Readings,
    SpectrumIndication,
    TemperatureIndication,
)
from ledcal.instruments.errors import (
    LinkTimeout,
    OverRange,
    PanelTripped,
    ReplyError,
    Saturated,
)
from ledcal.rig.bench import Bench
from ledcal.rig.errors import PanelError
from ledcal.rig.product import CutOffSettings

FULL_CODE = 65535
SETTLE_S = 0.3
"""Time for a channel's current and its junctions to settle after a change of drive. [s]"""
POWER_READINGS = 3
ATTEMPTS = 3
LOOK_EVERY_S = 1.0
"""While the panel soaks, temperatures are looked at this often. [s]"""

Report = Callable[[str, str], None]
"""Takes the code and the words of a note for the journal."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Observer:
    """Makes observations on a bench.

    Attributes:
        bench: The bench.
        cut_off: Temperatures at which the panel goes dark at once.
        note: Where a repeated attempt is recorded.
    """

    bench: Bench
    cut_off: CutOffSettings
    note: Report

    def observe(self, lights: Sequence[Light], *, integration_s: float) -> list[Observation]:
        """Return one blank-lit-blank observation for each light; neighbours share a blank.

        A reading that was lost by the link, the range or a tripped watchdog is taken again as a
        new attempt, and each attempt is recorded.

        Raises:
            InstrumentError: It was lost three times.
            PanelError: An interlock made the panel dark.
        """
        blank = self.read_dark(integration_s)
        observations = []
        for light in lights:
            observation = self._attempts(light, blank, integration_s)
            observations.append(observation)
            blank = observation.blank_after
        return observations

    def _attempts(self, light: Light, blank: Readings, integration_s: float) -> Observation:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._once(light, blank, integration_s)
            except (LinkTimeout, ReplyError, OverRange, Saturated, PanelTripped) as error:
                self.bench.panel.dark()
                if isinstance(error, PanelTripped) and error.cause != "watchdog":
                    raise
                if attempt == ATTEMPTS:
                    raise
                self.note("REPEATED", f"attempt {attempt} of {ATTEMPTS}: {error}")
                blank = self.read_dark(integration_s)
        raise AssertionError("unreachable")

    def _once(self, light: Light, blank: Readings, integration_s: float) -> Observation:
        panel = self.bench.panel
        light.apply(self.bench)
        self.bench.clock.sleep(SETTLE_S)
        lit = self.read(integration_s)
        # A trip while the instruments looked would leave a half-lit reading.
        panel.check_trips()
        codes = tuple(panel.drive_code(channel) for channel in light.channels)
        return Observation(
            channels=light.channels,
            drive_code=codes,
            blank_before=blank,
            lit=lit,
            blank_after=self.read_dark(integration_s),
        )

    def read_dark(self, integration_s: float | None) -> Readings:
        """Return a blank: all instruments with the panel dark."""
        self.bench.panel.dark()
        self.bench.clock.sleep(SETTLE_S)
        return self.read(integration_s)

    def read(self, integration_s: float | None) -> Readings:
        """Return what all instruments show now, read at once; None reads no spectrum.

        Raises:
            PanelError: A temperature is above its cut-off; the panel is dark already.
        """
        bench = self.bench
        spectrum: Future[SpectrumIndication] | None = None
        if integration_s is not None:
            spectrum = bench.readers.submit(bench.spectrometer.read, integration_s=integration_s)
        power = bench.readers.submit(self._power)
        temperature = bench.readers.submit(bench.thermocouple_logger.read)
        panel = bench.panel.read()
        readings = Readings(
            power=power.result(),
            spectrum=None if spectrum is None else spectrum.result(),
            temperature=temperature.result(),
            panel=panel,
        )
        self._interlock(readings.panel, readings.temperature)
        return readings

    def _power(self) -> tuple[PowerIndication, ...]:
        return tuple(self.bench.power_meter.read() for _ in range(POWER_READINGS))

    def soak(self, codes: Mapping[int, int], duration_s: float) -> None:
        """Keep channels lit for a time, looking at the temperatures, and leave them lit.

        Raises:
            PanelError: A temperature is above its cut-off; the panel is dark already.
            PanelTripped: The panel made itself dark.
        """
        ByDrive(codes).apply(self.bench)
        clock = self.bench.clock
        end_s = clock.now_s() + duration_s
        while (left_s := end_s - clock.now_s()) > 0:
            clock.sleep(min(LOOK_EVERY_S, left_s))
            self._interlock(self.bench.panel.read(), self.bench.thermocouple_logger.read())
            self.bench.panel.check_trips()

    def _interlock(self, panel: PanelIndication, seen: TemperatureIndication) -> None:
        self.bench.require_kept()
        limit = self.cut_off
        hot = [
            f"thermocouple {name} at {degc:.1f} degC (limit {limit.thermocouple_degc:g})"
            for name, degc in seen.thermocouple_degc.items()
            if not degc <= limit.thermocouple_degc
        ]
        if not panel.board_degc <= limit.board_degc:
            hot.append(f"LED board at {panel.board_degc:.1f} degC (limit {limit.board_degc:g})")
        if hot:
            self.bench.panel.dark()
            raise PanelError(
                "TOO_HOT", f"cut off: {'; '.join(hot)}; check fan and heatsink, then let it cool"
            )


def exposure(observer: Observer, channel: int) -> float:
    """Return the integration time that the spectrometer chooses for a channel at full drive. [s]

    Raises:
        InstrumentError: The spectrometer finds no time that suits.
    """
    ByDrive({channel: FULL_CODE}).apply(observer.bench)
    observer.bench.clock.sleep(SETTLE_S)
    try:
        return observer.bench.spectrometer.read(integration_s=None).integration_s
    finally:
        observer.bench.panel.dark()
