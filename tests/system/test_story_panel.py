"""Failure stories of the panel itself: dark at once, FAIL with a rework code, or ABORTED."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.system
Tell = Callable[..., Any]


def test_f10_stalled_fan_is_cut_off_by_the_panel_and_goes_to_rework(
    bench: Any, tell: Tell
) -> None:
    bench.truth(set="fan_stalled", value=True)
    told = tell(bench)
    assert told.outcome == ("FAIL", 1, "FAN_STALLED")
    assert "panel to rework, code FAN" in told.text


def test_f10_stalled_fan_is_cut_off_by_the_rig_where_the_panel_does_not(
    bench: Any, tell: Tell
) -> None:
    bench.truth(set="fan_watched", value=False)
    told = tell(bench, strikes=[("warm_up", "fan_stalled", True)])
    assert told.outcome == ("FAIL", 1, "FAN_STALLED")
    assert "turns at 0 /min (limits 2040 to 2760)" in told.text


def test_f10_board_that_heats_too_fast_is_cut_off_long_before_it_is_hot(
    bench: Any, tell: Tell
) -> None:
    bench.truth(set="board_loose", value=True)
    told = tell(bench)
    assert told.outcome == ("FAIL", 1, "HEATS_TOO_FAST")
    assert "panel to rework, code HEAT" in told.text
    assert bench.truth(ask="state")["board_degc"] < 45.0


def test_f13_swapped_channels_fail_by_their_identity(bench: Any, tell: Tell) -> None:
    bench.truth(set="channels_swapped", value=[3, 4])
    told = tell(bench)
    assert told.outcome == ("FAIL", 1, "WRONG_LEDS")
    assert "channels 3 (810 nm) and 4 (830 nm) are swapped" in told.text
    assert "panel to rework, code LEDS-3" in told.text


def test_f13_leds_of_another_reel_fail_by_their_identity(bench: Any, tell: Tell) -> None:
    bench.truth(set="other_reel", value=1)
    told = tell(bench)
    assert told.outcome == ("FAIL", 1, "WRONG_LEDS")
    assert "channel 1 has not the LEDs of 630 nm" in told.text


def test_f14_dead_string_is_named_with_channel_and_share(bench: Any, tell: Tell) -> None:
    bench.truth(set="string_cut", value=5)
    told = tell(bench)
    assert told.outcome == ("FAIL", 1, "DEAD_STRING")
    assert "channel 5 (850 nm): its current is 17% low" in told.text
    assert "about 1 of 6 strings dead" in told.text
    assert "panel to rework, code STRING-5" in told.text


def test_f21_panel_that_restarts_ends_the_run(bench: Any, tell: Tell) -> None:
    told = tell(bench, strikes=[("warm_up", "reboot", True)])
    assert told.outcome == ("ABORTED", 5, "PANEL_RESTARTED")
    assert "check its supply" in told.text


def test_f21_panel_that_hangs_is_left_to_its_watchdog(bench: Any, tell: Tell) -> None:
    told = tell(bench, strikes=[("warm_up", "panel_hung", True)])
    assert told.outcome == ("ABORTED", 5, "PANEL_SILENT")
    assert "take it off the mains" in told.text
