"""The results of a record as rows of tables, rounded and in print units."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from string import ascii_lowercase

from ledcal.calibration.outcome import Verdict
from ledcal.calibration.record import Measured, Record
from ledcal.reports.number import (
    MINUS,
    aligned,
    at_place,
    decimal,
    last_place,
    limit,
    significant,
    stated,
)
from ledcal.reports.quantity import PERCENT, conditions, measurand_words, print_unit


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultRow:
    """One result as printed; limits that are open on both sides read "none"."""

    measurand: str
    step: str
    where: str
    value: str
    expanded_uncertainty: str
    unit: str
    nominal: str
    limits: str
    acceptance: str
    rule: str
    judged: bool
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationRow:
    """One point of the verification: what was asked, what came, and how far apart they are."""

    channel: int
    share: str
    asked: str
    measured: str
    expanded_uncertainty: str
    deviation: str
    u_rel: str
    limits: str
    acceptance: str
    board: str
    judged: bool
    verdict: Verdict


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


def channel_names(record: Record) -> dict[int, str]:
    """Return the LED channels of the record, each with its nominal wavelength where known."""
    nominal = {s.channel: f"{significant(s.nominal_nm, 4)} nm" for s in record.spectra}
    seen = {m.channel for m in record.measured if m.channel is not None}
    every = sorted(seen | set(nominal) | {c.channel for c in record.curves})
    return {channel: nominal.get(channel, "") for channel in every}


def judged(result: Measured) -> bool:
    """Return whether the verdict says anything: without limits a PASS would claim the untested."""
    bounded = result.lower is not None or result.upper is not None
    return bounded or result.verdict is Verdict.FAIL


def rule_letters(results: Sequence[Measured]) -> dict[str, str]:
    """Return the decision rules that the results name, each with the letter that stands for it."""
    named = dict.fromkeys(result.rule for result in results)
    return {rule: ascii_lowercase[place % 26] for place, rule in enumerate(named)}


def result_row(result: Measured, rules: Mapping[str, str]) -> ResultRow:
    """Return one result as printed; any measurand, unit and condition will do.

    Args:
        result: The result.
        rules: The letters of the decision rules, by `rule_letters`.
    """
    unit = print_unit(result.unit)
    value, expanded = stated(result.value, result.expanded_uncertainty, shift=unit.shift)
    place = _place(result.expanded_uncertainty, unit.shift)
    return ResultRow(
        measurand=measurand_words(result.measurand),
        step=result.step.replace("_", " "),
        where=conditions(result.where),
        value=value,
        expanded_uncertainty=expanded,
        unit=unit.sign,
        nominal="–"
        if result.nominal is None
        else limit(decimal(result.nominal, shift=unit.shift), place),
        limits=_limits(result, place, unit.shift),
        acceptance=_acceptance(result, place, unit.shift),
        rule=rules[result.rule],
        judged=judged(result),
        verdict=result.verdict,
    )


def verification_row(result: Measured) -> VerificationRow:
    """Return one point of the verification as printed, with everything relative in percent.

    Raises:
        ValueError: The result has no channel or no request that a deviation could refer to.
    """
    if result.channel is None or not result.nominal:
        raise ValueError(f"{result.measurand} of step {result.step} has no channel or no request")
    unit = print_unit(result.unit)
    value, expanded = stated(result.value, result.expanded_uncertainty, shift=unit.shift)
    place = _place(result.expanded_uncertainty, unit.shift)
    place_rel = _place(result.expanded_uncertainty / result.nominal, PERCENT)
    share = result.where.get("request_fraction")
    board = result.where.get("board_degc")
    return VerificationRow(
        channel=result.channel,
        share=significant(share, 4, shift=PERCENT) if isinstance(share, float | int) else "–",
        asked=limit(decimal(result.nominal, shift=unit.shift), place),
        measured=value,
        expanded_uncertainty=expanded,
        deviation=at_place(_percent_off(result.value, result.nominal), place_rel, sign=True),
        u_rel=at_place(
            decimal(result.expanded_uncertainty / result.nominal, shift=PERCENT), place_rel
        ),
        limits=_limits_rel(result, result.nominal, place_rel),
        acceptance=_acceptance_rel(result, result.nominal, place_rel),
        board=f"{board:.1f}" if isinstance(board, float | int) else "–",
        judged=judged(result),
        verdict=result.verdict,
    )


def verification_rows(results: Sequence[Measured]) -> list[VerificationRow]:
    """Return all points of the verification, the decimal points of each column in line."""
    rows = [verification_row(result) for result in results]
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


def coverage(results: Sequence[Measured]) -> str:
    """Return the coverage factor of the results as a column head states it."""
    factors = sorted({significant(result.k, 3) for result in results})
    return f"k = {' or '.join(factors)}" if factors else "k = 2"


def _place(uncertainty: float, shift: int) -> int:
    """Return the last place of a result; three decimals where no uncertainty limits it."""
    exact = decimal(uncertainty, shift=shift)
    return last_place(exact) if exact else -3


def _percent_off(value: float, nominal: float) -> Decimal:
    return ((decimal(value) / decimal(nominal)) - 1).scaleb(PERCENT)


def _limits(result: Measured, place: int, shift: int) -> str:
    low, high = (
        None if bound is None else limit(decimal(bound, shift=shift), place)
        for bound in (result.lower, result.upper)
    )
    return _between(low, high)


def _acceptance(result: Measured, place: int, shift: int) -> str:
    """Return the acceptance limits with the digits of the result: they follow from its U."""
    if _simple(result):
        return _limits(result, place, shift)
    low, high = (
        None if bound is None else at_place(decimal(bound, shift=shift), place)
        for bound in (result.acceptance_lower, result.acceptance_upper)
    )
    return _between(low, high)


def _simple(result: Measured) -> bool:
    """Return whether no guard band was drawn in, so that both pairs of limits are the same."""
    return (result.lower, result.upper) == (result.acceptance_lower, result.acceptance_upper)


def _limits_rel(result: Measured, nominal: float, place: int) -> str:
    low, high = (
        None if bound is None else limit(_percent_off(bound, nominal), place, sign=True)
        for bound in (result.lower, result.upper)
    )
    return _between(low, high)


def _acceptance_rel(result: Measured, nominal: float, place: int) -> str:
    if _simple(result):
        return _limits_rel(result, nominal, place)
    low, high = (
        None if bound is None else at_place(_percent_off(bound, nominal), place, sign=True)
        for bound in (result.acceptance_lower, result.acceptance_upper)
    )
    return _between(low, high)


def _between(low: str | None, high: str | None) -> str:
    if low is not None and high is not None:
        if high.startswith("+") and low == MINUS + high[1:]:
            return f"±{high[1:]}"
        return f"{low} … {high}"
    if low is not None:
        return f"≥ {low}"
    if high is not None:
        return f"≤ {high}"
    return "none"
