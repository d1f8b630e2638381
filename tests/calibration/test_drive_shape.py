import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ledcal.calibration.drive_shape import (
    DriveShape,
    PhysicalShape,
    jacobian,
    predicted,
    slopes,
    start_values,
)
from ledcal.calibration.monotone_spline import MonotoneSpline

Array = NDArray[np.float64]
DRIVE = np.linspace(0.05, 1.0, 60)
PHYSICAL = PhysicalShape()
SPLINE = MonotoneSpline.through([*DRIVE[::6], 1.0])
BETA = np.array([5e-3, 2e-4, 8e-4, 3e-4, 4e-3, 4e-3, 1e-5])
SHAPES = [
    (PHYSICAL, BETA),
    (SPLINE, np.append(np.linspace(1, 20, len(SPLINE.coefficients)), [4e-3, 1e-5])),
]


def _at(difference_k: float) -> Array:
    return np.array([DRIVE, np.full_like(DRIVE, difference_k)])


@given(
    p0=st.floats(1e-4, 1e-1),
    p1=st.floats(0, 1e-1),
    p2=st.floats(0, 1e-1),
    share=st.floats(0, 1),
    x0=st.floats(0, 0.02),
)
def test_irradiance_never_falls_with_drive(
    p0: float, p1: float, p2: float, share: float, x0: float
) -> None:
    """p3 up to p0 is what the shape's own text allows."""
    p = np.array([p0, p1, p2, share * p0, x0])
    e = PHYSICAL.at_reference(DRIVE, p)
    assert np.all(np.diff(e) >= -1e-12 * e[1:])
    assert np.all(PHYSICAL.slope(DRIVE, p) >= -1e-12 * e)


@pytest.mark.parametrize(("shape", "beta"), SHAPES)
def test_the_derivatives_are_those_of_the_model(shape: DriveShape, beta: Array) -> None:
    x = _at(7.0)
    for n, size in enumerate(beta):
        step = np.zeros(beta.size)
        step[n] = 1e-6 * size
        numeric = (predicted(shape, x, beta + step) - predicted(shape, x, beta - step)) / (
            2 * step[n]
        )
        np.testing.assert_allclose(jacobian(shape, x, beta)[n], numeric, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize(("shape", "beta"), SHAPES)
def test_the_slopes_are_those_of_the_model(shape: DriveShape, beta: Array) -> None:
    x = _at(7.0)[:, 1:-1]
    for n, slope in enumerate(slopes(shape, x, beta)):
        step = np.zeros((2, 1))
        step[n] = 1e-6
        numeric = (predicted(shape, x + step, beta) - predicted(shape, x - step, beta)) / 2e-6
        # Where two pieces of the spline meet, the difference is of first order only.
        np.testing.assert_allclose(slope, numeric, rtol=1e-4)


def test_the_start_values_are_near_the_points() -> None:
    """Within what the second term of exp(k·ΔT) is: the truth here has b2 = 0."""
    x = np.array([DRIVE, np.tile([-9.0, 0.0, 9.0], DRIVE.size // 3)])
    y = predicted(PHYSICAL, x, np.array([5e-3, 2e-4, 8e-4, 3e-4, 1e-3, 4e-3, 0]))
    found = start_values(PHYSICAL, x, y)
    assert found[-2] == pytest.approx(4e-3, rel=0.02)
    np.testing.assert_allclose(predicted(PHYSICAL, x, found), y, rtol=5e-3)


@given(p2=st.floats(0, 1e-3), x0=st.floats(0, 0.02))
def test_without_p1_the_onset_is_redundant(p2: float, x0: float) -> None:
    """Then dR/dx0 is a sum of the other derivatives, and one direction is lost."""
    p = np.array([5e-3, 0.0, p2, 2e-4, x0])
    assume(np.all(DRIVE > x0))
    assert PHYSICAL.redundant(p) == 1
    design = PHYSICAL.gradient(DRIVE, p)
    design = design / np.linalg.norm(design, axis=1)[:, np.newaxis]
    assert np.linalg.svd(design, compute_uv=False)[-1] < 1e-12
    assert PHYSICAL.redundant(p + 1e-6) == 0


def test_what_a_bound_holds_is_told() -> None:
    assert PHYSICAL.free(np.array([5e-3, 0.0, 1e-4, 0.0, 0.0])).tolist() == [
        True,
        False,
        True,
        False,
        False,
    ]
    assert SPLINE.free(np.array([0.0, 1.0])).tolist() == [False, True]
    assert SPLINE.redundant(np.zeros(2)) == 0
