"""Errors over wavelength: what a correlation length and a covariance matrix mean."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledcal.calibration.correlation import (
    correlated_errors,
    errors_by_covariance,
    errors_by_length,
    require_covariance,
)
from ledcal.calibration.errors import EvaluationError
from ledcal.calibration.indication import FloatArray

TABLE_NM = np.arange(400.0, 1001.0, 10.0)
GRID_NM = np.arange(400.0, 1000.5, 1.0)
U_REL = np.interp(TABLE_NM, [400.0, 600.0, 1000.0], [0.03, 0.01, 0.02])


def _kernel(at_nm: FloatArray, length_nm: float) -> FloatArray:
    return np.asarray(np.exp(-0.5 * np.subtract.outer(at_nm, at_nm) ** 2 / length_nm**2))


@given(length_nm=st.floats(15.0, 600.0))
@settings(deadline=None, max_examples=30)
def test_the_modes_have_the_stated_uncertainty_and_correlation(length_nm: float) -> None:
    errors = errors_by_length("lamp", "C-1", TABLE_NM, U_REL, length_nm)
    at = errors.at(GRID_NM)
    u_rel = np.interp(GRID_NM, TABLE_NM, U_REL)
    np.testing.assert_allclose(np.linalg.norm(at, axis=1), u_rel, rtol=1e-12)
    correlation = (at @ at.T) / np.outer(u_rel, u_rel)
    np.testing.assert_allclose(correlation, _kernel(GRID_NM, length_nm), atol=0.02)


def test_the_slope_of_an_error_is_its_uncertainty_over_the_length() -> None:
    errors = errors_by_length("lamp", "C-1", TABLE_NM, np.full(TABLE_NM.size, 0.01), 100.0)
    low, high = errors.at(np.array([700.0, 720.0]))
    assert np.linalg.norm(high - low) / 20 == pytest.approx(0.01 / 100, rel=0.02)


def test_few_modes_are_enough() -> None:
    assert len(errors_by_length("lamp", "C-1", TABLE_NM, U_REL, 100.0).factors) <= 9
    assert len(errors_by_length("lamp", "C-1", TABLE_NM, U_REL, 1e6).factors) == 1


def test_a_covariance_gives_the_uncertainty_of_a_sum_within_a_tenth_of_a_percent() -> None:
    rng = np.random.default_rng(8)
    smooth = 0.9 * _kernel(TABLE_NM, 80.0) + 0.1 * np.eye(TABLE_NM.size)
    covariance = smooth * np.outer(U_REL, U_REL)
    errors = errors_by_covariance("lamp", "C-1", TABLE_NM, U_REL, covariance)
    at = errors.at(TABLE_NM)
    for _ in range(20):
        weight = rng.random(TABLE_NM.size)
        exact = math.sqrt(weight @ covariance @ weight)
        assert np.linalg.norm(weight @ at) == pytest.approx(exact, rel=1e-3)


def test_a_number_is_a_length_and_a_matrix_a_covariance() -> None:
    by_length = correlated_errors("lamp", "C-1", TABLE_NM, U_REL, 100.0)
    assert by_length.factors[0].name == "lamp [1]"
    matrix = np.diag(U_REL**2)
    assert len(correlated_errors("lamp", "C-1", TABLE_NM, U_REL, matrix).factors) > 50


def test_a_length_that_means_nothing_is_refused() -> None:
    for bad in (0.0, -1.0, math.nan, 5.0):
        with pytest.raises(EvaluationError, match=r"C-1: the correlation length .* 12 nm"):
            errors_by_length("lamp", "C-1", TABLE_NM, U_REL, bad)


@pytest.mark.parametrize(
    ("matrix", "words"),
    [
        (np.eye(2), r"shape \(2, 2\) is not 3 by 3"),
        (np.array([[1, 0, 0], [0, np.nan, 0], [0, 0, 1]]), "row 2, column 2 .* not finite"),
        (np.array([[1, 0.2, 0], [0, 1, 0], [0, 0, 1]]), "not symmetric, see row 1, column 2"),
        (np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1.0]]), "singular: its smallest eigenvalue is"),
        (
            np.array([[1, 2, 0], [2, 1, 0], [0, 0, 1.0]]),
            "indefinite: its smallest eigenvalue is -1",
        ),
        (np.zeros((3, 3)), "singular"),
    ],
)
def test_a_matrix_that_is_no_covariance_is_refused(matrix: FloatArray, words: str) -> None:
    with pytest.raises(EvaluationError, match=f"certificate C-1: .*{words}"):
        require_covariance("certificate C-1", matrix, 3)


def test_a_covariance_that_contradicts_the_table_is_refused() -> None:
    matrix = np.diag(U_REL**2)
    matrix[4, 4] *= 4
    with pytest.raises(
        EvaluationError, match=r"at 440 nm .* means .* 0\.052, the table states 0\.026"
    ):
        errors_by_covariance("lamp", "C-1", TABLE_NM, U_REL, matrix)
