"""Spectroradiometers."""

import re
from dataclasses import replace
from typing import Self

import numpy as np

from ledcal.calibration.indication import SpectrumIndication
from ledcal.instruments.dialogue import Framing
from ledcal.instruments.errors import (
    DeviceError,
    InstrumentError,
    ReplyError,
    Saturated,
    Underexposed,
    WrongInstrument,
)
from ledcal.instruments.identity import Identity
from ledcal.instruments.link import Bus, Link
from ledcal.instruments.reply import number
from ledcal.instruments.roles import Spectrometer

__all__ = ["JetiSpecbos1211", "Spectrometer"]

# SPECFIRM manual: commands end with CR alone (CR LF is refused); ESC aborts what is running.
_FRAMING = Framing(
    read_termination="\r",
    write_termination="\r",
    baud=921600,
    error_query=None,
    abort=b"\x1b",
)
_ACK, _NAK, _BEL = b"\x06", b"\x15", b"\x07"
_STEP_NM = 1
_SHORTEST_INTEGRATION_S, _LONGEST_INTEGRATION_S = 0.001, 60.0  # *CONF:TINT 1..60000 ms
_LONGEST_AUTO_INTEGRATION_S = 6.0
_MOST_AVERAGES = 10000
_SCANS_AUTO = 6  # finding the integration time takes a few scans before dark and light
_SCANS_FIXED = 2  # dark by the instrument's own shutter, then light
_LABELLED = re.compile(r"([^:]*):\s*(-?\d+)\s*", re.ASCII)
_ERRORS = {
    4: "command error",
    7: "password error",
    20: "parameter error",
    21: "error config argument",
    22: "control error",
    23: "read error",
    24: "fetch error",
    25: "measuring error",
    26: "calculation error",
    123: "error adjusting the integration time",
    130: "no shutter",
    131: "no dark measurement",
    132: "no reference measurement",
    137: "no dark compensation",
    138: "no light measurement",
    141: "outside the calibrated wavelengths",
    147: "scan break",
    160: "trigger timeout",
}


