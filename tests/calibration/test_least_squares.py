"""Published references: NIST StRD and the worked examples of ISO/TS 28037:2010."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ledcal.calibration.errors import FitError
from ledcal.calibration.least_squares import LeastSquares, generalised, nonlinear

Array = NDArray[np.float64]

STRD = Path(__file__).parents[1] / "data" / "nist-strd"

MODELS: dict[str, Callable[[Array, Array], Array]] = {
    "Misra1a": lambda x, b: b[0] * (1 - np.exp(-b[1] * x)),
    "Misra1b": lambda x, b: b[0] * (1 - (1 + b[1] * x / 2) ** -2),
    "Misra1c": lambda x, b: b[0] * (1 - (1 + 2 * b[1] * x) ** -0.5),
    "Misra1d": lambda x, b: b[0] * b[1] * x / (1 + b[1] * x),
    "Chwirut2": lambda x, b: np.exp(-b[0] * x) / (b[1] + b[2] * x),
    "DanWood": lambda x, b: b[0] * x ** b[1],
    "Eckerle4": lambda x, b: b[0] / b[1] * np.exp(-0.5 * ((x - b[2]) / b[1]) ** 2),
    "Gauss1": lambda x, b: (
        b[0] * np.exp(-b[1] * x)
        + b[2] * np.exp(-((x - b[3]) ** 2) / b[4] ** 2)
        + b[5] * np.exp(-((x - b[6]) ** 2) / b[7] ** 2)
    ),
}


def _digits(found: Array, certified: Array) -> float:
    return float(-np.log10(np.max(np.abs(found / certified - 1)) + 1e-16))


def _numbers(lines: list[str]) -> Array:
    return np.array([[float(word) for word in line.split()] for line in lines if line.strip()])


@pytest.mark.parametrize("start", [0, 1])
@pytest.mark.parametrize("name", list(MODELS))
def test_nonlinear_sets_of_nist_to_seven_digits(name: str, start: int) -> None:
    lines = (STRD / f"{name}.dat").read_text().splitlines()
    y, x = _numbers(lines[60:]).T
    rows = [line.split("=")[1] for line in lines if re.match(r"\s*b\d\s*=", line)]
    certified = _numbers(rows)
    squares = next(line for line in lines if line.startswith("Residual Sum of Squares"))
    found = nonlinear(MODELS[name], x, y, certified[:, start])
    assert _digits(found.value, certified[:, 2]) >= 7
    scale = np.sqrt(found.chi2 / found.dof)
    assert _digits(found.u * scale, certified[:, 3]) >= 7
    assert _digits(np.array(found.chi2), np.array(float(squares.split(":")[1]))) >= 7


def test_the_linear_set_norris_of_nist_to_nine_digits() -> None:
    y, x = _numbers((STRD / "Norris.dat").read_text().splitlines()[60:]).T
    found = generalised(np.column_stack([np.ones_like(x), x]), y, np.ones_like(y))
    scale = np.sqrt(found.chi2 / found.dof)
    assert _digits(found.value, np.array([-0.262323073774029, 1.00211681802045])) >= 9
    assert _digits(found.u * scale, np.array([0.232818234301152, 0.429796848199937e-3])) >= 9
    assert _digits(np.array(found.chi2), np.array(26.6173985294224)) >= 9
    assert found.dof == 34


def _printed(found: LeastSquares) -> list[str]:
    shown = (*found.value, *found.u, found.covariance[0, 1], found.chi2)
    return [f"{number:.3f}" for number in shown]


@pytest.mark.parametrize(
    ("y", "u_y", "printed"),
    [
        (
            [3.3, 5.6, 7.1, 9.3, 10.7, 12.1],
            [0.5] * 6,
            ["1.867", "1.757", "0.465", "0.120", "-0.050", "1.665"],
        ),
        (
            [3.2, 4.3, 7.6, 8.6, 11.7, 12.8],
            [0.5, 0.5, 0.5, 1.0, 1.0, 1.0],
            ["0.885", "2.057", "0.530", "0.178", "-0.082", "4.131"],
        ),
    ],
)
def test_weighted_lines_of_iso_ts_28037_clause_6(
    y: list[float], u_y: list[float], printed: list[str]
) -> None:
    x = np.arange(1.0, 7.0)
    found = generalised(np.column_stack([np.ones(6), x]), np.array(y), np.array(u_y))
    assert _printed(found) == printed
    assert found.dof == 4


def test_errors_in_both_variables_of_iso_ts_28037_clause_7() -> None:
    found = nonlinear(
        lambda x, b: b[0] + b[1] * x,
        np.array([1.2, 1.9, 2.9, 4.0, 4.7, 5.9]),
        np.array([3.4, 4.4, 7.2, 8.5, 10.8, 13.5]),
        np.array([1.0, 2.0]),
        u_x=np.full(6, 0.2),
        u_y=np.array([0.2, 0.2, 0.2, 0.4, 0.4, 0.4]),
    )
    shown = [f"{number:.4f}" for number in (found.value[0], *found.u, found.covariance[0, 1])]
    assert shown == ["0.5788", "0.4764", "0.1355", "-0.0577"]
    # 2.159 is printed, where its iterations stop; 2.15966 is what they converge to.
    assert found.value[1] == pytest.approx(2.1597, abs=1e-4)
    assert f"{found.chi2:.3f}" == "2.743"


def test_correlated_points_are_the_mean_weighted_by_their_inverse_covariance() -> None:
    """Two readings that share an error: by hand, x = (V⁻¹ summed and weighted)."""
    covariance = np.array([[0.05, 0.04], [0.04, 0.20]])
    found = generalised(np.ones((2, 1)), np.array([10.0, 12.0]), covariance)
    inverse = np.linalg.inv(covariance)
    assert found.value[0] == pytest.approx(inverse.sum(axis=0) @ [10.0, 12.0] / inverse.sum())
    assert found.covariance[0, 0] == pytest.approx(1 / inverse.sum())


def test_a_covariance_that_is_diagonal_is_that_of_independent_points() -> None:
    rng = np.random.default_rng(1)
    design, y, u = rng.normal(size=(9, 3)), rng.normal(size=9), rng.uniform(0.1, 2, 9)
    apart, full = generalised(design, y, u), generalised(design, y, np.diag(u**2))
    np.testing.assert_allclose(full.value, apart.value, rtol=1e-10)
    np.testing.assert_allclose(full.covariance, apart.covariance, rtol=1e-10)
    assert full.chi2 == pytest.approx(apart.chi2)


def test_nonlinear_and_generalised_agree_on_a_line() -> None:
    x, y, u = np.arange(5.0), np.array([0.1, 1.2, 1.9, 3.2, 3.9]), np.array([1, 1, 2, 1, 3]) / 9
    line = generalised(np.column_stack([np.ones(5), x]), y, u)
    found = nonlinear(lambda at, b: b[0] + b[1] * at, x, y, np.array([0.0, 1.0]), u_y=u)
    np.testing.assert_allclose(found.value, line.value, rtol=1e-9)
    np.testing.assert_allclose(found.covariance, line.covariance, rtol=1e-7)


def test_coefficients_keep_to_their_bounds() -> None:
    x = np.arange(5.0)
    found = nonlinear(
        lambda at, b: b[0] + b[1] * at,
        x,
        -x,
        np.array([1.0, 1.0]),
        bounds=(np.zeros(2), np.full(2, np.inf)),
    )
    np.testing.assert_allclose(found.value, 0, atol=1e-12)


LINE = np.column_stack([np.ones(3), [1.0, 2.0, 3.0]])


@pytest.mark.parametrize(
    ("design", "y", "covariance", "words"),
    [
        (LINE, [1.0, np.nan, 3.0], np.ones(3), "point 2: nan is not a finite number"),
        (LINE, [1.0, 2.0, 3.0], np.array([1.0, 0.0, 1.0]), "point 2: u = 0 is not above 0"),
        (LINE, [1.0, 2.0, 3.0], np.array([1.0, np.inf, 1.0]), "not finite"),
        (LINE, [1.0, 2.0, 3.0], np.ones((3, 3)), "not positive definite.*smallest eigenvalue"),
        (LINE, [1.0, 2.0, 3.0], np.diag([1.0, -1.0, 1.0]), "not positive definite"),
        (LINE, [1.0, 2.0, 3.0], np.triu(np.full((3, 3), 0.5)) + np.eye(3), "not positive"),
        (LINE, [1.0, 2.0, 3.0], np.ones(2), r"shape \(2,\) for 3 points"),
        (LINE[:1], [1.0], np.ones(1), "1 points for 2 coefficients; measure at least 2"),
        (LINE, [1.0, 2.0], np.ones(2), "2 measured values for 3 places"),
        (np.ones((3, 2)), [1.0, 2.0, 3.0], np.ones(3), "same influence on all points"),
        (LINE * [1, 0], [1.0, 2.0, 3.0], np.ones(3), "no influence on any point"),
    ],
)
def test_points_without_an_answer_are_refused(
    design: Array, y: list[float], covariance: Array, words: str
) -> None:
    with pytest.raises(FitError, match=words):
        generalised(design, np.array(y), covariance)


def test_a_nonlinear_fit_refuses_what_it_cannot_weigh() -> None:
    x, start = np.arange(3.0), np.array([1.0])
    with pytest.raises(FitError, match="an uncertainty u_x is 0"):
        nonlinear(lambda at, b: b[0] * at, x, x, start, u_x=np.array([0.0, 1.0, 1.0]))
    with pytest.raises(FitError, match="point 3: inf"):
        nonlinear(lambda at, b: b[0] * at, x, np.array([0.0, 1.0, np.inf]), start)
    with pytest.raises(FitError, match="1 points for 2 coefficients"):
        nonlinear(lambda at, b: b[0] * at + b[1], x[:1], x[:1], np.ones(2))
