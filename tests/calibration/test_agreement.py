"""Checks of the bench: what shared errors do to them, and when they say no."""

import math

import numpy as np
import pytest

from ledcal.calibration.agreement import agreement, beat_test, cross_check
from ledcal.calibration.errors import EvaluationError
from ledcal.calibration.estimate import Component, Estimate


def _estimate(value: float, unit: str = "W/m2", **u: float) -> Estimate:
    return Estimate(
        value=value,
        unit=unit,
        components=tuple(
            Component(name=name, u_input=of, evaluation="B", common=True, source="C")
            for name, of in u.items()
        ),
    )


RATIO = _estimate(0.95, "1", place=0.01)


def test_spectrometer_and_meter_agree_within_what_is_not_shared() -> None:
    found = cross_check(_estimate(96.0, lamp=1.5), _estimate(100.0, meter=1.2), RATIO)
    assert found.difference.value == pytest.approx(1.0)
    u = math.hypot(1.5, 0.95 * 1.2, 100.0 * 0.01)
    assert found.normalised_error == pytest.approx(1.0 / (3 * u))
    assert found.agrees


def test_a_shared_error_cancels() -> None:
    spectral, meter = _estimate(96.0, distance=0.95), _estimate(100.0, distance=1.0)
    found = cross_check(spectral, meter, _estimate(0.95, "1", place=0.001))
    assert found.difference.u == pytest.approx(0.1)
    assert not found.agrees
    assert found.normalised_error == pytest.approx(1.0 / 0.3)


def test_a_difference_without_any_uncertainty_is_none_or_one() -> None:
    assert agreement(_estimate(0.0)).agrees
    assert agreement(_estimate(1e-9)).normalised_error == math.inf


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(EvaluationError, match="in nm, the meter's in W/m2"):
        cross_check(_estimate(1.0, "nm"), _estimate(1.0), RATIO)
    with pytest.raises(EvaluationError, match="must both be > 0"):
        cross_check(_estimate(1.0), _estimate(-1.0), RATIO)


def _averaged_w(rng: np.random.Generator, averaging_s: float, period_s: float) -> list[float]:
    """Mean of a light that is on half of each period, from a fixed phase on."""
    grid = np.linspace(0.0, averaging_s, 20_001)
    mean = float(np.mean(np.mod(grid, period_s) < period_s / 2))
    return [2e-3 * mean * (1 + 1e-5 * rng.standard_normal()) for _ in range(5)]


@pytest.mark.parametrize(("period_s", "agrees"), [(0.1 / 20.5, False), (1e-6, True)])
def test_a_pulsed_light_beats_with_a_short_average(period_s: float, agrees: bool) -> None:
    rng = np.random.default_rng(1)
    if agrees:
        short, long = ([1e-3 * (1 + 1e-4 * rng.standard_normal()) for _ in range(5)] for _ in "ab")
    else:
        short, long = (_averaged_w(rng, 0.1 * times, period_s) for times in (1.0, 1.37))
    assert beat_test(short, long).agrees is agrees


def test_the_beat_test_needs_readings_of_light() -> None:
    with pytest.raises(EvaluationError, match=r"at least 3 finite readings averaged over 1.37 t"):
        beat_test([1.0, 1.0, 1.0], [1.0, 1.0])
    with pytest.raises(EvaluationError, match="over t, not"):
        beat_test([1.0, 1.0, math.nan], [1.0] * 3)
    with pytest.raises(EvaluationError, match="needs light"):
        beat_test([0.0] * 3, [0.0] * 3)