class JetiSpecbos1211:
    """JETI specbos 1211 with its irradiance head, on a TCP socket or a serial line.

    Its language is not SCPI: settings answer one byte ACK or NAK, a measurement ACK, then BEL
    (firmware manual SPECFIRM).

    Attributes:
        identity: Who it is.
    """

    def __init__(self, link: Link, identity: Identity, first_nm: int, last_nm: int) -> None:
        """Use `open`."""
        self._link = link
        self.identity = identity
        self._times_configured = 0
        self._axis_nm = np.arange(first_nm, last_nm + 1, _STEP_NM, dtype=np.float64)

    @classmethod
    def open(cls, bus: Bus, resource_name: str, serial: str) -> Self:
        """Open the spectroradiometer that the station file names, with its targeting laser off.

        Raises:
            WrongInstrument: Another instrument answers, or its irradiance head is not on.
            InstrumentError: It cannot be reached or does not do as its manual says.
        """
        link = bus.open(resource_name, instrument="spectrometer", framing=_FRAMING)
        try:
            maker, _, model = link.identity.partition("_")
            identity = Identity(
                maker=maker,
                model=model,
                serial=_serial(link),
                firmware=link.query("*VERS?"),
            )
            identity.require(str(link), model="SB1211", serial=serial)
            link.name = f"spectrometer {identity.model} {identity.serial}"
            first_nm, last_nm = _labelled(link, "*PARA:WAVBEG?"), _labelled(link, "*PARA:WAVEND?")
            if not 0 < first_nm < last_nm:
                raise ReplyError(f"{link}: a wavelength range of {first_nm} to {last_nm} nm")
            spectrometer = cls(link, identity, first_nm, last_nm)
            spectrometer._configure()
            link.resume = spectrometer._configure_again
        except BaseException:
            link.close()
            raise
        return spectrometer

    @property
    def resource_name(self) -> str:
        """Its VISA resource name."""
        return self._link.resource_name

    def close(self) -> None:
        """Close the link."""
        self._link.close()

    def read(self, *, integration_s: float | None = None, averages: int = 1) -> SpectrumIndication:
        """Take one spectrum.

        Args:
            integration_s: Integration time, whole milliseconds; None lets the instrument find it.
                [s]
            averages: How many scans the instrument averages.

        Raises:
            ValueError: An argument is outside what the instrument takes.
            Saturated: The light is too much for the integration time.
            Underexposed: The light is too little for it.
            WrongInstrument: The irradiance head has been taken off.
            ReplyError: All settings were sent again meanwhile, those of this spectrum not.
        """
        if not 1 <= averages <= _MOST_AVERAGES:
            raise ValueError(
                f"{self._link}: {averages} averages are outside 1 to {_MOST_AVERAGES}"
            )
        self._require_irradiance_head()
        times_configured = self._times_configured
        self._set(f"*CONF:AVER {averages}")
        if integration_s is None:
            self._set("*CONF:EXPO 1")
            takes_s = _LONGEST_AUTO_INTEGRATION_S * (_SCANS_AUTO + 2 * averages)
        else:
            self._set_integration_s(integration_s)
            takes_s = integration_s * _SCANS_FIXED * averages
        irradiance_w_m2_nm = self._measure(takes_s + 1.0)
        at = self._link.clock.utc()
        seen_s = self._read_integration_s()
        # Asked last: what is sent again before this answer is not the time of this spectrum.
        if self._times_configured != times_configured:
            raise ReplyError(f"{self._link}: lost its step while it measured; take it again")
        return SpectrumIndication(
            wavelength_nm=self._axis_nm.copy(),
            irradiance_w_m2_nm=np.array(irradiance_w_m2_nm, dtype=np.float64),
            integration_s=seen_s,
            averages=averages,
            at=at,
        )

    def _configure_again(self) -> None:
        """Send all settings again: nothing tells whether it was switched off and on.

        Raises:
            WrongInstrument: Another one answers; the identity query alone does not show it.
        """
        replace(self.identity, serial=_serial(self._link)).require(
            str(self._link), model=self.identity.model, serial=self.identity.serial
        )
        self._configure()

    def _configure(self) -> None:
        self._times_configured += 1
        self._set("*CONTR:LASER 0")
        if _labelled(self._link, "*CONTR:LASER?") != 0:
            raise ReplyError(f"{self._link}: the targeting laser does not go off; restart it")
        self._require_irradiance_head()
        self._set("*CONF:DEFAULT")
        self._set("*PARA:CALIBN 0")  # the calibration goes by the head
        self._set("*CONF:FUNC 6")  # spectrum
        self._set("*CONF:FORM 4")  # values as ASCII, one a line
        self._set(f"*CONF:MAXTIN {_LONGEST_AUTO_INTEGRATION_S * 1000:.0f}")
        first_nm, last_nm = self._axis_nm[0], self._axis_nm[-1]
        self._set(f"*CONF:WRAN {first_nm:.0f} {last_nm:.0f} {_STEP_NM}")

    def _require_irradiance_head(self) -> None:
        if _labelled(self._link, "*CONTR:MHEAD?") != 1:
            raise WrongInstrument(
                str(self._link),
                "the irradiance (cosine) head",
                "the radiance optics",
                "put the cosine head on",
            )

    def _set_integration_s(self, integration_s: float) -> None:
        if not _SHORTEST_INTEGRATION_S <= integration_s <= _LONGEST_INTEGRATION_S:
            raise ValueError(
                f"{self._link}: an integration time of {integration_s} s is outside "
                f"{_SHORTEST_INTEGRATION_S} to {_LONGEST_INTEGRATION_S} s"
            )
        self._set("*CONF:EXPO 2")
        self._set(f"*CONF:TINT {integration_s * 1000:.0f}")

    def _read_integration_s(self) -> float:
        """Ask for the integration time of the spectrum just taken. [s]"""
        with self._link.exchange("*CONF:TINT?"):
            line = self._link.read_line()
            # Firmware of this family answers two lines, "Previous tint:" and "Configured tint:";
            # the first is the time that the last spectrum took.
            if line.lower().startswith("previous"):
                self._link.read_line()
            return _value_of(self._link, "*CONF:TINT?", line) / 1000

    def _set(self, command: str) -> None:
        with self._link.exchange(command):
            accepted = self._acknowledged(command)
        if not accepted:
            raise self._refusal(command)

    def _measure(self, takes_s: float) -> list[float]:
        command = "*MEAS:SPRAD"
        with self._link.exchange(command, takes_s=takes_s):
            done = self._acknowledged(command) and self._acknowledged(command, _BEL)
            if done:
                return self._spectrum(command)
        raise self._refusal(command)

    def _acknowledged(self, command: str, wanted: bytes = _ACK) -> bool:
        answer = self._link.read_bytes(1)
        if answer not in (wanted, _NAK):
            raise ReplyError(f"{self._link}: expected {wanted!r} after {command}, got {answer!r}")
        return answer == wanted

    def _spectrum(self, command: str) -> list[float]:
        lines = [self._link.read_line()]
        if not _is_number(lines[0]):
            # Firmware 3.00 and later sends a label and an empty line before the values.
            if self._link.read_line():
                raise ReplyError(f"{self._link}: no empty line after the label {lines[0]!r}")
            lines = [self._link.read_line()]
        while lines[-1]:
            lines.append(self._link.read_line())
        try:
            values = [number(line.strip()) for line in lines[:-1]]
        except ValueError as error:
            raise ReplyError(f"{self._link}: answer to {command}: {error}") from None
        if len(values) != self._axis_nm.size:
            raise ReplyError(
                f"{self._link}: answer to {command}: expected {self._axis_nm.size} values, got "
                f"{len(values)}"
            )
        return values

    def _refusal(self, command: str) -> InstrumentError:
        """Ask why a command was refused."""
        code = _labelled(self._link, "*STAT:ERR?")
        if code == 120:
            return Saturated(
                f"{self._link}: overexposed; choose a shorter integration time or less light"
            )
        if code == 121:
            return Underexposed(
                f"{self._link}: underexposed; choose a longer integration time or more light"
            )
        text = _ERRORS.get(code, "error of the maker's list")
        return DeviceError(str(self._link), command, ((code, text),))


def _serial(link: Link) -> str:
    return str(_labelled(link, "*PARA:SPNUM?"))


def _labelled(link: Link, query: str) -> int:
    """Ask for a value that is answered as `label: value`."""
    with link.exchange(query):
        return _value_of(link, query, link.read_line())


def _value_of(link: Link, query: str, line: str) -> int:
    match = _LABELLED.fullmatch(line)
    if match is None:
        raise ReplyError(f"{link}: answer to {query}: expected <label>: <integer>, got {line!r}")
    return int(match[2])


def _is_number(line: str) -> bool:
    try:
        number(line.strip())
    except ValueError:
        return False
    return True
