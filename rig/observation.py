"""Light the panel and read all instruments at once: blank, lit, blank, under the interlocks."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from ledcal.calibration.indication import (
    Observation,
    PowerIndication,
    Readings,
    TemperatureIndication,
)
from ledcal.instruments.errors import (
    OpenThermocouple,
    OverRange,
    PanelTripped,
    Saturated,
    Underexposed,
)
from ledcal.rig.bench import Bench
from ledcal.rig.blame import blamed
from ledcal.rig.dropped import LOST, OtherSetting, require_rounded, require_still
from ledcal.rig.errors import RigError
from ledcal.rig.interlock import Interlock
from ledcal.rig.light import FULL_CODE, SETTLE_S, ByDrive, ByIrradiance, Light, lit
from ledcal.rig.product import CutOffSettings

__all__ = [
    "FULL_CODE",
    "SETTLE_S",
    "ByDrive",
    "ByIrradiance",
    "Light",
    "Observer",
    "exposure",
    "lit",
]

POWER_READINGS = 3
ATTEMPTS = 3
SHORTER, LONGER = 0.5, 4.0
"""What the next attempt makes of an integration time that saturates, or that shows too little."""
SHORTEST_INTEGRATION_S, LONGEST_INTEGRATION_S = 0.001, 30.0
LOOK_EVERY_S = 1.0
"""While the panel soaks, temperatures are looked at this often. [s]"""

_T = TypeVar("_T")
Report = Callable[[str, str], None]
"""Takes the code and the words of a note for the journal."""


@dataclass(slots=True)
class Held:
    """What the instruments are held to from one reading to the next.

    Attributes:
        meter_nm: Wavelength at which the power meter was set; None before the first setting. [nm]
        longest_s: The spectrometer saturates in a longer time. [s]
    """

    meter_nm: float | None = None
    longest_s: float = math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Observer:
    """Makes observations on a bench.

    Attributes:
        bench: The bench.
        cut_off: Temperatures at which the panel goes dark at once.
        note: Where a repeated attempt is recorded.
        held: What the instruments were set to.
        interlock: Looks at every reading of temperatures and fan.
    """

    bench: Bench
    cut_off: CutOffSettings
    note: Report
    held: Held = field(default_factory=Held)
    interlock: Interlock = field(default_factory=Interlock)

    def set_meter(self, centroid_nm: float) -> None:
        """Set the power meter to a band; it takes whole nanometres (PM103)."""
        self.held.meter_nm = self.bench.power_meter.set_wavelength_nm(round(centroid_nm))

    def observe(self, lights: Sequence[Light], *, integration_s: float) -> list[Observation]:
        """Return one blank-lit-blank observation for each light; neighbours share a blank.

        A reading that was lost by the link, the range, an exposure, a movement or a tripped
        watchdog is taken again as a new attempt, and each attempt is recorded.

        Raises:
            InstrumentError: It was lost three times.
            SetupError: The light changed three times while it was read.
            PanelError: An interlock made the panel dark.
            PanelLost: The panel restarted or no longer answers.
        """
        with blamed(self.bench.panel):
            time_s = min(integration_s, self.held.longest_s)
            blank = self.read_dark(time_s)
            observations = []
            for light in lights:
                wanted_s = min(integration_s, self.held.longest_s)
                if wanted_s != time_s:
                    # Only a blank of the same time cancels what the array shows in the dark.
                    time_s, blank = wanted_s, self.read_dark(wanted_s)
                observation, time_s = self._attempts(light, blank, time_s)
                observations.append(observation)
                blank = observation.blank_after
            return observations

    def _attempts(self, light: Light, blank: Readings, time_s: float) -> tuple[Observation, float]:
        """Return the observation with the spectrometer's time that it was taken with. [s]"""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._once(light, blank, time_s), time_s
            except (*LOST, PanelTripped) as error:
                self._lost(error, attempt)
                if isinstance(error, Saturated):
                    time_s = max(time_s * SHORTER, SHORTEST_INTEGRATION_S)
                    self.held.longest_s = time_s
                elif isinstance(error, Underexposed):
                    time_s = min(time_s * LONGER, LONGEST_INTEGRATION_S, self.held.longest_s)
                blank = self.read_dark(time_s)
        raise AssertionError("unreachable")

    def _lost(self, error: Exception, attempt: int) -> None:
        """Make the panel dark and note a lost attempt; raise what another one does not mend."""
        self.bench.panel.dark()
        if isinstance(error, PanelTripped) and error.cause != "watchdog":
            raise error
        if attempt == ATTEMPTS:
            raise error
        self.note("REPEATED", f"attempt {attempt} of {ATTEMPTS}: {error}")

    def _once(self, light: Light, blank: Readings, integration_s: float) -> Observation:
        panel = self.bench.panel
        light.apply(self.bench)
        self.bench.clock.sleep(SETTLE_S)
        seen = self.read(integration_s)
        # A trip while the instruments looked would leave a half-lit reading.
        panel.check_trips()
        require_still(seen.power)
        require_rounded(seen.spectrum)
        codes = tuple(panel.drive_code(channel) for channel in light.channels)
        return Observation(
            channels=light.channels,
            drive_code=codes,
            blank_before=blank,
            lit=seen,
            blank_after=self.read_dark(integration_s),
        )

    def read_dark(self, integration_s: float | None) -> Readings:
        """Return a blank: all instruments with the panel dark.

        One that was lost is taken again, and each attempt is recorded.

        Raises:
            InstrumentError: It was lost three times.
        """
        for attempt in range(1, ATTEMPTS + 1):
            self.bench.panel.dark()
            self.bench.clock.sleep(SETTLE_S)
            try:
                return self.read(integration_s)
            except LOST as error:
                self._lost(error, attempt)
        raise AssertionError("unreachable")

    def read(self, integration_s: float | None) -> Readings:
        """Return what all instruments show now, read at once; None reads no spectrum.

        A reading over the range, or with the meter at another wavelength than it was set to, is
        dropped: the setting is made again, and all is read again.

        Raises:
            StationError: The meter does not keep its wavelength, or a thermocouple shows what
                cannot be.
            PanelError: An interlock; the panel is dark already.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                readings = self._at_once(integration_s)
                self._guard(readings)
                self._require_setting(readings.power)
            except OverRange as error:
                if attempt == ATTEMPTS:
                    raise
                self.bench.power_meter.set_autorange()
                self._note_dropped("RANGE_UP", attempt, error)
            except OtherSetting as error:
                if attempt == ATTEMPTS:
                    raise
                self.set_meter(error.wanted_nm)
                self._note_dropped("METER_SET_AGAIN", attempt, error)
            else:
                return readings
        raise AssertionError("unreachable")

    def _note_dropped(self, code: str, attempt: int, error: Exception) -> None:
        self.note(code, f"reading {attempt} of {ATTEMPTS} was dropped: {error}")

    def _at_once(self, integration_s: float | None) -> Readings:
        """Read all instruments at once; when one fails, the others are waited for."""
        bench = self.bench
        spectrum = None
        if integration_s is not None:
            spectrum = bench.readers.submit(bench.spectrometer.read, integration_s=integration_s)
        power = bench.readers.submit(self._power)
        temperature = bench.readers.submit(bench.thermocouple_logger.read)
        try:
            panel = bench.panel.read()
        finally:
            # What still runs would meet the next command of the same instrument.
            for one in (spectrum, power, temperature):
                if one is not None:
                    one.exception()
        try:
            return Readings(
                power=power.result(),
                spectrum=None if spectrum is None else spectrum.result(),
                temperature=temperature.result(),
                panel=panel,
            )
        except OpenThermocouple:
            bench.panel.dark()
            raise

    def _power(self) -> tuple[PowerIndication, ...]:
        return tuple(self.bench.power_meter.read() for _ in range(POWER_READINGS))

    def _require_setting(self, power: Sequence[PowerIndication]) -> None:
        wanted_nm = self.held.meter_nm
        for one in power:
            if wanted_nm is not None and abs(one.wavelength_nm - wanted_nm) > 0.5:
                raise OtherSetting(one.wavelength_nm, wanted_nm)

    def soak(self, codes: Mapping[int, int], duration_s: float) -> Readings:
        """Keep channels lit for a time, look at the temperatures, and leave them lit.

        Returns what all instruments but the spectrometer show at its end.

        Raises:
            PanelError: A temperature is above its cut-off; the panel is dark already.
            PanelLost: The panel restarted or no longer answers.
        """
        clock = self.bench.clock
        end_s = clock.now_s() + duration_s

        def burn() -> Readings:
            ByDrive(codes).apply(self.bench)
            while (left_s := end_s - clock.now_s()) > 0:
                clock.sleep(min(LOOK_EVERY_S, left_s))
                self._look()
            readings = self.read(None)
            self.bench.panel.check_trips()
            return readings

        return self.again(burn)

    def again(self, work: Callable[[], _T]) -> _T:
        """Do something with the panel lit, and again where a reading was lost.

        That is so too where only the watchdog made it dark: it trips when this computer was busy
        for longer than it waits. The thermocouple logger is asked first, in the dark.

        Raises:
            InstrumentError: A reading was lost three times.
            PanelError: The panel made itself dark by its fan or its temperature.
            PanelLost: The panel restarted or no longer answers.
        """
        with blamed(self.bench.panel):
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    if attempt > 1:
                        # Not lit again before what guards the panel is known to answer.
                        self._temperatures()
                    return work()
                except (*LOST, PanelTripped) as error:
                    self._lost(error, attempt)
        raise AssertionError("unreachable")

    def _temperatures(self) -> TemperatureIndication:
        try:
            return self.bench.thermocouple_logger.read()
        except OpenThermocouple:
            self.bench.panel.dark()
            raise

    def _look(self) -> None:
        """Look at what guards the panel while it is lit."""
        temperature = self._temperatures()
        readings = Readings(
            power=(), spectrum=None, temperature=temperature, panel=self.bench.panel.read()
        )
        self._guard(readings)
        self.bench.panel.check_trips()

    def _guard(self, readings: Readings) -> None:
        now_s = self.bench.clock.now_s()
        try:
            self.bench.require_kept()
            self.interlock.check(now_s, self.cut_off, readings.panel, readings.temperature)
        except RigError:
            self.bench.panel.dark()
            raise
        self.bench.watched()


def exposure(observer: Observer, codes: Mapping[int, int]) -> float:
    """Return the integration time that the spectrometer chooses for channels at drive codes. [s]

    Raises:
        InstrumentError: The spectrometer finds no time that suits.
    """
    bench = observer.bench

    def look() -> float:
        with lit(bench, codes):
            integration_s = bench.spectrometer.read(integration_s=None).integration_s
            bench.panel.check_trips()
            return integration_s

    return observer.again(look)
