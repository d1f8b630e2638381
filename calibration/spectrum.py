"""From two blanks and a lit spectrum to the band of an LED and the head's spectral mismatch."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ledcal.calibration.band_shape import (
    lit,
    roughness,
    shape_of,
    steps_nm,
    without_bandpass,
)
from ledcal.calibration.certificate import PowerMeterCertificate, SpectrometerCertificate
from ledcal.calibration.errors import EvaluationError, OutsideCertificate
from ledcal.calibration.estimate import Component, Estimate
from ledcal.calibration.indication import FloatArray, Observation, SpectrumIndication

BAND_LEVEL = 0.01
"""The band is where the spectrum is at least this fraction of its peak (CIE 127)."""
LEAST_PEAK_TO_NOISE = 20.0
"""Below this ratio most of the band is lost in noise."""
BANDPASS_REL = 0.2
"""What may be wrong of the correction for bandpass, as a fraction: a tenth for a bandpass known
to 5 %, a tenth for the higher terms of a skewed band (tested on exponentially modified
Gaussians)."""
RESPONSE_SHAPE_NM = 100.0
"""A certificate gives the uncertainty at each wavelength but no correlation; the error is taken
to tilt by its standard uncertainty over this distance, smooth as lamp and detector are."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spectrum:
    """A spectrum at the reference plane, corrected by the spectrometer's certificate.

    Attributes:
        wavelength_nm: True wavelengths, rising, shape (n,). [nm]
        irradiance_w_m2_nm: Spectral irradiance of the panel, shape (n,). [W/m2/nm]
        u_independent_w_m2_nm: Standard uncertainty by noise alone, shape (n,). [W/m2/nm]
        u_wavelength_nm: Standard uncertainty of the wavelength axis, common to it all. [nm]
    """

    wavelength_nm: FloatArray
    irradiance_w_m2_nm: FloatArray
    u_independent_w_m2_nm: FloatArray
    u_wavelength_nm: float

    def __post_init__(self) -> None:
        """Refuse an axis that does not rise, unequal lengths and values that are not finite."""
        _require_spectrum(self.wavelength_nm, self.irradiance_w_m2_nm, "corrected")
        u = self.u_independent_w_m2_nm
        if u.shape != self.wavelength_nm.shape or not np.all(np.isfinite(u) & (u >= 0)):
            raise EvaluationError("the noise of the spectrum is not a finite value per wavelength")


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """The band of one LED channel.

    Attributes:
        peak: Peak wavelength. [nm]
        centroid: Centroid wavelength over the band down to 1 % of the peak. [nm]
        fwhm: Full width at half maximum, the instrument's bandpass taken out. [nm]
    """

    peak: Estimate
    centroid: Estimate
    fwhm: Estimate


def corrected_spectrum(observation: Observation, certificate: SpectrometerCertificate) -> Spectrum:
    """Return the panel's spectrum: lit minus the mean of the blanks, then the certificate.

    Wavelengths that the certificate does not cover are left out; that the light lies in what is
    left is checked here for the peak and by `describe_band` for the whole band.

    Args:
        observation: Blank-lit-blank with a spectrum in each state, one integration time.
        certificate: Of the spectrometer.

    Raises:
        EvaluationError: A spectrum is missing, not finite, on another axis or taken with another
            integration time, or there is no light above the noise.
        OutsideCertificate: The peak lies outside the certificate.
    """
    lit = _present(observation.lit.spectrum, "lit")
    before = _present(observation.blank_before.spectrum, "blank before")
    after = _present(observation.blank_after.spectrum, "blank after")
    for blank, state in ((before, "blank before"), (after, "blank after")):
        _require_partner(lit, blank, state)
    net = lit.irradiance_w_m2_nm - (before.irradiance_w_m2_nm + after.irradiance_w_m2_nm) / 2
    # The difference of the blanks holds two blanks' noise; the net spectrum holds one and a half.
    of_blanks = np.std(before.irradiance_w_m2_nm - after.irradiance_w_m2_nm) * math.sqrt(0.75)
    noise = np.maximum(roughness(net), of_blanks)
    wavelength_nm = lit.wavelength_nm + certificate.wavelength_correction_nm
    covered = (wavelength_nm >= certificate.wavelength_nm[0]) & (
        wavelength_nm <= certificate.wavelength_nm[-1]
    )
    top = int(np.argmax(net))
    if not net[top] > LEAST_PEAK_TO_NOISE * noise[top]:
        raise EvaluationError(
            f"there is no light to describe: the spectrum's peak {net[top]:.3g} W/m2/nm is not "
            f"above {LEAST_PEAK_TO_NOISE:g} times its noise {noise[top]:.3g} W/m2/nm; check that "
            "light reaches the spectrometer and lengthen its integration time"
        )
    if not covered[top]:
        raise OutsideCertificate(
            f"the spectrum peaks at {wavelength_nm[top]:.1f} nm, outside "
            f"{certificate.wavelength_nm[0]:g} to {certificate.wavelength_nm[-1]:g} nm of "
            f"certificate {certificate.head.number}"
        )
    factor = certificate.factor_at(wavelength_nm[covered])
    return Spectrum(
        wavelength_nm=wavelength_nm[covered],
        irradiance_w_m2_nm=net[covered] * factor,
        u_independent_w_m2_nm=noise[covered] * factor,
        u_wavelength_nm=certificate.wavelength_u_nm,
    )


