import math
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from ledcal.calibration.board_temperature import board_at_light
from ledcal.calibration.errors import EvaluationError
from ledcal.calibration.indication import Observation, Readings

Make = Callable[..., Observation]


def _at(readings: Readings, second: float, board_degc: float, late_s: float = 0.0) -> Readings:
    at = readings.panel.at + timedelta(seconds=second)
    panel = replace(readings.panel, at=at, board_degc=board_degc)
    power = tuple(
        replace(one, at=at + timedelta(seconds=late_s * (n + 1)))
        for n, one in enumerate(readings.power)
    )
    return replace(readings, panel=panel, power=power)


def _cooling(observe: Make) -> Observation:
    """The board cools by 0.2 K/s; the meter's two readings come 0.1 s and 0.2 s late."""
    seen = observe()
    return replace(
        seen,
        blank_before=_at(seen.blank_before, 0.0, 40.2),
        lit=_at(seen.lit, 1.0, 40.0, late_s=0.1),
        blank_after=_at(seen.blank_after, 2.0, 39.8),
    )


def test_the_board_is_taken_at_the_time_of_the_light(observe: Make) -> None:
    found = board_at_light(_cooling(observe), 0.025)
    assert found.value == pytest.approx(40.0 - 0.2 * 0.15)
    assert found.u == pytest.approx(0.025)
    assert found.unit == "Cel"


def test_rates_that_differ_leave_an_uncertainty(observe: Make) -> None:
    """0.4 K/s before and none after the light: 0.2 K/s by half the difference, for 0.15 s."""
    seen = _cooling(observe)
    uneven = replace(seen, blank_before=_at(seen.blank_before, 0.0, 40.4))
    uneven = replace(uneven, blank_after=_at(seen.blank_before, 2.0, 40.0))
    found = board_at_light(uneven, 0.025)
    assert found.value == pytest.approx(40.0 - 0.2 * 0.15)
    assert found.u == pytest.approx(math.hypot(0.025, 0.03 / math.sqrt(3)))


def test_readings_of_one_time_are_taken_as_they_are(observe: Make) -> None:
    found = board_at_light(observe(board_degc=38.5), 0.025)
    assert found.value == 38.5
    assert found.u == pytest.approx(0.025)


def test_a_blank_without_a_temperature_gives_no_rate(observe: Make) -> None:
    seen = _cooling(observe)
    lost = replace(seen, blank_after=_at(seen.blank_after, 0.0, math.nan))
    assert board_at_light(lost, 0.025).value == 40.0


def test_a_board_that_is_not_known_is_refused(observe: Make) -> None:
    with pytest.raises(EvaluationError, match="board temperature is nan"):
        board_at_light(observe(board_degc=math.nan), 0.025)
