"""A look at the instruments and the panel; no light is made."""

import math
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

from ledcal.calibration.outcome import Outcome
from ledcal.instruments.clock import Clock
from ledcal.instruments.errors import InstrumentError, PanelTripped, WrongInstrument
from ledcal.instruments.identity import Identity
from ledcal.instruments.link import Bus
from ledcal.instruments.panel import NO_SERIAL, Panel
from ledcal.instruments.power_meter import PowerMeter
from ledcal.instruments.spectrometer import Spectrometer
from ledcal.instruments.thermocouple_logger import ThermocoupleLogger
from ledcal.instruments.transcript import Transcript
from ledcal.rig.bench import LOGGERS, PANELS, POWER_METERS, SPECTROMETERS, driver_of
from ledcal.rig.certificates import Certificates
from ledcal.rig.doctor_findings import Findings
from ledcal.rig.errors import StationError
from ledcal.rig.fit import file_flags
from ledcal.rig.identify import identify_panel, require_accepting
from ledcal.rig.keep_alive import WATCHDOG_S
from ledcal.rig.keys import SigningKey
from ledcal.rig.product import Product
from ledcal.rig.settings import SettingsFile
from ledcal.rig.station import PanelSettings, Station
from ledcal.rig.station_lock import hold_station

PLAUSIBLE_DEGC = (0.0, 60.0)
"""What a thermocouple on a bench in the dark can indicate. [degC]"""
DARK_CURRENT_A = 1e-3
_SHORT_WATCHDOG_S = 0.5
_SILENCE_S = 1.4

_I = TypeVar("_I", PowerMeter, Spectrometer, ThermocoupleLogger, Panel)


def look_at_bench(
    station: SettingsFile[Station],
    certificates: Certificates | None,
    product: Product | None,
    key: SigningKey | None,
    findings: Findings,
) -> None:
    """Open each instrument and the panel and see that a run could begin with them."""
    said = station.settings
    with ExitStack() as stack:
        try:
            stack.enter_context(hold_station(station.path))
        except StationError as error:
            findings.fail("instruments", error.text, error.outcome)
            return
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ledcal-")))
        transcript = Transcript(scratch / "transcript.jsonl")
        stack.callback(transcript.close)
        clock = Clock(said.clock.speed)
        bus = Bus(clock=clock, transcript=transcript, visa_library=said.visa_library)
        looks = _Looks(bus, stack, findings)
        looks.at_power_meter(said, certificates)
        looks.at_spectrometer(said)
        looks.at_logger(said)
        _look_at_panel(looks, station, product, key)


class _Looks:
    """Opens one instrument after the other; what fails is a finding."""

    def __init__(self, bus: Bus, stack: ExitStack, findings: Findings) -> None:
        self.bus = bus
        self.stack = stack
        self.findings = findings

    def opened(self, name: str, opener: Callable[[], _I], outcome: Outcome) -> _I | None:
        """Return the open instrument, closed again at the end; None when it does not open."""
        with self.findings.looking(name, outcome):
            instrument = opener()
            self.stack.callback(instrument.close)
            return instrument
        return None

    def at_power_meter(self, said: Station, certificates: Certificates | None) -> None:
        """The meter reads, and its head is the one in the certificate."""
        place = said.power_meter
        meter = self.opened(
            "power meter",
            lambda: driver_of(POWER_METERS, place.driver).open(
                self.bus, place.resource, place.serial
            ),
            Outcome.STATION,
        )
        if meter is None:
            return
        with self.findings.looking("power meter"):
            head, power_w = meter.head(), meter.read().power_w
            text = f"{_words(meter.identity)}, indicates {power_w:.3g} W in the dark"
            self.findings.ok("power meter", text)
            shown = f"{head.model} {head.serial}"
            if certificates is None:
                self.findings.warn("measuring head", f"{shown}: no certificate to compare it with")
                return
            wanted = certificates.power_meter
            if (head.model, head.serial) != (wanted.head_model, wanted.head_serial):
                self.findings.fail(
                    "measuring head",
                    f"{shown}: the certificate is of {wanted.head_model} {wanted.head_serial}; "
                    "connect that head",
                    Outcome.SETUP,
                )
            else:
                self.findings.ok("measuring head", f"{shown}, as in the certificate")

    def at_spectrometer(self, said: Station) -> None:
        """The spectrometer answers, with its irradiance head on."""
        place = said.spectrometer
        spectrometer = self.opened(
            "spectrometer",
            lambda: driver_of(SPECTROMETERS, place.driver).open(
                self.bus, place.resource, place.serial
            ),
            Outcome.STATION,
        )
        if spectrometer is not None:
            text = f"{_words(spectrometer.identity)}, irradiance head on"
            self.findings.ok("spectrometer", text)

    def at_logger(self, said: Station) -> None:
        """Every thermocouple gives a plausible temperature."""
        place = said.thermocouple_logger
        logger = self.opened(
            "thermocouple logger",
            lambda: driver_of(LOGGERS, place.driver).open(
                self.bus, place.resource, place.serial, place.thermocouples
            ),
            Outcome.STATION,
        )
        if logger is None:
            return
        self.findings.ok("thermocouple logger", _words(logger.identity))
        with self.findings.looking("thermocouples"):
            indicated = logger.read().thermocouple_degc
            shown = ", ".join(f"{name} {degc:.1f} degC" for name, degc in indicated.items())
            low, high = PLAUSIBLE_DEGC
            wrong = [name for name, degc in indicated.items() if not low <= degc <= high]
            if wrong:
                self.findings.fail(
                    "thermocouples",
                    f"{shown}: {', '.join(wrong)} outside {low:g} to {high:g} degC; check plug, "
                    "type and junction",
                )
            else:
                self.findings.ok("thermocouples", shown)


