"""The uncertainty budget of every result, for the appendix of the certificate."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from ledcal.calibration.outcome import Verdict
from ledcal.calibration.record import Measured
from ledcal.reports.conformity import (
    ABSENT,
    checked,
    coverage_factor,
    degrees,
    effective_degrees,
    judged,
    probability,
    statement,
)
from ledcal.reports.number import (
    UNCERTAINTY_DIGITS,
    at_place,
    decimal,
    grouped,
    last_place,
    significant,
    stated,
)
from ledcal.reports.quantity import PERCENT, conditions, measurand_words, print_unit
from ledcal.reports.results import result_place

_SMALLEST_SHARE = 0.0005


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """One row of a budget as printed; uncertainties are standard ones.

    Attributes:
        name: The input; inputs of one kind are one row that says how many they are.
        evaluation: A or B, and the distribution where the record states one.
        u: What it contributes, in the unit of the result.
        share: Its part of the variance of the result, in percent.
    """

    name: str
    value: str
    u_input: str
    sensitivity: str
    u: str
    share: str
    dof: str
    evaluation: str
    shared: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultBudget:
    """The budget of one result, with all that is stated of the result.

    Attributes:
        number: From 1, in the order of the record.
        facts: What is stated of the result beside value and U, as labels and texts.
        check: The check by JCGM 101 in words, empty where there was none.
    """

    number: int
    channel: int | None
    measurand: str
    step: str
    where: str
    value: str
    expanded_uncertainty: str
    unit: str
    facts: list[tuple[str, str]]
    check: str
    judged: bool
    verdict: Verdict
    statement: str
    rows: list[Contribution]


def result_budgets(results: Sequence[Measured], rules: Mapping[str, str]) -> list[ResultBudget]:
    """Return the budgets of results, numbered in their order.

    Args:
        results: Results, each with components.
        rules: The letters of the decision rules, by `rule_letters`.
    """
    return [
        _result_budget(number, result, rules) for number, result in enumerate(results, start=1)
    ]


def _result_budget(number: int, result: Measured, rules: Mapping[str, str]) -> ResultBudget:
    unit = print_unit(result.unit)
    value, expanded = stated(result.value, result.expanded_uncertainty, shift=unit.shift)
    facts = [
        ("u", f"{_digits(result.u, UNCERTAINTY_DIGITS, shift=unit.shift)} {unit.sign}"),
        ("k", coverage_factor(result)),
        ("ν", effective_degrees(result)),
    ]
    facts.append(("rule", rules[result.rule]))
    for label, share in (
        (Markup("p<sub>c</sub>"), result.conformance_probability),
        ("risk", result.specific_risk),
    ):
        if share is not None:
            facts.append((label, f"{probability(share)} %"))
    if result.tur is not None:
        facts.append(("TUR", significant(result.tur, 2)))
    return ResultBudget(
        number=number,
        channel=result.channel,
        measurand=measurand_words(result.measurand),
        step=result.step.replace("_", " "),
        where="" if not result.where else conditions(result.where),
        value=value,
        expanded_uncertainty=expanded,
        unit=unit.sign,
        facts=facts,
        check=_check(result),
        judged=judged(result),
        verdict=result.verdict,
        statement=statement(result),
        rows=[_contribution(parts, result, unit.shift) for parts in _joined(result.components)],
    )


def _joined(components: Sequence[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """Return the components, the largest contribution first.

    Those that only their numbers would tell apart are together: the modes of one certificate,
    "name [1]" and so on, and inputs of one kind such as the scatter of each channel.
    """
    joined: dict[tuple[object, ...], list[Mapping[str, Any]]] = {}
    for part in components:
        kinds = (part.get(key) for key in ("evaluation", "distribution", "common", "source"))
        joined.setdefault((_name(part), *kinds), []).append(part)
    return sorted(joined.values(), key=_contributed, reverse=True)


def _name(part: Mapping[str, Any]) -> str:
    return str(part.get("name", "")).partition(" [")[0]


def _contributed(parts: Sequence[Mapping[str, Any]]) -> float:
    return math.hypot(*(float(part["u"]) for part in parts))


def _contribution(
    parts: Sequence[Mapping[str, Any]], result: Measured, shift: int
) -> Contribution:
    first, single = parts[0], len(parts) == 1
    u = _contributed(parts)
    several = "modes" if _name(first) != first.get("name") else "inputs"
    value, u_input = _input(first) if single else (ABSENT, ABSENT)
    sensitivity = first.get("sensitivity") if single else None
    distribution = first.get("distribution")
    return Contribution(
        name=str(first.get("name", "")) if single else f"{_name(first)}, {len(parts)} {several}",
        value=value,
        u_input=u_input,
        sensitivity=ABSENT if sensitivity is None else _digits(float(sensitivity), 3, shift=shift),
        u=_digits(u, UNCERTAINTY_DIGITS, shift=shift),
        share=_share(u, result.u),
        dof=_degrees(parts),
        evaluation=", ".join(
            str(word) for word in (first.get("evaluation", ""), distribution) if word
        ),
        shared="yes" if first.get("common") else "no",
        source=str(first.get("source", "")),
    )


def _input(part: Mapping[str, Any]) -> tuple[str, str]:
    """Return value and standard uncertainty of an input, both ending at the same place."""
    value, u_input = part.get("value"), part.get("u_input")
    if u_input is None:
        return ABSENT if value is None else significant(float(value), 6), ABSENT
    if value is None or not u_input:
        return ABSENT if value is None else significant(float(value), 6), _digits(
            float(u_input), UNCERTAINTY_DIGITS
        )
    return stated(float(value), float(u_input))


def _degrees(parts: Sequence[Mapping[str, Any]]) -> str:
    """Return the degrees of freedom that all parts have, a dash where they differ or are none."""
    told = {degrees(part["dof"]) if "dof" in part else ABSENT for part in parts}
    return told.pop() if len(told) == 1 else ABSENT


def _digits(number: float, digits: int, *, shift: int = 0) -> str:
    """Return a number with so many significant digits, idle zeros kept."""
    exact = decimal(number, shift=shift)
    return at_place(exact, last_place(abs(exact), digits=digits)) if exact else "0"


def _share(u: float, combined: float) -> str:
    """Return a part of the variance in percent; a small one never reads as none."""
    if combined == 0 or u == 0:
        return "0" if combined else ABSENT
    share = (u / combined) ** 2
    return "< 0.1" if share < _SMALLEST_SHARE else at_place(decimal(share, shift=PERCENT), -1)


def _check(result: Measured) -> str:
    """Return the interval by propagation of distributions, to the places of U and one more."""
    drawn = result.monte_carlo
    if drawn is None:
        return ""
    unit = print_unit(result.unit)
    place = result_place(result.expanded_uncertainty, unit.shift) - 1
    low, high, stated_low, stated_high, delta = (
        at_place(decimal(float(end), shift=unit.shift), place)
        for end in (
            drawn["lower"],
            drawn["upper"],
            result.value - result.expanded_uncertainty,
            result.value + result.expanded_uncertainty,
            drawn["delta"],
        )
    )
    trials = f"{grouped(int(drawn['trials']))} trials (seed {int(drawn['seed'])})"
    return (
        f"{low} … {high} {unit.sign} by {trials} against {stated_low} … {stated_high} by "
        f"value ± U, tolerance {delta}: {checked(drawn)}"
    )
