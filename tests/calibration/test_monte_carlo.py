"""Monte Carlo against JCGM 101's own examples and closed forms."""

import math
from typing import Any

import pytest

from ledcal.calibration.errors import EvaluationError
from ledcal.calibration.estimate import Component, Estimate
from ledcal.calibration.monte_carlo import numerical_tolerance, simulate, validate

TRIALS = 400_000


def _component(u_input: float = 1.0, name: str = "x", **fields: Any) -> Component:
    given: dict[str, Any] = {"evaluation": "B", "common": False, "source": "test"} | fields
    return Component(name=name, u_input=u_input, **given)


def _estimate(*components: Component, value: float = 0.0) -> Estimate:
    return Estimate(value=value, unit="1", components=components)


def test_jcgm_101_9_2_2_four_normal_inputs() -> None:
    # JCGM 101:2008 table 2: mean 0.00, u 2.00, interval -3.92 to 3.92.
    drawn = simulate(_estimate(*[_component()] * 4), seed=1, trials=TRIALS, probability=0.95)
    assert drawn.mean == pytest.approx(0.0, abs=0.02)
    assert drawn.u == pytest.approx(2.00, abs=0.01)
    assert (drawn.lower, drawn.upper) == pytest.approx((-3.92, 3.92), abs=0.03)


def test_jcgm_101_9_2_3_four_rectangular_inputs() -> None:
    # JCGM 101:2008 table 3: u 2.00, interval -3.88 to 3.88; propagation says 3.92.
    inputs = [_component(distribution="rectangular")] * 4
    drawn = simulate(_estimate(*inputs), seed=1, trials=TRIALS, probability=0.95)
    assert drawn.u == pytest.approx(2.00, abs=0.01)
    assert (drawn.lower, drawn.upper) == pytest.approx((-3.88, 3.88), abs=0.03)


def test_jcgm_101_9_2_4_one_dominant_rectangular_input() -> None:
    # JCGM 101:2008 table 4: u 10.1, interval -17.0 to 17.0; propagation says 19.9: not validated.
    inputs = [_component(distribution="rectangular")] * 3
    dominant = _component(10.0, distribution="rectangular")
    estimate = _estimate(*inputs, dominant)
    drawn = simulate(estimate, seed=1, trials=TRIALS, probability=0.95)
    assert drawn.u == pytest.approx(10.1, abs=0.1)
    assert (drawn.lower, drawn.upper) == pytest.approx((-17.0, 17.0), abs=0.1)
    assert not validate(_estimate(dominant), seed=1, trials=TRIALS).validated


def test_few_readings_are_a_t_distribution() -> None:
    found = validate(_estimate(_component(dof=5.0, evaluation="A")), seed=2, trials=TRIALS)
    assert found.upper == pytest.approx(2.65, abs=0.005)
    assert found.drawn.upper == pytest.approx(2.65, abs=0.03)
    assert found.validated


def test_the_intervals_of_normal_inputs_agree_whatever_the_seed() -> None:
    # U = 1.98: at 99 units in the last place the tolerance is 0.5 % of U.
    inputs = (_component(0.9), _component(0.4124, sensitivity=-1.0, relation="quotient"))
    estimate = _estimate(*inputs, value=1e4)
    assert all(validate(estimate, seed=seed, trials=100_000).validated for seed in range(20))


def test_a_divisor_is_divided_by() -> None:
    # 1/(1 + x), x normal with u = 0.1: the quantiles are those of x, turned round.
    inverse = _component(0.1, sensitivity=-1.0, relation="quotient")
    drawn = simulate(_estimate(inverse, value=1.0), seed=3, trials=TRIALS)
    assert (drawn.lower, drawn.upper) == pytest.approx((1 / 1.2, 1 / 0.8), abs=0.003)
    assert drawn.mean == pytest.approx(1 + 0.1**2, abs=0.001)


def test_factors_multiply_and_common_ones_of_one_name_cancel() -> None:
    scale = _component(0.1, name="k", sensitivity=2.0, relation="product", common=True)
    area = _component(0.1, name="a", sensitivity=2.0, relation="product", common=True)
    drawn = simulate(_estimate(scale, area, value=2.0), seed=4, trials=TRIALS)
    # Var of a product of two factors 1 ± 0.1: 2·0.01 + 0.0001.
    assert drawn.u == pytest.approx(2 * math.sqrt(0.0201), rel=0.005)
    nothing = _estimate(scale, scale.times(-1.0), value=2.0)
    assert simulate(nothing, seed=4, trials=10_000).u == 0.0


def test_the_same_seed_gives_the_same_digits() -> None:
    estimate = _estimate(_component(dof=4.0), _component(distribution="rectangular"))
    one, same, other = (simulate(estimate, seed=n, trials=10_000) for n in (7, 7, 8))
    assert one == same
    assert one.upper != other.upper


@pytest.mark.parametrize(
    ("u", "digits", "delta"),
    [(0.035, 2, 0.0005), (0.035, 1, 0.005), (0.096, 1, 0.05), (7.0, 1, 0.5), (0.0, 1, 0.0)],
)
def test_the_tolerance_is_half_of_the_last_place(u: float, digits: int, delta: float) -> None:
    # JCGM 101:2008 7.9.2 with 0.096 rounded up to 0.1.
    assert numerical_tolerance(u, digits) == pytest.approx(delta)


def test_what_is_no_calculation_is_refused() -> None:
    plain = _estimate(_component())
    for arguments in ({"seed": -1}, {"seed": 1, "trials": 10}, {"seed": 1, "probability": 1.0}):
        with pytest.raises(EvaluationError, match="no Monte Carlo"):
            simulate(plain, **arguments)
    with pytest.raises(EvaluationError, match="x multiplies a result of 0"):
        simulate(_estimate(_component(relation="product")), seed=1, trials=10_000)
