import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ledcal.calibration.certificate import PowerMeterCertificate
from ledcal.calibration.errors import EvaluationError, OutsideCertificate
from ledcal.calibration.estimate import Component, Estimate
from ledcal.calibration.indication import Observation
from ledcal.calibration.irradiance import (
    ReferencePlane,
    ambient_irradiance,
    board_degc,
    irradiance,
)

Observe = Callable[..., Observation]

PLANE = ReferencePlane(
    distance_mm=150.0, u_distance_mm=0.3, distance_sensitivity_per_mm=0.005, u_cosine=0.004
)
MISMATCH = Estimate(
    value=1.01,
    unit="1",
    components=(
        Component(name="noise", u_input=0.001, evaluation="A", common=False, source="spectrum"),
        Component(name="responsivity", u_input=0.00202, evaluation="B", common=True, source="C-1"),
    ),
)


def _u(estimate: Estimate) -> dict[str, float]:
    """Return each component; the modes of a certificate, "name [1]" and so on, as one."""
    found: dict[str, float] = {}
    for c in estimate.components:
        name = c.name.partition(" [")[0]
        found[name] = math.hypot(found.get(name, 0.0), c.u)
    return found


def test_the_value_is_that_of_the_measurement_equation(
    observe: Observe, power_meter: PowerMeterCertificate
) -> None:
    seen = observe(before_w=(1e-6,), lit_w=(8.083e-3, 8.083e-3), after_w=(5e-6,))
    found = irradiance(seen, power_meter, MISMATCH, PLANE)
    # (8.083 - 0.003) mW × 1.25 / (100 mm2 × 1.01) = 100 W/m2
    assert found.value == pytest.approx(100.0)
    assert found.unit == "W/m2"


def test_every_component_is_that_of_the_hand_calculation(
    observe: Observe, power_meter: PowerMeterCertificate
) -> None:
    seen = observe(
        before_w=(1e-6, 3e-6), lit_w=(8.084e-3, 8.086e-3, 8.085e-3), after_w=(8e-6, 8e-6)
    )
    found = irradiance(seen, power_meter, MISMATCH, PLANE)
    per_w = 1.25 / (1e-4 * 1.01)
    assert found.value == pytest.approx(8.08e-3 * per_w)
    lit_u, before_u = 1e-6 / math.sqrt(3), 1e-6
    assert _u(found) == pytest.approx(
        {
            "repeatability": math.hypot(lit_u, before_u / 2) * per_w,
            "drift between blanks": 3e-6 / math.sqrt(3) * per_w,
            "zero": 1e-8 * per_w,
            "spectral mismatch: noise": found.value * 0.001 / 1.01,
            "responsivity": found.value * 0.002,
            "power meter certificate": found.value * 0.0125,
            "aperture area": found.value * 0.002,
            "linearity": found.value * 0.0005,
            "distance": found.value * 0.0015,
            "directional response": found.value * 0.004,
        }
    )
    own = {c.name for c in found.components if not c.common}
    assert own == {"repeatability", "drift between blanks", "zero", "spectral mismatch: noise"}


def test_constant_ambient_light_and_zero_cancel(
    observe: Observe, power_meter: PowerMeterCertificate
) -> None:
    dark = irradiance(observe(), power_meter, MISMATCH, PLANE)
    bright = observe(before_w=(2e-4,), lit_w=(1.2e-3, 1.2e-3), after_w=(2e-4,))
    assert irradiance(bright, power_meter, MISMATCH, PLANE).value == pytest.approx(dark.value)


@pytest.mark.parametrize(
    ("powers", "words"),
    [
        ({"lit_w": (1e-3, math.nan)}, "nan W in the state 'lit' is not finite"),
        ({"after_w": (math.inf,)}, "inf W in the state 'blank after'"),
        ({"lit_w": (1e-3,)}, "take at least 2"),
        ({"before_w": ()}, "no power reading in the state 'blank before'"),
        ({"lit_w": (1e-8, 1e-8)}, "uncapped"),
        ({"lit_w": (-1e-3, -1e-3)}, "uncapped"),
        ({"before_w": (0.0,), "after_w": (2e-3,), "lit_w": (1.5e-3, 1.5e-3)}, "uncapped"),
    ],
)
def test_readings_that_show_no_irradiance_are_refused(
    observe: Observe, power_meter: PowerMeterCertificate, powers: dict[str, Any], words: str
) -> None:
    with pytest.raises(EvaluationError, match=words):
        irradiance(observe(**powers), power_meter, MISMATCH, PLANE)


