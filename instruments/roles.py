"""The roles on the bench: what the rig needs of each, whoever made the instrument."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from ledcal.calibration.indication import (
    PanelIndication,
    PowerIndication,
    SpectrumIndication,
    TemperatureIndication,
)
from ledcal.instruments.identity import Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerHead:
    """The sensor head of a power meter.

    Attributes:
        model: Its model.
        serial: Its serial number.
        calibrated: The date of its calibration in the maker's spelling.
    """

    model: str
    serial: str
    calibrated: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardware:
    """What a calibration file must match, as `SYST:HW?` answers it."""

    product_code: int
    hardware_revision: int
    drive_epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Geometry:
    """What the head's optics were designed for, as `SYST:GEOM?` answers it.

    Attributes:
        distance_mm: Distance of the reference plane. [mm]
        geometry_id: Id of the geometry.
    """

    distance_mm: int
    geometry_id: int


class PowerMeter(Protocol):
    """What the rig needs of an optical power meter."""

    @property
    def identity(self) -> Identity:
        """Who it is."""
        ...

    @property
    def resource_name(self) -> str:
        """Its VISA resource name."""
        ...

    def head(self) -> PowerHead:
        """Ask which sensor head is connected."""
        ...

    def set_wavelength_nm(self, wavelength_nm: float) -> float:
        """Set the wavelength of the responsivity and return the one in use. [nm]"""
        ...

    def set_averaging_s(self, averaging_s: float) -> None:
        """Set the time over which each reading averages. [s]"""
        ...

    def set_range_w(self, power_w: float) -> float:
        """Set a fixed range that holds this power and return its upper limit. [W]"""
        ...

    def set_autorange(self) -> None:
        """Let the meter choose its range."""
        ...

    def zero(self) -> None:
        """Take the dark signal of the head as zero; the head must be dark."""
        ...

    def read(self) -> PowerIndication:
        """Take one reading."""
        ...

    def close(self) -> None:
        """Close the link."""
        ...


class Spectrometer(Protocol):
    """What the rig needs of a spectroradiometer."""

    @property
    def identity(self) -> Identity:
        """Who it is."""
        ...

    @property
    def resource_name(self) -> str:
        """Its VISA resource name."""
        ...

    def read(self, *, integration_s: float | None = None, averages: int = 1) -> SpectrumIndication:
        """Take one spectrum; without an integration time the instrument finds it. [s]"""
        ...

    def close(self) -> None:
        """Close the link."""
        ...


class ThermocoupleLogger(Protocol):
    """What the rig needs of a thermocouple logger."""

    @property
    def identity(self) -> Identity:
        """Who it is."""
        ...

    @property
    def resource_name(self) -> str:
        """Its VISA resource name."""
        ...

    def read(self) -> TemperatureIndication:
        """Scan all thermocouples once."""
        ...

    def close(self) -> None:
        """Close the link."""
        ...


class Panel(Protocol):
    """What the rig needs of a panel; another maker's panel is one more class that does this."""

    @property
    def identity(self) -> Identity:
        """Who it is."""
        ...

    @property
    def resource_name(self) -> str:
        """Its VISA resource name."""
        ...

    @property
    def nominal_nm(self) -> Mapping[int, float]:
        """Nominal wavelength by channel number. [nm]"""
        ...

    def channels(self) -> tuple[int, ...]:
        """Return the channel numbers, from 1."""
        ...

    def uid(self) -> str:
        """Ask for the LED head's unique id, 32 hex digits in lower case."""
        ...

    def hardware(self) -> Hardware:
        """Ask for product code, hardware revision and drive epoch."""
        ...

    def geometry(self) -> Geometry:
        """Ask what the optics were designed for."""
        ...

    def boot_count(self) -> int:
        """Ask how often the panel has booted."""
        ...

    def uptime_s(self) -> float:
        """Ask for the time since boot. [s]"""
        ...

    def on_hours(self) -> int:
        """Ask for the LED-on hours."""
        ...

    def set_watchdog_s(self, watchdog_s: float) -> None:
        """Set after what silence the panel goes dark, 0 for never. [s]"""
        ...

    def keep_alive(self) -> None:
        """Let the panel know that somebody is there."""
        ...

    def set_drive_code(self, channel: int, code: int) -> None:
        """Set the raw drive code of a channel, 0 to 65535."""
        ...

    def drive_code(self, channel: int) -> int:
        """Ask for the drive code in use."""
        ...

    def set_irradiance_w_m2(self, channel: int, irradiance_w_m2: float) -> None:
        """Ask the firmware for an irradiance by its calibration. [W/m2]"""
        ...

    def set_output(self, channel: int, on: bool) -> None:
        """Open or close the gate of a channel."""
        ...

    def output(self, channel: int) -> bool:
        """Ask whether the gate of a channel is open."""
        ...

    def dark(self) -> None:
        """Make the panel dark and see that it is."""
        ...

    def read(self) -> PanelIndication:
        """Read what the panel measures of itself."""
        ...

    def check_trips(self) -> None:
        """Ask whether the panel made itself dark or has booted."""
        ...

    def load_calibration(self, file: bytes) -> None:
        """Load a calibration file."""
        ...

    def read_back(self) -> bytes:
        """Read the calibration file in use, empty when there is none."""
        ...

    def erase_calibration(self) -> None:
        """Empty both slots."""
        ...

    def calibration_state(self) -> tuple[int, str]:
        """Ask for the loader's code and name of the calibration, 0 when valid."""
        ...

    def sequence(self) -> int:
        """Ask for the sequence number of the file in use, 0 when there is none."""
        ...

    def trusted_keys(self) -> tuple[str, ...]:
        """Ask for the ids of the keys that the firmware trusts, hex in lower case."""
        ...

    def mode(self) -> Literal["PROD", "ENG"]:
        """Ask whether the firmware is a production or an engineering one."""
        ...

    def write_serial(self, serial: str) -> None:
        """Write the serial number of a panel that has none."""
        ...

    def close(self) -> None:
        """Close the link."""
        ...
