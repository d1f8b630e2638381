import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledcal.calibration.errors import EvaluationError
from ledcal.calibration.temperature import drift_rel


def test_only_the_last_window_counts() -> None:
    series = [(0.0, 50.0), (10.0, 99.0), (20.0, 100.0), (30.0, 101.0)]
    assert drift_rel(series, 20.0) == pytest.approx(0.02)


def test_a_series_shorter_than_the_window_has_not_shown_stability() -> None:
    assert drift_rel([(0.0, 1.0), (29.9, 1.0)], 30.0) == math.inf


@pytest.mark.parametrize(
    "series",
    [[], [(0.0, 1.0), (1.0, math.nan)], [(0.0, 1.0), (0.0, 1.0)], [(0.0, 0.0), (9.0, 0.0)]],
)
def test_what_shows_nothing_is_refused(series: list[tuple[float, float]]) -> None:
    with pytest.raises(EvaluationError):
        drift_rel(series, 5.0)


@given(
    values=st.lists(st.floats(1.0, 1e3), min_size=2, max_size=30),
    scale=st.floats(0.1, 10.0),
)
def test_drift_does_not_depend_on_the_unit(values: list[float], scale: float) -> None:
    series = list(enumerate(values))
    scaled = [(t, v * scale) for t, v in series]
    assert drift_rel(scaled, 1.0) == pytest.approx(drift_rel(series, 1.0), abs=1e-12)
