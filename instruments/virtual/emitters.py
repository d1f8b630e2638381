"""LED channels of the virtual panel: spectrum, efficiency and current, as pure functions.

The photon-energy spectrum is an exponentially modified Gaussian whose Boltzmann tail lies on the
short-wavelength side; measured AlGaInP parts have their centroid 2.5 nm to 4 nm below the peak.
"""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

HC_EV_NM = 1239.841984
ZERO_DEGC_K = 273.15
REFERENCE_BOARD_DEGC = 40.0
"""Board temperature at which raw irradiance and centroid of a channel are drawn. [degC]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Emitter:
    """One LED channel: everything that is fixed when the panel is built.

    Attributes:
        nominal_nm: Wavelength on the label. [nm]
        centroid_nm: Centroid at 40 degC board and nominal irradiance. [nm]
        fwhm_nm: Half width of the spectrum at a junction temperature of 25 degC. [nm]
        tail: Decay constant of the Boltzmann tail over the Gaussian's sigma.
        centroid_nm_per_k: Shift of the centroid with the junction temperature.
        blue_shift_nm: Fall of the centroid from no current to full current (band filling). [nm]
        flux_per_k: Relative fall of the flux with the junction temperature, 1/T1.
        dead_zone: Drive fraction below which no current flows.
        loss_a: Non-radiative (A) term of the ABC model, relative to the radiative one at full.
        loss_c: Auger (C) term of the ABC model, relative to the radiative one at full.
        raw_irradiance_w_m2: Irradiance at code 65535 and 40 degC board. [W/m2]
        nominal_irradiance_w_m2: Irradiance that the product promises. [W/m2]
        electrical_w: Electrical power at full current. [W]
        current_a: LED current at full drive. [A]
        junction_rise_k: Junction above board at full current. [K]
    """

    nominal_nm: float
    centroid_nm: float
    fwhm_nm: float
    tail: float
    centroid_nm_per_k: float
    blue_shift_nm: float
    flux_per_k: float
    dead_zone: float
    loss_a: float
    loss_c: float
    raw_irradiance_w_m2: float
    nominal_irradiance_w_m2: float
    electrical_w: float
    current_a: float
    junction_rise_k: float

    def current_fraction(self, drive_code: int) -> float:
        """Return the LED current as a fraction of full current."""
        drive = drive_code / 65535.0
        return max(0.0, (drive - self.dead_zone) / (1.0 - self.dead_zone))

    def power_w(self, current: float) -> float:
        """Return the electrical power; the forward voltage rises by 15 % to full current. [W]"""
        return self.electrical_w * current * (0.85 + 0.15 * current)

    def junction_degc(self, current: float, board_degc: float) -> float:
        """Return the junction temperature, which follows the current within 10 ms. [degC]"""
        return board_degc + self.junction_rise_k * current * (0.85 + 0.15 * current)

    def irradiance_w_m2(self, current: float, board_degc: float) -> float:
        """Return the irradiance at the plane's centre, this channel alone. [W/m2]"""
        hot = self.junction_degc(current, board_degc)
        hot_full = self.junction_degc(1.0, REFERENCE_BOARD_DEGC)
        flux = current * abc_efficiency(current, self.loss_a, self.loss_c)
        return self.raw_irradiance_w_m2 * flux * math.exp(-(hot - hot_full) * self.flux_per_k)

    def nominal_current(self) -> float:
        """Return the current fraction that gives the nominal irradiance at 40 degC board."""
        low, high = 0.0, 1.0
        for _ in range(40):
            middle = (low + high) / 2.0
            lit = self.irradiance_w_m2(middle, REFERENCE_BOARD_DEGC)
            low, high = (low, middle) if lit > self.nominal_irradiance_w_m2 else (middle, high)
        return (low + high) / 2.0

    def shape_per_nm(self, wavelength_nm: Array, current: float, junction_degc: float) -> Array:
        """Return the spectrum of unit area over wavelength. [1/nm]

        Args:
            wavelength_nm: Any grid, shape (n,). [nm]
            current: Fraction of full current.
            junction_degc: Junction temperature. [degC]
        """
        reference = self.nominal_current()
        reference_degc = self.junction_degc(reference, REFERENCE_BOARD_DEGC)
        centroid_nm = (
            self.centroid_nm
            + self.centroid_nm_per_k * (junction_degc - reference_degc)
            - self.blue_shift_nm * (current - reference)
        )
        # FWHM of a thermal spectrum is proportional to kT (metrology of LEDs: 1.8 kT in theory).
        spread = (junction_degc + ZERO_DEGC_K) / (25.0 + ZERO_DEGC_K)
        mean_ev = HC_EV_NM / centroid_nm
        fwhm_ev = self.fwhm_nm * mean_ev**2 / HC_EV_NM * spread
        sigma_ev = fwhm_ev / unit_emg_width(self.tail)
        tail_ev = self.tail * sigma_ev
        # <hc/E> exceeds hc/<E> by the relative variance; without it the centroid is 0.1 nm off.
        mean_ev *= 1.0 + (sigma_ev**2 + tail_ev**2) / mean_ev**2
        photon_ev = HC_EV_NM / wavelength_nm
        density = emg(photon_ev, mean_ev - tail_ev, sigma_ev, tail_ev)
        return density * HC_EV_NM / wavelength_nm**2


