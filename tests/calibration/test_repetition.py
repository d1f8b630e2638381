import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledcal.calibration.decision import Rule, Tolerance, decide
from ledcal.calibration.errors import EvaluationError
from ledcal.calibration.estimate import Component, Estimate
from ledcal.calibration.outcome import Verdict
from ledcal.calibration.repetition import mean_of, repetition_helps

TOLERANCE = Tolerance(lower=90.0, upper=110.0, guard_factor=1.0, rule=Rule.GUARD_BAND)


def estimate(value: float, *, own: float, common: float) -> Estimate:
    parts = (
        Component(name="scatter", u_input=own, evaluation="A", common=False, source="test"),
        Component(name="scale", u_input=common, evaluation="B", common=True, source="test"),
    )
    return Estimate(value=value, unit="W/m2", components=parts)


def test_repetition_helps_where_scatter_is_what_makes_it_inconclusive() -> None:
    near = estimate(107.0, own=2.0, common=0.5)
    assert decide(near, TOLERANCE).verdict is Verdict.INCONCLUSIVE
    assert repetition_helps(near, TOLERANCE)


def test_repetition_does_not_help_against_the_certificate() -> None:
    near = estimate(107.0, own=0.01, common=2.0)
    assert decide(near, TOLERANCE).verdict is Verdict.INCONCLUSIVE
    assert not repetition_helps(near, TOLERANCE)


@pytest.mark.parametrize("value", [100.0, 130.0])
def test_what_is_decided_is_not_repeated(value: float) -> None:
    assert not repetition_helps(estimate(value, own=1.0, common=1.0), TOLERANCE)


@given(
    st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=8),
    st.floats(0.0, 10.0),
    st.floats(0.0, 10.0),
)
def test_a_mean_lessens_the_scatter_and_nothing_else(
    values: list[float], own: float, common: float
) -> None:
    mean = mean_of([estimate(value, own=own, common=common) for value in values])
    assert mean.value == pytest.approx(math.fsum(values) / len(values), abs=1e-9)
    assert mean.u_independent == pytest.approx(own / math.sqrt(len(values)), abs=1e-12)
    assert mean.u_common == pytest.approx(common, abs=1e-12)


def test_no_mean_of_nothing_or_of_different_units() -> None:
    with pytest.raises(EvaluationError, match="no observation"):
        mean_of([])
    other = Estimate(value=1.0, unit="nm", components=())
    with pytest.raises(EvaluationError, match="different units: W/m2, nm"):
        mean_of([estimate(1.0, own=0.1, common=0.1), other])
