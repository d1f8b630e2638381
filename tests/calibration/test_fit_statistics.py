import math
from itertools import pairwise, permutations
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ledcal.calibration.errors import FitError
from ledcal.calibration.fit_statistics import (
    analyse_variance,
    chi2_probability,
    count_runs,
    fit_statistics,
)
from ledcal.calibration.least_squares import generalised

Array = NDArray[np.float64]
STRD = Path(__file__).parents[1] / "data" / "nist-strd"


def test_the_analysis_of_variance_sirstv_of_nist_to_nine_digits() -> None:
    lines = (STRD / "SiRstv.dat").read_text().splitlines()[60:85]
    rows = np.array([[float(word) for word in line.split()] for line in lines])
    found = analyse_variance([rows[rows[:, 0] == number, 1] for number in range(1, 6)])
    certified = {
        found.between: 5.11462616000000e-02,
        found.within: 2.16636560000000e-01,
        found.f: 1.18046237440255,
        found.r_squared: 1.90999039051129e-01,
        found.residual_sd: 1.04076068334656e-01,
    }
    for value, wanted in certified.items():
        assert -math.log10(abs(value / wanted - 1) + 1e-16) >= 9
    assert (found.between_dof, found.within_dof) == (4, 20)
    # F(4, 20) is above 2.866 in 5 % of cases (any table).
    assert 0.3 < found.probability < 0.4


@pytest.mark.parametrize(
    ("groups", "words"),
    [
        ([[1.0, 2.0]], "1 groups"),
        ([[1.0], [2.0]], "no group has two values"),
        ([[1.0, math.nan], [2.0]], "not finite"),
        ([[1.0, 1.0], [2.0]], "do not scatter"),
        ([[1.0, 2.0], []], "none may be empty"),
    ],
)
def test_groups_that_cannot_be_compared_are_refused(groups: list[list[float]], words: str) -> None:
    with pytest.raises(FitError, match=words):
        analyse_variance([np.array(group) for group in groups])


def test_chi_square_is_that_of_the_tables() -> None:
    assert chi2_probability(9.488, 4) == pytest.approx(0.05, abs=5e-5)
    assert chi2_probability(0.0, 4) == 1.0
    for chi2, dof in ((1.0, 0), (math.nan, 3), (-1.0, 3)):
        with pytest.raises(FitError, match="is no test"):
            chi2_probability(chi2, dof)


def test_runs_are_counted_and_their_chance_is_that_of_all_orders() -> None:
    signs = np.array([1.0, 1, -1, -1, 1, 1, 1])
    assert count_runs(signs)[0] == 3
    orders = set(permutations(signs.tolist()))
    few = sum(1 + sum(a != b for a, b in pairwise(one)) <= 3 for one in orders)
    assert count_runs(signs)[1] == pytest.approx(few / len(orders))
    assert count_runs(np.array([1.0, 0.0, -1.0])) == (2, 1.0)
    assert count_runs(np.array([1.0, 2.0])) == (1, 1.0)
    assert count_runs(np.zeros(3)) == (0, 1.0)


def test_leaving_one_out_is_what_refits_without_it_find() -> None:
    rng = np.random.default_rng(5)
    x = np.arange(8.0)
    design, y, u = (
        np.column_stack([np.ones(8), x]),
        5 + x + rng.normal(size=8),
        rng.uniform(1, 2, 8),
    )
    fit = generalised(design, y, u)
    found = fit_statistics(y, fit.residual, design, np.diag(u**2), range(8))
    wrong, normalised = [], []
    for n in range(8):
        kept = np.arange(8) != n
        without = generalised(design[kept], y[kept], u[kept])
        error = y[n] - design[n] @ without.value
        wrong.append(error / y[n])
        normalised.append(
            error / math.sqrt(u[n] ** 2 + design[n] @ without.covariance @ design[n])
        )
    assert found.leave_one_out_rel == pytest.approx(np.sqrt(np.mean(np.square(wrong))))
    largest = int(np.argmax(np.abs(normalised)))
    assert found.largest_point == largest + 1
    assert found.largest_normalised == pytest.approx(normalised[largest])
    assert found.chi2 == pytest.approx(fit.chi2)
    assert found.dof == 6


def test_an_error_that_all_points_share_is_no_residual() -> None:
    """A common error of 2 beside own ones of 0.1: the residuals are judged by the latter."""
    rng = np.random.default_rng(6)
    design = np.column_stack([np.ones(12), np.arange(12.0)])
    covariance = np.diag(np.full(12, 0.01)) + 4.0
    chi2 = []
    for _ in range(300):
        y = design @ [20.0, 1.0] + rng.normal(0, 0.1, 12) + rng.normal(0, 2)
        fit = generalised(design, y, covariance)
        found = fit_statistics(y, fit.residual, design, covariance, range(12))
        assert found.chi2 == pytest.approx(fit.chi2, rel=1e-6)
        chi2.append(found.chi2_probability)
    assert np.mean(np.array(chi2) < 0.05) == pytest.approx(0.05, abs=0.03)
    assert np.mean(chi2) == pytest.approx(0.5, abs=0.05)


def test_a_point_that_no_other_tells_of_is_counted_and_not_judged() -> None:
    design = np.array([[1.0, 0], [1, 0], [1, 0], [1, 1]])
    y = np.array([1.0, 2.0, 3.0, 9.0])
    fit = generalised(design, y, np.ones(4))
    found = fit_statistics(y, fit.residual, design, np.eye(4), range(4))
    assert found.unchecked == 1
    assert found.largest_point in (1, 3)
    assert math.isfinite(found.leave_one_out_rel)


def test_a_fit_through_every_point_is_no_test() -> None:
    design = np.eye(3)
    with pytest.raises(FitError, match="3 points for 3 coefficients leave nothing to test"):
        fit_statistics(np.ones(3), np.zeros(3), design, np.eye(3), range(3))