def test_readings_at_two_wavelength_settings_are_refused(
    observe: Observe, power_meter: PowerMeterCertificate
) -> None:
    seen = replace(observe(setting_nm=850.0), blank_after=observe(setting_nm=830.0).lit)
    with pytest.raises(EvaluationError, match=r"one wavelength setting \(nm\): 830, 850"):
        irradiance(seen, power_meter, MISMATCH, PLANE)


def test_a_setting_outside_the_certificate_is_refused(
    observe: Observe, power_meter: PowerMeterCertificate
) -> None:
    with pytest.raises(OutsideCertificate, match="1150 nm is outside 400 to 1100 nm"):
        irradiance(observe(setting_nm=1150.0), power_meter, MISMATCH, PLANE)


def test_a_mismatch_that_is_not_positive_is_refused(
    observe: Observe, power_meter: PowerMeterCertificate
) -> None:
    with pytest.raises(EvaluationError, match="mismatch factor 0 is not positive"):
        irradiance(observe(), power_meter, replace(MISMATCH, value=0.0), PLANE)


@pytest.mark.parametrize(
    "change", [{"distance_mm": 0.0}, {"u_cosine": math.nan}, {"u_distance_mm": -0.1}]
)
def test_an_impossible_reference_plane_is_refused(change: dict[str, float]) -> None:
    with pytest.raises(EvaluationError, match=next(iter(change))):
        replace(PLANE, **change)


def test_ambient_light_is_stated_with_its_unknown_spectrum(
    observe: Observe, power_meter: PowerMeterCertificate
) -> None:
    found = ambient_irradiance(observe(lit_w=(2e-6, 2e-6)).lit, power_meter)
    assert found.value == pytest.approx(0.025)
    assert _u(found)["spectrum of ambient light"] == pytest.approx(0.025 * 0.5 / math.sqrt(3))
    assert _u(found)["zero"] == pytest.approx(1.25e-4)


def test_ambient_light_below_zero_is_a_value_too(
    observe: Observe, power_meter: PowerMeterCertificate
) -> None:
    assert ambient_irradiance(observe(lit_w=(-2e-8, 2e-8)).lit, power_meter).value == 0
    assert ambient_irradiance(observe(lit_w=(-2e-8, -2e-8)).lit, power_meter).u > 0


def test_the_board_temperature_is_that_of_the_lit_state(observe: Observe) -> None:
    assert board_degc(observe(board_degc=41.5)) == 41.5
    with pytest.raises(EvaluationError, match="nan degC"):
        board_degc(observe(board_degc=math.nan))


def test_a_warmer_head_is_corrected_and_costs_its_uncertainty(
    observe: Observe, power_meter: PowerMeterCertificate
) -> None:
    coefficient = np.interp(power_meter.wavelength_nm, [400.0, 950.0, 1100.0], [0.0, 1e-3, 5e-3])
    warm = replace(
        power_meter,
        temperature_coefficient_per_k=coefficient,
        temperature_coefficient_u_per_k=2e-4,
    )
    seen = observe()
    room = Component(
        name="thermocouple ambient", u_input=0.1, evaluation="B", common=True, source="T"
    )
    head_degc = Estimate(value=28.0, unit="Cel", components=(room,))
    plain = irradiance(seen, power_meter, MISMATCH, PLANE)
    found = irradiance(seen, warm, MISMATCH, PLANE, head_degc)
    # 450/550 of 0.1 %/K at 850 nm, 5 K above the 23 degC of the calibration.
    per_k = 1e-3 * 450 / 550
    assert found.value == pytest.approx(plain.value / (1 + 5 * per_k))
    u = _u(found)
    assert u["temperature coefficient of the head"] == pytest.approx(
        found.value * 5 * 2e-4 / (1 + 5 * per_k)
    )
    assert u["thermocouple ambient"] == pytest.approx(found.value * 0.1 * per_k / (1 + 5 * per_k))
    with pytest.raises(EvaluationError, match="no temperature of the head"):
        irradiance(seen, warm, MISMATCH, PLANE)


def test_another_range_than_that_of_the_calibration_costs_uncertainty(
    observe: Observe, power_meter: PowerMeterCertificate
) -> None:
    same, other = (
        _u(
            irradiance(
                observe(),
                replace(power_meter, range_u=0.001, calibration_range_w=range_w),
                MISMATCH,
                PLANE,
            )
        )
        for range_w in (0.05, 0.5)
    )
    assert "range" not in same
    value = irradiance(observe(), power_meter, MISMATCH, PLANE).value
    assert other["range"] == pytest.approx(0.001 * value)
