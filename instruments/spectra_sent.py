"""Every spectrum that a spectroradiometer sent, read again from the transcript of a run.

The transcript has the characters on the wire, so that nothing here has been through a driver or a
correction: it is the original observation. The dialect is that of the JETI specbos 1211; which
light was on is told by what the panel was commanded, in the panel protocol.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

_SENT = "\x06\x07"
"""ACK, then BEL when the measurement is done: what a spectrum's answer begins with."""
_MEASURE, _INTEGRATION = "*MEAS:SPRAD", "*CONF:TINT?"
# As many digits as fit the columns of the file that is made of them: a damaged one may have more.
_AVERAGES = re.compile(r"\*CONF:AVER ([0-9]{1,9})")
_GRID = re.compile(r"\*CONF:WRAN ([0-9]{1,9}) ([0-9]{1,9}) ([0-9]{1,9})")
_MILLISECONDS = re.compile(r"[^:]*:\s*([0-9]{1,9})")
_NUMBER = re.compile(r"\s*[+-]?[0-9]{1,20}(\.[0-9]{0,20})?(E[+-]?[0-9]{1,2})?\s*", re.IGNORECASE)
_OUTPUT = re.compile(r"OUTP([0-9]{1,9}) (ON|OFF)")
_DRIVE = re.compile(r"SOUR([0-9]{1,9}):DRIV ([0-9]{1,9})")
_REQUEST = re.compile(r"SOUR([0-9]{1,9}):IRR .*")
_DRIVE_QUERY = re.compile(r"SOUR([0-9]{1,9}):DRIV\?")
_CODE = re.compile(r"[0-9]{1,9}")


@dataclass(slots=True, kw_only=True)
class SpectrumSent:
    """One spectrum as it came.

    Attributes:
        at: Time at which its last character had come, with its offset from UTC.
        drive_code: Raw drive code of each LED channel that was on, by channel; empty in the
            dark, None where the panel was asked for an irradiance and not for its code.
        integration_s: Integration time that the instrument tells of it, None where the
            transcript ends before. [s]
        averages: How many scans the instrument averaged, None where it was never told.
        irradiance_w_m2_nm: The characters of each value, in the order of the wavelengths; as the
            instrument corrects them itself. [W/m2/nm]
    """

    at: datetime
    drive_code: dict[int, int | None]
    averages: int | None
    irradiance_w_m2_nm: tuple[str, ...]
    integration_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectraSent:
    """All spectra of a transcript.

    Attributes:
        begin_nm, end_nm, step_nm: The wavelengths that the instrument was set to send, None where
            it was not. [nm]
        spectra: In the order in which they came.
        unreadable: Lines of the transcript and answers to a measurement that are no spectrum: of
            a refused measurement, or cut off by the end of the run.
    """

    begin_nm: int | None
    end_nm: int | None
    step_nm: int | None
    spectra: list[SpectrumSent]
    unreadable: int


@dataclass(slots=True)
class _Reader:
    """What is known while a transcript is read."""

    grid_nm: tuple[int, int, int] | None = None
    averages: int | None = None
    spectra: list[SpectrumSent] = field(default_factory=list)
    unreadable: int = 0
    asked: dict[str, str] = field(default_factory=dict)
    on: dict[int, bool] = field(default_factory=dict)
    code: dict[int, int | None] = field(default_factory=dict)
    unchanged_since: int = 0
    """Number of spectra when the panel's light was last changed."""

    def line(self, line: str) -> None:
        try:
            entry = json.loads(line)
            instrument, direction = entry["instrument"], entry["dir"]
            text = entry["data"].encode("ascii").decode("unicode_escape")
            at = datetime.fromisoformat(entry["at"])
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            self.unreadable += 1
            return
        if at.tzinfo is None:
            self.unreadable += 1
            return
        if instrument == "spectrometer":
            if direction == "out":
                self._told_spectrometer(text.rstrip("\r"))
            else:
                self._spectrometer_said(at, text)
        elif instrument == "panel":
            if direction == "out":
                self._told_panel(text.rstrip("\n"))
            else:
                self._panel_said(text.rstrip("\n"))

    def _told_spectrometer(self, command: str) -> None:
        self.asked["spectrometer"] = command
        if match := _AVERAGES.fullmatch(command):
            self.averages = int(match[1])
        elif match := _GRID.fullmatch(command):
            self.grid_nm = int(match[1]), int(match[2]), int(match[3])

    def _spectrometer_said(self, at: datetime, text: str) -> None:
        asked = self.asked.get("spectrometer")
        if asked == _MEASURE:
            values = _values(text)
            if values is None:
                self.unreadable += 1
                return
            lit = {n: self.code.get(n) for n in sorted(self.on) if self.on[n]}
            self.spectra.append(
                SpectrumSent(
                    at=at, drive_code=lit, averages=self.averages, irradiance_w_m2_nm=values
                )
            )
        elif asked == _INTEGRATION and self.spectra:
            last = self.spectra[-1]
            # The first line is the time that the last spectrum took, see the driver.
            if last.integration_s is None and (match := _MILLISECONDS.match(text)):
                last.integration_s = int(match[1]) / 1000

    def _told_panel(self, command: str) -> None:
        self.asked["panel"] = command
        if command == "OUTP:ALL OFF":
            self.on.clear()
        elif match := _OUTPUT.fullmatch(command):
            self.on[int(match[1])] = match[2] == "ON"
        elif match := _DRIVE.fullmatch(command):
            self.code[int(match[1])] = int(match[2])
        elif match := _REQUEST.fullmatch(command):
            self.code[int(match[1])] = None
        else:
            return
        self.unchanged_since = len(self.spectra)

    def _panel_said(self, text: str) -> None:
        match = _DRIVE_QUERY.fullmatch(self.asked.get("panel", ""))
        if match is None or not _CODE.fullmatch(text):
            return
        channel = int(match[1])
        # The code that answers a request for an irradiance is asked for after the spectrum.
        for one in self.spectra[self.unchanged_since :]:
            if channel in one.drive_code and one.drive_code[channel] is None:
                one.drive_code[channel] = int(text)


def read_spectra(lines: Iterable[str]) -> SpectraSent:
    """Return every spectrum in the lines of a transcript.

    A damaged line, or an answer that the end of the run cut off, is counted and passed over.
    """
    reader = _Reader()
    for line in lines:
        reader.line(line)
    begin_nm, end_nm, step_nm = reader.grid_nm or (None, None, None)
    return SpectraSent(
        begin_nm=begin_nm,
        end_nm=end_nm,
        step_nm=step_nm,
        spectra=reader.spectra,
        unreadable=reader.unreadable,
    )


def _values(text: str) -> tuple[str, ...] | None:
    """Return the values of an answer, None where it is no whole spectrum."""
    if not (text.startswith(_SENT) and text.endswith("\r\r")):
        return None
    lines = text.removeprefix(_SENT).removesuffix("\r\r").split("\r")
    if not _NUMBER.fullmatch(lines[0]):
        lines = lines[2:]  # a label and an empty line, from firmware 3.00 on
    if not lines or not all(map(_NUMBER.fullmatch, lines)):
        return None
    return tuple(line.strip() for line in lines)
