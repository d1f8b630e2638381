from dataclasses import replace
from typing import Any

import pytest

from ledcal.calibration.decision import Rule, Tolerance, decide
from ledcal.calibration.estimate import Component, Estimate
from ledcal.calibration.monte_carlo import validate
from ledcal.calibration.outcome import Outcome, Verdict
from ledcal.calibration.record import Measured, Record
from ledcal.calibration.run_started import RunStarted
from ledcal.rig.facts import component_facts, monte_carlo_facts
from ledcal.rig.recompute import recompute

TRIALS = 20_000


@pytest.fixture
def result() -> Measured:
    """A result as a run records it, with few degrees of freedom and a Monte Carlo check."""
    parts = (
        Component(
            name="scatter", u_input=0.4, evaluation="A", common=False, source="test", dof=3.0
        ),
        Component(
            name="scale", u_input=0.01, sensitivity=100.0, evaluation="B", common=True, source="t"
        ),
    )
    estimate = Estimate(value=100.0, unit="W/m2", components=parts)
    tolerance = Tolerance(lower=90.0, upper=110.0, guard_factor=1.0, rule=Rule.GUARD_BAND)
    decision = decide(estimate, tolerance)
    return Measured(
        step="verify",
        measurand="irradiance",
        channel=1,
        where={},
        value=estimate.value,
        u=estimate.u,
        k=estimate.coverage_factor,
        expanded_uncertainty=estimate.expanded_uncertainty,
        unit=estimate.unit,
        nominal=100.0,
        lower=tolerance.lower,
        upper=tolerance.upper,
        acceptance_lower=decision.acceptance_lower,
        acceptance_upper=decision.acceptance_upper,
        rule=decision.rule,
        verdict=decision.verdict,
        components=[component_facts(one) for one in parts],
        at="2026-01-01T00:00:00+00:00",
        dof=estimate.dof,
        rule_kind=tolerance.rule.value,
        guard_factor=tolerance.guard_factor,
        statement=decision.statement.value,
        conformance_probability=decision.conformance_probability,
        specific_risk=decision.specific_risk,
        tur=decision.tur,
        monte_carlo=monte_carlo_facts(validate(estimate, seed=7, trials=TRIALS)),
    )


def record(*results: Measured) -> Record:
    run = RunStarted(
        run="r",
        serial="S",
        operator="o",
        reason="r",
        mode="DEMO",
        simulated=True,
        speed=1.0,
        attempt=1,
        station={},
        product={},
        plane={},
        decision_rule="",
        software={},
        at="2026-01-01T00:00:00+00:00",
    )
    return Record(
        run=run,
        measured=list(results),
        outcome=Outcome.PASS,
        reasons=[],
        finished_at=run.at,
        events=1,
    )


def test_an_honest_result_gives_the_same_digits(result: Measured) -> None:
    (found,) = recompute(record(result))
    assert found.differing == ()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"u": 0.9}, "u: recorded 0.9"),
        ({"k": 2.0}, "k: recorded 2.0"),
        ({"expanded_uncertainty": 1.0}, "expanded uncertainty: recorded 1.0"),
        ({"acceptance_upper": 109.9}, "acceptance_upper: recorded 109.9"),
        ({"conformance_probability": 0.5}, "probability: recorded 0.5"),
        ({"verdict": Verdict.FAIL}, "verdict: recorded FAIL, computed PASS"),
        ({"value": 115.0}, "verdict: recorded PASS"),
        ({"components": [{"name": "scatter"}]}, "cannot be computed again"),
    ],
)
def test_an_altered_figure_is_named(result: Measured, change: dict[str, Any], named: str) -> None:
    (found,) = recompute(record(replace(result, **change)))
    assert any(named in text for text in found.differing), found.differing


def test_an_altered_draw_is_named(result: Measured) -> None:
    assert result.monte_carlo is not None
    altered = replace(result, monte_carlo=result.monte_carlo | {"upper": 101.0})
    (found,) = recompute(record(altered))
    assert found.differing[0].startswith("Monte Carlo upper: recorded 101.0")


def test_a_result_without_its_rule_is_not_covered(result: Measured) -> None:
    assert recompute(record(replace(result, rule_kind=None))) == []


def test_results_as_found_are_computed_again_too(result: Measured) -> None:
    altered = replace(result, u=2 * result.u)
    (first, second) = recompute(replace(record(result), measured_as_found=[altered]))
    assert first.differing == ()
    assert second.differing[0].startswith("u: recorded")
