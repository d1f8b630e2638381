"""Where a band lies and how wide it is, on plain arrays, each figure with its noise."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ledcal.calibration.errors import EvaluationError
from ledcal.calibration.indication import FloatArray

PEAK_LEVEL = 0.6
"""The peak is the top of a quartic through the logarithms of the values above this fraction of the
highest. The logarithm of a skewed band bends more evenly than the band itself: on exponentially
modified Gaussians the quartic misses their top by 0.005 nm, one through the values by 0.02 nm."""
NOISE_LEVEL = 3.0
"""Smoothed values below this many standard deviations of a single value count as dark."""
_LEAST_AROUND_PEAK = 6
_PEAK_DEGREE = 4
_REAL = 1e-9
_SMOOTHED_OVER = 5
_NOISE_WINDOW = 15
_FOURTH_DIFFERENCE_GAIN = 1 + 16 + 36 + 16 + 1  # variance of the fourth difference of noise


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What describes a band, as the instrument showed it; `_noise_nm` by noise alone.

    Attributes:
        peak_nm, peak_noise_nm: Peak wavelength. [nm]
        centroid_nm, centroid_noise_nm: First moment. [nm]
        fwhm_nm, fwhm_noise_nm: Distance of the half-power points. [nm]
        peak_gradient, centroid_gradient, fwhm_gradient: Derivative with respect to each value
            of the spectrum, shape (n,).
    """

    peak_nm: float
    peak_noise_nm: float
    centroid_nm: float
    centroid_noise_nm: float
    fwhm_nm: float
    fwhm_noise_nm: float
    peak_gradient: FloatArray
    centroid_gradient: FloatArray
    fwhm_gradient: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Top:
    """The top of a band: position, its noise, height, and the derivatives by each value."""

    at_nm: float
    noise_nm: float
    height: float
    gradient: FloatArray
    height_gradient: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """Where a band crosses half of its height: position, its noise, derivative by each value."""

    at_nm: float
    noise_nm: float
    gradient: FloatArray


def shape_of(
    wavelength_nm: FloatArray, values: FloatArray, u: FloatArray, inside: NDArray[np.bool_]
) -> Shape:
    """Return the shape of the band around the highest value.

    Args:
        wavelength_nm: Rising wavelengths, shape (n,). [nm]
        values: The spectrum, shape (n,).
        u: Its noise, shape (n,).
        inside: Where there is light, shape (n,), as told by `lit`; not at the ends.

    Raises:
        EvaluationError: Too few wavelengths around the peak, or it is not rounded.
    """
    band = around(inside, int(np.argmax(np.where(inside, values, 0.0))))
    x, y, u = wavelength_nm[band], values[band], u[band]
    top = peak(x, y, u)
    lower, upper = half_power_points(x, y, u, top)
    power = y * steps_nm(x)
    total = float(power.sum())
    centroid_nm = float(power @ x) / total
    lever_nm = x - centroid_nm
    inner_noise_nm = float(np.linalg.norm(lever_nm * steps_nm(x) * u)) / total
    edge_noise_nm = float(np.linalg.norm(lever_nm[[0, -1]] * _edge_noise(x, y, u))) / total
    by_centroid = lever_nm * steps_nm(x) / total
    gradients = np.zeros((3, values.size))
    gradients[:, band] = top.gradient, by_centroid, upper.gradient - lower.gradient
    return Shape(
        peak_nm=top.at_nm,
        peak_noise_nm=top.noise_nm,
        centroid_nm=centroid_nm,
        centroid_noise_nm=inner_noise_nm + edge_noise_nm,  # the same noise does both
        fwhm_nm=upper.at_nm - lower.at_nm,
        fwhm_noise_nm=math.hypot(lower.noise_nm, upper.noise_nm),
        peak_gradient=gradients[0],
        centroid_gradient=gradients[1],
        fwhm_gradient=gradients[2],
    )


def _edge_noise(x: FloatArray, y: FloatArray, u: FloatArray) -> FloatArray:
    """Return how much of the sum over the band comes and goes as noise shifts its two edges."""
    moved = []
    for edge, inner in (
        (slice(None, _SMOOTHED_OVER), slice(_SMOOTHED_OVER, 2 * _SMOOTHED_OVER)),
        (slice(-_SMOOTHED_OVER, None), slice(-2 * _SMOOTHED_OVER, -_SMOOTHED_OVER)),
    ):
        rise = abs(np.mean(y[inner]) - np.mean(y[edge]))
        run = abs(np.mean(x[inner]) - np.mean(x[edge]))
        smoothed_u = np.mean(u[edge]) / math.sqrt(_SMOOTHED_OVER)
        steps = smoothed_u / rise if smoothed_u < rise else 1.0
        moved.append(abs(np.mean(y[edge])) * run * steps)
    return np.array(moved)


def roughness(values: FloatArray) -> FloatArray:
    """Return the local noise of a smooth curve, shape (n,), in its unit.

    The RMS of fourth differences over 15 neighbours; a band of 10 nm and more, read in steps of
    1 nm, adds next to nothing to them.
    """
    squared = np.diff(values, 4) ** 2 / _FOURTH_DIFFERENCE_GAIN
    window = np.ones(min(_NOISE_WINDOW, squared.size))
    count = np.convolve(np.ones_like(squared), window, "same")
    return np.sqrt(np.pad(np.convolve(squared, window, "same") / count, 2, mode="edge"))


