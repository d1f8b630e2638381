"""The verification: what was asked through the firmware, what came, and how far apart they are."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ledcal.calibration.outcome import Verdict
from ledcal.calibration.record import Measured, Record
from ledcal.reports.conformity import ABSENT, coverage_factor, judged, probability, statement
from ledcal.reports.limits import acceptance_rel, percent_off, tolerance_rel
from ledcal.reports.number import aligned, at_place, decimal, limit, significant, stated
from ledcal.reports.quantity import PERCENT, print_unit
from ledcal.reports.results import result_place


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationRow:
    """One point of the verification as printed; what it shares with a `ResultRow` is the same."""

    channel: int
    share: str
    asked: str
    measured: str
    expanded_uncertainty: str
    deviation: str
    u_rel: str
    k: str
    limits: str
    acceptance: str
    probability: str
    tur: str
    board: str
    judged: bool
    verdict: Verdict
    statement: str
    budget: int


def verification(record: Record) -> list[Measured]:
    """Return the points measured after the panel was asked through its own firmware."""
    return [
        m
        for m in record.measured
        if m.step == "verify"
        and m.unit == "W/m2"
        and m.measurand == "irradiance"
        and m.channel is not None
        and m.nominal
    ]


def verification_row(result: Measured, *, budget: int = 0) -> VerificationRow:
    """Return one point of the verification as printed, with everything relative in percent.

    Args:
        result: The result.
        budget: Number of its uncertainty budget in the appendix, 0 where it has none.

    Raises:
        ValueError: The result has no channel or no request that a deviation could refer to.
    """
    if result.channel is None or not result.nominal:
        raise ValueError(f"{result.measurand} of step {result.step} has no channel or no request")
    unit = print_unit(result.unit)
    value, expanded = stated(result.value, result.expanded_uncertainty, shift=unit.shift)
    place = result_place(result.expanded_uncertainty, unit.shift)
    place_rel = result_place(result.expanded_uncertainty / result.nominal, PERCENT)
    share = result.where.get("request_fraction")
    board = result.where.get("board_degc")
    return VerificationRow(
        channel=result.channel,
        share=significant(share, 4, shift=PERCENT) if isinstance(share, float | int) else ABSENT,
        asked=limit(decimal(result.nominal, shift=unit.shift), place),
        measured=value,
        expanded_uncertainty=expanded,
        deviation=at_place(percent_off(result.value, result.nominal), place_rel, sign=True),
        u_rel=at_place(
            decimal(result.expanded_uncertainty / result.nominal, shift=PERCENT), place_rel
        ),
        k=coverage_factor(result),
        limits=tolerance_rel(result, result.nominal, place_rel),
        acceptance=acceptance_rel(result, result.nominal, place_rel),
        probability=probability(result.conformance_probability),
        tur=ABSENT if result.tur is None else significant(result.tur, 2),
        board=f"{board:.1f}" if isinstance(board, float | int) else ABSENT,
        judged=judged(result),
        verdict=result.verdict,
        statement=statement(result),
        budget=budget,
    )


def verification_rows(
    results: Sequence[Measured], budgets: Sequence[int]
) -> list[VerificationRow]:
    """Return all points of the verification, the decimal points of each column in line.

    Args:
        results: The points, by `verification`.
        budgets: For each point the number of its uncertainty budget, 0 where it has none.
    """
    rows = [
        verification_row(result, budget=budget)
        for result, budget in zip(results, budgets, strict=True)
    ]
    return [
        replace(
            row, asked=asked, measured=came, expanded_uncertainty=u, deviation=off, u_rel=u_rel
        )
        for row, asked, came, u, off, u_rel in zip(
            rows,
            aligned([row.asked for row in rows]),
            aligned([row.measured for row in rows]),
            aligned([row.expanded_uncertainty for row in rows]),
            aligned([row.deviation for row in rows]),
            aligned([row.u_rel for row in rows]),
            strict=True,
        )
    ]
