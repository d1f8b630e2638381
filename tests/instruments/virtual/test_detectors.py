import numpy as np
import pytest

from ledcal.instruments.virtual import optics
from ledcal.instruments.virtual.certificates import power_meter, spectrometer
from ledcal.instruments.virtual.detectors import (
    GRID_NM,
    MeterHead,
    SpectroHead,
    draw_thermocouples,
    silicon_responsivity_a_w,
)
from ledcal.instruments.virtual.world import Light, World

AXIS_NM = np.arange(350.0, 1000.5, 1.0)


def light(world: World, channel: int) -> Light:
    codes = [65535 if each == channel else 0 for each in range(1, 6)]
    return Light(beams=world.beams(codes, 40.0), ambient_w_m2=0.0)


def corrected_w_m2(head: MeterHead, lit: Light, wavelength_nm: float) -> float:
    """Measure as a rig does: certificate's factor, area and spectral mismatch."""
    certificate = power_meter(head, "1", "S121C", "2")
    table = {name: np.array(column) for name, column in certificate["table"].items()}
    spectrum = lit.spectral_irradiance_w_m2_nm(GRID_NM)
    relative = np.interp(GRID_NM, table["wavelength_nm"], table["relative_responsivity"])
    at_setting = float(np.interp(wavelength_nm, GRID_NM, relative))
    mismatch = float((spectrum * relative).sum() / (at_setting * spectrum.sum()))
    factor = float(np.interp(wavelength_nm, table["wavelength_nm"], table["correction_factor"]))
    indication_w = head.indication_w(lit, wavelength_nm, 1.0) - head.zero_w
    area_m2 = float(certificate["aperture_area_mm2"]) * 1e-6
    return indication_w * factor / (area_m2 * mismatch)


def test_silicon_errs_by_the_published_amounts_beside_its_setting() -> None:
    for setting_nm, low, high in ((630.0, 0.015, 0.020), (850.0, 0.009, 0.013)):
        at, beside = silicon_responsivity_a_w(np.array([setting_nm, setting_nm + 10.0]))
        assert low < beside / at - 1.0 < high


@pytest.mark.parametrize("channel", [1, 2, 3, 4, 5])
def test_errors_of_the_meter_are_covered_by_its_certificate(channel: int) -> None:
    deviations = []
    for seed in range(200):
        world = World(seed)
        lit = light(world, channel)
        head = MeterHead(np.random.default_rng(seed))
        setting_nm = float(round(world.emitters[channel - 1].centroid_nm))
        true_w_m2 = lit.beams[0].irradiance_w_m2
        deviations.append(corrected_w_m2(head, lit, setting_nm) / true_w_m2 - 1.0)
    # Responsivity 1.25 %, stand 0.15 %, cosine 0.4 %, aperture 0.2 %, linearity 0.05 %.
    expected = np.sqrt(0.0125**2 + 0.0015**2 + 0.004**2 + 0.002**2 + 0.0005**2)
    assert np.std(deviations) == pytest.approx(expected, rel=0.15)
    assert abs(np.mean(deviations)) < 3.0 * expected / np.sqrt(200.0)


def test_a_wrong_wavelength_setting_shows_in_the_reading() -> None:
    world, head = World(1), MeterHead(np.random.default_rng(1))
    lit = light(world, 5)
    right, wrong = (head.indication_w(lit, setting_nm, 1.0) for setting_nm in (850.0, 660.0))
    assert wrong / right > 1.2


def test_a_capped_head_sees_only_its_offset() -> None:
    world, head = World(1), MeterHead(np.random.default_rng(1))
    head.capped = True
    assert abs(head.indication_w(light(world, 5), 850.0, 1.0)) < 1e-6


def test_noise_falls_with_averaging() -> None:
    world, head = World(1), MeterHead(np.random.default_rng(1))
    lit = light(world, 5)
    spreads = [
        np.std([head.indication_w(lit, 850.0, averaging_s) for _ in range(300)])
        for averaging_s in (0.01, 1.0)
    ]
    assert spreads[0] / spreads[1] == pytest.approx(10.0, rel=0.2)


def test_the_spectrometer_s_centroid_is_off_by_its_wavelength_error() -> None:
    world, head = World(2), SpectroHead(np.random.default_rng(2))
    lit = light(world, 3)
    seen = head.seen_w_m2_nm(lit, AXIS_NM)
    seen = seen * head.correction_factor(AXIS_NM) * (1.0 + head.error.at(AXIS_NM))
    true = lit.spectral_irradiance_w_m2_nm(AXIS_NM)
    seen_nm, true_nm = (float((each * AXIS_NM).sum() / each.sum()) for each in (seen, true))
    assert true_nm - seen_nm == pytest.approx(head.wavelength_nm, abs=0.01)


def test_the_spectrometer_stands_in_less_light() -> None:
    world, head = World(2), SpectroHead(np.random.default_rng(2))
    lit = light(world, 3)
    seen = head.seen_w_m2_nm(lit, AXIS_NM)
    total = float((seen * head.correction_factor(AXIS_NM)).sum())
    assert total / lit.beams[0].irradiance_w_m2 == pytest.approx(
        optics.spectrometer_share(), abs=0.06
    )


def test_counts_and_indication_are_inverse() -> None:
    head = SpectroHead(np.random.default_rng(3))
    seen = np.full(100, 2.0)
    counts = head.counts(seen, 0.02)
    shown = head.indication_w_m2_nm(counts, 0.02, 10_000)
    assert shown == pytest.approx(seen, rel=1e-3)


def test_certified_wavelength_corrections_cover_the_true_ones() -> None:
    deviations = []
    for seed in range(300):
        head = SpectroHead(np.random.default_rng(seed))
        stated_nm = spectrometer(head, "1")["wavelength_correction_nm"]
        deviations.append(head.wavelength_nm - stated_nm)
    assert np.std(deviations) == pytest.approx(0.15, rel=0.15)


def test_thermocouples_deviate_within_their_certificate() -> None:
    inputs = {str(number): number for number in range(101, 121)}
    deviations = [
        each.correction_k - each.certified_correction_k
        for seed in range(20)
        for each in draw_thermocouples(np.random.default_rng(seed), inputs)
    ]
    assert np.std(deviations) == pytest.approx(0.1, rel=0.15)
