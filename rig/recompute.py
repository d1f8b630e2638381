"""Compute every statement of a record again from what stands beside it in the record."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ledcal.calibration.budget import budget, recorded_estimate
from ledcal.calibration.decision import Rule, Tolerance, decide
from ledcal.calibration.errors import EvaluationError
from ledcal.calibration.estimate import Estimate
from ledcal.calibration.monte_carlo import simulate
from ledcal.calibration.record import Measured, Record

_DIGITS = 1e-12
"""Relative difference below which two figures are the same digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recomputed:
    """One result computed again.

    Attributes:
        result: As recorded.
        differing: Each figure that came out otherwise, with both values in words.
    """

    result: Measured
    differing: tuple[str, ...]


def recompute(record: Record) -> list[Recomputed]:
    """Return every result of a record with what comes out otherwise when it is computed again.

    From the budget: combined uncertainty, degrees of freedom, coverage factor and expanded
    uncertainty; from these, the limits and the rule: acceptance limits, probability and verdict.
    Results of records that do not hold the rule as it was configured are not covered.
    """
    return [
        Recomputed(result=one, differing=tuple(_differing(one)))
        for one in (*record.measured, *record.measured_as_found)
        if one.rule_kind is not None and one.guard_factor is not None
    ]


def _differing(one: Measured) -> Iterator[str]:
    try:
        estimate = recorded_estimate(one)
        decision = decide(
            estimate,
            Tolerance(
                lower=one.lower,
                upper=one.upper,
                guard_factor=float(one.guard_factor or 0.0),
                rule=Rule(str(one.rule_kind)),
            ),
        )
    except (EvaluationError, KeyError, TypeError, ValueError) as error:
        yield f"cannot be computed again: {error}"
        return
    figures = {
        "u": (one.u, estimate.u),
        "dof": (one.dof, estimate.dof if math.isfinite(estimate.dof) else None),
        "k": (one.k, estimate.coverage_factor),
        "expanded uncertainty": (one.expanded_uncertainty, estimate.expanded_uncertainty),
        "acceptance_lower": (one.acceptance_lower, decision.acceptance_lower),
        "acceptance_upper": (one.acceptance_upper, decision.acceptance_upper),
        "probability": (one.conformance_probability, decision.conformance_probability),
        "risk": (one.specific_risk, decision.specific_risk),
        "TUR": (one.tur, decision.tur),
    }
    # The budget once more by GTC, which shares no code with ours.
    second = budget(estimate)
    figures |= {
        "dof by GTC": (one.dof, second.dof if math.isfinite(second.dof) else None),
        "k by GTC": (one.k, second.coverage_factor),
    }
    for name, (recorded, found) in figures.items():
        if not _same(recorded, found):
            yield f"{name}: recorded {recorded}, computed {found}"
    if one.monte_carlo is not None:
        yield from _differing_draws(one.monte_carlo, estimate)
    if one.verdict is not decision.verdict:
        yield f"verdict: recorded {one.verdict}, computed {decision.verdict}"


def _differing_draws(recorded: Mapping[str, Any], estimate: Estimate) -> Iterator[str]:
    """Draw again with the same seed: the ends of the interval must have the same digits."""
    drawn = simulate(estimate, seed=int(recorded["seed"]), trials=int(recorded["trials"]))
    for name, found in (("lower", drawn.lower), ("upper", drawn.upper)):
        if not _same(recorded[name], found):
            yield f"Monte Carlo {name}: recorded {recorded[name]}, drawn {found}"


def _same(recorded: float | None, found: float | None) -> bool:
    if recorded is None or found is None:
        return recorded is found
    return math.isclose(recorded, found, rel_tol=_DIGITS, abs_tol=_DIGITS)
