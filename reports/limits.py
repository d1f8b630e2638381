"""Tolerance and acceptance limits as printed, absolute or in percent off a nominal value."""

from decimal import Decimal

from ledcal.calibration.record import Measured
from ledcal.reports.number import MINUS, at_place, decimal, limit
from ledcal.reports.quantity import PERCENT


def tolerance(result: Measured, place: int, shift: int) -> str:
    """Return the tolerance limits: they are exact.

    Args:
        result: The result that they judge.
        place: Power of ten of the result's last digit.
        shift: Power of ten from the record's unit to the printed one.
    """
    low, high = (
        None if bound is None else limit(decimal(bound, shift=shift), place)
        for bound in (result.lower, result.upper)
    )
    return between(low, high)


def acceptance(result: Measured, place: int, shift: int) -> str:
    """Return the acceptance limits with the digits of the result: they follow from its U."""
    if _simple(result):
        return tolerance(result, place, shift)
    low, high = (
        None if bound is None else at_place(decimal(bound, shift=shift), place)
        for bound in (result.acceptance_lower, result.acceptance_upper)
    )
    return between(low, high)


def tolerance_rel(result: Measured, nominal: float, place: int) -> str:
    """Return the tolerance limits in percent off a nominal value."""
    low, high = (
        None if bound is None else limit(percent_off(bound, nominal), place, sign=True)
        for bound in (result.lower, result.upper)
    )
    return between(low, high)


def acceptance_rel(result: Measured, nominal: float, place: int) -> str:
    """Return the acceptance limits in percent off a nominal value."""
    if _simple(result):
        return tolerance_rel(result, nominal, place)
    low, high = (
        None if bound is None else at_place(percent_off(bound, nominal), place, sign=True)
        for bound in (result.acceptance_lower, result.acceptance_upper)
    )
    return between(low, high)


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


def _simple(result: Measured) -> bool:
    """Return whether no guard band was drawn in, so that both pairs of limits are the same."""
    return (result.lower, result.upper) == (result.acceptance_lower, result.acceptance_upper)
