"""The virtual bench's physics behind the roles of the rig, in one process and without sockets.

World and measuring heads are those of the virtual bench; what is left out is wires and wall
clock. The rig's own code measures on it, and every reading tells what was true while it was
taken.
"""

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import numpy as np

from ledcal.calibration.indication import (
    PanelIndication,
    PowerIndication,
    SpectrumIndication,
    TemperatureIndication,
)
from ledcal.calibration.lookup import lookup
from ledcal.calibration.panel_calibration import (
    IRRADIANCE_STEP_W_M2,
    TEMPERATURE_STEP_K,
    ChannelTable,
)
from ledcal.instruments.clock import Clock
from ledcal.instruments.virtual import certificates
from ledcal.instruments.virtual.detectors import Heads, draw_heads
from ledcal.instruments.virtual.world import Beam, Light, World
from ledcal.rig.bench import Bench
from ledcal.rig.certificate_file import (
    read_power_meter_certificate,
    read_spectrometer_certificate,
    read_thermocouple_certificate,
)
from ledcal.rig.certificates import Certificates

INPUTS = {"ambient": 101, "surface": 102, "heatsink": 103}
SHORT_STEP_S, LONG_STEP_S = 0.05, 0.25
"""Steps of the world while an instrument looks, and while it only warms. [s]"""
BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
RANGE_W = 0.05
POWER_S, POWER_OVERHEAD_S = 0.1, 0.02
TARGET = 0.75
TRIAL_S = 0.02
SPECTRUM_NM = np.arange(350.0, 1000.5)
LOOK_UP_PERIOD_S = 1.0
NTC_NOISE_K = 0.02
THERMOCOUPLE_NOISE_K = 0.02


@dataclass(slots=True)
class Truth:
    """What was true while each reading was taken, by the time that stands in it."""

    irradiance_w_m2: dict[datetime, float] = field(default_factory=dict)
    beams: dict[datetime, tuple[Beam, ...]] = field(default_factory=dict)


class InProcess:
    """World, heads and panel of one run, and the time that passes for all of them."""

    def __init__(self, seed: int, heads: Heads, world: World) -> None:
        """Begin with the panel cold and dark."""
        self.world = world
        self.heads = heads
        self.truth = Truth()
        self.noise = np.random.default_rng([seed, 7])
        self.codes = [0] * len(world.emitters)
        self.gates = [False] * len(world.emitters)
        self.requests: dict[int, float] = {}
        self.tables: Mapping[int, ChannelTable] = {}
        self._looked_s = 0.0

    def now(self) -> datetime:
        """Return the bench time as a date; two readings never share one."""
        return BEGINNING + timedelta(seconds=self.world.time_s)

    def pass_s(self, duration_s: float, longest_s: float = LONG_STEP_S) -> None:
        """Let bench time pass. [s]"""
        end_s = self.world.time_s + duration_s
        while (left_s := end_s - self.world.time_s) > 1e-9:
            self.world.step(min(left_s, longest_s))
            if self.world.time_s - self._looked_s >= LOOK_UP_PERIOD_S:
                self._looked_s = self.world.time_s
                self.look_up()

    def expose(self, duration_s: float) -> Light:
        """Let time pass and return the mean light."""
        exposure = self.world.expose(duration_s)
        self.pass_s(duration_s, SHORT_STEP_S)
        return self.world.gathered(exposure)

    def ntc_degc(self) -> float:
        """Return what the panel's own sensor shows. [degC]"""
        noise_k = float(self.noise.normal(0.0, NTC_NOISE_K))
        return self.world.heat.board_degc + self.world.ntc_offset_k + noise_k

    def look_up(self) -> None:
        """Do what the firmware does once a second: look up each requested channel's code."""
        for channel, request_w_m2 in self.requests.items():
            request = round(request_w_m2 / IRRADIANCE_STEP_W_M2)
            temperature = round(self.ntc_degc() / TEMPERATURE_STEP_K)
            self.codes[channel - 1] = lookup(self.tables[channel], request, temperature)
        self.drive()

    def drive(self) -> None:
        """Let the codes of open gates reach the LEDs."""
        pairs = zip(self.codes, self.gates, strict=True)
        self.world.drive_code = [code if is_open else 0 for code, is_open in pairs]


