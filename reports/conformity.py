"""What is said of conformity beside the verdict: probabilities, coverage and the rule's words."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ledcal.calibration.decision import Rule
from ledcal.calibration.outcome import Verdict
from ledcal.calibration.record import Measured
from ledcal.reports.number import at_place, decimal, significant
from ledcal.reports.quantity import PERCENT

ABSENT = "–"
"""Stands in a table where the record has no number."""
_ALMOST_SURE, _HARDLY = 0.999, 0.001
_MANY = 1000.0


def probability(value: float | None) -> str:
    """Return a probability in percent, to 0.1 %; what is nearly 0 or 1 never reads as that."""
    if value is None:
        return ABSENT
    if value > _ALMOST_SURE:
        return "> 99.9"
    return "< 0.1" if value < _HARDLY else at_place(decimal(value, shift=PERCENT), -1)


def coverage_factor(result: Measured) -> str:
    """Return the coverage factor with three digits."""
    return significant(result.k, 3)


def coverage(results: Sequence[Measured]) -> str:
    """Return the coverage factor that all results share, none where they differ."""
    factors = {coverage_factor(result) for result in results}
    return factors.pop() if len(factors) == 1 else ""


def degrees(dof: float | None) -> str:
    """Return degrees of freedom; None is infinite, and more than can be told from it is many."""
    if dof is None:
        return "∞"
    return "> 1000" if dof > _MANY else significant(dof, 3)


def effective_degrees(result: Measured) -> str:
    """Return the effective degrees of freedom; records of ledcal 0.1 do not have them."""
    return ABSENT if result.rule_kind is None else degrees(result.dof)


def checked(monte_carlo: Mapping[str, Any]) -> str:
    """Return what the propagation of distributions says of an interval (JCGM 101, 8.1)."""
    return "validated" if monte_carlo["validated"] else "not validated"


def judged(result: Measured) -> bool:
    """Return whether the verdict says anything: without limits a PASS would claim the untested."""
    bounded = result.lower is not None or result.upper is not None
    return bounded or result.verdict is Verdict.FAIL


def statement(result: Measured) -> str:
    """Return the words of a non-binary rule where the verdict word says less than they do."""
    if result.rule_kind != Rule.NON_BINARY or result.verdict is not Verdict.INCONCLUSIVE:
        return ""
    return result.statement or ""


def risk_words(results: Sequence[Measured]) -> str:
    """Return TUR, specific and global risk of several results in words, empty where none."""
    ratios = [result.tur for result in results if result.tur is not None]
    risk = wrong_verdict_at_most(results)
    said = []
    if ratios:
        low, high = significant(min(ratios), 2), significant(max(ratios), 2)
        said.append(f"test uncertainty ratio (TUR) {low if low == high else f'{low} to {high}'}")
    if risk:
        said.append(f"specific risk of a wrong verdict at most {risk} %")
    accepts = [r.global_false_accept for r in results if r.global_false_accept is not None]
    if accepts:
        said.append(f"global risk of a false accept at most {_at_most(max(accepts))} %")
    words = "; ".join(said)
    return f"{words[:1].upper()}{words[1:]}." if words else ""


def wrong_verdict_at_most(results: Sequence[Measured]) -> str:
    """Return the largest specific risk of a wrong verdict in percent, empty for none."""
    risks = [result.specific_risk for result in results if result.specific_risk is not None]
    return _at_most(max(risks)) if risks else ""


def _at_most(risk: float) -> str:
    return at_place(decimal(math.ceil(max(risk, _HARDLY) * 1000) / 10), -1)
