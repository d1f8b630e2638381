import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import exponnorm

from ledcal.calibration.band import describe_band
from ledcal.calibration.certificate import SpectrometerCertificate
from ledcal.calibration.errors import EvaluationError, OutsideCertificate
from ledcal.calibration.estimate import covariance
from ledcal.calibration.indication import FloatArray, Observation
from ledcal.calibration.spectrum import (
    corrected_spectrum,
    spectrum_of,
)

Observe = Callable[..., Observation]

AXIS_NM = np.arange(350.0, 1001.0)
FINE_NM = np.arange(500.0, 1000.0, 0.01)
DARK = np.zeros_like(AXIS_NM)
OFFSET_NM = 0.25
"""Wavelength correction of the certificate: the instrument shows 0.25 nm too little."""


def _led(wavelength_nm: FloatArray, peak_nm: float, sigma_nm: float, tail: float) -> FloatArray:
    """Return a Gaussian with its exponential tail on the short-wavelength side, sum near 100."""
    return np.asarray(
        100 * exponnorm.pdf(-wavelength_nm, tail, loc=-peak_nm, scale=sigma_nm), dtype=np.float64
    )


def _indicated(shape: Callable[[FloatArray], FloatArray], bandpass_nm: float = 5.0) -> FloatArray:
    """Return what a spectrometer with a Gaussian bandpass and the certificate's errors shows."""
    sigma_nm = bandpass_nm / math.sqrt(8 * math.log(2))
    offset_nm = np.arange(-4, 4.01, 0.25) * sigma_nm
    slit = np.exp(-((offset_nm / sigma_nm) ** 2) / 2)
    seen = [
        shape(AXIS_NM + OFFSET_NM + at) * part for at, part in zip(offset_nm, slit, strict=True)
    ]
    return np.asarray(np.sum(seen, axis=0) / slit.sum() / 1.1, dtype=np.float64)


def _noisy(values: FloatArray, rng: np.random.Generator, noise: float) -> FloatArray:
    return values + rng.normal(0, noise * values.max(), values.size)


def _truth(shape: Callable[[FloatArray], FloatArray]) -> tuple[float, float, float]:
    """Return peak, centroid over 1 % of the peak and FWHM on a fine grid."""
    s = shape(FINE_NM)
    above = FINE_NM[s >= s.max() / 2]
    band = s >= 0.01 * s.max()
    centroid_nm = float(np.sum(FINE_NM[band] * s[band]) / np.sum(s[band]))
    return float(FINE_NM[np.argmax(s)]), centroid_nm, float(above[-1] - above[0])


# Peak, sigma and tail in sigma: widths of 14 to 36 nm, centroids up to 5 nm below the peak.
LEDS = [
    (632.0, 5.0, 1.0),
    (664.0, 6.0, 1.6),
    (812.0, 11.0, 0.8),
    (832.0, 13.0, 1.0),
    (858.0, 10.0, 1.5),
]


@pytest.mark.parametrize("led", LEDS)
def test_an_asymmetric_band_is_found_within_its_uncertainty(
    observe: Observe, spectrometer: SpectrometerCertificate, led: tuple[float, float, float]
) -> None:
    def shape(wavelength_nm: FloatArray) -> FloatArray:
        return _led(wavelength_nm, *led)

    seen = observe(spectra=(DARK, _indicated(shape), DARK))
    band = describe_band(corrected_spectrum(seen, spectrometer), spectrometer)
    peak_nm, centroid_nm, fwhm_nm = _truth(shape)
    assert centroid_nm < peak_nm - 1
    # No noise here: what is left must lie within a part of what the certificate leaves.
    assert band.centroid.value == pytest.approx(centroid_nm, abs=0.08)
    assert band.peak.value == pytest.approx(peak_nm, abs=0.2)
    assert band.fwhm.value == pytest.approx(fwhm_nm, abs=0.2)
    for found, true in zip(
        (band.peak, band.centroid, band.fwhm), (peak_nm, centroid_nm, fwhm_nm), strict=True
    ):
        assert abs(found.value - true) < found.expanded_uncertainty


