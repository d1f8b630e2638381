"""What the panel says of itself, and what the entries of its error queue mean."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from ledcal.calibration.indication import PanelIndication
from ledcal.instruments.dialogue import Dialogue
from ledcal.instruments.errors import DeviceError
from ledcal.instruments.reply import (
    code_and_text,
    hexadecimal,
    integer,
    integers,
    number,
    quoted,
    switch,
)
from ledcal.instruments.roles import Geometry, Hardware

TRIP_CAUSES = ("over temperature", "fan stalled", "watchdog")
_HARDWARE_ERROR = -240
_UID_DIGITS = 32


class PanelFacts:
    """The queries of a panel; none of them changes anything.

    Attributes:
        nominal_nm: Nominal wavelength by channel number. [nm]
    """

    def __init__(self, link: Dialogue) -> None:
        """Ask for the channels, which no command changes."""
        self._link = link
        self.nominal_nm: Mapping[int, float] = MappingProxyType(
            link.query_as(_catalogue, "CHAN:CAT?")
        )

    @property
    def resource_name(self) -> str:
        """Its VISA resource name."""
        return self._link.resource_name

    def channels(self) -> tuple[int, ...]:
        """Return the channel numbers, from 1."""
        return tuple(self.nominal_nm)

    def uid(self) -> str:
        """Ask for the LED head's unique id, 32 hex digits in lower case."""
        return self._link.query_as(_uid, "SYST:UID?")

    def hardware(self) -> Hardware:
        """Ask for product code, hardware revision and drive epoch."""
        code, revision, epoch = self._link.query_as(lambda reply: integers(reply, 3), "SYST:HW?")
        return Hardware(product_code=code, hardware_revision=revision, drive_epoch=epoch)

    def geometry(self) -> Geometry:
        """Ask what the optics were designed for."""
        distance_mm, geometry_id = self._link.query_as(
            lambda reply: integers(reply, 2), "SYST:GEOM?"
        )
        return Geometry(distance_mm=distance_mm, geometry_id=geometry_id)

    def boot_count(self) -> int:
        """Ask how often the panel has booted."""
        return self._link.query_as(integer, "SYST:BOOT?")

    def uptime_s(self) -> float:
        """Ask for the time since boot. [s]"""
        return self._link.query_as(number, "SYST:UPT?")

    def on_hours(self) -> int:
        """Ask for the LED-on hours."""
        return self._link.query_as(integer, "SYST:HOUR?")

    def read_back(self) -> bytes:
        """Read the calibration file in use, empty when there is none."""
        return self._link.query_block("CAL:DATA?")

    def calibration_state(self) -> tuple[int, str]:
        """Ask for the loader's code and name of the calibration, 0 when valid."""
        return self._link.query_as(code_and_text, "CAL:STAT?")

    def sequence(self) -> int:
        """Ask for the sequence number of the file in use, 0 when there is none."""
        return self._link.query_as(integer, "CAL:SEQ?")

    def trusted_keys(self) -> tuple[str, ...]:
        """Ask for the ids of the keys that the firmware trusts, hex in lower case."""
        return self._link.query_as(_key_ids, "CAL:KEY?")

    def mode(self) -> Literal["PROD", "ENG"]:
        """Ask whether the firmware is a production or an engineering one."""
        return self._link.query_as(_mode, "CAL:MODE?")

    def drive_code(self, channel: int) -> int:
        """Ask for the drive code in use, also in calibrated mode."""
        self._require(channel)
        return self._link.query_as(integer, f"SOUR{channel}:DRIV?")

    def output(self, channel: int) -> bool:
        """Ask whether the gate of a channel is open."""
        self._require(channel)
        return self._link.query_as(switch, f"OUTP{channel}?")

    def read(self) -> PanelIndication:
        """Read what the panel measures of itself; the time is that of the board's temperature.

        The light depends on this temperature, and a board that is lit warms up while the slower
        of the other answers come.
        """
        board_degc = self._link.query_as(number, "MEAS:TEMP?")
        at = self._link.clock.utc()
        current_a = {n: self._link.query_as(number, f"MEAS:CURR{n}?") for n in self.channels()}
        fan_rpm = self._link.query_as(number, "MEAS:FAN?")
        return PanelIndication(
            board_degc=board_degc,
            current_a=current_a,
            fan_rpm=fan_rpm,
            at=at,
        )

    def _require(self, channel: int) -> None:
        if channel not in self.nominal_nm:
            raise ValueError(f"{self._link}: channel {channel} is none of {self.channels()}")


def trip_cause(error: DeviceError) -> str | None:
    """Return why the panel tripped, None when no entry tells of a trip."""
    return next((d for d in _hardware_errors(error) if d in TRIP_CAUSES), None)


def refusal(error: DeviceError) -> str | None:
    """Return the loader's name of the error of a refused file, None when no entry has one."""
    return next((d for d in _hardware_errors(error) if d not in TRIP_CAUSES), None)


def _uid(reply: str) -> str:
    """Return the answer to `SYST:UID?`, 32 hex digits, in lower case."""
    if len(reply) != _UID_DIGITS:
        raise ValueError(f"expected {_UID_DIGITS} hex digits, got {reply!r}")
    return hexadecimal(reply)


def _catalogue(reply: str) -> dict[int, float]:
    """Return the answer to `CHAN:CAT?` as nominal wavelength by channel number. [nm]"""
    names = [quoted(field) for field in reply.split(",")]
    return {channel: number(name) for channel, name in enumerate(names, start=1)}


def _key_ids(reply: str) -> tuple[str, ...]:
    """Return the answer to `CAL:KEY?`, hex in lower case; empty when no key is trusted."""
    return tuple(hexadecimal(key_id) for key_id in reply.split(",")) if reply else ()


def _mode(reply: str) -> Literal["PROD", "ENG"]:
    """Return the answer to `CAL:MODE?`."""
    if reply == "PROD":
        return "PROD"
    if reply == "ENG":
        return "ENG"
    raise ValueError(f"expected PROD or ENG, got {reply!r}")


def _hardware_errors(error: DeviceError) -> list[str]:
    """Return what follows the semicolon in each -240 entry."""
    details = [
        text.partition(";")[2].strip() for code, text in error.entries if code == _HARDWARE_ERROR
    ]
    return [detail for detail in details if detail]
