"""The widening of a spectrum by the instrument's bandpass, and how to take it out."""

import math
from functools import lru_cache

import numpy as np

from ledcal.calibration.band_shape import steps_nm
from ledcal.calibration.errors import EvaluationError
from ledcal.calibration.indication import FloatArray

FWHM_PER_SIGMA = math.sqrt(8 * math.log(2))
"""FWHM of a Gaussian over its standard deviation."""


def without_bandpass(
    wavelength_nm: FloatArray, values: FloatArray, u: FloatArray, bandpass_nm: float
) -> tuple[FloatArray, FloatArray]:
    """Return the spectrum with the widening by a Gaussian bandpass taken out, and its noise.

    S − (σ²/2)·d²S/dλ², the first term of the inverse [1]; the derivative is taken from local
    polynomials of fourth order, so that it adds little noise.

    Args:
        wavelength_nm: Wavelengths whose spacing changes slowly if at all, shape (n,). [nm]
        values: The spectrum as the instrument saw it, shape (n,).
        u: Its noise, shape (n,).
        bandpass_nm: Bandpass (FWHM) of the instrument. [nm]

    Raises:
        EvaluationError: The bandpass spans more wavelengths than there are.

    References:
        [1] CIE 214:2014, Effect of instrumental bandpass function and measurement interval on
            spectral quantities.
    """
    step_nm = steps_nm(wavelength_nm)
    variance_nm2 = (bandpass_nm / FWHM_PER_SIGMA) ** 2
    half_window = _half_window(step_nm, bandpass_nm)
    second = _second_derivative(half_window)
    padded = np.pad(values, half_window, mode="edge")
    curvature = np.convolve(padded, second, "valid") / step_nm**2
    kernel = -second * variance_nm2 / 2 / float(np.min(step_nm)) ** 2
    kernel[half_window] += 1
    gain = float(np.linalg.norm(kernel))
    return np.asarray(values - variance_nm2 / 2 * curvature, dtype=np.float64), u * gain


def gradient_as_shown(
    wavelength_nm: FloatArray, gradient: FloatArray, bandpass_nm: float
) -> FloatArray:
    """Return a derivative by the values as the instrument saw them, shape (n,).

    `without_bandpass` is linear in the values; this is its transpose, but for the dark ends.

    Args:
        wavelength_nm: Wavelengths, shape (n,). [nm]
        gradient: Derivative of a figure by each value without the widening, shape (n,).
        bandpass_nm: Bandpass (FWHM) of the instrument. [nm]
    """
    step_nm = steps_nm(wavelength_nm)
    variance_nm2 = (bandpass_nm / FWHM_PER_SIGMA) ** 2
    second = _second_derivative(_half_window(step_nm, bandpass_nm))
    spread = np.convolve(gradient / step_nm**2, second, "same")
    return np.asarray(gradient - variance_nm2 / 2 * spread, dtype=np.float64)


def _half_window(step_nm: FloatArray, bandpass_nm: float) -> int:
    half_window = max(3, round(0.9 * bandpass_nm / float(np.median(step_nm))))
    window = 2 * half_window + 1
    if window > step_nm.size:
        raise EvaluationError(
            f"{step_nm.size} wavelengths are fewer than the {window} that the bandpass "
            f"{bandpass_nm:g} nm spans; read the whole spectrum"
        )
    return half_window


@lru_cache(maxsize=8)
def _second_derivative(half_window: int) -> FloatArray:
    """Return the kernel, per step, of the quartic fitted to each window (Savitzky-Golay)."""
    terms = np.vander(np.arange(-half_window, half_window + 1), 5)
    return np.asarray(2 * np.linalg.pinv(terms)[2], dtype=np.float64)