def _words(identity: Identity) -> str:
    return f"{identity.maker} {identity.model} {identity.serial}, firmware {identity.firmware}"


def _look_at_panel(
    looks: _Looks,
    station: SettingsFile[Station],
    product: Product | None,
    key: SigningKey | None,
) -> None:
    """The panel is dark, of this product, takes this station's files, and guards itself."""
    findings, clock = looks.findings, looks.bus.clock
    place = station.settings.panel
    panel = looks.opened("panel", lambda: _any_panel(looks.bus, place), Outcome.SETUP)
    if panel is None:
        return
    with findings.looking("panel", Outcome.SETUP):
        found = identify_panel(panel)
        who = found.identity
        findings.ok(
            "panel",
            f"{_words(panel.identity)}, {who.firmware_mode}, LED head {who.uid}, boot "
            f"{who.boot_count}, {who.on_hours} h on",
        )
        state = f"{who.calibration}, sequence {who.sequence}"
        findings.ok("panel's calibration", f"{state} (0 is none yet)")
        if product is not None:
            with findings.looking("panel's product"):
                found.require(product)
                findings.ok("panel's product", f"is a {product.model}")
        with findings.looking("panel's keys"):
            key_id = None if key is None else key.key_id.hex()
            require_accepting(panel, who, key_id, file_flags(station.settings))
            trusted = ", ".join(panel.trusted_keys()) or "no key"
            findings.ok("panel's keys", f"trusts {trusted}; takes files of this station's mode")
    with findings.looking("panel's watchdog", Outcome.SETUP):
        _look_at_watchdog(panel, clock, findings)
    with findings.looking("panel dark", Outcome.SETUP):
        panel.dark()
        current_a = max(map(abs, panel.read().current_a.values()), default=math.nan)
        if current_a <= DARK_CURRENT_A:
            findings.ok("panel dark", f"every gate closed, at most {current_a * 1e3:.2g} mA")
        else:
            text = f"{current_a:g} A with every gate closed; take the panel off the mains"
            findings.fail("panel dark", text, Outcome.SETUP)


def _any_panel(bus: Bus, place: PanelSettings) -> Panel:
    """Open whatever panel is plugged in."""
    driver = driver_of(PANELS, place.driver)
    try:
        return driver.open(bus, place.resource, NO_SERIAL)
    except WrongInstrument as error:
        return driver.open(bus, place.resource, error.found)


def _look_at_watchdog(panel: Panel, clock: Clock, findings: Findings) -> None:
    """Let the watchdog trip once, in the dark: it is what makes a killed rig harmless."""
    try:
        panel.set_watchdog_s(_SHORT_WATCHDOG_S)
        # By the wall clock: on a fast bench none trips before a second of it
        # (decision 0007), and a rig's own has to within 1.5 s.
        clock.sleep(_SILENCE_S * clock.speed)
        panel.check_trips()
    except PanelTripped as trip:
        if trip.cause != "watchdog":
            raise
        findings.ok("panel's watchdog", f"trips after {_SHORT_WATCHDOG_S:g} s of silence")
    else:
        findings.fail(
            "panel's watchdog",
            f"did not trip in {_SILENCE_S:g} s of silence: a rig that dies would leave the panel "
            f"lit for longer than {WATCHDOG_S:g} s; put this panel aside",
            Outcome.SETUP,
        )
    finally:
        try:
            panel.set_watchdog_s(0.0)
        except InstrumentError as error:
            findings.fail("panel's watchdog", str(error), Outcome.SETUP)
