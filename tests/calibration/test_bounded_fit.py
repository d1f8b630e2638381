import numpy as np
import pytest
from numpy.typing import NDArray

from ledcal.calibration.bounded_fit import bounded_fit
from ledcal.calibration.errors import FitError
from ledcal.calibration.least_squares import generalised, nonlinear

Array = NDArray[np.float64]
X = np.linspace(0.1, 2.0, 12)
NONE = np.array([])
FREE = np.full(2, np.inf)


def _decay(x: Array, b: Array) -> Array:
    return np.asarray(b[0] * np.exp(-b[1] * x))


def _decay_slopes(x: Array, b: Array) -> Array:
    return np.array([np.exp(-b[1] * x), -b[0] * x * np.exp(-b[1] * x)])


def _line(x: Array, b: Array) -> Array:
    return np.asarray(b[0] + b[1] * x)


def _line_slopes(x: Array, b: Array) -> Array:
    return np.array([np.ones_like(x), x])


def test_it_finds_what_odrpack_finds() -> None:
    rng = np.random.default_rng(2)
    y = _decay(X, np.array([3.0, 0.7])) + rng.normal(0, 0.05, X.size)
    u, start = np.full(X.size, 0.05), np.array([1.0, 0.1])
    found = bounded_fit(_decay, _decay_slopes, X, y, u, start, FREE)
    np.testing.assert_allclose(found, nonlinear(_decay, X, y, start, u_y=u).value, rtol=1e-6)


def test_without_bounds_correlated_points_are_those_of_the_linear_fit() -> None:
    rng = np.random.default_rng(3)
    covariance = np.diag(rng.uniform(0.01, 0.04, X.size)) + 0.5
    y = 1 - 2 * X + rng.normal(0, 0.1, X.size)
    found = bounded_fit(_line, _line_slopes, X, y, covariance, np.zeros(2), NONE)
    wanted = generalised(np.column_stack([np.ones_like(X), X]), y, covariance)
    np.testing.assert_allclose(found, wanted.value, rtol=1e-5)


def test_a_coefficient_at_its_bound_is_exactly_there() -> None:
    u, start = np.full(X.size, 0.1), np.array([1.0, 1.0])
    falling = bounded_fit(_line, _line_slopes, X, 2 - X, u, start, FREE)
    assert falling[1] == 0.0
    assert falling[0] == pytest.approx(np.mean(2 - X))
    limited = bounded_fit(_line, _line_slopes, X, 2 + X, u, start, np.array([0.5, np.inf]))
    assert limited[0] == 0.5


def test_points_without_an_answer_are_refused() -> None:
    u = np.full(X.size, 0.1)
    wrong = np.where(X > 1.9, np.nan, X)
    with pytest.raises(FitError, match="point 12: nan"):
        bounded_fit(_line, _line_slopes, X, wrong, u, np.ones(2), NONE)
    with pytest.raises(FitError, match="1 points for 2"):
        bounded_fit(_line, _line_slopes, X[:1], X[:1], u[:1], np.ones(2), NONE)
    with pytest.raises(FitError, match="not positive definite"):
        bounded_fit(_line, _line_slopes, X, X, np.ones((12, 12)), np.ones(2), NONE)


def test_a_fit_that_does_not_settle_is_refused() -> None:
    """A model whose slopes are told wrongly: each step makes it worse."""

    def wrong_slopes(x: Array, b: Array) -> Array:
        return -_line_slopes(x, b)

    with pytest.raises(FitError, match="does not settle in 200 steps"):
        bounded_fit(_line, wrong_slopes, X, 5 + X, np.full(12, 0.1), np.ones(2), NONE)
