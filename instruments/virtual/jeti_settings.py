"""Settings of the virtual JETI specbos 1211: the trees PARA, CONF and CONTR with their limits.

JETI firmware manual SPECFIRM and public programs for the instrument (ArgyllCMS, PySpecbos1211,
the SpectroCAL toolboxes: a specbos 1211 under another name); what they leave open is marked
"assumed". In the instrument PARA holds the defaults of CONF; here both set the same value.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ledcal.instruments.virtual.jeti_commands import JetiError, number, one_of

FIRST_NM, LAST_NM = 350, 1000
SHORTEST_S, LONGEST_S = 1e-3, 60.0
PER_MS_S = 1e-3
"""The wire counts integration times in milliseconds."""
PREVIOUS, AUTOMATIC, FIXED = 0, 1, 2
"""EXPO: the time of the last measurement, adapt it before each one, or the configured one."""
VALUES, PAIRS = (4, 9), (7, 10)
"""FORM: ASCII values, or a wavelength, a tab and a value. A form of 0 sends nothing."""
NO_OUTPUT = 0

Setter = Callable[[Sequence[str]], None]


@dataclass(slots=True)
class JetiSettings:
    """Everything that PARA, CONF and CONTR change; the defaults are assumed."""

    exposure: int = AUTOMATIC
    adaption: int = 2
    integration_s: float = 0.1
    longest_s: float = 3.0
    averages: int = 1
    first_nm: int = 380
    last_nm: int = 780
    step_nm: int = 1
    function: int = 6
    form: int = 4
    calibration: int = 0
    synchronised: int = 0
    cycle_us: float = 20000.0
    laser: int = 0

    def restore(self, *, laser: int) -> None:
        """Restore the defaults (*CONF:DEFAULT); the laser is no part of the configuration."""
        fresh = JetiSettings(laser=laser)
        for name in JetiSettings.__slots__:
            setattr(self, name, getattr(fresh, name))

    def setters(self) -> Mapping[str, Setter]:
        """Return the table of the settings that answer ACK or NAK."""
        table: dict[str, Setter] = {
            "*PARAmeter:CALIBN": self._set_calibration,
            "*PARAmeter:SAVE": lambda _: None,
            "*CONTRol:LASER": self._set_laser,
            "*CONFigure:DEFAULT": lambda _: self.restore(laser=self.laser),
            "*CONFigure:CYCMODe": self._set_synchronised,
            "*CONFigure:CYCTIMe": self._set_cycle,
        }
        for node, setter in {
            "EXPOsure": self._set_exposure,
            "ADAPtion": self._set_adaption,
            "TINT": self.set_integration,
            "MAXTINt": self._set_longest,
            "AVERage": self.set_averages,
            "WRANge": self._set_range,
            "FUNCtion": self._set_function,
            "FORMat": self.set_form,
        }.items():
            table[f"*CONFigure:{node}"] = setter
            table[f"*PARAmeter:{node}"] = setter
        return table

    def queries(self) -> Mapping[str, Callable[[], str]]:
        """Return the table of the queries. Labels that no program reads are assumed."""
        table: dict[str, Callable[[], str]] = {
            # Programs skip any white space after the colon; one (SpectroCAL) wants a tab here.
            "*PARAmeter:WAVBEG?": lambda: f"Predefined start wave: {FIRST_NM}",
            "*PARAmeter:WAVEND?": lambda: f"Predefined end wave: {LAST_NM}",
            "*PARAmeter:CALIBN?": lambda: f"calibration number: {self.calibration}",
            "*CONTRol:LASER?": lambda: f"laser: {self.laser}",
            "*CONFigure:CYCMODe?": lambda: f"cycle mode: {self.synchronised}",
            "*CONFigure:CYCTIMe?": lambda: f"cycle time[us]: {self.cycle_us:g}",
            "*FETCH:TINT": self._integration_text,
        }
        for node, query in {
            "EXPOsure": lambda: f"exposure: {self.exposure}",
            "ADAPtion": lambda: f"adaption: {self.adaption}",
            "TINT": self._integration_text,
            "MAXTINt": lambda: f"maximum integration time: {self.longest_s / PER_MS_S:g}",
            "AVERage": lambda: f"average: {self.averages}",
            "WRANge": lambda: f"wavelength range: {self.first_nm} {self.last_nm} {self.step_nm}",
            "FUNCtion": lambda: f"function: {self.function}",
            "FORMat": lambda: f"format: {self.form}",
        }.items():
            table[f"*CONFigure:{node}?"] = query
            table[f"*PARAmeter:{node}?"] = query
        return table

    def take_measuring_arguments(self, words: Sequence[str]) -> None:
        """Take `[tint aver form]` of a measuring command; a tint of 0 is automatic."""
        if len(words) > 3:
            raise JetiError(25)
        if words and number(words, 0) == 0.0:
            self.exposure = AUTOMATIC
        elif words:
            self.set_integration(words[:1])
            self.exposure = FIXED
        if len(words) > 1:
            number(words, 1)
            self.set_averages(words[1:2])
        if len(words) > 2:
            number(words, 2)
            self.form = one_of(words[2:3], (NO_OUTPUT, *VALUES, *PAIRS), 25)

    def set_integration(self, words: Sequence[str]) -> None:
        """Set the integration time of fixed exposure: 1 ms to 60 s."""
        integration_s = number(words, 0) * PER_MS_S
        if not SHORTEST_S <= integration_s <= LONGEST_S:
            raise JetiError(21)
        self.integration_s = integration_s

    def set_averages(self, words: Sequence[str]) -> None:
        """Set how many scans are averaged: 1 to 10000."""
        self.averages = one_of(words, range(1, 10001), 21)

    def set_form(self, words: Sequence[str]) -> None:
        """Set the form of the data."""
        self.form = one_of(words, (*VALUES, *PAIRS), 21)

    def _set_calibration(self, words: Sequence[str]) -> None:
        # 0: by the measuring head that is on.
        self.calibration = one_of(words, range(4), 20)

    def _set_laser(self, words: Sequence[str]) -> None:
        self.laser = one_of(words, (0, 1), 22)

    def _set_exposure(self, words: Sequence[str]) -> None:
        self.exposure = one_of(words, (PREVIOUS, AUTOMATIC, FIXED), 21)

    def _set_adaption(self, words: Sequence[str]) -> None:
        # Adapt again: 0 never, 1 when overexposed, 2 when over- or underexposed.
        self.adaption = one_of(words, (0, 1, 2), 21)

    def _set_longest(self, words: Sequence[str]) -> None:
        longest_s = number(words, 0) * PER_MS_S
        if not 1.0 <= longest_s <= LONGEST_S:
            raise JetiError(21)
        self.longest_s = longest_s

    def _set_range(self, words: Sequence[str]) -> None:
        first_nm, last_nm, step_nm = (number(words, index) for index in range(3))
        if any(value != int(value) for value in (first_nm, last_nm, step_nm)):
            raise JetiError(21)
        if not (200 <= first_nm < last_nm <= 1100 and 1 <= step_nm <= 10):
            raise JetiError(21)
        if first_nm < FIRST_NM or last_nm > LAST_NM:
            raise JetiError(141)
        self.first_nm, self.last_nm, self.step_nm = int(first_nm), int(last_nm), int(step_nm)

    def _set_function(self, words: Sequence[str]) -> None:
        # 6: radiometric spectrum; the numbers of the others are in no public program.
        self.function = one_of(words, (6,), 21)

    def _set_synchronised(self, words: Sequence[str]) -> None:
        self.synchronised = one_of(words, (0, 1), 21)

    def _set_cycle(self, words: Sequence[str]) -> None:
        cycle_us = number(words, 0)
        if not 1e3 <= cycle_us <= 1e6:
            raise JetiError(161)
        self.cycle_us = cycle_us

    def _integration_text(self) -> str:
        return f"integration time: {self.integration_s / PER_MS_S:g}"
