import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledcal.calibration.conformity import NormalPrior
from ledcal.calibration.decision import (
    Rule,
    Statement,
    Tolerance,
    decide,
    repetition_can_help,
    rule_text,
)
from ledcal.calibration.errors import EvaluationError
from ledcal.calibration.estimate import Component, Estimate
from ledcal.calibration.outcome import Verdict

numbers = st.floats(-1e6, 1e6)
uncertainties = st.floats(0, 1e5)
factors = st.floats(0, 3)


def _estimate(value: float, u: float) -> Estimate:
    component = Component(name="all", u_input=u, evaluation="B", common=False, source="test")
    return Estimate(value=value, unit="W/m2", components=(component,))


# Limits 90 to 110, U = 4: accepted from 94 to 106, failed below 86 and above 114.
@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        (85.9, Verdict.FAIL),
        (86.0, Verdict.INCONCLUSIVE),
        (93.9, Verdict.INCONCLUSIVE),
        (94.0, Verdict.PASS),
        (106.0, Verdict.PASS),
        (106.1, Verdict.INCONCLUSIVE),
        (114.0, Verdict.INCONCLUSIVE),
        (114.1, Verdict.FAIL),
    ],
)
def test_the_guard_band_lies_on_both_sides_of_each_limit(value: float, verdict: Verdict) -> None:
    decision = decide(_estimate(value, 2.0), Tolerance(lower=90.0, upper=110.0))
    assert decision.verdict is verdict
    assert (decision.acceptance_lower, decision.acceptance_upper) == (94.0, 106.0)
    assert decision.rule == "guard band w = 1 U (ILAC-G8:09/2019 4.2.2)"


def test_an_open_side_stays_open() -> None:
    decision = decide(_estimate(1e9, 1.0), Tolerance(lower=0.5, upper=None))
    assert decision.verdict is Verdict.PASS
    assert (decision.acceptance_lower, decision.acceptance_upper) == (2.5, None)


def test_simple_acceptance_leaves_nothing_inconclusive() -> None:
    tolerance = Tolerance(lower=None, upper=1.0, guard_factor=0.0)
    assert decide(_estimate(1.0, 9.0), tolerance).verdict is Verdict.PASS
    assert decide(_estimate(1.1, 9.0), tolerance).verdict is Verdict.FAIL
    assert "simple acceptance" in decide(_estimate(1.0, 9.0), tolerance).rule


def test_an_uncertainty_wider_than_the_tolerance_never_passes() -> None:
    assert decide(_estimate(0.0, 2.0), Tolerance(lower=-1.0, upper=1.0)).verdict is (
        Verdict.INCONCLUSIVE
    )


def test_a_result_without_limits_is_refused() -> None:
    with pytest.raises(EvaluationError, match="no tolerance limit"):
        decide(_estimate(1.0, 0.1), Tolerance(lower=None, upper=None))


@pytest.mark.parametrize(
    ("lower", "upper", "factor"),
    [(1.0, 1.0, 1.0), (2.0, 1.0, 1.0), (math.nan, 1.0, 1.0), (0.0, math.inf, 1.0), (0, 1, -1)],
)
def test_impossible_limits_are_refused(lower: float, upper: float, factor: float) -> None:
    with pytest.raises(EvaluationError):
        Tolerance(lower=lower, upper=upper, guard_factor=factor)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_not_finite_is_never_decided(value: float) -> None:
    with pytest.raises(EvaluationError, match="not finite"):
        _estimate(value, 0.1)
    with pytest.raises(EvaluationError, match="uncertainty"):
        _estimate(1.0, value)


@given(value=numbers, u=uncertainties, limit=st.floats(0.1, 1e6), factor=factors)
def test_mirrored_results_have_mirrored_decisions(
    value: float, u: float, limit: float, factor: float
) -> None:
    tolerance = Tolerance(lower=-limit, upper=limit, guard_factor=factor)
    assert (
        decide(_estimate(value, u), tolerance).verdict
        is decide(_estimate(-value, u), tolerance).verdict
    )


_RANK = {Verdict.PASS: 0, Verdict.INCONCLUSIVE: 1, Verdict.FAIL: 2}


@given(value=st.floats(0, 1e6), more=st.floats(0, 1e6), u=uncertainties, factor=factors)
def test_further_from_the_middle_is_never_better(
    value: float, more: float, u: float, factor: float
) -> None:
    tolerance = Tolerance(lower=-1000.0, upper=1000.0, guard_factor=factor)
    near, far = (decide(_estimate(v, u), tolerance).verdict for v in (value, value + more))
    assert _RANK[near] <= _RANK[far]


@given(value=numbers, u=uncertainties, more=uncertainties)
def test_more_uncertainty_never_makes_a_pass_or_a_fail(
    value: float, u: float, more: float
) -> None:
    tolerance = Tolerance(lower=-1000.0, upper=1000.0)
    sharp, blunt = (decide(_estimate(value, w), tolerance).verdict for w in (u, u + more))
    assert blunt in (sharp, Verdict.INCONCLUSIVE)


def test_the_rule_is_one_sentence_for_each_kind() -> None:
    assert "w = 1·U, k for 95 % (ILAC-G8:09/2019, 4.2.2)" in rule_text(1.0)
    assert rule_text(0.0).startswith("Simple acceptance (ILAC-G8:09/2019, 4.2.1)")


