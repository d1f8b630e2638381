import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledcal.instruments.virtual.emitters import abc_efficiency, band, emg, unit_emg_width, width
from ledcal.instruments.virtual.world import World

GRID_NM = np.arange(400.0, 1100.0, 0.05)
SEEDS = st.integers(0, 2**31)
CHANNELS = st.integers(0, 4)
TEMPERATURES_DEGC = st.floats(15.0, 60.0)
CURRENTS = st.floats(0.02, 1.0)


@given(st.floats(0.3, 4.0), st.floats(0.005, 0.05))
def test_emg_has_unit_area_and_the_mean_of_its_parts(tail: float, sigma: float) -> None:
    x = np.linspace(-8.0 * sigma, 30.0 * sigma * max(1.0, tail), 6001)
    density = emg(x, 0.0, sigma, tail * sigma)
    step = x[1] - x[0]
    assert density.sum() * step == pytest.approx(1.0, abs=1e-3)
    assert (density * x).sum() * step == pytest.approx(tail * sigma, rel=2e-2)


def test_emg_of_a_short_tail_has_the_width_of_a_gaussian() -> None:
    assert unit_emg_width(0.1) == pytest.approx(np.sqrt(8.0 * np.log(2.0)), rel=1e-2)


def test_width_interpolates_between_samples() -> None:
    x = np.array([0.0, 1.0, 2.0, 3.0])
    assert width(x, np.array([0.0, 1.0, 1.0, 0.0])) == pytest.approx(2.0)


@given(SEEDS, CHANNELS, CURRENTS, TEMPERATURES_DEGC)
def test_spectrum_has_unit_area(seed: int, index: int, current: float, degc: float) -> None:
    emitter = World(seed).emitters[index]
    shape = emitter.shape_per_nm(GRID_NM, current, degc)
    assert shape.min() >= 0.0
    assert shape.sum() * 0.05 == pytest.approx(1.0, abs=2e-3)


@given(SEEDS, CHANNELS)
def test_band_lies_where_it_was_drawn(seed: int, index: int) -> None:
    emitter = World(seed).emitters[index]
    current = emitter.nominal_current()
    seen = band(emitter, current, emitter.junction_degc(current, 40.0))
    # The centroid over 1 % of the peak leaves out the end of the short-wavelength tail.
    assert seen.centroid_nm == pytest.approx(emitter.centroid_nm, abs=0.25)
    assert abs(emitter.centroid_nm - emitter.nominal_nm) <= 5.0


@given(SEEDS, CHANNELS, CURRENTS, TEMPERATURES_DEGC)
def test_band_is_as_asymmetric_and_as_wide_as_measured_leds(
    seed: int, index: int, current: float, board_degc: float
) -> None:
    emitter = World(seed).emitters[index]
    seen = band(emitter, current, emitter.junction_degc(current, board_degc))
    low_nm, high_nm = (12.0, 25.0) if emitter.nominal_nm < 700.0 else (20.0, 45.0)
    assert low_nm < seen.fwhm_nm < high_nm
    if emitter.nominal_nm < 700.0:
        assert 2.0 < seen.peak_nm - seen.centroid_nm < 4.0
    else:
        assert 1.5 < seen.peak_nm - seen.centroid_nm < 4.0


@given(SEEDS, CHANNELS, CURRENTS)
def test_centroid_rises_with_temperature_and_falls_with_current(
    seed: int, index: int, current: float
) -> None:
    emitter = World(seed).emitters[index]
    cold, hot = band(emitter, current, 25.0), band(emitter, current, 45.0)
    slope_nm_per_k = (hot.centroid_nm - cold.centroid_nm) / 20.0
    assert slope_nm_per_k == pytest.approx(emitter.centroid_nm_per_k, abs=0.005)
    assert hot.fwhm_nm > cold.fwhm_nm
    assert band(emitter, 1.0, 25.0).centroid_nm <= cold.centroid_nm


@given(SEEDS, CHANNELS, TEMPERATURES_DEGC, st.integers(500, 65534))
def test_irradiance_rises_with_drive(seed: int, index: int, board_degc: float, code: int) -> None:
    emitter = World(seed).emitters[index]
    lower = emitter.irradiance_w_m2(emitter.current_fraction(code), board_degc)
    higher = emitter.irradiance_w_m2(emitter.current_fraction(code + 1), board_degc)
    assert lower < higher


@given(SEEDS, CHANNELS)
def test_raw_output_leaves_room_to_scale_down(seed: int, index: int) -> None:
    emitter = World(seed).emitters[index]
    full = emitter.irradiance_w_m2(1.0, 40.0)
    assert full == pytest.approx(emitter.raw_irradiance_w_m2)
    assert 1.18 <= full / emitter.nominal_irradiance_w_m2 <= 1.45
    nominal = emitter.irradiance_w_m2(emitter.nominal_current(), 40.0)
    assert nominal == pytest.approx(emitter.nominal_irradiance_w_m2, rel=1e-6)


def test_no_current_flows_in_the_dead_zone() -> None:
    for emitter in World(1).emitters:
        assert emitter.current_fraction(int(emitter.dead_zone * 65535)) == 0.0
        assert emitter.current_fraction(65535) == 1.0


@given(st.floats(0.001, 0.004), st.floats(0.03, 0.07))
def test_efficiency_droops_by_a_few_per_cent(loss_a: float, loss_c: float) -> None:
    assert abc_efficiency(1.0, loss_a, loss_c) == pytest.approx(1.0)
    best = max(abc_efficiency(current / 100.0, loss_a, loss_c) for current in range(5, 101))
    assert 1.01 < best < 1.07