class InProcessClock:
    """Bench time as the rig's clock."""

    def __init__(self, own: InProcess) -> None:
        """Take the time of the world."""
        self._own = own
        self.speed = 1.0

    def now_s(self) -> float:
        """Return bench time. [s]"""
        return self._own.world.time_s

    def sleep(self, duration_s: float) -> None:
        """Let bench time pass. [s]"""
        self._own.pass_s(duration_s)


class InProcessPanel:
    """The panel as the rig drives it."""

    def __init__(self, own: InProcess) -> None:
        """Take the panel of the world."""
        self._own = own

    def set_drive_code(self, channel: int, code: int) -> None:
        """Set a raw code."""
        self._own.requests.pop(channel, None)
        self._own.codes[channel - 1] = code
        self._own.drive()

    def drive_code(self, channel: int) -> int:
        """Return the code in use."""
        return self._own.codes[channel - 1]

    def set_irradiance_w_m2(self, channel: int, irradiance_w_m2: float) -> None:
        """Ask for an irradiance by the table in use."""
        self._own.requests[channel] = irradiance_w_m2
        self._own.look_up()

    def set_output(self, channel: int, *, on: bool) -> None:
        """Open or close a gate."""
        self._own.gates[channel - 1] = on
        self._own.drive()

    def dark(self) -> None:
        """Close every gate."""
        self._own.gates = [False] * len(self._own.gates)
        self._own.requests.clear()
        self._own.codes = [0] * len(self._own.codes)
        self._own.drive()

    def check_trips(self) -> None:
        """Nothing trips here."""

    def read(self) -> PanelIndication:
        """Return what the panel says of itself."""
        own = self._own
        currents = {
            channel: emitter.current_a * emitter.current_fraction(code)
            for channel, (emitter, code) in enumerate(
                zip(own.world.emitters, own.world.drive_code, strict=True), start=1
            )
        }
        return PanelIndication(
            board_degc=own.ntc_degc(), current_a=currents, fan_rpm=2400.0, at=own.now()
        )


class InProcessMeter:
    """The power meter as the rig reads it."""

    def __init__(self, own: InProcess) -> None:
        """Switch on."""
        self._own = own
        self._setting_nm = 635.0
        self._zero_w = 0.0

    def set_wavelength_nm(self, wavelength_nm: float) -> float:
        """Set the wavelength, whole nanometres."""
        self._setting_nm = float(round(wavelength_nm))
        return self._setting_nm

    def zero(self) -> None:
        """Take the present indication as zero."""
        light = self._own.expose(2.0)
        self._zero_w = self._own.heads.meter.indication_w(light, self._setting_nm, 2.0)

    def read(self) -> PowerIndication:
        """Take one reading."""
        own = self._own
        light = own.expose(POWER_S)
        power_w = own.heads.meter.indication_w(light, self._setting_nm, POWER_S) - self._zero_w
        at = own.now()
        own.truth.irradiance_w_m2[at] = sum(beam.irradiance_w_m2 for beam in light.beams)
        own.pass_s(POWER_OVERHEAD_S)
        return PowerIndication(
            power_w=power_w,
            wavelength_nm=self._setting_nm,
            range_w=RANGE_W,
            averaging_s=POWER_S,
            at=at,
        )


class InProcessSpectrometer:
    """The spectrometer as the rig reads it."""

    def __init__(self, own: InProcess) -> None:
        """Switch on."""
        self._own = own

    def read(self, *, integration_s: float | None = None, averages: int = 1) -> SpectrumIndication:
        """Take one spectrum."""
        own, head = self._own, self._own.heads.spectrometer
        if integration_s is None:
            seen = head.seen_w_m2_nm(own.expose(TRIAL_S), SPECTRUM_NM)
            wanted_s = TARGET * head.FULL_SCALE_COUNTS / float(head.counts(seen, 1.0).max())
            integration_s = max(1, int(wanted_s * 1e3)) / 1e3
        light = own.expose(integration_s * averages)
        at = own.now()
        own.truth.beams[at] = light.beams
        counts = head.counts(head.seen_w_m2_nm(light, SPECTRUM_NM), integration_s)
        shown = head.indication_w_m2_nm(counts, integration_s, averages)
        own.pass_s(integration_s * averages + POWER_OVERHEAD_S)
        return SpectrumIndication(
            wavelength_nm=SPECTRUM_NM.copy(),
            irradiance_w_m2_nm=shown,
            integration_s=integration_s,
            averages=averages,
            at=at,
        )