# Limits 90 to 110, U = 4.
@pytest.mark.parametrize(
    ("value", "statement", "verdict"),
    [
        (94.0, Statement.PASS, Verdict.PASS),
        (93.9, Statement.CONDITIONAL_PASS, Verdict.INCONCLUSIVE),
        (90.0, Statement.CONDITIONAL_PASS, Verdict.INCONCLUSIVE),
        (89.9, Statement.CONDITIONAL_FAIL, Verdict.INCONCLUSIVE),
        (86.0, Statement.CONDITIONAL_FAIL, Verdict.INCONCLUSIVE),
        (85.9, Statement.FAIL, Verdict.FAIL),
    ],
)
def test_the_non_binary_rule_names_what_it_does_not_claim(
    value: float, statement: Statement, verdict: Verdict
) -> None:
    tolerance = Tolerance(lower=90.0, upper=110.0, rule=Rule.NON_BINARY)
    decision = decide(_estimate(value, 2.0), tolerance)
    assert (decision.statement, decision.verdict) == (statement, verdict)
    assert decision.rule == "non-binary, w = 1 U (ILAC-G8:09/2019 4.2.3)"


def test_the_guard_band_rule_makes_no_statement_in_between() -> None:
    decision = decide(_estimate(93.9, 2.0), Tolerance(lower=90.0, upper=110.0))
    assert decision.statement is Statement.NO_STATEMENT
    assert decision.specific_risk is None


def test_the_simple_rule_has_no_guard_band_whatever_the_factor() -> None:
    tolerance = Tolerance(lower=90.0, upper=110.0, guard_factor=2.0, rule=Rule.SIMPLE)
    decision = decide(_estimate(90.1, 2.0), tolerance)
    assert (decision.verdict, decision.guard_band) == (Verdict.PASS, 0.0)
    assert decision.rule == "simple acceptance (ILAC-G8:09/2019 4.2.1)"


def test_a_pass_at_the_acceptance_limit_is_wrong_in_2_3_percent() -> None:
    decision = decide(_estimate(94.0, 2.0), Tolerance(lower=90.0, upper=110.0))
    assert decision.conformance_probability == pytest.approx(0.97725, abs=1e-5)
    assert decision.specific_risk == pytest.approx(0.02275, abs=1e-5)
    assert decision.tur == pytest.approx(2.5)


def test_a_fail_may_be_wrong_too() -> None:
    decision = decide(_estimate(86.0 - 1e-9, 2.0), Tolerance(lower=90.0, upper=110.0))
    assert decision.verdict is Verdict.FAIL
    assert decision.specific_risk == pytest.approx(0.02275, abs=1e-5)


def test_the_global_risk_needs_a_stated_process() -> None:
    tolerance = Tolerance(lower=90.0, upper=110.0)
    assert decide(_estimate(100.0, 2.0), tolerance).global_risk is None
    stated = Tolerance(lower=90.0, upper=110.0, process=NormalPrior(mean=100.0, sd=5.0))
    risk = decide(_estimate(100.0, 2.0), stated).global_risk
    assert risk is not None
    assert risk.nonconforming == pytest.approx(0.0455, abs=1e-4)
    assert 0 < risk.false_accept < 0.002
    assert risk.false_reject > risk.false_accept


def test_the_non_binary_rule_is_one_sentence_too() -> None:
    text = rule_text(1.0, Rule.NON_BINARY)
    assert "4.2.3" in text
    assert "passes or fails conditionally" in text
    assert rule_text(1.0, Rule.SIMPLE) == rule_text(0.0)


@given(value=numbers, u=uncertainties, factor=factors, rule=st.sampled_from(Rule))
def test_a_probability_is_one_and_agrees_with_the_verdict(
    value: float, u: float, factor: float, rule: Rule
) -> None:
    tolerance = Tolerance(lower=-1000.0, upper=1000.0, guard_factor=factor, rule=rule)
    decision = decide(_estimate(value, u), tolerance)
    assert 0.0 <= decision.conformance_probability <= 1.0
    if decision.verdict is Verdict.FAIL:
        assert decision.conformance_probability <= 0.5


def _parts(value: float, own: float, common: float) -> Estimate:
    components = tuple(
        Component(name=name, u_input=u, evaluation="B", common=shared, source="test")
        for name, u, shared in (("scatter", own, False), ("certificate", common, True))
    )
    return Estimate(value=value, unit="W/m2", components=components)


@pytest.mark.parametrize(
    ("value", "own", "common", "helps"),
    [
        (92.0, 2.0, 0.5, True),  # from 91 up it would pass without the scatter
        (90.5, 2.0, 0.5, False),  # not even then
        (92.0, 0.1, 2.0, False),  # the scatter is not what is in the way
        (100.0, 2.0, 0.5, False),  # passes as it is
        (80.0, 2.0, 0.5, False),  # fails as it is
    ],
)
def test_repetition_helps_where_scatter_is_in_the_way(
    value: float, own: float, common: float, helps: bool
) -> None:
    tolerance = Tolerance(lower=90.0, upper=110.0)
    assert repetition_can_help(_parts(value, own, common), tolerance) is helps
