"""The uncertainty budget of the verification as one table with a column for each channel."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from ledcal.calibration.record import Measured
from ledcal.reports.conformity import ABSENT, checked, coverage_factor, effective_degrees
from ledcal.reports.number import at_place, decimal, significant
from ledcal.reports.quantity import PERCENT, print_unit

_SMALLEST = Decimal("0.005")


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetRow:
    """One contribution to the uncertainty, in percent of the value, one text per channel."""

    name: str
    evaluation: str
    shared: str
    source: str
    shares: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The uncertainty budgets of one point of the verification of each channel."""

    channels: list[int]
    points: list[str]
    rows: list[BudgetRow]
    combined: list[str]
    dof: list[str]
    coverage_factor: list[str]
    expanded: list[str]
    interval: list[str]


def budget(results: Sequence[Measured]) -> Budget | None:
    """Return the budgets at the largest request of each channel, None without verification."""
    largest: dict[int, Measured] = {}
    for result in results:
        channel = result.channel or 0
        known = largest.get(channel)
        if known is None or (result.nominal or 0.0) > (known.nominal or 0.0):
            largest[channel] = result
    points = [largest[channel] for channel in sorted(largest)]
    if not points:
        return None
    contributions = [_contributions(point) for point in points]
    names = list(dict.fromkeys(name for own in contributions for name in own))
    return Budget(
        channels=sorted(largest),
        points=[_point(point) for point in points],
        rows=[
            BudgetRow(
                name=name,
                evaluation=evaluation,
                shared=shared,
                source=source,
                shares=[
                    own.get((name, evaluation, shared, source), ABSENT) for own in contributions
                ],
            )
            for name, evaluation, shared, source in names
        ],
        combined=[_share(point.u, point.value) for point in points],
        dof=[effective_degrees(point) for point in points],
        coverage_factor=[coverage_factor(point) for point in points],
        interval=[_interval(point) for point in points],
        expanded=[_share(point.expanded_uncertainty, point.value) for point in points],
    )


def _contributions(result: Measured) -> dict[tuple[str, str, str, str], str]:
    """Return the share of each contribution; those that no column tells apart are one.

    The modes of one certificate, "name [1]" and so on, are one row.
    """
    variance: dict[tuple[str, str, str, str], float] = {}
    for part in result.components:
        key = (
            str(part.get("name", "")).partition(" [")[0],
            str(part.get("evaluation", "")),
            "yes" if part.get("common") else "no",
            str(part.get("source", "")),
        )
        variance[key] = variance.get(key, 0.0) + float(part["u"]) ** 2
    return {key: _share(math.sqrt(square), result.value) for key, square in variance.items()}


def _share(u: float, value: float) -> str:
    """Return an uncertainty in percent of the value; a small one never reads as none."""
    if value == 0:
        return ABSENT
    share = decimal(u / value, shift=PERCENT)
    return "< 0.01" if 0 < share < _SMALLEST else at_place(share, -2)


def _interval(point: Measured) -> str:
    """Return whether propagation of distributions gave the same interval."""
    return ABSENT if point.monte_carlo is None else checked(point.monte_carlo)


def _point(result: Measured) -> str:
    unit = print_unit(result.unit)
    return f"{significant(result.nominal or 0.0, 5, shift=unit.shift)} {unit.sign}"
