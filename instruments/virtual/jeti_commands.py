"""How the JETI specbos 1211 matches commands, and what it says of wrong ones.

A command is `*TREE:NODE` and its arguments after spaces, any case. The manual writes
`*PARAmeter:SPNUM?`; programs send every length from the short form on (`*FETCH:PHOTO`,
`*fetch:PHOTOmetric`, `*CONF:MAXTIN`, `*CONF:MAXTINT`), so each of them is taken.
"""

import math
import re
from collections.abc import Sequence

ERROR_TEXTS = {
    0: "no error",
    4: "command error",
    7: "error password",
    8: "digit error",
    10: "error argument 1",
    11: "error argument 2",
    12: "error argument 3",
    13: "error argument 4",
    20: "error parameter argument",
    21: "error config argument",
    22: "error control argument",
    23: "error read argument",
    24: "error fetch argument",
    25: "error measuring argument",
    26: "error calculation argument",
    120: "error overexposure",
    121: "error underexposure",
    123: "error adaption integration time",
    138: "error no light measurement",
    141: "error exceed calibration wavelength",
    147: "error scan break",
    160: "error timeout cycle optical trigger",
    161: "error divider cycle time",
}
"""Numbers and texts as `*STAT:TXTERR?` prints them (firmware handbook, revision 2.70)."""


class JetiError(Exception):
    """A command that the instrument refuses with NAK.

    Attributes:
        code: Error number of `*STAT:ERR?`.
    """

    def __init__(self, code: int) -> None:
        """Keep the number."""
        super().__init__(error_text(code))
        self.code = code


def error_text(code: int) -> str:
    """Return what `*STAT:TXTERR?` answers."""
    return f"{code} : {ERROR_TEXTS[code]}"


def command_pattern(command: str) -> re.Pattern[str]:
    """Compile a command of the manual: capitals must be there, the letters after them may."""
    out = []
    for text in re.findall(r"[A-Za-z]+|.", command):
        short = "".join(letter for letter in text if not letter.islower())
        rest = text[len(short) :]
        out.append(re.escape(short))
        # Any part of the rest, from its beginning.
        out.append("".join(f"(?:{letter}" for letter in rest) + ")?" * len(rest))
    return re.compile("".join(out), re.IGNORECASE)


def number(words: Sequence[str], index: int) -> float:
    """Return an argument as a number; errors 10 to 13 name the argument."""
    try:
        value = float(words[index])
    except (IndexError, ValueError):
        raise JetiError(10 + index) from None
    if not math.isfinite(value):
        raise JetiError(10 + index)
    return value


def one_of(words: Sequence[str], allowed: Sequence[int], code: int) -> int:
    """Return the first argument if it is allowed; otherwise the error of its tree."""
    value = number(words, 0)
    if value not in allowed:
        raise JetiError(code)
    return int(value)
