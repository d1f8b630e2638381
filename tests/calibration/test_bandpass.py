"""The bandpass taken out of bands and of noise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledcal.calibration.bandpass import gradient_as_shown, without_bandpass
from ledcal.calibration.errors import EvaluationError
from ledcal.calibration.indication import FloatArray

X_NM = np.arange(700.0, 1001.0)
NONE = np.zeros_like(X_NM)
GAUSSIAN_FWHM = 2.354820045


def _gaussian(centre_nm: float, sigma_nm: float) -> FloatArray:
    return np.exp(-(((X_NM - centre_nm) / sigma_nm) ** 2) / 2)


@given(sigma_nm=st.floats(5.5, 20), bandpass_nm=st.floats(1, 6))
def test_the_bandpass_is_taken_out_of_a_gaussian(sigma_nm: float, bandpass_nm: float) -> None:
    widened = np.hypot(sigma_nm, bandpass_nm / GAUSSIAN_FWHM)
    seen = sigma_nm / widened * _gaussian(850.0, widened)
    found, _ = without_bandpass(X_NM, seen, NONE, bandpass_nm)
    # The next term of the series, σ_b⁴/8 · d⁴S/dλ⁴, is 3/8 of the ratio's fourth power at the
    # top; what the local quartic cuts off stays below 5e-5.
    left_over = 0.4 * (bandpass_nm / GAUSSIAN_FWHM / sigma_nm) ** 4 + 5e-5
    np.testing.assert_allclose(found, _gaussian(850.0, sigma_nm), atol=left_over)


def test_taking_the_bandpass_out_of_noise_states_its_gain() -> None:
    rng = np.random.default_rng(2)
    noise = rng.normal(0, 1, 100_000)
    axis_nm = np.arange(noise.size, dtype=float)
    found, u = without_bandpass(axis_nm, noise, np.ones_like(noise), 5.0)
    assert np.std(found) == pytest.approx(u[0], rel=0.02)


def test_too_few_wavelengths_for_the_bandpass_are_refused() -> None:
    with pytest.raises(EvaluationError, match="6 wavelengths are fewer than the 19"):
        without_bandpass(X_NM[:6], NONE[:6], NONE[:6], 10.0)


def test_a_derivative_is_taken_through_the_correction() -> None:
    rng = np.random.default_rng(9)
    away_from_ends = (X_NM > 750) & (X_NM < 950)
    gradient = np.where(away_from_ends, rng.normal(0, 1, X_NM.size), 0.0)
    values = rng.normal(0, 1, X_NM.size)
    corrected, _ = without_bandpass(X_NM, values, NONE, 5.0)
    assert gradient @ corrected == pytest.approx(gradient_as_shown(X_NM, gradient, 5.0) @ values)
