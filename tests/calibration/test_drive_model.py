import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledcal.calibration.drive_model import covariance, jacobian, predicted, start_values

coefficient = st.floats(0, 1e-1)
DRIVE = np.linspace(0.05, 1.0, 60)


def _at(difference_k: float) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.array([DRIVE, np.full_like(DRIVE, difference_k)])


@given(p0=coefficient, p1=coefficient, p2=coefficient)
def test_irradiance_never_falls_with_drive(p0: float, p1: float, p2: float) -> None:
    if p0 + p1 + p2 < 1e-9:
        return
    e = predicted(_at(0.0), np.array([p0, p1, p2, 0.0, 0.0]))
    assert np.all(np.diff(e) >= -1e-12 * e[1:])


def test_the_derivatives_are_those_of_the_model() -> None:
    beta = np.array([5e-3, 2e-4, 8e-4, 4e-3, 1e-5])
    x = _at(7.0)
    for n, size in enumerate(beta):
        step = np.zeros(5)
        step[n] = 1e-6 * size
        numeric = (predicted(x, beta + step) - predicted(x, beta - step)) / (2 * step[n])
        np.testing.assert_allclose(jacobian(x, beta)[n], numeric, rtol=1e-6)


def test_points_without_error_give_their_own_start_values() -> None:
    beta = np.array([5e-3, 2e-4, 8e-4, 0.0, 0.0])
    x = np.array([DRIVE, np.linspace(-9, 9, DRIVE.size)])
    np.testing.assert_allclose(start_values(x, predicted(x, beta)), beta, rtol=1e-6, atol=1e-9)


def test_the_covariance_of_a_straight_line_is_the_textbook_one() -> None:
    at = np.array([-1.0, 0.0, 1.0, 2.0])
    weighted = np.array([np.ones(4), at]) / 0.1
    slope_u = 0.1 / np.sqrt(np.sum((at - at.mean()) ** 2))
    assert np.sqrt(covariance(weighted)[1, 1]) == pytest.approx(slope_u)


def test_coefficients_that_the_points_do_not_tell_apart_are_refused() -> None:
    one = np.ones(8)
    with pytest.raises(np.linalg.LinAlgError, match="same influence"):
        covariance(np.array([one, 2 * one]))
    with pytest.raises(np.linalg.LinAlgError, match="no influence"):
        covariance(np.array([one, 0 * one]))
