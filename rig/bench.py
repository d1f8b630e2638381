"""The bench: all instruments and the panel, opened together, dark on every exit."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from ledcal.calibration.certificate import (
    PowerMeterCertificate,
)
from ledcal.instruments.agilent_34972a import Agilent34972A
from ledcal.instruments.clock import Clock
from ledcal.instruments.errors import InstrumentError, WrongInstrument
from ledcal.instruments.link import Bus
from ledcal.instruments.panel import LedcalPanel, Panel
from ledcal.instruments.power_meter import PowerMeter, ThorlabsPM100D, ThorlabsPM103
from ledcal.instruments.spectrometer import JetiSpecbos1211, Spectrometer
from ledcal.instruments.thermocouple_logger import KeysightDAQ970A, ThermocoupleLogger
from ledcal.instruments.transcript import Transcript
from ledcal.rig.certificates import Certificates
from ledcal.rig.errors import SetupError, StationError
from ledcal.rig.keep_alive import KeepAlive
from ledcal.rig.settings import SettingsFile
from ledcal.rig.station import PanelSettings, Station
from ledcal.rig.station_lock import hold_station

POWER_METERS: Mapping[str, type[ThorlabsPM103]] = {
    "thorlabs_pm103": ThorlabsPM103,
    "thorlabs_pm100d": ThorlabsPM100D,
}
SPECTROMETERS: Mapping[str, type[JetiSpecbos1211]] = {"jeti_specbos_1211": JetiSpecbos1211}
LOGGERS: Mapping[str, type[KeysightDAQ970A]] = {
    "keysight_daq970a": KeysightDAQ970A,
    "agilent_34972a": Agilent34972A,
}
PANELS: Mapping[str, type[LedcalPanel]] = {"ledcal_panel": LedcalPanel}


_I = TypeVar("_I", bound=Panel | PowerMeter | Spectrometer | ThermocoupleLogger)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Everything that measures or is measured, open and identified.

    Attributes:
        clock: Bench time; every wait goes through it.
        readers: Threads that read the instruments at once.
        watched: Called after each look at the temperatures; without it the panel turns dark.
        transcript: Every byte; says when the disk refused it.
    """

    clock: Clock
    power_meter: PowerMeter
    spectrometer: Spectrometer
    thermocouple_logger: ThermocoupleLogger
    panel: Panel
    certificates: Certificates
    readers: ThreadPoolExecutor
    watched: Callable[[], None]
    transcript: Transcript | None = None

    def require_kept(self) -> None:
        """Refuse to go on when the transcript is not whole.

        Raises:
            StationError: The disk has refused a part of it.
        """
        if self.transcript is not None and self.transcript.failure is not None:
            raise StationError(
                "DISK", f"{self.transcript.failure}; make room, then calibrate the panel again"
            )


@contextmanager
def open_bench(
    station: SettingsFile[Station],
    certificates: Certificates,
    serial: str,
    transcript: Path,
    ending: Callable[[], bool] = lambda: False,
) -> Iterator[Bench]:
    """Open all instruments and the panel; the panel is dark when the context ends, however.

    Args:
        station: The station file.
        certificates: Certificates of its instruments.
        serial: Serial of the panel, as scanned.
        transcript: Where every byte is written.
        ending: Tells whether the process has been told to end: the panel is dark then, even if
            the procedure hangs.

    Raises:
        SetupError: Another panel than the scanned one is plugged in; nothing was sent to it but
            the question who it is.
        StationError: Names every instrument that cannot be opened, not the first one only; or
            the station is in use, and nothing was sent to anything; or the power meter has
            another head than its certificate says.
    """
    said = station.settings
    clock = Clock(said.clock.speed)
    bus = _bus(clock, transcript, said)
    with ExitStack() as stack:
        stack.callback(bus.transcript.close)
        stack.enter_context(hold_station(station.path))
        readers = stack.enter_context(ThreadPoolExecutor(4, thread_name_prefix="reader"))
        opened = _Opened(stack)
        panel = opened.attempt(lambda: _scanned_panel(bus, said.panel, serial))
        meter = opened.attempt(
            lambda: driver_of(POWER_METERS, said.power_meter.driver).open(
                bus, said.power_meter.resource, said.power_meter.serial
            )
        )
        spectrometer = opened.attempt(
            lambda: driver_of(SPECTROMETERS, said.spectrometer.driver).open(
                bus, said.spectrometer.resource, said.spectrometer.serial
            )
        )
        logger = opened.attempt(
            lambda: driver_of(LOGGERS, said.thermocouple_logger.driver).open(
                bus,
                said.thermocouple_logger.resource,
                said.thermocouple_logger.serial,
                said.thermocouple_logger.thermocouples,
            )
        )
        if opened.failures or not (panel and meter and spectrometer and logger):
            raise StationError("INSTRUMENT", "\n".join(opened.failures))
        panel.dark()
        _require_head(meter, certificates.power_meter)
        # Left first when the context ends: it makes the panel dark while the link is open.
        keep_alive = stack.enter_context(KeepAlive(panel, clock, ending))
        yield Bench(
            clock=clock,
            power_meter=meter,
            spectrometer=spectrometer,
            thermocouple_logger=logger,
            panel=panel,
            certificates=certificates,
            readers=readers,
            watched=keep_alive.watched,
            transcript=bus.transcript,
        )