def describe_band(spectrum: Spectrum, certificate: SpectrometerCertificate) -> Band:
    """Return peak, centroid and FWHM of the band around the spectrum's highest value.

    The centroid is the first moment over the band down to 1 % of the peak [1]; a symmetric
    bandpass does not move it. For the others the bandpass is taken out first: the peak is then
    the top of a quartic through the highest values, the FWHM lies between interpolated
    half-power points.

    Args:
        spectrum: The light of one channel; of several, the strongest is described.
        certificate: Of the spectrometer.

    Raises:
        EvaluationError: Fewer than 6 wavelengths around the peak, or a band narrower than the
            bandpass.
        OutsideCertificate: The band runs out of the wavelengths that the certificate covers.

    References:
        [1] CIE 127:2007, Measurement of LEDs; CIE 214:2014 on bandpass.
    """
    x, y = spectrum.wavelength_nm, spectrum.irradiance_w_m2_nm
    u = spectrum.u_independent_w_m2_nm
    inside = _lit(spectrum)
    shown = shape_of(x, y, u, inside)
    if shown.fwhm_nm <= certificate.bandpass_nm:
        raise EvaluationError(
            f"the band is {shown.fwhm_nm:.2f} nm wide, no more than the bandpass "
            f"{certificate.bandpass_nm:g} nm of the spectrometer"
        )
    narrowed, u_narrowed = without_bandpass(x, y, u, certificate.bandpass_nm)
    shape = shape_of(x, narrowed, u_narrowed, inside)
    tilt_per_nm = certificate.u_rel_at(shown.centroid_nm) / RESPONSE_SHAPE_NM
    axis = {
        "wavelength scale": spectrum.u_wavelength_nm,
        "response over the band": tilt_per_nm * shown.variance_nm2,
    }
    number = certificate.head.number
    return Band(
        peak=_nm(
            shape.peak_nm,
            shape.peak_noise_nm,
            {**axis, "bandpass": _bandpass_u_nm(shown.peak_nm, shape.peak_nm)},
            number,
        ),
        centroid=_nm(shown.centroid_nm, shown.centroid_noise_nm, axis, number),
        fwhm=_nm(
            shape.fwhm_nm,
            shape.fwhm_noise_nm,
            {"bandpass": _bandpass_u_nm(shown.fwhm_nm, shape.fwhm_nm)},
            number,
        ),
    )


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
    band = _lit(spectrum)
    wavelength_nm = spectrum.wavelength_nm[band]
    weight = steps_nm(spectrum.wavelength_nm)[band]
    power = spectrum.irradiance_w_m2_nm[band] * weight
    total = power.sum()
    at_setting = float(certificate.responsivity_at(np.array([set_wavelength_nm]))[0])
    relative = certificate.responsivity_at(wavelength_nm) / at_setting
    mismatch = float(power @ relative / total)
    noise = (relative - mismatch) * weight * spectrum.u_independent_w_m2_nm[band] / total
    slope_per_nm = float(power @ np.gradient(relative, wavelength_nm) / total)
    distance_nm = math.sqrt(float(power @ (wavelength_nm - set_wavelength_nm) ** 2 / total))
    # The error of s(λ)/s(λ0) is that of two values of the certificate once they are far apart.
    apart = math.sqrt(2) * min(1.0, distance_nm / RESPONSE_SHAPE_NM)
    factor = certificate.factor_at(set_wavelength_nm)
    number = certificate.head.number
    components = (
        Component(
            name="noise of the spectrum",
            u_input=float(np.linalg.norm(noise)),
            evaluation="A",
            common=False,  # every observation has its own spectrum
            source="roughness of the spectrum",
        ),
        Component(
            name="wavelength scale",
            u_input=spectrum.u_wavelength_nm,
            sensitivity=slope_per_nm,
            evaluation="B",
            common=True,
            source="spectrometer certificate",
        ),
        Component(
            name="relative responsivity",
            u_input=mismatch * apart * factor.u / factor.value,
            evaluation="B",
            common=True,
            source=number,
        ),
    )
    return Estimate(value=mismatch, unit="1", components=components)


