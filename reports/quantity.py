"""Units and conditions as a person reads them; the record keeps UCUM units and identifiers."""

from collections.abc import Mapping
from dataclasses import dataclass

from ledcal.reports.number import MINUS, at_place, decimal, significant
from ledcal.reports.text import NOT_RECORDED

PERCENT = 2
"""Power of ten from a fraction to percent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintUnit:
    """A unit in print: its sign, and the power of ten from the record's unit to it."""

    sign: str
    shift: int


# 1 mW/cm2 = 10 W/m2: the unit in which panels are sold and prescribed.
_PRINT_UNITS = {
    "W/m2": PrintUnit(sign="mW/cm²", shift=-1),
    "W/m2/nm": PrintUnit(sign="mW/(cm²·nm)", shift=-1),
    "W/(m2.nm)": PrintUnit(sign="mW/(cm²·nm)", shift=-1),
    "W/m2/sr": PrintUnit(sign="W/(m²·sr)", shift=0),
    "1": PrintUnit(sign="%", shift=2),
    "1/K": PrintUnit(sign="%/K", shift=2),
    "Cel": PrintUnit(sign="°C", shift=0),
}
# Identifier suffixes of docs/vocabulary.md, longest first, and the unit each stands for.
_SUFFIXES = (
    ("_w_m2_nm", "W/m2/nm"),
    ("_w_m2", "W/m2"),
    ("_j_m2", "J/m2"),
    ("_a_w", "A/W"),
    ("_degc", "Cel"),
    ("_per_k", "1/K"),
    ("_counts", "counts"),
    ("_mm2", "mm²"),
    ("_mm", "mm"),
    ("_m2", "m²"),
    ("_nm", "nm"),
    ("_hz", "Hz"),
    ("_w", "W"),
    ("_k", "K"),
    ("_s", "s"),
    ("_v", "V"),
    ("_a", "A"),
)
_FRACTIONS = ("drive", "fraction")


def measurand_words(measurand: str) -> str:
    """Return a measurand as the first words of a table row."""
    if measurand == "fwhm":
        return "FWHM"
    return measurand[:1].upper() + measurand[1:].replace("_", " ")


def print_unit(ucum: str) -> PrintUnit:
    """Return how a UCUM unit is printed; a unit not known here is printed as it is."""
    return _PRINT_UNITS.get(ucum, PrintUnit(sign=ucum, shift=0))


def condition(name: str, value: float | str) -> tuple[str, str]:
    """Return the label and the text of one named condition, such as `board_degc` and 39.8.

    The unit is read from the name's suffix; a drive or fraction is printed in percent. A text
    keeps the unit of its name, since only numbers can be converted. A whole number without a
    unit is a count or a code and keeps all its digits.
    """
    label, ucum = _without_suffix(name)
    if isinstance(value, str):
        return label, f"{value} {ucum}" if ucum and value.strip() else value
    if not ucum and float(value).is_integer():
        return label, str(int(value)).replace("-", MINUS)
    if ucum == "s":
        # Tenths of a second of ten seconds and more say nothing.
        return label, f"{_seconds(value)} s"
    unit = print_unit(ucum)
    return label, f"{significant(value, 4, shift=unit.shift)} {unit.sign}".rstrip()


def _seconds(duration_s: float) -> str:
    return at_place(decimal(duration_s), 0) if duration_s >= 10 else significant(duration_s, 2)


def conditions(where: Mapping[str, float | str]) -> str:
    """Return all conditions of a result in one line, a dash when there are none."""
    pairs = [condition(name, value) for name, value in where.items()]
    return ", ".join(f"{label} {text}" for label, text in pairs) or "–"


def facts(entries: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return named facts of the record as labels and texts, in the record's order."""
    pairs = [condition(name, str(value)) for name, value in entries.items()]
    return pairs or [("all", NOT_RECORDED)]


def _without_suffix(name: str) -> tuple[str, str]:
    """Return the name in words and the UCUM unit that its suffix stands for."""
    for suffix, ucum in _SUFFIXES:
        if name.endswith(suffix) and name != suffix:
            return name.removesuffix(suffix).replace("_", " "), ucum
    if name.endswith(_FRACTIONS):
        return name.removesuffix("_fraction").replace("_", " "), "1"
    return name.replace("_", " "), ""
