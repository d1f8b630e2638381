import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ledcal.calibration.errors import EvaluationError
from ledcal.calibration.estimate import Component, Estimate
from ledcal.calibration.fusion import absolute_spectrum
from ledcal.calibration.hazard import (
    Hazard,
    blue_light_weight,
    hazard_coefficients_nm,
    hazard_irradiance,
    retinal_thermal_weight,
)
from ledcal.calibration.spectrum import spectrum_of

Array = NDArray[np.float64]
GRID = np.arange(350.0, 1101.0)


def _line(centre_nm: float, total_w_m2: float, sigma_nm: float = 10.0) -> Array:
    shape = np.exp(-((GRID - centre_nm) ** 2) / (2 * sigma_nm**2))
    return np.asarray(total_w_m2 * shape / (sigma_nm * math.sqrt(2 * math.pi)))


def _weighted(hazard: Hazard, spectrum: Array, **u: float) -> Estimate:
    noise = np.full_like(GRID, u.get("noise", 0.0))
    shape = spectrum_of(GRID, spectrum, noise, u.get("wavelength", 0.0), "test")
    return hazard_irradiance(hazard, shape)


# IEC 62471:2006, table 4.2, and the values of its formulas.
@pytest.mark.parametrize(
    ("nm", "burn"),
    [
        *[(380, 0.1), (400, 1.0), (435, 10.0), (440, 10.0), (490, 2.2), (495, 1.6), (500, 1.0)],
        *[(660, 1.0), (700, 1.0), (810, 0.6026), (830, 0.5495), (850, 0.5012), (940, 0.3311)],
        *[(1100, 0.2), (1175, 0.06325), (1300, 0.02), (379, 0.0), (1401, 0.0)],
    ],
)
def test_the_burn_hazard_function(nm: float, burn: float) -> None:
    assert retinal_thermal_weight(np.array([nm]))[0] == pytest.approx(burn, rel=5e-4)


@pytest.mark.parametrize(
    ("nm", "blue"),
    [
        *[(300, 0.01), (380, 0.01), (410, 0.4), (435, 1.0), (455, 0.9), (470, 0.62)],
        *[(500, 0.1), (550, 0.01), (600, 0.001), (660, 0.001), (700, 0.001), (701, 0.0)],
    ],
)
def test_the_blue_light_function(nm: float, blue: float) -> None:
    assert blue_light_weight(np.array([nm]))[0] == pytest.approx(blue, rel=1e-9)


@given(nm=st.floats(380.0, 499.9))
def test_burn_is_ten_times_blue_where_the_table_says_so(nm: float) -> None:
    at = np.array([nm])
    assert retinal_thermal_weight(at)[0] == pytest.approx(10 * blue_light_weight(at)[0])


def test_the_infrared_begins_at_780_nm() -> None:
    flat = np.ones_like(GRID)
    assert hazard_coefficients_nm(Hazard.CORNEA_LENS, GRID) @ flat == pytest.approx(1100 - 780)
    # The same on a grid that steps over the edge: the spectrum is interpolated there.
    coarse = np.arange(350.0, 1101.0, 7.0)
    total = hazard_coefficients_nm(Hazard.CORNEA_LENS, coarse) @ np.ones_like(coarse)
    assert total == pytest.approx(coarse[-1] - 780)


def test_a_line_counts_with_its_weight() -> None:
    assert _weighted(Hazard.CORNEA_LENS, _line(850, 140)).value == pytest.approx(140, rel=1e-6)
    assert _weighted(Hazard.CORNEA_LENS, _line(660, 120)).value == pytest.approx(0, abs=1e-6)
    assert _weighted(Hazard.SKIN, _line(660, 120)).value == pytest.approx(120, rel=1e-6)
    burn = _weighted(Hazard.RETINAL_THERMAL, _line(850, 140, 1.0)).value
    assert burn == pytest.approx(140 * 0.5012, rel=1e-3)


def test_noise_and_wavelength_are_in_the_budget() -> None:
    spectrum = _line(780, 100.0)  # cut in the middle: half of it is infrared
    whole = _weighted(Hazard.CORNEA_LENS, spectrum, noise=0.1, wavelength=0.15)
    assert whole.value == pytest.approx(50.0, rel=1e-6)
    # The edge moves over the spectrum's highest value, 3.99 W/m2/nm.
    assert whole.u_common == pytest.approx(0.15 * spectrum.max(), rel=1e-2)
    assert whole.u_independent == pytest.approx(0.1 * math.sqrt(320), rel=2e-3)


def test_the_scale_of_the_meter_is_that_of_the_weighted_irradiance() -> None:
    shape = spectrum_of(GRID, _line(850, 1.0), np.zeros_like(GRID), 0.0, "test")
    meter = Component(name="meter", u_input=2.0, evaluation="B", common=True, source="test")
    total = Estimate(value=140.0, unit="W/m2", components=(meter,))
    found = hazard_irradiance(Hazard.CORNEA_LENS, absolute_spectrum(shape, total))
    assert found.value == pytest.approx(140.0, rel=1e-6)
    assert found.common_contributions["meter"] == pytest.approx(2.0, rel=1e-6)


def test_a_spectrum_that_ends_in_light_is_refused() -> None:
    with pytest.raises(EvaluationError, match="ends in light at 1100 nm"):
        _weighted(Hazard.CORNEA_LENS, _line(1095, 10.0))
    # Where the hazard has ended before, that does not matter.
    assert _weighted(Hazard.BLUE_LIGHT, _line(1095, 10.0)).value == pytest.approx(0, abs=1e-9)
