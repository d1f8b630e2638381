"""Failure stories of the set-up: what is over the head, where the panel lies, what shines in.

Each is one run with the fault on the virtual bench; none of them may be blamed on the panel.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.system
Tell = Callable[..., Any]


def lit(told: Any) -> bool:
    """Tell whether a channel was ever lit for a measurement."""
    return any(event["event"] == "observation" for event in told.events)


def test_f02_capped_head_is_told_and_the_panel_is_not_judged(bench: Any, tell: Tell) -> None:
    bench.truth(set="capped", value=True)
    told = tell(bench)
    assert told.outcome == ("SETUP", 3, "NO_LIGHT")
    assert "remove the cap" in told.text
    assert not lit(told)


def test_f03_panel_at_the_wrong_height_is_told_before_the_warm_up(bench: Any, tell: Tell) -> None:
    bench.truth(set="distance_mm", value=100.0)
    told = tell(bench)
    assert told.outcome == ("SETUP", 3, "PANEL_PLACE")
    assert "height and seat" in told.text
    assert {e["step"] for e in told.events if e["event"] == "step_started"} == {
        *("identify", "blank")
    }


def test_f03_small_error_of_the_height_is_told_before_anything_is_loaded(
    bench: Any, tell: Tell, short_product: Path
) -> None:
    bench.truth(set="distance_mm", value=170.0)
    told = tell(bench, "--product", short_product)
    assert told.outcome == ("SETUP", 3, "PANEL_PLACE")
    assert told.events[-1]["event"] == "run_finished"
    assert not any(event["event"] == "calibration_file" for event in told.events)
    # The step in which it was seen is the fit's: cold LEDs leave more room.
    assert [e["step"] for e in told.events if e["event"] == "step_finished"][-1] == "fit"


def test_f03_turned_panel_is_to_be_rotated(bench: Any, tell: Tell) -> None:
    bench.truth(set="turned", value=True)
    told = tell(bench)
    assert told.outcome == ("SETUP", 3, "PANEL_TURNED")
    assert "rotate the panel by 180 degrees" in told.text


def test_panel_that_is_warm_from_a_run_before_cools_in_the_dark_before_it_is_lit(
    bench: Any, tell: Tell
) -> None:
    # Heated by the rig's own first words to it, so that it cannot cool while the rig starts.
    for name, degc in (("heatsink_degc", 39.5), ("board_degc", 40.0)):
        heat = {"fault": name, "value": degc, "on": "panel", "command": "CHAN:CAT?"}
        bench.truth(set="fault", value=heat | {"at_command": 1})
    bench.truth(set="turned", value=True)  # ends the run right after the first look
    told = tell(bench)
    assert told.outcome == ("SETUP", 3, "PANEL_TURNED")
    noted = [event["text"] for event in told.events if event.get("code") == "COOLING"]
    assert len(noted) == 1
    assert "(limit 32.0 to begin)" in noted[0]
    assert all(
        event["lit"]["board_degc"] < 32.5
        for event in told.events
        if event["event"] == "observation"
    )


def test_f09_open_lid_is_told_before_any_light_with_value_and_limit(
    bench: Any, tell: Tell
) -> None:
    bench.truth(set="ambient_w_m2", value=5.0)
    told = tell(bench)
    assert told.outcome == ("SETUP", 3, "LIGHT_LEAK")
    assert "ambient irradiance is 5" in told.text
    assert "limits open to 0.5" in told.text
    assert "close the lid" in told.text
    assert not lit(told)


def test_f09_flicker_of_a_lamp_is_told_apart_from_a_leak(bench: Any, tell: Tell) -> None:
    bench.truth(set="ambient_w_m2", value=0.4)
    bench.truth(set="flicker", value=1.0)
    told = tell(bench)
    assert told.outcome == ("SETUP", 3, "FLICKER")
    assert "lamp on the mains" in told.text
    assert not lit(told)


def test_f09_lid_that_is_opened_in_the_run_ends_it(
    bench: Any, tell: Tell, short_product: Path
) -> None:
    opened = ("warm_up", "ambient_w_m2", 5.0)
    told = tell(bench, "--product", short_product, strikes=[opened])
    assert told.outcome[:2] == ("SETUP", 3)
    assert told.outcome[2] in ("LIGHT_LEAK", "LIGHT_DRIFT")
    assert "light from elsewhere" in told.text


def test_f24_panel_that_keeps_swinging_is_a_seat_to_be_mended(bench: Any, tell: Tell) -> None:
    bench.truth(set="knock_s", value=1e6)
    told = tell(bench)
    assert told.outcome == ("SETUP", 3, "UNSTEADY")
    assert "sits firmly" in told.text
    assert len(told.notes("REPEATED")) == 2
