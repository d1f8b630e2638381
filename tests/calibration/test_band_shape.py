import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledcal.calibration.band_shape import (
    around,
    half_power_points,
    lit,
    peak,
    roughness,
    shape_of,
)
from ledcal.calibration.errors import EvaluationError
from ledcal.calibration.indication import FloatArray

X_NM = np.arange(700.0, 1001.0)
NONE = np.zeros_like(X_NM)
GAUSSIAN_FWHM = 2.354820045


def _gaussian(centre_nm: float, sigma_nm: float) -> FloatArray:
    return np.exp(-(((X_NM - centre_nm) / sigma_nm) ** 2) / 2)


@given(centre_nm=st.floats(800, 900), sigma_nm=st.floats(5, 20), height=st.floats(1e-6, 1e3))
def test_a_gaussian_has_its_centre_and_width_wherever_it_lies(
    centre_nm: float, sigma_nm: float, height: float
) -> None:
    values = height * _gaussian(centre_nm, sigma_nm)
    shape = shape_of(X_NM, values, NONE, lit(values, NONE, 0.01))
    assert shape.peak_nm == pytest.approx(centre_nm, abs=0.02)
    assert shape.centroid_nm == pytest.approx(centre_nm, abs=0.05)
    assert shape.fwhm_nm == pytest.approx(GAUSSIAN_FWHM * sigma_nm, rel=0.01)


def test_roughness_sees_noise_and_not_the_band() -> None:
    rng = np.random.default_rng(4)
    assert np.max(roughness(_gaussian(850.0, 6.0))) < 2e-3
    noise = rng.normal(0, 0.1, X_NM.size)
    assert np.median(roughness(_gaussian(850.0, 6.0) + noise)) == pytest.approx(0.1, rel=0.15)


def test_noise_neither_cuts_a_band_short_nor_makes_one() -> None:
    rng = np.random.default_rng(6)
    u = np.full_like(X_NM, 0.002)
    clean = _gaussian(850.0, 10.0)
    inside = lit(clean + rng.normal(0, 0.002, X_NM.size), u, 0.01)
    assert not inside[np.abs(X_NM - 850) > 40].any()
    assert inside[np.abs(X_NM - 850) < 25].all()


def test_the_stretch_around_a_place_ends_at_its_gaps() -> None:
    inside = np.array([True, False, True, True, True, False, True])
    assert around(inside, 3) == slice(2, 5)
    assert around(np.ones(4, dtype=bool), 1) == slice(0, 4)


def test_a_top_of_few_wavelengths_is_refused() -> None:
    with pytest.raises(EvaluationError, match="finer steps"):
        peak(X_NM, _gaussian(850.0, 1.0), NONE)


def test_a_top_without_curvature_is_refused() -> None:
    rising = np.linspace(0.9, 1.0, X_NM.size)
    with pytest.raises(EvaluationError, match="no rounded top"):
        peak(X_NM, rising, NONE)


def test_a_band_that_is_cut_off_has_no_width() -> None:
    whole = peak(X_NM, _gaussian(850.0, 10.0), NONE)
    with pytest.raises(EvaluationError, match="does not fall below half"):
        half_power_points(X_NM, _gaussian(702.0, 10.0), NONE, whole)
