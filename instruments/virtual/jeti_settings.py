"""Settings of the virtual JETI specbos 1211: grammar, limits, queries and error numbers.

JETI firmware manual SPECFIRM and public clients of the instrument; what they leave open is marked
"assumed".
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

FIRST_NM, LAST_NM = 350, 1000
SHORTEST_S, LONGEST_S = 1e-3, 60.0
PER_MS_S = 1e-3
"""The wire counts integration times in milliseconds."""
AUTOMATIC, FIXED = 1, 2
"""*CONF:EXPO: adapt the integration time before each measurement, or use the configured one."""
VALUES, PAIRS = 4, 10
"""*CONF:FORM: ASCII values, ASCII values with their wavelengths."""

ERROR_TEXTS = {
    0: "no error",
    4: "error command",
    10: "error argument 1",
    11: "error argument 2",
    12: "error argument 3",
    20: "error parameter",
    21: "error config argument",
    22: "error control argument",
    25: "error measure argument",
    120: "overexposed",
    121: "underexposed",
    138: "no light measurement",
    141: "outside calibrated wavelength range",
}


class JetiError(Exception):
    """A command that the instrument refuses with NAK.

    Attributes:
        code: Error number of `*STAT:ERR?`.
    """

    def __init__(self, code: int) -> None:
        """Keep the number."""
        super().__init__(f"{code} : {ERROR_TEXTS[code]}")
        self.code = code


@dataclass(slots=True)
class JetiSettings:
    """Everything that `*CONF`, `*PARA` and `*CONTR` change; defaults assumed."""

    exposure: int = AUTOMATIC
    integration_s: float = 0.1
    longest_s: float = 3.0
    averages: int = 1
    first_nm: int = 380
    last_nm: int = 780
    step_nm: int = 5
    function: int = 6
    form: int = VALUES
    calibration: int = 0
    laser: int = 0

    def setters(self) -> dict[str, Callable[[Sequence[str]], None]]:
        """Return the table of the settings that answer ACK or NAK."""
        return {
            "*PARA:CALIBN": self._set_calibration,
            "*CONTR:LASER": self._set_laser,
            "*CONF:EXPO": self._set_exposure,
            "*CONF:TINT": self.set_integration,
            "*CONF:MAXTIN": self._set_longest,
            "*CONF:AVER": self.set_averages,
            "*CONF:WRAN": self._set_range,
            "*CONF:FUNC": self._set_function,
            "*CONF:FORM": self.set_form,
        }

    def queries(self) -> dict[str, Callable[[], str]]:
        """Return the table of the settings' queries; texts after the manual's pattern."""
        return {
            "*PARA:WAVBEG?": lambda: f"Predefined start wave: {FIRST_NM}",
            "*PARA:WAVEND?": lambda: f"Predefined end wave: {LAST_NM}",
            "*CONTR:LASER?": lambda: f"laser: {self.laser}",
            "*CONF:EXPO?": lambda: f"exposure: {self.exposure}",
            "*CONF:TINT?": self._integration_text,
            "*PARA:TINT?": self._integration_text,
            "*FETCH:TINT": self._integration_text,
            "*CONF:MAXTIN?": lambda: f"maximum integration time: {self.longest_s / PER_MS_S:g}",
            "*CONF:AVER?": lambda: f"average: {self.averages}",
            "*CONF:WRAN?": lambda: (
                f"wavelength range: {self.first_nm} {self.last_nm} {self.step_nm}"
            ),
            "*CONF:FUNC?": lambda: f"function: {self.function}",
            "*CONF:FORM?": lambda: f"format: {self.form}",
        }

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
            self.set_averages(words[1:2])
        if len(words) > 2:
            self.set_form(words[2:3])

    def set_integration(self, words: Sequence[str]) -> None:
        """Set the integration time of fixed exposure."""
        integration_s = number(words, 0) * PER_MS_S
        if not SHORTEST_S <= integration_s <= LONGEST_S:
            raise JetiError(21)
        self.integration_s = integration_s

    def set_averages(self, words: Sequence[str]) -> None:
        """Set how many scans are averaged."""
        self.averages = _one_of(words, range(1, 10001), 21)

    def set_form(self, words: Sequence[str]) -> None:
        """Set the form of the data."""
        self.form = _one_of(words, (VALUES, PAIRS), 21)

    def _set_calibration(self, words: Sequence[str]) -> None:
        self.calibration = _one_of(words, range(4), 20)

    def _set_laser(self, words: Sequence[str]) -> None:
        self.laser = _one_of(words, (0, 1), 22)

    def _set_exposure(self, words: Sequence[str]) -> None:
        self.exposure = _one_of(words, (AUTOMATIC, FIXED), 21)

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
        self.function = _one_of(words, (6,), 21)

    def _integration_text(self) -> str:
        return f"integration time: {self.integration_s / PER_MS_S:g}"


def number(words: Sequence[str], index: int) -> float:
    """Return an argument as a number; errors 10, 11 and 12 name the argument."""
    try:
        value = float(words[index])
    except (IndexError, ValueError):
        raise JetiError(10 + index) from None
    if not math.isfinite(value):
        raise JetiError(10 + index)
    return value


def _one_of(words: Sequence[str], allowed: Sequence[int], code: int) -> int:
    value = number(words, 0)
    if value not in allowed:
        raise JetiError(code)
    return int(value)