@contextmanager
def open_panel(station: SettingsFile[Station], serial: str, transcript: Path) -> Iterator[Panel]:
    """Open the panel alone, dark; it is dark again when the context ends.

    Raises:
        SetupError: Another panel than the scanned one is plugged in.
        InstrumentError: It cannot be reached.
        StationError: The station file names a driver that there is not.
    """
    said = station.settings
    clock = Clock(said.clock.speed)
    bus = _bus(clock, transcript, said)
    with ExitStack() as stack:
        stack.callback(bus.transcript.close)
        stack.enter_context(hold_station(station.path))
        panel = _scanned_panel(bus, said.panel, serial)
        stack.callback(panel.close)
        stack.callback(panel.dark)
        yield panel


def _bus(clock: Clock, transcript: Path, station: Station) -> Bus:
    try:
        written = Transcript(transcript)
    except OSError as error:
        raise StationError("DISK", f"{transcript}: cannot be made: {error.strerror}") from error
    return Bus(clock=clock, transcript=written, visa_library=station.visa_library)


def _require_head(meter: PowerMeter, certificate: PowerMeterCertificate) -> None:
    """Refuse to measure with a head whose certificate is another's.

    Raises:
        StationError: Names both.
        InstrumentError: The meter does not say which head it has.
    """
    found = meter.head()
    if (found.model, found.serial) != (certificate.head_model, certificate.head_serial):
        raise StationError(
            "WRONG_HEAD",
            f"the power meter has head {found.model} {found.serial}, certificate "
            f"{certificate.head.number} is that of {certificate.head_model} "
            f"{certificate.head_serial}; connect that head, or name the certificate of this one",
        )


def _scanned_panel(bus: Bus, place: PanelSettings, serial: str) -> Panel:
    try:
        return driver_of(PANELS, place.driver).open(bus, place.resource, serial)
    except WrongInstrument as error:
        raise SetupError(
            "WRONG_PANEL",
            f"scanned {error.expected}, but the panel on the bench says it is {error.found}; "
            "put the scanned panel on the bench, or scan this one's label",
        ) from error


class _Opened:
    """Opens one instrument after the other and gathers what fails."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self.failures: list[str] = []

    def attempt(self, opener: Callable[[], _I]) -> _I | None:
        """Return the open instrument, or None with the failure kept."""
        try:
            instrument = opener()
        except (InstrumentError, StationError) as error:
            self.failures.append(str(error))
            return None
        self._stack.callback(instrument.close)
        return instrument


def driver_of(drivers: Mapping[str, type[_I]], name: str) -> type[_I]:
    """Return the driver that a station file names.

    Raises:
        StationError: There is no such driver.
    """
    if name not in drivers:
        raise StationError(
            "DRIVER", f"driver {name!r} is not known; there are: {', '.join(sorted(drivers))}"
        )
    return drivers[name]
