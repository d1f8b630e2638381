"""Numeric parameters of the Thorlabs PM103: numbers with units, MIN, MAX and DEF (pm103.html).

"float,MIN,MAX,DEF" in the command list; that a unit may follow the number is in the manual of the
PM100D, whose programs run on the family.
"""

import re
from dataclasses import dataclass

from ledcal.instruments.virtual.scpi_grammar import Call, ScpiError, decimal

_WITH_UNIT = re.compile(r"([^A-Za-z]*(?:[eE][+-]?\d+)?)\s*([A-Za-z]*)")
_PREFIXES = {"": 1.0, "N": 1e-9, "U": 1e-6, "M": 1e-3, "K": 1e3}
_WORDS = {"MIN": "MIN", "MINIMUM": "MIN", "MAX": "MAX", "MAXIMUM": "MAX"}
_DEFAULT_WORDS = {"DEF": "DEF", "DEFAULT": "DEF"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a numeric setting takes, in its unit."""

    lowest: float
    highest: float
    default: float
    unit: str = ""

    def named(self, text: str) -> float | None:
        """Return the value that MIN, MAX or DEF stands for; None for any other text."""
        word = (_WORDS | _DEFAULT_WORDS).get(text.upper())
        values = {"MIN": self.lowest, "MAX": self.highest, "DEF": self.default}
        return values[word] if word is not None else None

    def parse(self, call: Call) -> float:
        """Return the value of a setting command.

        Raises:
            ScpiError: -222 outside the limits, -104 no number, -131 a wrong unit.
        """
        named = self.named(call.only())
        value = with_unit(call.only(), self.unit) if named is None else named
        if not self.lowest <= value <= self.highest:
            raise ScpiError(-222)
        return value

    def asked(self, call: Call, present: float) -> float:
        """Return what `?`, `? MIN`, `? MAX` or `? DEF` asks for."""
        if not call.arguments:
            return present
        named = self.named(call.only())
        if named is None:
            raise ScpiError(-224)
        return named


def with_unit(text: str, unit: str) -> float:
    """Return a number with or without its unit: `850`, `850 nm`, `2.5E-3W`, `2.5 mW`."""
    match = _WITH_UNIT.fullmatch(text.strip())
    if match is None:
        raise ScpiError(-104)
    value, suffix = decimal(match[1]), match[2].upper()
    if not suffix:
        return value
    if not unit:
        raise ScpiError(-138)
    if unit.upper() == suffix:
        return value
    prefix = suffix.removesuffix(unit.upper())
    if prefix == suffix or prefix not in _PREFIXES:
        raise ScpiError(-131)
    return value * _PREFIXES[prefix]


def written(value: float) -> str:
    """Write a number as the meter does; the count of its digits is assumed."""
    return f"{value:.8E}"