def _present(spectrum: SpectrumIndication | None, state: str) -> SpectrumIndication:
    if spectrum is None:
        raise EvaluationError(f"there is no spectrum in the state {state!r}; take one")
    _require_spectrum(spectrum.wavelength_nm, spectrum.irradiance_w_m2_nm, state)
    return spectrum


def _require_spectrum(wavelength_nm: FloatArray, values: FloatArray, state: str) -> None:
    if wavelength_nm.ndim != 1 or values.shape != wavelength_nm.shape or values.size < 6:
        raise EvaluationError(
            f"the {state} spectrum has {values.size} values for {wavelength_nm.size} "
            "wavelengths; it needs equally many and at least 6"
        )
    if not (np.all(np.isfinite(wavelength_nm)) and np.all(np.diff(wavelength_nm) > 0)):
        raise EvaluationError(f"the wavelengths of the {state} spectrum do not rise throughout")
    if not np.all(np.isfinite(values)):
        at_nm = wavelength_nm[int(np.argmin(np.isfinite(values)))]
        raise EvaluationError(f"the {state} spectrum has no finite value at {at_nm:g} nm")


def _require_partner(lit: SpectrumIndication, blank: SpectrumIndication, state: str) -> None:
    # Dark signal depends on integration time: only a blank of the same time cancels it.
    if not math.isclose(blank.integration_s, lit.integration_s, rel_tol=1e-6):
        raise EvaluationError(
            f"the {state} spectrum was integrated for {blank.integration_s:g} s, the lit one for "
            f"{lit.integration_s:g} s; take the blanks with the integration time of the lit one"
        )
    if not np.array_equal(blank.wavelength_nm, lit.wavelength_nm):
        raise EvaluationError(f"the {state} spectrum has other wavelengths than the lit one")


def _lit(spectrum: Spectrum) -> NDArray[np.bool_]:
    """Tell where the spectrum holds light, and refuse one that is cut off at an end."""
    inside = lit(spectrum.irradiance_w_m2_nm, spectrum.u_independent_w_m2_nm, BAND_LEVEL)
    for end in (0, -1):
        if inside[end]:
            raise OutsideCertificate(
                f"the spectrum still holds more than {BAND_LEVEL:.0%} of its peak at "
                f"{spectrum.wavelength_nm[end]:g} nm, where the range that the spectrometer and "
                "its certificate cover ends"
            )
    return inside


def _bandpass_u_nm(shown_nm: float, corrected_nm: float) -> float:
    return BANDPASS_REL * abs(corrected_nm - shown_nm) / math.sqrt(3)


def _nm(value_nm: float, noise_nm: float, u_nm: dict[str, float], number: str) -> Estimate:
    noise = Component(
        name="noise",
        u_input=noise_nm,
        evaluation="A",
        common=False,
        source="roughness of the spectrum",
    )
    of_certificate = [
        Component(name=name, u_input=u, evaluation="B", common=True, source=number)
        for name, u in u_nm.items()
    ]
    return Estimate(value=value_nm, unit="nm", components=(noise, *of_certificate))
