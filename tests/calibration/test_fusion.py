"""Shape and scale: the mismatch of the meter's head, the fused spectrum, sums over it."""

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from ledcal.calibration.band_shape import steps_nm
from ledcal.calibration.certificate import PowerMeterCertificate
from ledcal.calibration.errors import EvaluationError, OutsideCertificate
from ledcal.calibration.estimate import Component, Estimate
from ledcal.calibration.fusion import (
    absolute_spectrum,
    band_irradiance,
    mismatch_factor,
    weighted_irradiance,
)
from ledcal.calibration.indication import Observation
from ledcal.calibration.irradiance import ReferencePlane, irradiance
from ledcal.calibration.spectrum import Spectrum, spectrum_of

Observe = Callable[..., Observation]
SET_NM = 850.0
METER = Estimate(
    value=300.0,
    unit="W/m2",
    components=(
        Component(name="aperture area", u_input=2.0, evaluation="B", common=True, source="C"),
        Component(name="repeatability", u_input=0.5, evaluation="A", common=False, source="run"),
    ),
)


def _spectrum(centre_nm: float, width_nm: float) -> Spectrum:
    wavelength_nm = np.arange(centre_nm - 60, centre_nm + 60.1, 0.5)
    values = np.exp(-(((wavelength_nm - centre_nm) / width_nm) ** 2))
    return spectrum_of(wavelength_nm, values, np.full_like(values, 1e-4), 0.15, "test")


@pytest.mark.parametrize(("line_nm", "set_nm"), [(660.0, 660.0), (660.0, 650.0), (945.0, 850.0)])
def test_a_narrow_line_has_the_ratio_of_responsivities(
    power_meter: PowerMeterCertificate, line_nm: float, set_nm: float
) -> None:
    curved = replace(power_meter, relative_responsivity=np.sin(power_meter.wavelength_nm / 400))
    mismatch = mismatch_factor(_spectrum(line_nm, 2.0), set_nm, curved)
    at_line, at_setting = curved.responsivity_at(np.array([line_nm, set_nm])).value
    assert mismatch.value == pytest.approx(at_line / at_setting, rel=2e-4)


def test_a_linear_responsivity_set_to_the_centroid_has_no_mismatch(
    power_meter: PowerMeterCertificate,
) -> None:
    mismatch = mismatch_factor(_spectrum(850.0, 15.0), 850.0, power_meter)
    assert mismatch.value == pytest.approx(1.0, abs=1e-9)


def test_the_mismatch_moves_as_the_wavelength_scale_does(
    power_meter: PowerMeterCertificate,
) -> None:
    here = mismatch_factor(_spectrum(850.0, 15.0), 850.0, power_meter)
    aside = mismatch_factor(_spectrum(850.15, 15.0), 850.0, power_meter)
    stated = {c.name: c.u for c in here.components}["wavelength scale"]
    assert abs(aside.value - here.value) == pytest.approx(stated, rel=0.05)


def test_a_setting_far_from_the_light_costs_uncertainty(
    power_meter: PowerMeterCertificate,
) -> None:
    u = [
        mismatch_factor(_spectrum(850.0, 15.0), set_nm, power_meter).u
        for set_nm in (850.0, 830.0, 800.0, 700.0)
    ]
    assert all(later > earlier for earlier, later in pairwise(u))


def test_light_of_two_channels_enters_the_mismatch_whole(
    power_meter: PowerMeterCertificate,
) -> None:
    wavelength_nm = np.arange(550.0, 950.1, 0.5)
    red, infrared = (np.exp(-(((wavelength_nm - at) / 12) ** 2)) for at in (650.0, 850.0))
    both = spectrum_of(wavelength_nm, red + 3 * infrared, np.full_like(red, 1e-5), 0.15, "test")
    # s is λ/1000, so M is the mean wavelength over the setting: (650 + 3·850)/4/850.
    assert mismatch_factor(both, 850.0, power_meter).value == pytest.approx(800 / 850, rel=5e-4)


def test_a_setting_outside_the_certificate_is_refused(
    power_meter: PowerMeterCertificate,
) -> None:
    with pytest.raises(OutsideCertificate, match="1150 nm"):
        mismatch_factor(_spectrum(850.0, 15.0), 1150.0, power_meter)
    with pytest.raises(OutsideCertificate, match="400 to 1100 nm"):
        mismatch_factor(_spectrum(410.0, 15.0), 850.0, power_meter)


