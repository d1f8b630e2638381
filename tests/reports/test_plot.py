import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledcal.reports.plot import PALETTE, Frame, colour, decimated, spread, ticks

FRAME = Frame(left=10, top=20, width=100, height=50, x_range=(0.0, 10.0), y_range=(-1.0, 1.0))


def test_a_frame_maps_its_corners() -> None:
    assert (FRAME.x(0.0), FRAME.x(10.0)) == (10, 110)
    assert (FRAME.y(1.0), FRAME.y(-1.0)) == (20, 70)


@given(st.floats(-1e4, 1e4), st.floats(1e-3, 1e4), st.integers(2, 12))
def test_ticks_are_round_rising_and_inside(first: float, width: float, count: int) -> None:
    values = ticks((first, first + width), count)
    slack = 1e-6 * max(1.0, abs(first) + width)
    assert all(first - slack <= value <= first + width + slack for value in values)
    assert all(a < b for a, b in itertools.pairwise(values))
    assert len(values) <= count + 1


@pytest.mark.parametrize(
    ("span", "shown"), [((0.0, 100.0), [0, 20, 40, 60, 80, 100]), ((-0.6, 0.6), [-0.5, 0.0, 0.5])]
)
def test_ticks_of_known_axes(span: tuple[float, float], shown: list[float]) -> None:
    assert ticks(span, 5 if span[0] == 0 else 4) == shown


def test_a_narrow_peak_survives_decimation() -> None:
    x = [index / 1000 for index in range(10_001)]
    y = [0.0] * 10_001
    y[4321], y[4322] = 7.0, -3.0
    kept_x, kept_y = decimated(x, y, FRAME)
    assert len(kept_x) <= 4 * (FRAME.width + 1)
    assert (max(kept_y), min(kept_y)) == (7.0, -3.0)
    assert kept_x == sorted(kept_x)


def test_a_short_line_keeps_every_point_in_range() -> None:
    kept_x, kept_y = decimated([-1.0, 0.0, 5.0, 10.0, 11.0], [9.0, 1.0, 2.0, 3.0, 9.0], FRAME)
    assert (kept_x, kept_y) == ([0.0, 5.0, 10.0], [1.0, 2.0, 3.0])


@given(st.lists(st.floats(0, 1000), min_size=1, max_size=9).map(sorted))
def test_labels_keep_their_distance_and_their_place(wanted: list[float]) -> None:
    placed = spread(wanted, 80, (0, 1000))
    assert all(b - a >= 80 - 1e-6 for a, b in itertools.pairwise(placed))
    assert -1e-6 <= placed[0]
    assert placed[-1] <= 1000 + 1e-6


def test_labels_with_room_do_not_move() -> None:
    assert spread([100.0, 300.0], 80, (0, 1000)) == [100.0, 300.0]
    assert spread([400.0, 410.0], 80, (0, 1000)) == [365.0, 445.0]


def test_every_channel_has_a_colour() -> None:
    assert [colour(channel) for channel in range(1, 9)] == [*PALETTE, PALETTE[0]]