class InProcessLogger:
    """The thermocouple logger as the rig reads it."""

    def __init__(self, own: InProcess) -> None:
        """Switch on."""
        self._own = own

    def read(self) -> TemperatureIndication:
        """Scan all thermocouples."""
        heat = self._own.world.heat
        true = {
            "ambient": heat.ambient_degc,
            "surface": heat.surface_degc,
            "heatsink": heat.heatsink_degc,
        }
        shown = {
            each.name: true[each.name]
            - each.correction_k
            + float(self._own.noise.normal(0.0, THERMOCOUPLE_NOISE_K))
            for each in self._own.heads.thermocouples
        }
        return TemperatureIndication(thermocouple_degc=shown, at=self._own.now())


class Reading:
    """A reading that was started; its result is there when all that ran beside it have ended."""

    def __init__(self, value: Any, join: Callable[[], None]) -> None:
        """Hold the value until it is asked for."""
        self._value = value
        self._join = join

    def exception(self) -> None:
        """Nothing is lost here; wait for the end as a reading on a thread would."""
        self._join()

    def result(self) -> Any:
        """Let the time pass that the longest reading took, and return the value."""
        self._join()
        return self._value


class AtOnce:
    """Lets readings that were started together happen in the same span of bench time."""

    def __init__(self, own: InProcess) -> None:
        """Begin with nothing running."""
        self._own = own
        self._end_s = 0.0

    def submit(self, read: Callable[..., Any], **arguments: Any) -> Reading:
        """Take a reading, then put time and heat back to where it began."""
        world = self._own.world
        start_s, heat = world.time_s, copy(world.heat)
        value = read(**arguments)
        self._end_s = max(self._end_s, world.time_s)
        world.time_s, world.heat = start_s, heat
        return Reading(value, self._join)

    def _join(self) -> None:
        left_s = self._end_s - self._own.world.time_s
        if left_s > 0:
            self._own.pass_s(left_s)


def build(seed: int, folder: Path) -> tuple[Bench, InProcess]:
    """Return the bench of one run: another panel and other instruments for each seed.

    Args:
        seed: All draws come from it.
        folder: Where the certificates are written, as files that a laboratory would send.
    """
    heads = draw_heads(seed, INPUTS)
    own = InProcess(seed, heads, World(seed, f"STUDY-{seed:04d}"))
    return (
        Bench(
            clock=cast(Clock, InProcessClock(own)),
            power_meter=cast(Any, InProcessMeter(own)),
            spectrometer=cast(Any, InProcessSpectrometer(own)),
            thermocouple_logger=cast(Any, InProcessLogger(own)),
            panel=cast(Any, InProcessPanel(own)),
            certificates=_certificates(heads, folder),
            readers=cast(Any, AtOnce(own)),
            watched=lambda: None,
        ),
        own,
    )


def _certificates(heads: Heads, folder: Path) -> Certificates:
    documents = {
        "power_meter": certificates.power_meter(heads.meter, "STUDY", "S121C", "STUDY"),
        "spectrometer": certificates.spectrometer(heads.spectrometer, "STUDY"),
        "thermocouple_logger": certificates.thermocouple_logger(heads.thermocouples, "STUDY"),
    }
    paths = {name: certificates.write(folder, name, each) for name, each in documents.items()}
    meter, _ = read_power_meter_certificate(paths["power_meter"])
    spectrometer, _ = read_spectrometer_certificate(paths["spectrometer"])
    logger, _ = read_thermocouple_certificate(paths["thermocouple_logger"])
    return Certificates(
        power_meter=meter,
        spectrometer=spectrometer,
        thermocouple_logger=logger,
        file_sha256={},
    )
