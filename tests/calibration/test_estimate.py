"""Estimates: what adds up, what is the same error twice, and how sure the uncertainty is."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledcal.calibration.errors import EvaluationError
from ledcal.calibration.estimate import (
    Component,
    Estimate,
    covariance,
    coverage_factor,
    effective_dof,
)


def _component(u_input: float, **fields: object) -> Component:
    given = {"name": "x", "evaluation": "B", "common": False, "source": "test"} | fields
    return Component(u_input=u_input, **given)  # type: ignore[arg-type]


def _estimate(*components: Component) -> Estimate:
    return Estimate(value=1.0, unit="1", components=components)


def test_contribution_keeps_the_sign_and_the_uncertainty_does_not() -> None:
    one = _component(0.5, sensitivity=-4.0)
    assert (one.contribution, one.u) == (-2.0, 2.0)
    assert one.times(-3.0).contribution == 6.0


def test_common_components_of_one_name_are_one_error() -> None:
    opposed = _estimate(
        _component(0.3, name="meter", common=True),
        _component(0.3, name="meter", common=True, sensitivity=-1.0),
        _component(0.4, name="other", common=True),
    )
    assert opposed.u == pytest.approx(0.4)
    assert opposed.u_common == pytest.approx(0.4)
    twins = _estimate(_component(0.3), _component(0.4))
    assert twins.u == pytest.approx(0.5)


def test_covariance_is_that_of_shared_errors_with_their_signs() -> None:
    # a = x + e1, b = 2 x - y + e2, c = y: by hand from u(x) = 3, u(y) = 4, u(e) = 1.
    x, y = _component(3.0, name="x", common=True), _component(4.0, name="y", common=True)
    noise = _component(1.0, name="noise")
    found = covariance(
        [_estimate(x, noise), _estimate(x.times(2.0), y.times(-1.0), noise), _estimate(y)]
    )
    expected = [[9 + 1, 18, 0], [18, 36 + 16 + 1, -16], [0, -16, 16]]
    np.testing.assert_allclose(found, expected)


def test_covariance_of_nothing_common_is_diagonal() -> None:
    np.testing.assert_allclose(
        covariance([_estimate(_component(2.0)), _estimate(_component(3.0))]), [[4, 0], [0, 9]]
    )
    assert covariance([]).shape == (0, 0)


def test_effective_dof_of_gum_h1() -> None:
    # JCGM 100:2008 H.1.6, contributions in nm with their degrees of freedom: u 32, veff 16.
    parts = [(25.0, 18.0), (9.7, 25.6), (2.9, 50.0), (16.6, 2.0)]
    assert math.hypot(*(u for u, _ in parts)) == pytest.approx(31.7, abs=0.05)
    assert int(effective_dof(parts)) == 16


@pytest.mark.parametrize(
    ("dof", "k"),
    [(1, 13.97), (2, 4.53), (5, 2.65), (10, 2.28), (20, 2.13), (50, 2.05), (math.inf, 2.00)],
)
def test_coverage_factors_are_those_of_the_t_distribution(dof: float, k: float) -> None:
    # JCGM 100:2008 table G.2, column 95.45 %.
    assert coverage_factor(dof) == pytest.approx(k, abs=0.005)


def test_few_readings_widen_the_interval() -> None:
    few = _estimate(_component(1.0, evaluation="A", dof=4.0))
    assert few.dof == 4.0
    assert few.expanded_uncertainty == pytest.approx(2.87, abs=0.005)
    assert _estimate(_component(1.0)).expanded_uncertainty == 2.0
    assert _estimate().coverage_factor == 2.0


def test_dof_survives_figures_whose_fourth_power_underflows() -> None:
    assert effective_dof([(1e-100, 5.0), (0.0, 1.0)]) == pytest.approx(5.0)


@given(st.lists(st.tuples(st.floats(1e-6, 1e6), st.floats(1.0, 100.0)), min_size=1, max_size=6))
def test_effective_dof_lies_between_the_fewest_and_the_sum(
    parts: list[tuple[float, float]],
) -> None:
    found = effective_dof(parts)
    assert min(dof for _, dof in parts) * (1 - 1e-9) <= found
    assert found <= sum(dof for _, dof in parts) * (1 + 1e-9)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -1.0])
def test_an_uncertainty_that_is_none_is_refused(bad: float) -> None:
    with pytest.raises(EvaluationError, match="'x'"):
        _component(bad)


def test_other_figures_that_are_none_are_refused() -> None:
    with pytest.raises(EvaluationError, match="sensitivity nan to 'x'"):
        _component(1.0, sensitivity=math.nan)
    with pytest.raises(EvaluationError, match="degrees of freedom 0"):
        _component(1.0, dof=0.0)
    with pytest.raises(EvaluationError, match="not finite"):
        Estimate(value=math.nan, unit="nm", components=())