def test_noise_is_covered_by_the_stated_uncertainty(
    observe: Observe, spectrometer: SpectrometerCertificate
) -> None:
    def shape(wavelength_nm: FloatArray) -> FloatArray:
        return _led(wavelength_nm, 855.0, 9.0, 1.0)

    rng = np.random.default_rng(3)
    clean = _indicated(shape)
    noiseless = observe(spectra=(DARK, clean, DARK))
    expected = describe_band(corrected_spectrum(noiseless, spectrometer), spectrometer)
    z: dict[str, list[float]] = {"peak": [], "centroid": [], "fwhm": []}
    for _ in range(200):
        spectra = (
            rng.normal(0, 0.002 * clean.max(), clean.size),
            _noisy(clean, rng, 0.002),
            rng.normal(0, 0.002 * clean.max(), clean.size),
        )
        found = corrected_spectrum(observe(spectra=spectra), spectrometer)
        band = describe_band(found, spectrometer)
        for name, of in z.items():
            estimate = getattr(band, name)
            off = estimate.value - getattr(expected, name).value
            of.append(off / estimate.u_independent)
    for name, of in z.items():
        rms = float(np.sqrt(np.mean(np.square(of))))
        assert 0.7 < rms < 1.3, name


def test_blanks_take_away_dark_signal_and_ambient_light(
    observe: Observe, spectrometer: SpectrometerCertificate
) -> None:
    lit = _indicated(lambda x: _led(x, 664.0, 7.0, 1.0))
    ambient = 0.02 + AXIS_NM / 1e5
    plain = corrected_spectrum(observe(spectra=(DARK, lit, DARK)), spectrometer)
    seen = observe(spectra=(ambient, lit + 1.5 * ambient, 2 * ambient))
    found = corrected_spectrum(seen, spectrometer)
    np.testing.assert_allclose(found.irradiance_w_m2_nm, plain.irradiance_w_m2_nm, atol=1e-12)


def test_the_certificate_corrects_both_axes(
    observe: Observe, spectrometer: SpectrometerCertificate
) -> None:
    lit = _indicated(lambda x: _led(x, 664.0, 7.0, 1.0), bandpass_nm=1e-3)
    found = corrected_spectrum(observe(spectra=(DARK, lit, DARK)), spectrometer)
    expected = _led(found.wavelength_nm, 664.0, 7.0, 1.0)
    np.testing.assert_allclose(found.irradiance_w_m2_nm, expected, atol=1e-3)
    assert found.wavelength_nm[0] == 350.25
    assert found.wavelength_nm[-1] <= 1000.0
    assert found.u_wavelength_nm == 0.15


def test_the_noise_of_a_spectrum_is_that_of_its_roughness(
    observe: Observe, spectrometer: SpectrometerCertificate
) -> None:
    rng = np.random.default_rng(5)
    lit = _indicated(lambda x: _led(x, 850.0, 12.0, 1.0))
    noise = rng.normal(0, 0.005, lit.size)
    found = corrected_spectrum(observe(spectra=(DARK, lit + noise, DARK)), spectrometer)
    assert np.median(found.u_independent_w_m2_nm) == pytest.approx(0.005 * 1.1, rel=0.15)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda lit: (DARK, np.where(AXIS_NM == 700, np.nan, lit), DARK), "lit .* at 700 nm"),
        (lambda lit: (DARK, lit, np.full_like(DARK, np.inf)), "blank after .* at 350 nm"),
        (lambda lit: (DARK, DARK, DARK), "no light"),
        (lambda lit: (lit, lit, lit), "no light"),
    ],
)
def test_a_spectrum_without_a_result_is_refused(
    observe: Observe,
    spectrometer: SpectrometerCertificate,
    change: Callable[[FloatArray], tuple[FloatArray, FloatArray, FloatArray]],
    words: str,
) -> None:
    lit = _indicated(lambda x: _led(x, 850.0, 12.0, 1.0))
    with pytest.raises(EvaluationError, match=words):
        corrected_spectrum(observe(spectra=change(lit)), spectrometer)


def test_a_spectrum_with_a_flat_top_is_saturated(
    observe: Observe, spectrometer: SpectrometerCertificate
) -> None:
    lit = _indicated(lambda x: _led(x, 850.0, 12.0, 1.0))
    clipped = np.minimum(lit, 0.95 * lit.max())
    with pytest.raises(EvaluationError, match=r"saturated: 9 values from 837 nm .* shorten"):
        corrected_spectrum(observe(spectra=(DARK, clipped, DARK)), spectrometer)


def test_noise_alone_is_no_light(observe: Observe, spectrometer: SpectrometerCertificate) -> None:
    rng = np.random.default_rng(7)
    spectra = tuple(rng.normal(0, 1e-3, AXIS_NM.size) for _ in range(3))
    with pytest.raises(EvaluationError, match="times its noise"):
        corrected_spectrum(observe(spectra=spectra), spectrometer)


def test_a_missing_spectrum_is_refused(
    observe: Observe, spectrometer: SpectrometerCertificate
) -> None:
    with pytest.raises(EvaluationError, match="no spectrum in the state 'lit'"):
        corrected_spectrum(observe(), spectrometer)


