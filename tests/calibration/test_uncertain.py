"""Uncertain arrays against hand calculation, identities and Monte Carlo."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledcal.calibration.errors import EvaluationError
from ledcal.calibration.estimate import Component, Estimate, covariance
from ledcal.calibration.indication import FloatArray
from ledcal.calibration.influence import Factor, Noise
from ledcal.calibration.uncertain import UncertainArray, mean_of, uncertain, uncertain_value

N, TRIALS = 6, 40_000
AXIS = np.linspace(0.0, 5.0, N)
WEIGHT = np.linspace(1.0, 1.4, N)

LAMP = Factor(name="lamp", u_input=2.0, evaluation="B", source="C-1")
SCALE = Factor(name="scale", u_input=0.5, evaluation="B", source="C-2")
OWN = Factor(name="drift", u_input=1.0, evaluation="A", source="run", common=False, dof=9.0)


def _noise(name: str = "noise") -> Noise:
    return Noise(name=name, evaluation="A", source="test", dof=4.0)


class World:
    """Two arrays and a scalar that share errors, and draws of the same errors."""

    def __init__(self, trials: int = TRIALS) -> None:
        rng = np.random.default_rng(20)
        shared = np.linspace(-1.0, 1.0, N)
        self.a = uncertain(
            10 + AXIS,
            (LAMP, SCALE),
            np.column_stack((0.01 + 0.002 * AXIS, 0.02 * shared)),
            noise=_noise("of a"),
            u_independent=np.full(N, 0.03),
        )
        self.b = uncertain(
            5 + AXIS**2 / 10,
            (OWN, LAMP),
            np.column_stack((0.01 * np.ones(N), -0.01 * np.ones(N))),
            noise=_noise("of b"),
            u_independent=np.full(N, 0.01),
        )
        self.c = uncertain(
            3.0, (SCALE,), np.array([[0.02]]), noise=_noise("of c"), u_independent=np.array([0.01])
        )
        lamp, scale, own = 2.0 * rng.standard_normal((3, trials, 1)) * [[[1]], [[0.25]], [[0.5]]]
        self.drawn_a = (
            self.a.value
            + lamp * (0.01 + 0.002 * AXIS)
            + scale * 0.02 * shared
            + 0.03 * rng.standard_normal((trials, N))
        )
        self.drawn_b = (
            self.b.value + own * 0.01 - lamp * 0.01 + 0.01 * rng.standard_normal((trials, N))
        )
        self.drawn_c = 3.0 + scale * 0.02 + 0.01 * rng.standard_normal((trials, 1))


@pytest.fixture(scope="module")
def world() -> World:
    return World()


Step = Callable[[UncertainArray, UncertainArray, UncertainArray], UncertainArray]
Drawn = Callable[[FloatArray, FloatArray, FloatArray], FloatArray]


def _ratio_to_sum(a: FloatArray, b: FloatArray, c: FloatArray) -> FloatArray:
    return np.asarray(c * a / (a * WEIGHT).sum(axis=1, keepdims=True))


def _centroid(a: FloatArray, b: FloatArray, c: FloatArray) -> FloatArray:
    power = a * WEIGHT
    return np.asarray((power * AXIS).sum(axis=1, keepdims=True) / power.sum(1, keepdims=True))


STEPS: list[tuple[str, Step, Drawn]] = [
    ("sum", lambda a, b, c: a + b, lambda a, b, c: a + b),
    ("difference", lambda a, b, c: a - b, lambda a, b, c: a - b),
    ("product", lambda a, b, c: a * b, lambda a, b, c: a * b),
    ("quotient", lambda a, b, c: a / b, lambda a, b, c: a / b),
    ("scaling", lambda a, b, c: 2.5 * a - 1.0, lambda a, b, c: 2.5 * a - 1.0),
    ("by an array", lambda a, b, c: WEIGHT * a, lambda a, b, c: WEIGHT * a),
    ("from a number", lambda a, b, c: 7.0 - a, lambda a, b, c: 7.0 - a),
    ("reciprocal", lambda a, b, c: 7.0 / a, lambda a, b, c: 7.0 / a),
    ("times a value", lambda a, b, c: c * a, lambda a, b, c: c * a),
    ("over a value", lambda a, b, c: a / c, lambda a, b, c: a / c),
    ("function", lambda a, b, c: a.apply(np.log, lambda x: 1 / x), lambda a, b, c: np.log(a)),
    ("integral", lambda a, b, c: a.sum(WEIGHT), lambda a, b, c: (a @ WEIGHT)[:, None]),
    ("centroid", lambda a, b, c: a.centroid(AXIS, WEIGHT), _centroid),
    ("blank", lambda a, b, c: a - (b + c) / 2, lambda a, b, c: a - (b + c) / 2),
    ("shape and scale", lambda a, b, c: c * (a / a.sum(WEIGHT)), _ratio_to_sum),
    (
        "ratio of integrals",
        lambda a, b, c: (a * b).sum() / a.sum(),
        lambda a, b, c: ((a * b).sum(1) / a.sum(1))[:, None],
    ),
]


@pytest.mark.parametrize(("step", "drawn"), [s[1:] for s in STEPS], ids=[s[0] for s in STEPS])
def test_every_step_agrees_with_monte_carlo(world: World, step: Step, drawn: Drawn) -> None:
    found = step(world.a, world.b, world.c)
    trials = drawn(world.drawn_a, world.drawn_b, world.drawn_c)
    expected = np.atleast_2d(np.cov(trials, rowvar=False))
    u = np.sqrt(np.diag(expected))
    # Standard error of a variance of 40 000 trials is 0.7 %, of a correlation 0.5 %.
    np.testing.assert_allclose(found.u, u, rtol=0.016)
    np.testing.assert_allclose(
        found.covariance() / np.outer(u, u), expected / np.outer(u, u), atol=0.03
    )
    np.testing.assert_allclose(np.hypot(found.u_common, found.u_independent), found.u)
    np.testing.assert_allclose(np.sqrt(np.diag(found.covariance())), found.u, rtol=1e-9)
    np.testing.assert_allclose(found.value, trials.mean(axis=0), atol=6 * float(u.max()) / 200)


def test_what_is_taken_from_itself_is_certain(world: World) -> None:
    for array in (world.a, world.b, world.c):
        nothing, one = array - array, array / array
        np.testing.assert_array_equal(nothing.value, 0.0)
        assert float(np.max(nothing.u)) < 1e-15
        np.testing.assert_array_equal(one.value, 1.0)
        assert float(np.max(one.u)) < 1e-15


def test_the_same_figures_of_another_origin_do_not_cancel() -> None:
    one, other = (
        uncertain(np.ones(3), noise=_noise(), u_independent=np.ones(3)) for _ in range(2)
    )
    np.testing.assert_allclose((one - other).u, math.sqrt(2))


def test_shape_times_scale_sums_to_the_scale_and_nothing_else(world: World) -> None:
    fused = world.c * (world.b / world.b.sum(WEIGHT))
    total = fused.sum(WEIGHT)
    assert total.value[0] == pytest.approx(3.0, rel=1e-15)
    assert total.u[0] == pytest.approx(world.c.u[0], rel=1e-12)
    assert float((total - world.c).u[0]) < 1e-14
    # And every single value is less certain than the scale alone.
    assert np.all(fused.u / fused.value > world.c.u[0] / 3.0)


def test_gum_h2_by_correlated_inputs() -> None:
    """JCGM 100:2008 H.2: resistance, reactance and impedance of simultaneous V, I, phi."""
    v, i, phi = 4.9990, 19.6610e-3, 1.04446
    u = np.array([0.0032, 0.0095e-3, 0.00075])
    r = np.array([[1, -0.355, 0.858], [-0.355, 1, -0.645], [0.858, -0.645, 1]])
    values, vectors = np.linalg.eigh(np.outer(u, u) * r)
    factors = tuple(
        Factor(name=f"mode {n}", u_input=float(np.sqrt(value)), evaluation="A", source="H.2")
        for n, value in enumerate(values)
    )
    voltage, current, phase = (
        uncertain(x, factors, vectors[n][None, :]) for n, x in enumerate((v, i, phi))
    )
    impedance = voltage / current
    resistance = impedance * phase.apply(np.cos, lambda x: -np.sin(x))
    reactance = impedance * phase.apply(np.sin, np.cos)
    found = [one.estimate("Ohm") for one in (resistance, reactance, impedance)]
    assert [round(one.value, 3) for one in found] == [127.732, 219.847, 254.260]
    assert [one.u for one in found] == pytest.approx([0.071, 0.295, 0.236], abs=0.0015)
    matrix = covariance(found)
    correlation = matrix / np.sqrt(np.outer(np.diag(matrix), np.diag(matrix)))
    assert correlation[0, 1] == pytest.approx(-0.588, abs=0.005)
    assert correlation[0, 2] == pytest.approx(-0.485, abs=0.005)
    assert correlation[1, 2] == pytest.approx(0.993, abs=0.001)


def test_an_estimate_keeps_its_budget_through_a_sum(world: World) -> None:
    found = world.a.sum().estimate("W/m2")
    assert found.u == pytest.approx(float(world.a.sum().u[0]))
    by_name = {one.name: one for one in found.components}
    assert set(by_name) == {"of a", "lamp", "scale"}
    assert by_name["lamp"].u_input == 2.0
    assert by_name["lamp"].sensitivity == pytest.approx(float(np.sum(0.01 + 0.002 * AXIS)))
    assert by_name["of a"].dof == 4.0
    assert not by_name["of a"].common


def test_an_estimate_becomes_a_value_with_its_factors(world: World) -> None:
    meter = Component(name="lamp", u_input=2.0, evaluation="B", common=True, source="C-1")
    noise = Component(name="noise", u_input=0.3, evaluation="A", common=False, source="test")
    twice = Estimate(value=4.0, unit="1", components=(meter, meter.times(-0.5), noise))
    value = uncertain_value(twice)
    assert value.u[0] == pytest.approx(twice.u)
    assert float((value - value).u[0]) == 0.0
    # Its lamp is that of the array, its noise is not even that of a second conversion.
    assert (value - uncertain_value(twice)).u[0] == pytest.approx(0.3 * math.sqrt(2))
    product = value * world.a
    assert [factor.name for factor in product.factors].count("lamp") == 1
    again = value.estimate("1")
    assert covariance([again, twice])[0, 1] == pytest.approx(1.0)


def test_a_value_with_its_own_noise_spreads_over_an_array(world: World) -> None:
    spread = world.c + np.zeros(N)
    # One error in all of them: the difference of two elements is certain.
    difference = spread.functional(np.array([1.0, -1.0, 0, 0, 0, 0]), 0.0)
    assert float(difference.u[0]) < 1e-15


@given(
    st.lists(st.floats(-3, 3), min_size=3, max_size=3),
    st.lists(st.floats(-3, 3), min_size=3, max_size=3),
)
def test_linear_steps_obey_the_quadratic_form(first: list[float], second: list[float]) -> None:
    world = World(trials=1)
    triple = uncertain(np.ones(3), (LAMP,), np.array([[0.1], [0.2], [-0.1]]), _noise(), np.ones(3))
    p, q = np.array(first), np.array(second)
    matrix = triple.covariance()
    both = (triple.sum(p) + triple.sum(q) * 2.0).covariance()[0, 0]
    assert both == pytest.approx(float((p + 2 * q) @ matrix @ (p + 2 * q)), abs=1e-9)
    assert world.a.u.shape == (N,)


def test_what_does_not_fit_or_is_not_finite_is_refused(world: World) -> None:
    with pytest.raises(EvaluationError, match="value of element 1 is not finite"):
        uncertain(np.array([1.0, np.nan]))
    with pytest.raises(EvaluationError, match="noise: the uncertainty of element 1"):
        uncertain(np.ones(2), noise=_noise(), u_independent=np.array([0.1, -0.1]))
    with pytest.raises(EvaluationError, match="3 uncertainties do not go with 2 values"):
        uncertain(np.ones(2), noise=_noise(), u_independent=np.ones(3))
    with pytest.raises(EvaluationError, match="divisor's element 1 is 0"):
        world.a / np.array([1.0, 0, 1, 1, 1, 1])
    with pytest.raises(EvaluationError, match="2 weights do not go with 6"):
        world.a.sum(np.ones(2))
    with pytest.raises(EvaluationError, match="6 values are not one estimate"):
        world.a.estimate("1")
    with pytest.raises(EvaluationError, match="no centroid"):
        (world.a - world.a).centroid(AXIS, WEIGHT)
    with pytest.raises(EvaluationError, match="do not go with"):
        UncertainArray(value=np.ones(2), factors=(LAMP,), contribution=np.ones((2, 2)))


def test_a_mean_keeps_what_its_results_share() -> None:
    results = [
        Estimate(
            value=value,
            unit="W/m2",
            components=(
                Component(name="scatter", u_input=2.0, evaluation="A", common=False, source="t"),
                Component(name="meter", u_input=1.0, evaluation="B", common=True, source="t"),
            ),
        )
        for value in (99.0, 100.0, 101.0, 104.0)
    ]
    mean = mean_of(results)
    assert mean.value == pytest.approx(101.0)
    assert mean.u_independent == pytest.approx(1.0)
    assert mean.u_common == pytest.approx(1.0)
    with pytest.raises(EvaluationError, match="no mean"):
        mean_of([])
