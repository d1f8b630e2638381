import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.interpolate import BSpline

from ledcal.calibration.errors import FitError
from ledcal.calibration.monotone_spline import DEGREE, MonotoneSpline

DRIVES = (0.08, 0.13, 0.2, 0.3, 0.43, 0.58, 0.75, 0.78, 1.0)
SPLINE = MonotoneSpline.through(DRIVES)
DRIVE = np.linspace(0.08, 1.0, 301)
COUNT = len(SPLINE.coefficients)


def test_the_pieces_share_the_measured_drives() -> None:
    assert (SPLINE.breaks[0], SPLINE.breaks[-1]) == (0.08, 1.0)
    assert len(SPLINE.breaks) == 6
    assert COUNT == 8
    assert len(MonotoneSpline.through(np.linspace(0.1, 1, 40)).breaks) == 8


def test_four_drives_are_too_few() -> None:
    with pytest.raises(FitError, match="4 different drives; a monotone spline needs 5"):
        MonotoneSpline.through([0.1, 0.1, 0.2, 0.5, 1.0])


@given(p=st.lists(st.floats(0, 50), min_size=COUNT, max_size=COUNT))
def test_irradiance_never_falls_with_drive(p: list[float]) -> None:
    increments = np.array(p)
    r = SPLINE.at_reference(DRIVE, increments)
    assert np.all(np.diff(r) >= -1e-12 * r[1:].max())
    assert np.all(SPLINE.slope(DRIVE, increments) >= 0)
    assert r[0] == pytest.approx(p[0])
    assert r[-1] == pytest.approx(sum(p))


def test_it_is_the_b_spline_of_scipy() -> None:
    p = np.random.default_rng(1).uniform(0, 20, COUNT)
    knots = np.array([0.08] * DEGREE + list(SPLINE.breaks) + [1.0] * DEGREE)
    oracle = BSpline(knots, np.cumsum(p), DEGREE)
    np.testing.assert_allclose(SPLINE.at_reference(DRIVE, p), oracle(DRIVE), rtol=1e-12)
    np.testing.assert_allclose(SPLINE.slope(DRIVE, p), oracle.derivative()(DRIVE), rtol=1e-10)


def test_start_values_follow_a_smooth_curve() -> None:
    drive = np.array(DRIVES)
    y = drive**2 / (6e-3 * drive + 5e-5 + 8e-4 * drive**2)
    np.testing.assert_allclose(SPLINE.at_reference(drive, SPLINE.start(drive, y)), y, rtol=2e-3)
