"""Spectrum and power meter together: the spectrum gives the shape, the meter gives the scale."""

import math

import numpy as np

from ledcal.calibration.band_shape import steps_nm
from ledcal.calibration.certificate import PowerMeterCertificate
from ledcal.calibration.errors import EvaluationError
from ledcal.calibration.estimate import Estimate
from ledcal.calibration.indication import FloatArray
from ledcal.calibration.spectrum import Spectrum, lit_part
from ledcal.calibration.uncertain import uncertain_value


def mismatch_factor(
    spectrum: Spectrum, set_wavelength_nm: float, certificate: PowerMeterCertificate
) -> Estimate:
    """Return the spectral mismatch factor M of the head at its wavelength setting. [1]

    M = ∫ S(λ) s(λ) dλ / [ s(λ0) ∫ S(λ) dλ ] wherever S is at least 1 % of its peak,
    with the head's relative responsivity s; the irradiance is then P/(A·M) (CIE S 023, F* = 1/M).

    Args:
        spectrum: The light that the head sees.
        set_wavelength_nm: The meter's wavelength setting λ0. [nm]
        certificate: Of the power meter and its head.

    Raises:
        OutsideCertificate: The setting or the band lies outside the certificate.
    """
    inside = lit_part(spectrum)
    wavelength_nm = np.where(inside, spectrum.wavelength_nm, set_wavelength_nm)
    weight = np.where(inside, steps_nm(spectrum.wavelength_nm), 0.0)
    responsivity = certificate.responsivity_at(wavelength_nm)
    at_setting = certificate.responsivity_at(np.array([set_wavelength_nm]))
    total = spectrum.light.sum(weight)
    mismatch = (spectrum.light * responsivity).sum(weight) / (total * at_setting)
    slope_per_nm = np.gradient(responsivity.value[inside], spectrum.wavelength_nm[inside])
    power = (weight * spectrum.irradiance_w_m2_nm)[inside]
    mean_slope_per_nm = float(power @ slope_per_nm / (total.value[0] * at_setting.value[0]))
    return spectrum.shifted(mismatch, mean_slope_per_nm).estimate("1")


def absolute_spectrum(spectrum: Spectrum, irradiance: Estimate) -> Spectrum:
    """Return the spectrum scaled so that its sum is the irradiance that the meter found.

    E(λ) = S(λ) · E_pm / Σ S·Δλ: the sum is E_pm with the uncertainty of E_pm and nothing else,
    while what concerns the shape comes from the spectrometer alone. The spectrum's own noise in
    the meter's mismatch factor is taken as independent of that in the shape; it is some 1e-5.

    Args:
        spectrum: The light that the head saw.
        irradiance: By the power meter. [W/m2]

    Raises:
        EvaluationError: The sum of the spectrum or the irradiance is not positive.
    """
    total = spectrum.light.sum(steps_nm(spectrum.wavelength_nm))
    if not (total.value[0] > 0 and irradiance.value > 0):
        raise EvaluationError(
            f"the spectrum sums to {total.value[0]:.3g} W/m2 and the meter found "
            f"{irradiance.value:.3g} W/m2; both must be > 0 for one to scale the other"
        )
    light = uncertain_value(irradiance) * (spectrum.light / total)
    return Spectrum(wavelength_nm=spectrum.wavelength_nm, light=light, axis=spectrum.axis)


def weighted_irradiance(spectrum: Spectrum, weight: FloatArray) -> Estimate:
    """Return Σ S(λ)·W(λ)·Δλ, for an action spectrum or a hazard weighting. [W/m2]

    Args:
        spectrum: The light.
        weight: The weighting at the spectrum's wavelengths, shape (n,). [1]

    Raises:
        EvaluationError: The weighting is not finite or has another length.
    """
    if weight.shape != spectrum.wavelength_nm.shape:
        raise EvaluationError(
            f"{weight.size} weights do not go with {spectrum.wavelength_nm.size} wavelengths"
        )
    if not np.all(np.isfinite(weight)):
        at_nm = spectrum.wavelength_nm[int(np.argmin(np.isfinite(weight)))]
        raise EvaluationError(f"the weighting at {at_nm:g} nm is not finite")
    step_nm = steps_nm(spectrum.wavelength_nm)
    total = spectrum.light.sum(weight * step_nm)
    slope_per_nm = np.gradient(weight, spectrum.wavelength_nm)
    moved = float((spectrum.irradiance_w_m2_nm * step_nm) @ slope_per_nm)
    return spectrum.shifted(total, moved).estimate("W/m2")


def band_irradiance(spectrum: Spectrum, lower_nm: float, upper_nm: float) -> Estimate:
    """Return the irradiance between two wavelengths. [W/m2]

    A wavelength at an edge counts with the part of its width that lies inside.

    Args:
        spectrum: The light.
        lower_nm: Lower edge, within the spectrum. [nm]
        upper_nm: Upper edge, within the spectrum. [nm]

    Raises:
        EvaluationError: The edges are not in order or lie outside the spectrum.
    """
    axis_nm = spectrum.wavelength_nm
    if not (math.isfinite(lower_nm) and axis_nm[0] <= lower_nm < upper_nm <= axis_nm[-1]):
        raise EvaluationError(
            f"the band from {lower_nm:g} to {upper_nm:g} nm does not lie within the spectrum from "
            f"{axis_nm[0]:g} to {axis_nm[-1]:g} nm"
        )
    step_nm = steps_nm(axis_nm)
    left_nm = np.maximum(axis_nm - step_nm / 2, lower_nm)
    right_nm = np.minimum(axis_nm + step_nm / 2, upper_nm)
    total = spectrum.light.sum(np.clip(right_nm - left_nm, 0.0, None))
    at_edges = np.interp([lower_nm, upper_nm], axis_nm, spectrum.irradiance_w_m2_nm)
    # A larger wavelength brings light in at the lower edge and takes it out at the upper one.
    return spectrum.shifted(total, float(at_edges[0] - at_edges[1])).estimate("W/m2")
