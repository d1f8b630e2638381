"""Light weighted for what it does to eye and skin: the hazard functions of IEC 62471.

Of the standard's hazards those are here that light of 380 nm to 1400 nm can do.
Source: IEC 62471:2006, 4.3; Directive 2006/25/EC, Annex I, states the same.
"""

from enum import StrEnum

import numpy as np

from ledcal.calibration.errors import EvaluationError
from ledcal.calibration.estimate import Estimate
from ledcal.calibration.indication import FloatArray
from ledcal.calibration.spectrum import Spectrum

_DARK_LEVEL = 0.01
_SHIFT_NM = 0.01
# B(λ) from 380 to 495 nm in steps of 5 nm (table 4.2); R(λ) is ten times as much there.
_TABLE_NM = np.arange(380.0, 496.0, 5.0)
_BLUE = np.array(
    [
        *(0.01, 0.013, 0.025, 0.05, 0.10, 0.20, 0.40, 0.80, 0.90, 0.95, 0.98, 1.00),
        *(1.00, 0.97, 0.94, 0.90, 0.80, 0.70, 0.62, 0.55, 0.45, 0.40, 0.22, 0.16),
    ]
)


class Hazard(StrEnum):
    """A way in which the light may harm."""

    CORNEA_LENS = "infrared, cornea and lens"
    RETINAL_THERMAL = "retinal thermal"
    RETINAL_THERMAL_WEAK = "retinal thermal, weak visual stimulus"
    BLUE_LIGHT = "blue light, retina"
    SKIN = "skin, thermal"

    @property
    def of_radiance(self) -> bool:
        """Whether it follows the radiance of the source, not the irradiance at the eye."""
        return self in (self.RETINAL_THERMAL, self.RETINAL_THERMAL_WEAK, self.BLUE_LIGHT)


_SPAN_NM = {
    Hazard.CORNEA_LENS: (780.0, 3000.0),
    Hazard.RETINAL_THERMAL: (380.0, 1400.0),
    Hazard.RETINAL_THERMAL_WEAK: (780.0, 1400.0),
    Hazard.BLUE_LIGHT: (300.0, 700.0),
    Hazard.SKIN: (380.0, 3000.0),
}


def blue_light_weight(wavelength_nm: FloatArray) -> FloatArray:
    """Return the blue light hazard function B(λ), shape as the argument's. [1]

    References:
        IEC 62471:2006, table 4.2; between its rows the logarithm is interpolated.
    """
    x = np.asarray(wavelength_nm, dtype=np.float64)
    table = np.exp(np.interp(x, _TABLE_NM, np.log(_BLUE)))
    middle = 10 ** ((450 - np.clip(x, 500, 600)) / 50)
    between = (x > 495) & (x < 500)
    table = np.where(between, 0.16 * (0.1 / 0.16) ** ((x - 495) / 5), table)
    inside = (x >= 300) & (x <= 700)
    return np.where(inside, np.where(x >= 500, middle, table), 0.0)


def retinal_thermal_weight(wavelength_nm: FloatArray) -> FloatArray:
    """Return the burn hazard function R(λ), shape as the argument's. [1]

    References:
        IEC 62471:2006, table 4.2.
    """
    x = np.asarray(wavelength_nm, dtype=np.float64)
    falling = 10 ** ((700 - np.clip(x, 700, 1050)) / 500)
    far = 0.2 * 10 ** (0.02 * (1150 - np.clip(x, 1150, 1200)))
    return np.select(
        [(x < 380) | (x > 1400), x < 500, x < 700, x < 1050, x <= 1200],
        [0.0, 10 * blue_light_weight(x), 1.0, falling, np.where(x < 1150, 0.2, far)],
        0.02,
    )


def hazard_coefficients_nm(hazard: Hazard, wavelength_nm: FloatArray) -> FloatArray:
    """Return c such that Σ c·E is the weighted irradiance of a spectrum E, shape (n,). [nm]

    The trapezoidal rule on the given wavelengths; a hazard that begins between two of them
    begins there, with the spectrum interpolated.

    Args:
        hazard: The hazard.
        wavelength_nm: Rising wavelengths, shape (n,). [nm]
    """
    low_nm, high_nm = _SPAN_NM[hazard]
    x = wavelength_nm
    low_nm, high_nm = max(low_nm, float(x[0])), min(high_nm, float(x[-1]))
    if low_nm >= high_nm:
        return np.zeros_like(x)
    grid = np.unique(np.concatenate([[low_nm], x[(x > low_nm) & (x < high_nm)], [high_nm]]))
    steps = np.diff(grid)
    widths = (np.append(steps, 0.0) + np.append(0.0, steps)) / 2
    on_grid = widths * _weight(hazard, grid)
    # Each point of the grid lies between two wavelengths and takes its share of both.
    right = np.clip(np.searchsorted(x, grid, side="left"), 1, x.size - 1)
    share = (grid - x[right - 1]) / (x[right] - x[right - 1])
    coefficients = np.zeros_like(x)
    np.add.at(coefficients, right - 1, on_grid * (1 - share))
    np.add.at(coefficients, right, on_grid * share)
    return coefficients


def hazard_irradiance(hazard: Hazard, spectrum: Spectrum) -> Estimate:
    """Return the irradiance at the eye weighted for a hazard, with all errors it shares. [W/m2]

    Args:
        hazard: The hazard.
        spectrum: The light at the eye, scaled by the power meter.

    Raises:
        EvaluationError: The spectrum ends in light within the hazard's range.
    """
    _require_whole(hazard, spectrum)
    x, light = spectrum.wavelength_nm, spectrum.light
    up, down = (
        float(hazard_coefficients_nm(hazard, x + side) @ light.value)
        for side in (_SHIFT_NM, -_SHIFT_NM)
    )
    total = light.sum(hazard_coefficients_nm(hazard, x))
    return spectrum.shifted(total, (up - down) / (2 * _SHIFT_NM)).estimate("W/m2")


def _weight(hazard: Hazard, wavelength_nm: FloatArray) -> FloatArray:
    if hazard is Hazard.BLUE_LIGHT:
        return blue_light_weight(wavelength_nm)
    if hazard in (Hazard.RETINAL_THERMAL, Hazard.RETINAL_THERMAL_WEAK):
        return retinal_thermal_weight(wavelength_nm)
    return np.ones_like(wavelength_nm)


def _require_whole(hazard: Hazard, spectrum: Spectrum) -> None:
    x, values = spectrum.wavelength_nm, spectrum.irradiance_w_m2_nm
    low_nm, high_nm = _SPAN_NM[hazard]
    dark = _DARK_LEVEL * float(np.max(values))
    for end, needed in ((0, x[0] > low_nm), (-1, x[-1] < high_nm)):
        if needed and values[end] > dark:
            raise EvaluationError(
                f"{hazard}: the spectrum ends in light at {x[end]:g} nm, more than "
                f"{_DARK_LEVEL:.0%} of its peak; read a wider one"
            )