def abc_efficiency(current: float, loss_a: float, loss_c: float) -> float:
    """Return the internal efficiency relative to full current, n B / (A + B n + C n^2)."""
    return (1.0 + loss_a + loss_c) * current / (loss_a + current + loss_c * current**2)


def emg(x: Array, mu: float, sigma: float, tau: float) -> Array:
    """Return the density of an exponentially modified Gaussian, its tail towards large `x`.

    A Gaussian of (mu, sigma) convolved with exp(-x/tau)/tau; zero beyond 30 sigma. For a tail of
    a tenth of sigma or more.
    """
    z = np.clip((x - mu) / sigma, -30.0, 30.0)
    ratio = sigma / tau
    argument = (ratio - z) / math.sqrt(2.0)
    erfc = np.fromiter(map(math.erfc, argument.ravel()), float, argument.size)
    density = np.exp(ratio**2 / 2.0 - ratio * z) * erfc.reshape(z.shape) / (2.0 * tau)
    return np.where(np.abs(z) < 30.0, density, 0.0)


@cache
def unit_emg_width(tail: float) -> float:
    """Return the full width at half maximum of an EMG with sigma 1 and the given tail."""
    z = np.linspace(-6.0, 6.0 + 6.0 * tail, 6001)
    return width(z, emg(z, 0.0, 1.0, tail))


def width(x: Array, y: Array) -> float:
    """Return the full width at half maximum of a single peak, by linear interpolation."""
    half = y.max() / 2.0
    inside = np.flatnonzero(y >= half)
    first, last = int(inside[0]), int(inside[-1])
    left = x[first - 1] + (x[first] - x[first - 1]) * (half - y[first - 1]) / (
        y[first] - y[first - 1]
    )
    right = x[last] + (x[last + 1] - x[last]) * (y[last] - half) / (y[last] - y[last + 1])
    return float(right - left)


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Centroid, peak and half width of one channel's true spectrum."""

    centroid_nm: float
    peak_nm: float
    fwhm_nm: float


def band(emitter: Emitter, current: float, junction_degc: float) -> Band:
    """Return the true band of one channel, on a 0.05 nm grid without any instrument."""
    grid = np.arange(emitter.nominal_nm - 150.0, emitter.nominal_nm + 150.0, 0.05)
    shape = emitter.shape_per_nm(grid, current, junction_degc)
    # CIE 127: the centroid is taken where the spectrum is at least 1 % of its peak.
    weight = np.where(shape >= 0.01 * shape.max(), shape, 0.0)
    return Band(
        centroid_nm=float((weight * grid).sum() / weight.sum()),
        peak_nm=float(grid[int(shape.argmax())]),
        fwhm_nm=width(grid, shape),
    )