def test_the_certificate_counts_once_and_where_the_light_is(
    observe: Observe, power_meter: PowerMeterCertificate
) -> None:
    # The setting's own error cancels: k(850) comes in with +, s(850) in M with -.
    u_rel = np.interp(power_meter.wavelength_nm, [400.0, 1100.0], [0.03, 0.01])
    tilted = replace(power_meter, u_rel=u_rel, correlation_length_nm=60.0)
    line = mismatch_factor(_spectrum(660.0, 2.0), SET_NM, tilted)
    plane = ReferencePlane(
        distance_mm=150.0, u_distance_mm=0.0, distance_sensitivity_per_mm=0.0, u_cosine=0.0
    )
    found = irradiance(observe(), tilted, line, plane)
    of_table = [c.u for c in found.components if c.name.startswith("power meter certificate")]
    at_line = float(np.interp(660.0, tilted.wavelength_nm, u_rel))
    assert math.hypot(*of_table) / found.value == pytest.approx(at_line, rel=2e-3)


def _with_response(spectrum: Spectrum, power_meter: PowerMeterCertificate) -> Spectrum:
    errors = replace(power_meter, correlation_length_nm=150.0).errors
    factor = errors.on(np.ones_like(spectrum.wavelength_nm), spectrum.wavelength_nm)
    return replace(spectrum, light=spectrum.light * factor)


def test_the_fused_spectrum_sums_to_the_meter_and_nothing_else(
    power_meter: PowerMeterCertificate,
) -> None:
    spectrum = _with_response(_spectrum(850.0, 15.0), power_meter)
    fused = absolute_spectrum(spectrum, METER)
    total = fused.light.sum(steps_nm(fused.wavelength_nm)).estimate("W/m2")
    assert total.value == pytest.approx(METER.value, rel=1e-13)
    assert total.u == pytest.approx(METER.u, rel=1e-12)
    assert {c.name for c in total.components if c.u > 1e-9} == {"aperture area", "repeatability"}
    # Of the red half the spectrometer knows less, in the opposite direction of the other half.
    red = band_irradiance(fused, 800.0, 850.0)
    assert red.u_common / red.value > METER.u_common / METER.value


def test_a_spectrum_without_light_scales_to_nothing() -> None:
    spectrum = _spectrum(850.0, 15.0)
    with pytest.raises(EvaluationError, match="the meter found -1 W/m2"):
        absolute_spectrum(spectrum, replace(METER, value=-1.0))
    dark = replace(spectrum, light=spectrum.light * -1.0)
    with pytest.raises(EvaluationError, match="sums to -"):
        absolute_spectrum(dark, METER)


def test_two_bands_make_the_whole_and_an_edge_moves_with_the_scale() -> None:
    spectrum = _spectrum(850.0, 15.0)
    whole = band_irradiance(spectrum, 800.0, 900.0)
    left, right = band_irradiance(spectrum, 800.0, 843.3), band_irradiance(spectrum, 843.3, 900.0)
    assert whole.value == pytest.approx(15 * math.sqrt(math.pi), rel=1e-3)
    assert left.value + right.value == pytest.approx(whole.value, rel=1e-12)
    moved = replace(spectrum, wavelength_nm=spectrum.wavelength_nm + 0.15)
    for lower_nm, upper_nm in ((800.0, 843.3), (843.3, 900.0), (845.1, 850.2)):
        found = band_irradiance(spectrum, lower_nm, upper_nm)
        aside = band_irradiance(moved, lower_nm, upper_nm)
        stated = found.common_contributions["wavelength scale"]
        assert aside.value - found.value == pytest.approx(stated, rel=0.05)


def test_a_weighting_moves_with_the_scale_too() -> None:
    spectrum = _spectrum(850.0, 15.0)
    found = weighted_irradiance(spectrum, spectrum.wavelength_nm / 850.0)
    flat = weighted_irradiance(spectrum, np.ones_like(spectrum.wavelength_nm))
    assert found.value == pytest.approx(flat.value, rel=1e-9)
    expected = flat.value * 0.15 / 850.0
    assert found.common_contributions["wavelength scale"] == pytest.approx(expected, rel=1e-6)


def test_a_band_or_weighting_that_does_not_fit_is_refused() -> None:
    spectrum = _spectrum(850.0, 15.0)
    with pytest.raises(EvaluationError, match="from 700 to 850 nm does not lie within"):
        band_irradiance(spectrum, 700.0, 850.0)
    with pytest.raises(EvaluationError, match="from 860 to 850 nm"):
        band_irradiance(spectrum, 860.0, 850.0)
    with pytest.raises(EvaluationError, match="weighting at 790 nm is not finite"):
        weighted_irradiance(spectrum, np.full_like(spectrum.wavelength_nm, np.nan))
    with pytest.raises(EvaluationError, match="weights do not go"):
        weighted_irradiance(spectrum, np.ones(3))
