"""Tolerance and acceptance limits as printed, absolute or in percent off a nominal value."""

from decimal import Decimal

from ledcal.calibration.record import Measured
from ledcal.reports.number import MINUS, bound, decimal
from ledcal.reports.quantity import PERCENT


def tolerance(result: Measured, place: int, shift: int) -> str:
    """Return the tolerance limits.

    Args:
        result: The result that they judge.
        place: Power of ten of the result's last digit.
        shift: Power of ten from the record's unit to the printed one.
    """
    value = decimal(result.value, shift=shift)
    return _between(
        *(None if one is None else decimal(one, shift=shift) for one in _tolerance(result)),
        value=value,
        place=place,
    )


def acceptance(result: Measured, place: int, shift: int) -> str:
    """Return the acceptance limits: they follow from the result's U."""
    value = decimal(result.value, shift=shift)
    return _between(
        *(None if one is None else decimal(one, shift=shift) for one in _acceptance(result)),
        value=value,
        place=place,
    )


def tolerance_rel(result: Measured, nominal: float, place: int) -> str:
    """Return the tolerance limits in percent off a nominal value."""
    return _between(
        *(None if one is None else percent_off(one, nominal) for one in _tolerance(result)),
        value=percent_off(result.value, nominal),
        place=place,
        sign=True,
    )


def acceptance_rel(result: Measured, nominal: float, place: int) -> str:
    """Return the acceptance limits in percent off a nominal value."""
    return _between(
        *(None if one is None else percent_off(one, nominal) for one in _acceptance(result)),
        value=percent_off(result.value, nominal),
        place=place,
        sign=True,
    )


def percent_off(value: float, nominal: float) -> Decimal:
    """Return by how many percent a value is off the nominal one."""
    return ((decimal(value) / decimal(nominal)) - 1).scaleb(PERCENT)


def between(low: str | None, high: str | None) -> str:
    """Return a range in words; "none" where both sides are open."""
    if low is not None and high is not None:
        if low == MINUS + high.removeprefix("+"):
            return f"±{high.removeprefix('+')}"
        return f"{low} … {high}"
    if low is not None:
        return f"≥ {low}"
    if high is not None:
        return f"≤ {high}"
    return "none"


def _between(
    low: Decimal | None, high: Decimal | None, *, value: Decimal, place: int, sign: bool = False
) -> str:
    return between(
        None if low is None else bound(low, value, place, upper=False, sign=sign),
        None if high is None else bound(high, value, place, upper=True, sign=sign),
    )


def _tolerance(result: Measured) -> tuple[float | None, float | None]:
    return result.lower, result.upper


def _acceptance(result: Measured) -> tuple[float | None, float | None]:
    return result.acceptance_lower, result.acceptance_upper
