"""From two blanks and a lit spectrum to the band of an LED and the head's spectral mismatch."""

import math
from dataclasses import dataclass

import numpy as np

from ledcal.calibration.certificate import PowerMeterCertificate, SpectrometerCertificate
from ledcal.calibration.errors import EvaluationError, OutsideCertificate
from ledcal.calibration.estimate import Component, Estimate
from ledcal.calibration.indication import FloatArray, Observation, SpectrumIndication

BAND_LEVEL = 0.01
"""The band is where the spectrum is at least this fraction of its peak, without a gap."""
PEAK_LEVEL = 0.7
"""The part of the band, as a fraction of its peak, through which the peak's cubic goes."""
LEAST_PEAK_TO_NOISE = 50.0
"""Below this ratio the edges of the band at 1 % of the peak are lost in noise."""
RESPONSE_SHAPE_NM = 100.0
"""A certificate gives the uncertainty at each wavelength but no correlation; the error is taken
to tilt by its standard uncertainty over this distance, smooth as lamp and detector are."""
_FOURTH_DIFFERENCE_GAIN = 70.0  # 1 + 16 + 36 + 16 + 1: variance of the 4th difference of noise
_NOISE_WINDOW = 15


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
    noise = np.maximum(_roughness(net), of_blanks)
    wavelength_nm = lit.wavelength_nm + certificate.wavelength_correction_nm
    covered = (wavelength_nm >= certificate.wavelength_nm[0]) & (
        wavelength_nm <= certificate.wavelength_nm[-1]
    )
    top = int(np.argmax(net))
    if net[top] < LEAST_PEAK_TO_NOISE * noise[top]:
        raise EvaluationError(
            f"the spectrum's peak {net[top]:.3g} W/m2/nm is less than {LEAST_PEAK_TO_NOISE:g} "
            f"times its noise {noise[top]:.3g} W/m2/nm; check that light reaches the "
            "spectrometer and lengthen its integration time"
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

    The centroid is the first moment over the band down to 1 % of the peak [1]; the peak is the
    top of a cubic through the values above 70 %; the FWHM lies between interpolated half-power
    points. The bandpass b is taken out of the width as √(w² − b²), exact for Gaussian shapes
    [1]; half of that correction, and the pull of the bandpass on the peak of a skewed band, are
    taken as limits of rectangular distributions.

    Raises:
        EvaluationError: Fewer than 6 wavelengths around the peak, or a band narrower than the
            bandpass.
        OutsideCertificate: The band runs out of the wavelengths that the certificate covers.

    References:
        [1] CIE 127:2007, Measurement of LEDs; CIE 214:2014 on bandpass.
    """
    peak_nm, peak_w_m2_nm, peak_noise_nm = _peak(spectrum)
    band = _band(spectrum, certificate.head.number)
    wavelength_nm = spectrum.wavelength_nm[band]
    weight = _steps_nm(wavelength_nm)
    power = spectrum.irradiance_w_m2_nm[band] * weight
    centroid_nm = float(power @ wavelength_nm / power.sum())
    lever_nm = wavelength_nm - centroid_nm
    noise = lever_nm * weight * spectrum.u_independent_w_m2_nm[band] / power.sum()
    variance_nm2 = float(power @ lever_nm**2 / power.sum())
    tilt_per_nm = certificate.u_rel_at(centroid_nm) / RESPONSE_SHAPE_NM
    width_nm, width_noise_nm = _width(spectrum, band, peak_w_m2_nm)
    if width_nm <= certificate.bandpass_nm:
        raise EvaluationError(
            f"the band is {width_nm:.2f} nm wide, no more than the bandpass "
            f"{certificate.bandpass_nm:g} nm of the spectrometer"
        )
    fwhm_nm = math.sqrt(width_nm**2 - certificate.bandpass_nm**2)
    # A small bandpass moves the peak of a skewed band towards its centroid, in about the
    # proportion of the variances.
    pull_nm = abs(centroid_nm - peak_nm) * (certificate.bandpass_nm / width_nm) ** 2
    axis = _b("wavelength scale", spectrum.u_wavelength_nm, certificate)
    return Band(
        peak=_nm(
            peak_nm,
            _noise(peak_noise_nm),
            axis,
            _b("response over the band", tilt_per_nm * (width_nm / 2.355) ** 2, certificate),
            _b("bandpass", pull_nm / math.sqrt(3), certificate),
        ),
        centroid=_nm(
            centroid_nm,
            _noise(float(np.linalg.norm(noise))),
            axis,
            _b("response over the band", tilt_per_nm * variance_nm2, certificate),
        ),
        fwhm=_nm(
            fwhm_nm,
            _noise(width_noise_nm * width_nm / fwhm_nm),
            _b("bandpass", (width_nm - fwhm_nm) / 2 / math.sqrt(3), certificate),
        ),
    )


def mismatch_factor(
    spectrum: Spectrum, set_wavelength_nm: float, certificate: PowerMeterCertificate
) -> Estimate:
    """Return the spectral mismatch factor M of the head at its wavelength setting. [1]

    M = ∫ S(λ) s(λ) dλ / [ s(λ0) ∫ S(λ) dλ ] over the band down to 1 % of the peak, with the
    head's relative responsivity s; the irradiance is then P/(A·M) (CIE S 023, F* = 1/M).

    Args:
        spectrum: The light that the head sees.
        set_wavelength_nm: The meter's wavelength setting λ0. [nm]
        certificate: Of the power meter and its head.

    Raises:
        OutsideCertificate: The setting or the band lies outside the certificate.
    """
    band = _band(spectrum, certificate.head.number)
    wavelength_nm = spectrum.wavelength_nm[band]
    weight = _steps_nm(wavelength_nm)
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
            u=float(np.linalg.norm(noise)),
            evaluation="A",
            common=True,  # one spectrum serves all readings of the run
            source="roughness of the spectrum",
        ),
        Component(
            name="wavelength scale",
            u=abs(slope_per_nm) * spectrum.u_wavelength_nm,
            evaluation="B",
            common=True,
            source="spectrometer certificate",
        ),
        Component(
            name="relative responsivity",
            u=mismatch * apart * factor.u / factor.value,
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
    if blank.integration_s != lit.integration_s:
        raise EvaluationError(
            f"the {state} spectrum was integrated for {blank.integration_s:g} s, the lit one for "
            f"{lit.integration_s:g} s; take the blanks with the integration time of the lit one"
        )
    if not np.array_equal(blank.wavelength_nm, lit.wavelength_nm):
        raise EvaluationError(f"the {state} spectrum has other wavelengths than the lit one")


def _roughness(values: FloatArray) -> FloatArray:
    """Return the local noise: RMS of fourth differences, to which a smooth band adds little."""
    squared = np.diff(values, 4) ** 2 / _FOURTH_DIFFERENCE_GAIN
    window = np.ones(min(_NOISE_WINDOW, squared.size))
    mean = np.convolve(squared, window, "same") / np.convolve(
        np.ones_like(squared), window, "same"
    )
    return np.sqrt(np.pad(mean, 2, mode="edge"))


def _around_peak(spectrum: Spectrum, level: float) -> slice:
    """Return the wavelengths around the peak without a gap where S ≥ level × peak."""
    values = spectrum.irradiance_w_m2_nm
    top = int(np.argmax(values))
    below = np.flatnonzero(values < level * values[top])
    first = below[below < top].max(initial=-1) + 1
    last = below[below > top].min(initial=values.size)
    return slice(int(first), int(last))


def _band(spectrum: Spectrum, number: str) -> slice:
    band = _around_peak(spectrum, BAND_LEVEL)
    if band.start == 0 or band.stop == spectrum.wavelength_nm.size:
        edge = spectrum.wavelength_nm[0 if band.start == 0 else -1]
        raise OutsideCertificate(
            f"the band still has more than {BAND_LEVEL:.0%} of its peak at {edge:g} nm, where the "
            f"spectrum covered by the certificate ends (evaluated with certificate {number})"
        )
    return band


def _steps_nm(wavelength_nm: FloatArray) -> FloatArray:
    """Return the width that each wavelength stands for (trapezoidal rule). [nm]"""
    return np.gradient(wavelength_nm)


def _peak(spectrum: Spectrum) -> tuple[float, float, float]:
    """Return wavelength and height of the peak, and the wavelength's noise."""
    top = _around_peak(spectrum, PEAK_LEVEL)
    x, y = spectrum.wavelength_nm[top], spectrum.irradiance_w_m2_nm[top]
    if x.size < 6:
        raise EvaluationError(
            f"only {x.size} wavelengths lie above {PEAK_LEVEL:.0%} of the peak, at least 6 are "
            "needed; read the spectrum in finer steps"
        )
    middle = float(x.mean())
    terms = np.vander(x - middle, 4)
    solve = np.linalg.pinv(terms)
    a, b, c, d = solve @ y
    root = b * b - 3 * a * c
    if b >= 0 or root <= 0:
        raise EvaluationError("the spectrum has no rounded top; it looks saturated")
    # The maximum of a·x³ + b·x² + c·x + d, in the form that stays exact for a → 0.
    at = c / (-b + math.sqrt(root))
    u = spectrum.u_independent_w_m2_nm[top]
    slope_noise = np.linalg.norm(np.array([3 * at * at, 2 * at, 1.0]) @ solve[:3] * u)
    noise_nm = float(slope_noise / abs(6 * a * at + 2 * b))
    return middle + float(at), float(((a * at + b) * at + c) * at + d), noise_nm


def _width(spectrum: Spectrum, band: slice, peak_w_m2_nm: float) -> tuple[float, float]:
    """Return the distance of the half-power points and its noise. [nm]"""
    half = peak_w_m2_nm / 2
    x, y = spectrum.wavelength_nm[band], spectrum.irradiance_w_m2_nm[band]
    above = np.flatnonzero(y >= half)
    first, last = int(above[0]), int(above[-1])
    u = spectrum.u_independent_w_m2_nm[band]
    edges = []
    for inside, outside in ((first, first - 1), (last, last + 1)):
        slope = (y[inside] - y[outside]) / (x[inside] - x[outside])
        at = x[outside] + (half - y[outside]) / slope
        edges.append((at, math.hypot(u[inside], u[outside]) / math.sqrt(2) / abs(slope)))
    (lower, u_lower), (upper, u_upper) = edges
    return float(upper - lower), math.hypot(u_lower, u_upper)


def _noise(u_nm: float) -> Component:
    return Component(
        name="noise", u=u_nm, evaluation="A", common=False, source="roughness of the spectrum"
    )


def _b(name: str, u_nm: float, certificate: SpectrometerCertificate) -> Component:
    return Component(
        name=name, u=u_nm, evaluation="B", common=True, source=certificate.head.number
    )


def _nm(value_nm: float, *components: Component) -> Estimate:
    return Estimate(value=value_nm, unit="nm", components=components)
