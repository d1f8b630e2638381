"""The results of a record as rows of tables, rounded and in print units."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import ascii_lowercase

from ledcal.calibration.outcome import Verdict
from ledcal.calibration.record import Measured, Record
from ledcal.reports.conformity import ABSENT, coverage_factor, judged, probability, statement
from ledcal.reports.limits import acceptance, tolerance
from ledcal.reports.number import decimal, last_place, limit, significant, stated
from ledcal.reports.quantity import conditions, measurand_words, print_unit


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultRow:
    """One result as printed; limits that are open on both sides read "none".

    Attributes:
        statement: What a non-binary rule says beside the verdict, empty where that says all.
        budget: Number of its uncertainty budget in the appendix, 0 where it has none.
    """

    measurand: str
    step: str
    where: str
    value: str
    expanded_uncertainty: str
    k: str
    unit: str
    nominal: str
    limits: str
    acceptance: str
    probability: str
    rule: str
    judged: bool
    verdict: Verdict
    statement: str
    budget: int


def channel_names(record: Record) -> dict[int, str]:
    """Return the LED channels of the record, each with its nominal wavelength where known."""
    nominal = {s.channel: f"{significant(s.nominal_nm, 4)} nm" for s in record.spectra}
    seen = {m.channel for m in record.measured if m.channel is not None}
    every = sorted(seen | set(nominal) | {c.channel for c in record.curves})
    return {channel: nominal.get(channel, "") for channel in every}


def rule_letters(results: Sequence[Measured]) -> dict[str, str]:
    """Return the decision rules that the results name, each with the letter that stands for it."""
    named = dict.fromkeys(result.rule for result in results)
    return {rule: ascii_lowercase[place % 26] for place, rule in enumerate(named)}


def result_row(result: Measured, rules: Mapping[str, str], *, budget: int = 0) -> ResultRow:
    """Return one result as printed; any measurand, unit and condition will do.

    Args:
        result: The result.
        rules: The letters of the decision rules, by `rule_letters`.
        budget: Number of its uncertainty budget in the appendix, 0 where it has none.
    """
    unit = print_unit(result.unit)
    value, expanded = stated(result.value, result.expanded_uncertainty, shift=unit.shift)
    place = result_place(result.expanded_uncertainty, unit.shift)
    return ResultRow(
        measurand=measurand_words(result.measurand),
        step=result.step.replace("_", " "),
        where=conditions(result.where),
        value=value,
        expanded_uncertainty=expanded,
        k=coverage_factor(result),
        unit=unit.sign,
        nominal=ABSENT
        if result.nominal is None
        else limit(decimal(result.nominal, shift=unit.shift), place),
        limits=tolerance(result, place, unit.shift),
        acceptance=acceptance(result, place, unit.shift),
        probability=probability(result.conformance_probability),
        rule=rules[result.rule],
        judged=judged(result),
        verdict=result.verdict,
        statement=statement(result),
        budget=budget,
    )


def result_place(uncertainty: float, shift: int) -> int:
    """Return the last place of a result; three decimals where no uncertainty limits it."""
    exact = decimal(uncertainty, shift=shift)
    return last_place(exact) if exact else -3
