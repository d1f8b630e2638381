"""The grammar of SCPI messages: headers, parameters, blocks, error texts.

SCPI-1999 volume 1 and IEEE 488.2; all pure functions of text.
"""

import re
from dataclasses import dataclass

TEXTS = {
    0: "No error",
    -101: "Invalid character",
    -104: "Data type error",
    -108: "Parameter not allowed",
    -109: "Missing parameter",
    -113: "Undefined header",
    -114: "Header suffix out of range",
    -131: "Invalid suffix",
    -138: "Suffix not allowed",
    -161: "Invalid block data",
    -211: "Trigger ignored",
    -213: "Init ignored",
    -214: "Trigger deadlock",
    -221: "Settings conflict",
    -222: "Data out of range",
    -223: "Too much data",
    -224: "Illegal parameter value",
    -230: "Data corrupt or stale",
    -240: "Hardware error",
    -310: "System error",
    -340: "Calibration failed",
    -350: "Queue overflow",
    -410: "Query INTERRUPTED",
    -420: "Query UNTERMINATED",
    # The instrument's own: 34970A/34972A Command Reference, Error Messages.
    111: "Channel list: slot number out of range",
    112: "Channel list: channel number out of range",
    113: "Channel list: empty scan list",
    261: "Not able to execute while scan initiated",
    281: "Not able to perform on more than one channel",
    301: "Module currently committed to scan",
    302: "No module was detected in this slot",
    309: "Incorrectly formatted channel list",
}


class ScpiError(Exception):
    """A command that the instrument refuses; goes into its error queue.

    Attributes:
        code: SCPI error number.
        detail: Device-dependent text after the standard one, or nothing.
    """

    def __init__(self, code: int, detail: str = "") -> None:
        """Keep number and detail."""
        super().__init__(error_text(code, detail))
        self.code = code
        self.detail = detail


def error_text(code: int, detail: str = "") -> str:
    """Return the text of an error: the standard's, then `; detail` (SCPI-1999 vol 1, 21.8.2)."""
    return TEXTS[code] + (f"; {detail}" if detail else "")


@dataclass(frozen=True, slots=True)
class Call:
    """One matched program unit.

    Attributes:
        arguments: Text parameters, split at the commas outside quotes, blocks and lists.
        suffixes: Numeric suffixes of the header in order, 1 where none was sent.
        block: Bytes of an IEEE 488.2 definite block, where the message had one.
    """

    arguments: tuple[str, ...]
    suffixes: tuple[int, ...]
    block: bytes | None = None

    def only(self) -> str:
        """Return the only argument.

        Raises:
            ScpiError: there is none, or more than one.
        """
        if not self.arguments:
            raise ScpiError(-109)
        if len(self.arguments) > 1:
            raise ScpiError(-108)
        return self.arguments[0]

    def number(self) -> float:
        """Return the only argument as a finite decimal number."""
        return decimal(self.only())

    def boolean(self) -> bool:
        """Return the only argument as ON|OFF|1|0."""
        word = self.only().upper()
        if word not in ("ON", "OFF", "1", "0"):
            raise ScpiError(-224)
        return word in ("ON", "1")


_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def decimal(text: str) -> float:
    """Parse an NRf number.

    Raises:
        ScpiError: it is not one.
    """
    if not _NUMBER.fullmatch(text.strip()):
        raise ScpiError(-104)
    value = float(text)
    if abs(value) > 9.9e37:
        raise ScpiError(-222)
    return value


def whole(text: str) -> int:
    """Parse a whole number.

    Raises:
        ScpiError: it is not one.
    """
    value = decimal(text)
    if value != int(value):
        raise ScpiError(-104)
    return int(value)


def header_pattern(pattern: str) -> re.Pattern[str]:
    """Compile a manual's header, `SENSe#:POWer[:DC]:RANGe?` say, into a matcher.

    Capitals are the short form and only short or long form is taken; `[...]` may be left out;
    `#` is a numeric suffix, captured, default 1.
    """
    out = []
    for text in re.findall(r"[A-Za-z]+|.", pattern):
        if text == "[":
            out.append("(?:")
        elif text == "]":
            out.append(")?")
        elif text == "#":
            out.append(r"(\d*)")
        elif text.isalpha():
            short = "".join(letter for letter in text if letter.isupper())
            rest = text[len(short) :]
            out.append(f"{short}(?:{rest.upper()})?" if rest else short)
        else:
            out.append(re.escape(text))
    return re.compile("".join(out), re.IGNORECASE)


def split_outside(text: str, separator: str) -> list[str]:
    """Split at a separator that is not inside quotes or parentheses."""
    parts, depth, quote, current = [], 0, "", ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        elif letter == "(":
            depth += 1
        elif letter == ")":
            depth -= 1
        elif letter == separator and depth <= 0:
            parts.append(current)
            current = ""
            continue
        current += letter
    return [*parts, current]


def definite_block(content: bytes) -> bytes:
    """Wrap bytes as an IEEE 488.2 definite-length block; an empty one is `#10`."""
    length = str(len(content))
    return f"#{len(length)}{length}".encode() + content


def split_block(message: bytes) -> tuple[str, bytes | None]:
    """Split a program message into its text and the definite block at its end, if any."""
    start = re.search(rb"[ ,]#[1-9]", message)
    if start is None:
        return message.decode("latin-1"), None
    at = start.start() + 1
    digits = int(message[at + 1 : at + 2])
    body = at + 2 + digits
    size = message[at + 2 : body]
    if not size.isdigit():
        return message.decode("latin-1"), None
    return message[:at].decode("latin-1"), message[body : body + int(size)]
