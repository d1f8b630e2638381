"""The three measuring heads as physics: what each would show for a given light or temperature.

Every head knows two things about itself: its true errors, and what its certificate says of them.
The certificate is drawn first; the truth is the certificate plus an error drawn from the
uncertainty that the certificate states, so that a rig's stated uncertainties can be tested.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ledcal.instruments.virtual import optics
from ledcal.instruments.virtual.emitters import Array
from ledcal.instruments.virtual.world import Light

GRID_NM = np.arange(400.0, 1100.5, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SmoothDefect:
    """A relative error that varies slowly over wavelength: level + two waves."""

    level: float = 0.0
    cosine: float = 0.0
    sine: float = 0.0
    period_nm: float = 500.0

    def at(self, wavelength_nm: Array) -> Array:
        """Return the relative error on a wavelength grid."""
        phase = 2.0 * math.pi * wavelength_nm / self.period_nm
        return self.level + self.cosine * np.cos(phase) + self.sine * np.sin(phase)


def _draw_defect(rng: np.random.Generator, level: float, wave: float) -> SmoothDefect:
    return SmoothDefect(
        level=float(rng.normal(0.0, level)),
        cosine=float(rng.normal(0.0, wave)),
        sine=float(rng.normal(0.0, wave)),
    )


def silicon_responsivity_a_w(wavelength_nm: Array) -> Array:
    """Return the nominal responsivity of a silicon photodiode head, 400 nm to 1100 nm. [A/W]

    Quantum efficiency 0.9, less absorption at short and at long wavelengths; by this curve a
    head set 10 nm beside a 630 nm LED errs by 1.9 %, one beside an 850 nm LED by 1.2 %.
    """
    short = 1.0 - np.exp(-(wavelength_nm - 300.0) / 90.0)
    long = 1.0 / (1.0 + np.exp((wavelength_nm - 1040.0) / 22.0))
    return np.asarray(0.9 * wavelength_nm / 1239.84 * short * long, dtype=float)


class MeterHead:
    """A 500 mW silicon head behind a 9.5 mm aperture, in its stand on the plane's centre."""

    NOISE = 3e-4
    """Relative noise of a reading of 0.1 s."""
    NOISE_W = 20e-9
    APERTURE_UNCERTAINTY = 0.002
    LINEARITY_UNCERTAINTY = 0.0005
    RESPONSIVITY_UNCERTAINTY, RESPONSIVITY_WAVE = 0.0118, 0.004
    """Together the 2.5 % (k = 2) that the certificate states for 440 nm to 980 nm."""

    def __init__(self, rng: np.random.Generator) -> None:
        """Draw the certificate, then the truth around it."""
        self.certified_area_mm2 = round(
            math.pi / 4.0 * optics.APERTURE_MM**2 * (1.0 + float(rng.normal(0.0, 0.002))), 3
        )
        self.certified = _draw_defect(rng, 0.008, 0.005)
        self.area_mm2 = self.certified_area_mm2 * (
            1.0 + float(rng.normal(0.0, self.APERTURE_UNCERTAINTY))
        )
        self.error = _draw_defect(rng, self.RESPONSIVITY_UNCERTAINTY, self.RESPONSIVITY_WAVE)
        self.stand_mm = float(rng.normal(0.0, 0.3))
        self.cosine_defect = float(rng.normal(0.0, 0.004))
        self.linearity_defect = float(np.clip(rng.normal(0.0, 0.0005), -0.001, 0.001))
        self.zero_w = float(rng.normal(0.0, 100e-9))
        self.capped = False
        self._noise = rng.spawn(1)[0]

    def correction_factor(self, wavelength_nm: Array) -> Array:
        """Return the certified factor: true power over indication, monochromatic light."""
        return 1.0 + self.certified.at(wavelength_nm)

    def responsivity_a_w(self, wavelength_nm: Array) -> Array:
        """Return the true responsivity. [A/W]"""
        factor = self.correction_factor(wavelength_nm) * (1.0 + self.error.at(wavelength_nm))
        return silicon_responsivity_a_w(wavelength_nm) / factor

    def photocurrent_a(self, light: Light) -> float:
        """Return the current of the photodiode under a light. [A]"""
        if self.capped:
            return 0.0
        at_head = 1.0 + optics.distance_derivative_per_mm() * self.stand_mm
        spectrum = light.spectral_irradiance_w_m2_nm(GRID_NM, at_head * (1.0 + self.cosine_defect))
        responsivity = self.responsivity_a_w(GRID_NM)
        per_m2 = float((spectrum * responsivity).sum())
        return per_m2 * self.area_mm2 * 1e-6

    def indication_w(self, light: Light, wavelength_nm: float, averaging_s: float) -> float:
        """Return the power that the console computes, before its zero correction. [W]

        The console divides the photocurrent by its stored responsivity at the wavelength that it
        is set to: a wrong setting and the width of an LED show in the reading.
        """
        stored_a_w = float(silicon_responsivity_a_w(np.array([wavelength_nm]))[0])
        power_w = self.photocurrent_a(light) / stored_a_w
        # Most of a silicon head's defect appears at some milliwatts and stays.
        power_w *= 1.0 + self.linearity_defect * power_w / (abs(power_w) + 5e-3)
        quiet = math.sqrt(0.1 / max(averaging_s, 1e-3))
        noise_w = math.hypot(self.NOISE * power_w, self.NOISE_W) * quiet
        return power_w + self.zero_w + float(self._noise.normal(0.0, noise_w))


