"""Numbers as a certificate prints them: the uncertainty decides how many digits a value has.

Values stay exact decimals until they are printed, so that a change of unit (W/m2 to mW/cm2) or a
tie is never decided by binary rounding.
"""

import math
from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal

from markupsafe import Markup, escape

MINUS = "\N{MINUS SIGN}"
FIGURE_SPACE = "\N{FIGURE SPACE}"
POINT_SPACE = "\N{PUNCTUATION SPACE}"
UNCERTAINTY_DIGITS = 2
"""Digits of an expanded uncertainty; ILAC-P14:09/2020 5.4 allows at most two."""
# Beyond these places a fixed-point number would be a row of zeros.
_SMALLEST_PLACE = -7
_LARGEST_PLACE = 6
_FINEST = 6
"""So many digits a computed limit may have more than the value beside it."""


def decimal(value: float, *, shift: int = 0) -> Decimal:
    """Return the number times ten to the power of `shift`, exactly as its shortest form reads.

    Raises:
        ValueError: The number is NaN or infinite.
    """
    if not math.isfinite(value):
        raise ValueError(f"{value} is not a number that can be printed")
    return Decimal(repr(float(value))).scaleb(shift)


def last_place(uncertainty: Decimal, *, digits: int = UNCERTAINTY_DIGITS) -> int:
    """Return the power of ten of the last digit kept of an uncertainty (GUM 7.2.6).

    The place is that of the rounded uncertainty: 0.0996 is 0.10 with two digits, not 0.100.

    Raises:
        ValueError: The uncertainty is not above zero.
    """
    if uncertainty <= 0:
        raise ValueError(f"the uncertainty {uncertainty} is not above zero")
    place = uncertainty.adjusted() - digits + 1
    return _rounded(uncertainty, place).adjusted() - digits + 1


def at_place(number: Decimal, place: int, *, sign: bool = False) -> str:
    """Return the number rounded half to even at a power of ten (ISO 80000-1, B.3, rule A).

    Args:
        number: The number.
        place: Power of ten of the last digit: -2 keeps hundredths.
        sign: True writes a plus sign before a number above zero, for deviations.
    """
    rounded = _rounded(number, place)
    if not _SMALLEST_PLACE <= place <= _LARGEST_PLACE:
        return _scientific(rounded, place)
    text = f"{abs(rounded):.{max(-place, 0)}f}"
    if rounded < 0:
        return MINUS + text
    return f"+{text}" if sign and rounded > 0 else text


def stated(value: float, expanded_uncertainty: float, *, shift: int = 0) -> tuple[str, str]:
    """Return value and expanded uncertainty as printed, both ending at the same place.

    Where the uncertainty is zero nothing limits the digits: the value keeps six.

    Raises:
        ValueError: A number is not finite or the uncertainty is negative.
    """
    uncertainty = decimal(expanded_uncertainty, shift=shift)
    if uncertainty == 0:
        return significant(value, 6, shift=shift), "0"
    place = last_place(uncertainty)
    return at_place(decimal(value, shift=shift), place), at_place(uncertainty, place)


def concise(value: float, u: float) -> str:
    """Return a value with its standard uncertainty in brackets, in units of the last digit.

    This is the second form of GUM 7.2.2: 5.188(92) × 10⁻⁵ stands for (5.188 ± 0.092) × 10⁻⁵.
    A value without uncertainty keeps six digits.

    Raises:
        ValueError: A number is not finite or the uncertainty is negative.
    """
    number, uncertainty = decimal(value), decimal(u)
    if uncertainty == 0:
        return significant(value, 6)
    place = last_place(uncertainty)
    power = max(number.adjusted() if number else place, uncertainty.adjusted())
    bracket = f"({_rounded(uncertainty, place).scaleb(-min(place, 0)):.0f})"
    if -4 < power <= _LARGEST_PLACE:
        return at_place(number, place) + bracket
    digits = f"({_rounded(uncertainty, place).scaleb(-place):.0f})"
    return f"{at_place(number.scaleb(-power), place - power)}{digits} × 10{_raised(power)}"


def limit(number: Decimal, place: int, *, sign: bool = False) -> str:
    """Return a limit or a nominal value in its shortest form.

    It has at most two digits more than the result that it stands beside.
    """
    return _without_idle_zeros(at_place(number, place - 2, sign=sign))


def bound(number: Decimal, value: Decimal, place: int, *, upper: bool, sign: bool = False) -> str:
    """Return a limit beside a value that is printed to `place`; it never moves the verdict.

    A limit that somebody stated is printed as it is. One that was computed, which shows by its
    many digits, is rounded to the value's place; to a finer one where the printed value would else
    stand on the other side of it.

    Args:
        number: The limit.
        value: The value, not yet rounded.
        place: Power of ten of the last digit of the printed value.
        upper: True for an upper limit, False for a lower one.
        sign: True writes a plus sign before a limit above zero.
    """
    if number == _rounded(number, place - 2):
        return limit(number, place, sign=sign)
    shown = _rounded(value, place)
    for at in range(place, place - _FINEST, -1):
        rounded = _rounded(number, at)
        within = shown <= rounded if upper else shown >= rounded
        if within == (value <= number if upper else value >= number):
            return _without_idle_zeros(at_place(rounded, at, sign=sign))
    return limit(number, place, sign=sign)


def significant(value: float, digits: int, *, shift: int = 0) -> str:
    """Return the number with at most so many significant digits and no idle zeros."""
    number = decimal(value, shift=shift)
    if number == 0:
        return "0"
    return _without_idle_zeros(at_place(number, last_place(abs(number), digits=digits)))


def grouped(count: int) -> str:
    """Return a count with its digits in groups of three (ISO 80000-1, 7.3.1)."""
    return f"{count:,}".replace(",", " ")


def aligned(texts: Sequence[str]) -> list[Markup]:
    """Return numbers of one column, filled up with figure spaces so that their points line up."""
    decimals = [len(text.partition(".")[2]) for text in texts]
    longest = max(decimals, default=0)
    return [
        escape(text) + POINT_SPACE * (longest > 0 and own == 0) + FIGURE_SPACE * (longest - own)
        for text, own in zip(texts, decimals, strict=True)
    ]


def _without_idle_zeros(text: str) -> str:
    if "." not in text or "×" in text:
        return text
    return text.rstrip("0").rstrip(".")


def _rounded(number: Decimal, place: int) -> Decimal:
    steps = number.scaleb(-place).to_integral_value(rounding=ROUND_HALF_EVEN)
    return steps.scaleb(place)


def _scientific(rounded: Decimal, place: int) -> str:
    if rounded == 0:
        return "0"
    power = rounded.adjusted()
    mantissa = f"{abs(rounded).scaleb(-power):.{max(power - place, 0)}f}"
    return f"{MINUS if rounded < 0 else ''}{mantissa} × 10{_raised(power)}"


def _raised(power: int) -> str:
    return str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
