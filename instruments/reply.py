"""Strict readers of the fields of an answer; what they refuse becomes a ReplyError."""

import math
import re

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([Ee][+-]?\d+)?", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_NOT_A_MEASUREMENT = re.compile(r"[+-]?(INF|INFINITY|NINF|NAN)", re.ASCII | re.IGNORECASE)
_HEXADECIMAL = re.compile(r"[0-9A-Fa-f]+", re.ASCII)
_QUOTED = re.compile(r'"((?:[^"]|"")*)"')
NOT_A_MEASUREMENT = 9.899e37
"""SCPI-1999 volume 1, 7.2.1.4 and 7.2.1.5: 9.9E37 is infinity and 9.91E37 is not a number."""


def number(field: str) -> float:
    """Return a field as a finite number.

    Raises:
        ValueError: It is none, or it is one of SCPI's stand-ins for infinity and NaN.
    """
    value = number_or_overload(field)
    if not math.isfinite(value):
        raise ValueError(f"expected a finite number, got {field!r}")
    return value


def number_or_overload(field: str) -> float:
    """Return a field as a number; every spelling of overload and of "no number" gives infinity.

    Raises:
        ValueError: It is neither a number nor such a spelling.
    """
    if _NOT_A_MEASUREMENT.fullmatch(field):
        return math.inf
    if not _NUMBER.fullmatch(field):
        raise ValueError(f"expected a number, got {field!r}")
    value = float(field)
    return math.inf if abs(value) >= NOT_A_MEASUREMENT else value


def integer(field: str) -> int:
    """Return a field as an integer; a leading sign is allowed, as IEEE 488.2 NR1 has it.

    Raises:
        ValueError: It is none.
    """
    if not _INTEGER.fullmatch(field):
        raise ValueError(f"expected an integer, got {field!r}")
    return int(field)


def switch(field: str) -> bool:
    """Return a field that is 0 or 1.

    Raises:
        ValueError: It is anything else.
    """
    if field not in ("0", "1"):
        raise ValueError(f"expected 0 or 1, got {field!r}")
    return field == "1"


def fields(reply: str, count: int) -> list[str]:
    """Split an answer at its commas.

    Raises:
        ValueError: It has not that many fields.
    """
    parts = reply.split(",")
    if len(parts) != count:
        raise ValueError(f"expected {count} fields, got {reply!r}")
    return parts


def integers(reply: str, count: int) -> list[int]:
    """Return the integers of an answer that has that many.

    Raises:
        ValueError: It has not, or a field is no integer.
    """
    return [integer(field) for field in fields(reply, count)]


def hexadecimal(field: str) -> str:
    """Return a field of hex digits in lower case.

    Raises:
        ValueError: It has other characters, or none.
    """
    if not _HEXADECIMAL.fullmatch(field):
        raise ValueError(f"expected hex digits, got {field!r}")
    return field.lower()


def quoted(field: str) -> str:
    """Return the text of a quoted string; a doubled quote stands for one.

    Raises:
        ValueError: It is not quoted.
    """
    match = _QUOTED.fullmatch(field)
    if match is None:
        raise ValueError(f"expected a quoted text, got {field!r}")
    return match[1].replace('""', '"')


def code_and_text(reply: str) -> tuple[int, str]:
    """Return the parts of an answer like an error queue's entry: `-113,"Undefined header"`.

    Raises:
        ValueError: It is not of that form.
    """
    code, comma, text = reply.partition(",")
    if not comma:
        raise ValueError(f'expected <code>,"<text>", got {reply!r}')
    return integer(code), quoted(text)