class SpectroHead:
    """An array spectroradiometer, 350 nm to 1000 nm, with a cosine head beside the meter."""

    BANDPASS_NM = 5.0
    FULL_SCALE_COUNTS = 60000.0
    EXPOSURE_W_S_M2_NM = 0.1
    """Peak spectral irradiance times integration time that fills the converter."""
    READ_NOISE_COUNTS, ELECTRONS_PER_COUNT = 8.0, 5.0
    WAVELENGTH_UNCERTAINTY_NM = 0.15
    RESPONSE_UNCERTAINTY, RESPONSE_WAVE = 0.0145, 0.003

    def __init__(self, rng: np.random.Generator) -> None:
        """Draw the certificate, then the truth around it."""
        self.certified_wavelength_nm = round(float(rng.normal(0.0, 0.2)), 2)
        self.certified = _draw_defect(rng, 0.012, 0.006)
        self.wavelength_nm = self.certified_wavelength_nm + float(
            rng.normal(0.0, self.WAVELENGTH_UNCERTAINTY_NM)
        )
        """True wavelength less indicated wavelength. [nm]"""
        self.error = _draw_defect(rng, self.RESPONSE_UNCERTAINTY, self.RESPONSE_WAVE)
        self.saturates_at = 1.0
        """Share of the converter's full scale at which the array is full."""
        self.hides_saturation = False
        """The instrument cuts what is too bright and says nothing of it."""
        self._noise = rng.spawn(1)[0]

    def correction_factor(self, wavelength_nm: Array) -> Array:
        """Return the certified factor: true spectral irradiance over indication."""
        return 1.0 + self.certified.at(wavelength_nm)

    def seen_w_m2_nm(self, light: Light, wavelength_nm: Array) -> Array:
        """Return the spectrum as the optics see it, without noise. [W/m2/nm]"""
        fine = np.arange(wavelength_nm[0] - 15.0, wavelength_nm[-1] + 15.25, 0.5)
        share = optics.spectrometer_share(turned=light.turned)
        true = light.spectral_irradiance_w_m2_nm(fine, share)
        offsets = np.arange(-12.0, 12.25, 0.5)
        sigma = self.BANDPASS_NM / math.sqrt(8.0 * math.log(2.0))
        slit = np.exp(-0.5 * (offsets / sigma) ** 2)
        blurred = np.convolve(true, slit / slit.sum(), mode="same")
        at_true = np.interp(wavelength_nm + self.wavelength_nm, fine, blurred)
        factor = self.correction_factor(wavelength_nm) * (1.0 + self.error.at(wavelength_nm))
        return at_true / factor

    def counts(self, seen_w_m2_nm: Array, integration_s: float) -> Array:
        """Return the counts above dark that a spectrum gives. [counts]"""
        return seen_w_m2_nm * (integration_s / self.EXPOSURE_W_S_M2_NM * self.FULL_SCALE_COUNTS)

    def indication_w_m2_nm(self, counts: Array, integration_s: float, averages: int) -> Array:
        """Return the spectrum that the instrument reports: signal less dark, with noise."""
        # Two scans, light and dark, each with read noise; shot noise only of the light.
        variance = 2.0 * self.READ_NOISE_COUNTS**2 + counts / self.ELECTRONS_PER_COUNT
        noisy = counts + self._noise.normal(0.0, np.sqrt(variance / averages))
        return noisy * (self.EXPOSURE_W_S_M2_NM / self.FULL_SCALE_COUNTS / integration_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thermocouple:
    """One type-K thermocouple with its input of the logger."""

    name: str
    input: int
    certified_correction_k: float
    correction_k: float

    EXPANDED_UNCERTAINTY_K: ClassVar[float] = 0.2


def draw_thermocouples(
    rng: np.random.Generator, inputs: dict[str, int]
) -> tuple[Thermocouple, ...]:
    """Draw each thermocouple's certified correction and its true one around it."""
    drawn = []
    for name, number in inputs.items():
        certified_k = round(float(rng.normal(0.0, 0.3)), 2)
        drawn.append(
            Thermocouple(
                name=name,
                input=number,
                certified_correction_k=certified_k,
                correction_k=certified_k + float(rng.normal(0.0, 0.1)),
            )
        )
    return tuple(drawn)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heads:
    """The measuring heads of one bench."""

    meter: MeterHead
    spectrometer: SpectroHead
    thermocouples: tuple[Thermocouple, ...]
    thermocouple_noise: np.random.Generator


def draw_heads(seed: int, inputs: dict[str, int]) -> Heads:
    """Draw all heads of a bench; `inputs` are the logger's inputs by thermocouple name."""
    # Children of one seed: a head's draws do not depend on how many another one takes.
    meter, spectrometer, wires, noise = (
        np.random.default_rng(each) for each in np.random.SeedSequence(seed).spawn(4)
    )
    return Heads(
        meter=MeterHead(meter),
        spectrometer=SpectroHead(spectrometer),
        thermocouples=draw_thermocouples(wires, inputs),
        thermocouple_noise=noise,
    )