def test_a_blank_of_another_integration_time_is_refused(
    observe: Observe, spectrometer: SpectrometerCertificate
) -> None:
    lit = _indicated(lambda x: _led(x, 850.0, 12.0, 1.0))
    seen = observe(spectra=(DARK, lit, DARK), integration_s=(0.1, 0.1, 0.2))
    with pytest.raises(EvaluationError, match=r"blank after .* 0.2 s, the lit one for 0.1 s"):
        corrected_spectrum(seen, spectrometer)


def test_light_outside_the_certificate_is_refused(
    observe: Observe, spectrometer: SpectrometerCertificate
) -> None:
    narrow = replace(
        spectrometer,
        wavelength_nm=np.array([400.0, 840.0]),
        correction_factor=np.ones(2),
        u_rel=np.full(2, 0.01),
    )
    beyond = _indicated(lambda x: _led(x, 876.0, 8.0, 1.0))
    with pytest.raises(OutsideCertificate, match=r"peaks at 870.* nm, outside 400 to 840 nm"):
        corrected_spectrum(observe(spectra=(DARK, beyond, DARK)), narrow)
    partly = _indicated(lambda x: _led(x, 830.0, 8.0, 1.0))
    spectrum = corrected_spectrum(observe(spectra=(DARK, partly, DARK)), narrow)
    with pytest.raises(OutsideCertificate, match="still holds more than 1% of its peak at 839"):
        describe_band(spectrum, narrow)


def test_a_band_no_wider_than_the_bandpass_is_refused(
    observe: Observe, spectrometer: SpectrometerCertificate
) -> None:
    lit = _indicated(lambda x: _led(x, 850.0, 5.0, 0.5))
    spectrum = corrected_spectrum(observe(spectra=(DARK, lit, DARK)), spectrometer)
    with pytest.raises(EvaluationError, match=r"no more than the bandpass 40 nm"):
        describe_band(spectrum, replace(spectrometer, bandpass_nm=40.0))


def test_a_line_of_few_wavelengths_is_refused(
    observe: Observe, spectrometer: SpectrometerCertificate
) -> None:
    lit = _indicated(lambda x: _led(x, 850.0, 0.8, 0.5), bandpass_nm=0.1)
    with pytest.raises(EvaluationError, match=r"finer steps|times its noise"):
        describe_band(
            corrected_spectrum(observe(spectra=(DARK, lit, DARK)), spectrometer), spectrometer
        )


@pytest.mark.parametrize("led", LEDS)
def test_each_error_of_the_response_moves_the_band_as_stated(
    observe: Observe, spectrometer: SpectrometerCertificate, led: tuple[float, float, float]
) -> None:
    tilted = replace(spectrometer, u_rel=np.linspace(0.02, 0.01, spectrometer.u_rel.size))
    clean = _indicated(lambda x: _led(x, *led))
    spectrum = corrected_spectrum(observe(spectra=(DARK, clean, DARK)), tilted)
    band = describe_band(spectrum, tilted)
    for n, factor in enumerate(spectrum.light.factors):
        moved = spectrum_of(
            spectrum.wavelength_nm,
            spectrum.light.value + spectrum.light.contribution[:, n],
            spectrum.u_independent_w_m2_nm,
            0.0,
            "test",
        )
        aside = describe_band(moved, tilted)
        for name in ("peak", "centroid", "fwhm"):
            stated = getattr(band, name).common_contributions[factor.name]
            found = getattr(aside, name).value - getattr(band, name).value
            assert found == pytest.approx(stated, rel=0.05, abs=2e-4), (name, factor.name)


def test_the_wavelength_scale_is_one_error_of_peak_and_centroid(
    observe: Observe, spectrometer: SpectrometerCertificate
) -> None:
    lit = _indicated(lambda x: _led(x, 850.0, 12.0, 1.0))
    band = describe_band(
        corrected_spectrum(observe(spectra=(DARK, lit, DARK)), spectrometer), spectrometer
    )
    assert band.peak.common_contributions["wavelength scale"] == pytest.approx(0.15)
    assert "wavelength scale" not in band.fwhm.common_contributions
    # What else they share, the response over the band, adds to it.
    of_axis = 0.15**2
    assert of_axis < covariance([band.peak, band.centroid])[0, 1] < 1.1 * of_axis


def test_a_spectrum_whose_arrays_do_not_fit_is_refused() -> None:
    axis_nm = np.arange(800.0, 900.0)
    with pytest.raises(EvaluationError, match="3 uncertainties do not go with 100 values"):
        spectrum_of(axis_nm, np.ones(100), np.ones(3), 0.15, "test")
    with pytest.raises(EvaluationError, match="do not rise"):
        spectrum_of(axis_nm[::-1], np.ones(100), np.ones(100), 0.15, "test")
