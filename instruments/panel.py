"""The panel under calibration."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Self

from ledcal.instruments.dialogue import Framing
from ledcal.instruments.errors import (
    CalibrationRefused,
    DeviceError,
    InstrumentError,
    NotDark,
    PanelTripped,
    WrongInstrument,
)
from ledcal.instruments.identity import Identity, parse_identity
from ledcal.instruments.link import Bus, Link
from ledcal.instruments.panel_facts import PanelFacts, refusal, trip_cause
from ledcal.instruments.reply import integer
from ledcal.instruments.roles import Geometry, Hardware, Panel

__all__ = ["FULL_DRIVE_CODE", "NO_SERIAL", "Geometry", "Hardware", "LedcalPanel", "Panel"]

FULL_DRIVE_CODE = 65535
NO_SERIAL = "NONE"
"""What a panel that never had a serial number says."""
_FRAMING = Framing(baud=115200)
_COMMIT_S = 5.0
_POWER_ON_BIT = 1 << 7  # IEEE 488.2, 11.5.1
_SHORTEST_WATCHDOG_S, _LONGEST_WATCHDOG_S = 0.5, 60.0
_DARK_ATTEMPTS = 2
_SERIAL = re.compile(r"[!#-~]{1,16}", re.ASCII)


class LedcalPanel(PanelFacts):
    """A panel that speaks the SCPI of ledcal's panel firmware on a serial line, 115200 8N1.

    Attributes:
        identity: Who it is.
    """

    def __init__(self, link: Link, identity: Identity) -> None:
        """Use `open`."""
        super().__init__(link)
        self.identity = identity

    @classmethod
    def open(cls, bus: Bus, resource_name: str, serial: str) -> Self:
        """Open the panel and make it dark.

        A panel without a serial number (`identity.serial` is NO_SERIAL) is accepted: the run that
        calibrates it also writes its number.

        Raises:
            WrongInstrument: The panel has another serial number.
            InstrumentError: It cannot be reached or does not do as its protocol says.
        """
        link = bus.open(resource_name, instrument="panel", framing=_FRAMING)
        try:
            identity = link.query_as(parse_identity, "*IDN?")
            if identity.serial not in (serial, NO_SERIAL):
                raise WrongInstrument(
                    str(link), serial, identity.serial, "connect that panel or correct the serial"
                )
            link.name = f"panel {identity.model} {identity.serial}"
            panel = cls(link, identity)
            panel._configure()
        except BaseException:
            link.close()
            raise
        return panel

    def close(self) -> None:
        """Close the link; this does not make the panel dark."""
        self._link.close()

    def set_watchdog_s(self, watchdog_s: float) -> None:
        """Set after what silence the panel goes dark, 0 for never. [s]

        Raises:
            ValueError: It is neither 0 nor 0.5 s to 60 s.
        """
        if watchdog_s != 0 and not _SHORTEST_WATCHDOG_S <= watchdog_s <= _LONGEST_WATCHDOG_S:
            raise ValueError(
                f"{self._link}: a watchdog of {watchdog_s} s is neither 0 nor "
                f"{_SHORTEST_WATCHDOG_S} to {_LONGEST_WATCHDOG_S} s"
            )
        self._write(f"SYST:WATC {watchdog_s:.3f}")

    def keep_alive(self) -> None:
        """Let the panel know that somebody is there; threads may call it at any time."""
        self._link.query_as(integer, "*STB?")

    def set_drive_code(self, channel: int, code: int) -> None:
        """Set the raw drive code of a channel, 0 to 65535; it leaves calibrated mode."""
        self._require(channel)
        if not 0 <= code <= FULL_DRIVE_CODE:
            raise ValueError(f"{self._link}: drive code {code} is outside 0 to {FULL_DRIVE_CODE}")
        self._write(f"SOUR{channel}:DRIV {code}")

    def set_irradiance_w_m2(self, channel: int, irradiance_w_m2: float) -> None:
        """Ask the firmware for an irradiance by its calibration. [W/m2]

        Raises:
            DeviceError: There is no valid calibration (-221), or the request cannot be served
                (-222 with CEILING, RANGE or TEMP in its text).
        """
        self._require(channel)
        self._write(f"SOUR{channel}:IRR {irradiance_w_m2:.4f}")

    def set_output(self, channel: int, on: bool) -> None:
        """Open or close the gate of a channel."""
        self._require(channel)
        self._write(f"OUTP{channel} {'ON' if on else 'OFF'}")

    def dark(self) -> None:
        """Make the panel dark and see that it is, whatever happened before.

        Entries of the error queue are left for `check_trips`: a panel that tripped is dark too.

        Raises:
            NotDark: It cannot be shown that every gate is closed and every drive code 0.
        """
        # First of all, and even while the link has yet to find its step after a failure.
        with suppress(InstrumentError):
            self._link.push("OUTP:ALL OFF")
        for attempt in range(1, _DARK_ATTEMPTS + 1):
            try:
                lit = self._darken()
            except InstrumentError as error:
                if attempt == _DARK_ATTEMPTS:
                    raise NotDark(
                        f"{self._link}: cannot be shown to be dark: take it off the mains now "
                        f"({error})"
                    ) from error
            else:
                if not lit:
                    return
        raise NotDark(
            f"{self._link}: does not go dark ({'; '.join(lit)}): take it off the mains now"
        )

    def check_trips(self) -> None:
        """Ask whether the panel made itself dark or has booted since this was last asked.

        Raises:
            PanelTripped: It has; the cause is named.
            DeviceError: The error queue holds something else.
        """
        with self._trips():
            self._link.check_errors("the commands before")
        # A boot leaves no entry; it comes up tripped with bit 7 of the event status register set.
        if self._link.query_as(integer, "*ESR?") & _POWER_ON_BIT:
            raise PanelTripped(str(self._link), "rebooted")

    def load_calibration(self, file: bytes) -> None:
        """Load a calibration file; the panel keeps the one that it has when it refuses this one.

        Raises:
            CalibrationRefused: The firmware's loader refused it; the loader's name is given.
        """
        try:
            with self._trips():
                self._link.write_block("CAL:DATA", file, takes_s=_COMMIT_S)
        except DeviceError as error:
            if name := refusal(error):
                raise CalibrationRefused(str(self._link), name) from None
            raise

    def erase_calibration(self) -> None:
        """Empty both slots; the panel refuses calibrated mode until it is loaded again."""
        self._write("CAL:ERAS")

    def write_serial(self, serial: str) -> None:
        """Write the serial number of a panel that has none.

        Raises:
            ValueError: It is not 1 to 16 printable ASCII characters without blank and quote.
            DeviceError: The panel has another serial number already (-221).
            WrongInstrument: It says another one afterwards.
        """
        if not _SERIAL.fullmatch(serial):
            raise ValueError(
                f"{self._link}: {serial!r} is not 1 to 16 printable ASCII characters without "
                "blank and quotation mark"
            )
        self._write(f'SYST:SER "{serial}"')
        self._link.identify()
        self.identity = self._link.query_as(parse_identity, "*IDN?")
        self.identity.require(str(self._link), model=self.identity.model, serial=serial)
        self._link.name = f"panel {self.identity.model} {serial}"

    def _configure(self) -> None:
        # Entries and the boot bit of the time before this run are nobody's business any more.
        with self._link.exchange("*CLS"):
            pass
        self._write("*RST")
        # A rig that was killed left it armed; it would trip while the others are opened.
        self.set_watchdog_s(0.0)
        self.dark()

    def _darken(self) -> list[str]:
        """Make every channel dark and return what is not. No error queue is asked here."""
        for command in ("OUTP:ALL OFF", *(f"SOUR{n}:DRIV 0" for n in self.channels())):
            with self._link.exchange(command):
                pass
        gates = [f"gate {n} is open" for n in self.channels() if self.output(n)]
        codes = {n: self.drive_code(n) for n in self.channels()}
        return gates + [f"drive code {code} on {n}" for n, code in codes.items() if code]

    def _write(self, command: str) -> None:
        with self._trips():
            self._link.write(command)

    @contextmanager
    def _trips(self) -> Iterator[None]:
        """Tell a trip, which may show after any command, from an error of that command."""
        try:
            yield
        except DeviceError as error:
            if cause := trip_cause(error):
                raise PanelTripped(str(self._link), cause) from error
            raise