def steps_nm(wavelength_nm: FloatArray) -> FloatArray:
    """Return the width that each wavelength stands for in a sum, shape (n,). [nm]"""
    return np.asarray(np.gradient(wavelength_nm), dtype=np.float64)


def lit(values: FloatArray, u: FloatArray, level: float) -> NDArray[np.bool_]:
    """Tell which values hold light: at least a fraction of the highest, and above noise.

    Judged on a moving average over 5 values, so that noise neither cuts a band short nor makes
    one where it is dark.

    Args:
        values: The spectrum, shape (n,).
        u: Its noise, shape (n,).
        level: Fraction of the highest value.
    """
    smooth = np.convolve(values, np.ones(_SMOOTHED_OVER) / _SMOOTHED_OVER, "same")
    return np.asarray(
        smooth >= np.maximum(level * np.max(smooth), NOISE_LEVEL * u), dtype=np.bool_
    )


def around(inside: NDArray[np.bool_], at: int) -> slice:
    """Return the stretch without a gap that holds the position `at`."""
    outside = np.flatnonzero(~inside)
    first = outside[outside < at].max(initial=-1) + 1
    last = outside[outside > at].min(initial=inside.size)
    return slice(int(first), int(last))


def peak(x: FloatArray, y: FloatArray, u: FloatArray) -> Top:
    """Return the highest point of the curve through the highest values.

    Args:
        x: Wavelengths, shape (n,). [nm]
        y: The spectrum, shape (n,).
        u: Its noise, shape (n,).

    Raises:
        EvaluationError: Too few wavelengths around the peak, or it is not rounded.
    """
    top = around(y >= PEAK_LEVEL * np.max(y), int(np.argmax(y)))
    size = x.size
    x, y, u = x[top], y[top], u[top]
    if x.size < _LEAST_AROUND_PEAK:
        raise EvaluationError(
            f"only {x.size} wavelengths lie above {PEAK_LEVEL:.0%} of the peak, at least "
            f"{_LEAST_AROUND_PEAK} are needed; read the spectrum in finer steps"
        )
    middle = float(x.mean())
    terms = np.vander(x - middle, _PEAK_DEGREE + 1)
    # Weighted by the values: equal noise of those is noise 1/y of their logarithms.
    solve = np.linalg.pinv(terms * y[:, np.newaxis]) * y
    curve = np.poly1d(solve @ np.log(y))
    turns = [root.real for root in curve.deriv().r if abs(root.imag) < _REAL]
    tops = [at for at in turns if x[0] < middle + at < x[-1] and curve.deriv(2)(at) < 0]
    if not tops:
        raise EvaluationError("the spectrum has no rounded top; check it for saturation")
    at = max(tops, key=curve)
    powers = np.arange(_PEAK_DEGREE, 0, -1)
    # The peak moves by the change of the slope there over the curvature, dλ = −dL'/L''.
    moved = -((powers * at ** (powers - 1)) @ solve[:-1]) / float(curve.deriv(2)(at)) / y
    height = math.exp(float(curve(at)))
    gradient, height_gradient = np.zeros(size), np.zeros(size)
    gradient[top] = moved
    height_gradient[top] = np.vander([at], _PEAK_DEGREE + 1)[0] @ solve * height / y
    return Top(
        at_nm=float(middle + at),
        noise_nm=float(np.linalg.norm(moved * u)),
        height=height,
        gradient=gradient,
        height_gradient=height_gradient,
    )


def half_power_points(
    x: FloatArray, y: FloatArray, u: FloatArray, top: Top
) -> tuple[Crossing, Crossing]:
    """Return the two wavelengths at half of the height.

    Args:
        x: Wavelengths, shape (n,). [nm]
        y: The spectrum, shape (n,).
        u: Its noise, shape (n,).
        top: The top of the band.

    Raises:
        EvaluationError: It does not fall below half at both ends.
    """
    half = top.height / 2
    above = np.flatnonzero(y >= half)
    if above.size == 0 or above[0] == 0 or above[-1] == y.size - 1:
        raise EvaluationError(
            f"the band from {x[0]:g} to {x[-1]:g} nm does not fall below half of its peak at both "
            "ends; read a wider spectrum"
        )
    first, last = int(above[0]), int(above[-1])
    points = []
    for inside, outside in ((first, first - 1), (last, last + 1)):
        per_nm = float((y[inside] - y[outside]) / (x[inside] - x[outside]))
        part = float((half - y[outside]) / (y[inside] - y[outside]))
        gradient = top.height_gradient / 2 / per_nm
        gradient[outside] -= (1 - part) / per_nm
        gradient[inside] -= part / per_nm
        points.append(
            Crossing(
                at_nm=float(x[outside] + (half - y[outside]) / per_nm),
                # Between two values of equal noise the interpolated has at most that of either.
                noise_nm=float(max(u[inside], u[outside])) / abs(per_nm),
                gradient=gradient,
            )
        )
    return points[0], points[1]
