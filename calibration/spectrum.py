"""From two blanks and a lit spectrum to the corrected spectrum."""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ledcal.calibration.band_shape import (
    lit,
    roughness,
)
from ledcal.calibration.certificate import SpectrometerCertificate
from ledcal.calibration.errors import EvaluationError, OutsideCertificate
from ledcal.calibration.indication import FloatArray, Observation, SpectrumIndication
from ledcal.calibration.influence import Factor, Noise
from ledcal.calibration.uncertain import UncertainArray, uncertain

BAND_LEVEL = 0.01
"""The band is where the spectrum is at least this fraction of its peak (CIE 127)."""
LEAST_PEAK_TO_NOISE = 20.0
"""Below this ratio most of the band is lost in noise."""
FLAT_TOP = 3
"""So many neighbours that are all the highest value are no top of a band."""
WAVELENGTH_SCALE = "wavelength scale"
"""Name of the error of the wavelength axis, wherever it appears."""
NOISE = Noise(name="noise of the spectrum", evaluation="A", source="roughness of the spectrum")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spectrum:
    """A spectrum at the reference plane, corrected by the spectrometer's certificate.

    Attributes:
        wavelength_nm: True wavelengths, rising, shape (n,). [nm]
        light: Spectral irradiance with the errors of the certificate and the noise of this
            spectrum, n values. [W/m2/nm]
        axis: The error of the wavelength axis, the same everywhere on it. [nm]
    """

    wavelength_nm: FloatArray
    light: UncertainArray
    axis: Factor

    def __post_init__(self) -> None:
        """Refuse an axis that does not rise, unequal lengths and values that are not finite."""
        _require_spectrum(self.wavelength_nm, self.light.value, "corrected")

    @property
    def irradiance_w_m2_nm(self) -> FloatArray:
        """Spectral irradiance, shape (n,). [W/m2/nm]"""
        return self.light.value

    @property
    def u_independent_w_m2_nm(self) -> FloatArray:
        """Standard uncertainty by noise alone, shape (n,). [W/m2/nm]"""
        return self.light.u_independent

    @property
    def u_wavelength_nm(self) -> float:
        """Standard uncertainty of the wavelength axis. [nm]"""
        return self.axis.u_input

    def shifted(self, value: UncertainArray, slope_per_nm: float) -> UncertainArray:
        """Return one value with what the wavelength axis does to it.

        Args:
            value: The value, shape (1,).
            slope_per_nm: Its change where all wavelengths are larger by 1 nm. [1/nm]
        """
        return value + uncertain(0.0, (self.axis,), np.array([[slope_per_nm]]))


def spectrum_of(
    wavelength_nm: FloatArray,
    irradiance_w_m2_nm: FloatArray,
    u_independent_w_m2_nm: FloatArray,
    u_wavelength_nm: float,
    source: str,
) -> Spectrum:
    """Return a spectrum of plain arrays, without errors of a certificate.

    Args:
        wavelength_nm: Rising, shape (n,). [nm]
        irradiance_w_m2_nm: Shape (n,). [W/m2/nm]
        u_independent_w_m2_nm: Standard uncertainty by noise, shape (n,). [W/m2/nm]
        u_wavelength_nm: Standard uncertainty of the axis. [nm]
        source: Where the spectrum comes from.

    Raises:
        EvaluationError: Lengths differ, the axis does not rise, or something is not finite.
    """
    own = replace(NOISE, source=source)
    light = uncertain(irradiance_w_m2_nm, noise=own, u_independent=u_independent_w_m2_nm)
    return Spectrum(wavelength_nm=wavelength_nm, light=light, axis=_axis(u_wavelength_nm, source))


def corrected_spectrum(observation: Observation, certificate: SpectrometerCertificate) -> Spectrum:
    """Return the panel's spectrum: lit minus the mean of the blanks, then the certificate.

    Wavelengths that the certificate does not cover are left out; that the light lies in what is
    left is checked here for the peak and by `lit_part` for the whole band.

    Args:
        observation: Blank-lit-blank with a spectrum in each state, one integration time.
        certificate: Of the spectrometer.

    Raises:
        EvaluationError: A spectrum is missing, saturated, not finite, on another axis or taken
            with another integration time, or there is no light above the noise.
        OutsideCertificate: The peak lies outside the certificate.
    """
    lit = _present(observation.lit.spectrum, "lit")
    _require_rounded(lit)
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
    # Every spectrum has noise of its own: a copy is an origin of its own.
    shown = uncertain(net[covered], noise=replace(NOISE), u_independent=noise[covered])
    return Spectrum(
        wavelength_nm=wavelength_nm[covered],
        light=shown * certificate.factor_at(wavelength_nm[covered]),
        axis=_axis(certificate.wavelength_u_nm, certificate.head.number),
    )


def lit_part(spectrum: Spectrum) -> NDArray[np.bool_]:
    """Tell where the spectrum holds light, shape (n,), and refuse one that is cut off at an end.

    Raises:
        OutsideCertificate: There is light at an end of the spectrum.
    """
    inside = lit(spectrum.irradiance_w_m2_nm, spectrum.u_independent_w_m2_nm, BAND_LEVEL)
    for end in (0, -1):
        if inside[end]:
            raise OutsideCertificate(
                f"the spectrum still holds more than {BAND_LEVEL:.0%} of its peak at "
                f"{spectrum.wavelength_nm[end]:g} nm, where the range that the spectrometer and "
                "its certificate cover ends"
            )
    return inside


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


def is_flat_topped(seen: SpectrumIndication) -> bool:
    """Tell whether a spectrum rests on its highest value: the converter's end, not the light's."""
    values = seen.irradiance_w_m2_nm
    run = np.flatnonzero(values == values.max())[:FLAT_TOP]
    return bool(values.max() > 0 and run.size == FLAT_TOP and run[-1] - run[0] == FLAT_TOP - 1)


def _require_rounded(lit: SpectrumIndication) -> None:
    if is_flat_topped(lit):
        values = lit.irradiance_w_m2_nm
        top = np.flatnonzero(values == values.max())
        raise EvaluationError(
            f"the lit spectrum is saturated: {top.size} values from {lit.wavelength_nm[top[0]]:g} "
            f"nm on are its highest, {values.max():.4g} W/m2/nm; shorten the integration time"
        )


def _require_partner(lit: SpectrumIndication, blank: SpectrumIndication, state: str) -> None:
    # Dark signal depends on integration time: only a blank of the same time cancels it.
    if not math.isclose(blank.integration_s, lit.integration_s, rel_tol=1e-6):
        raise EvaluationError(
            f"the {state} spectrum was integrated for {blank.integration_s:g} s, the lit one for "
            f"{lit.integration_s:g} s; take the blanks with the integration time of the lit one"
        )
    if not np.array_equal(blank.wavelength_nm, lit.wavelength_nm):
        raise EvaluationError(f"the {state} spectrum has other wavelengths than the lit one")


def _axis(u_wavelength_nm: float, source: str) -> Factor:
    return Factor(name=WAVELENGTH_SCALE, u_input=u_wavelength_nm, evaluation="B", source=source)
