"""The band of an LED channel: peak, centroid and width, each with its budget."""

import math
from dataclasses import dataclass

from ledcal.calibration.band_shape import shape_of
from ledcal.calibration.bandpass import gradient_as_shown, without_bandpass
from ledcal.calibration.certificate import SpectrometerCertificate
from ledcal.calibration.errors import EvaluationError
from ledcal.calibration.estimate import Component, Estimate
from ledcal.calibration.indication import FloatArray
from ledcal.calibration.spectrum import NOISE, Spectrum, lit_part

BANDPASS_REL = 0.2
"""What may be wrong of the correction for bandpass, as a fraction: a tenth for a bandpass known
to 5 %, a tenth for the higher terms of a skewed band (tested on exponentially modified
Gaussians)."""


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
    inside = lit_part(spectrum)
    shown = shape_of(x, y, u, inside)
    if shown.fwhm_nm <= certificate.bandpass_nm:
        raise EvaluationError(
            f"the band is {shown.fwhm_nm:.2f} nm wide, no more than the bandpass "
            f"{certificate.bandpass_nm:g} nm of the spectrometer"
        )
    narrowed, u_narrowed = without_bandpass(x, y, u, certificate.bandpass_nm)
    shape = shape_of(x, narrowed, u_narrowed, inside)
    response = spectrum.light.contribution
    by_peak, by_fwhm = (
        gradient_as_shown(x, gradient, certificate.bandpass_nm)
        for gradient in (shape.peak_gradient, shape.fwhm_gradient)
    )
    describe = _Describe(spectrum=spectrum, certificate=certificate)
    return Band(
        peak=describe.nm(
            shape.peak_nm,
            shape.peak_noise_nm,
            by_peak @ response,
            axis_sensitivity=1.0,
            correction_nm=shape.peak_nm - shown.peak_nm,
        ),
        centroid=describe.nm(
            shown.centroid_nm,
            shown.centroid_noise_nm,
            shown.centroid_gradient @ response,
            axis_sensitivity=1.0,
        ),
        fwhm=describe.nm(
            shape.fwhm_nm,
            shape.fwhm_noise_nm,
            by_fwhm @ response,
            correction_nm=shape.fwhm_nm - shown.fwhm_nm,
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Describe:
    spectrum: Spectrum
    certificate: SpectrometerCertificate

    def nm(
        self,
        value_nm: float,
        noise_nm: float,
        response_nm: FloatArray,
        axis_sensitivity: float = 0.0,
        correction_nm: float = 0.0,
    ) -> Estimate:
        """Return a wavelength with its noise, the response's errors, the axis, the bandpass."""
        noise = Component(
            name=NOISE.name,
            u_input=noise_nm,
            evaluation=NOISE.evaluation,
            common=False,
            source=NOISE.source,
        )
        response = [
            factor.component(float(of))
            for factor, of in zip(self.spectrum.light.factors, response_nm, strict=True)
        ]
        axis = self.spectrum.axis
        others = [axis.component(axis.u_input * axis_sensitivity)] if axis_sensitivity else []
        if correction_nm:
            bandpass = Component(
                name="bandpass",
                u_input=BANDPASS_REL / math.sqrt(3),
                sensitivity=correction_nm,
                evaluation="B",
                common=True,
                source=self.certificate.head.number,
            )
            others.append(bandpass)
        return Estimate(value=value_nm, unit="nm", components=(noise, *response, *others))
