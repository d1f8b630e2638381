from datetime import UTC, datetime

import pytest

from ledcal.calibration.indication import PanelIndication, TemperatureIndication
from ledcal.rig.errors import PanelError, StationError
from ledcal.rig.interlock import Interlock
from ledcal.rig.product import CutOffSettings, read_product

AT = datetime(2026, 1, 1, tzinfo=UTC)
LIMIT = read_product(None).settings.cut_off
ROOM = {"ambient": 23.0, "surface": 23.0, "heatsink": 23.0}


def look(
    interlock: Interlock,
    now_s: float,
    *,
    board_degc: float = 23.0,
    fan_rpm: float = 2400.0,
    current_a: float = 1.5,
    limit: CutOffSettings = LIMIT,
    **seen_degc: float,
) -> None:
    panel = PanelIndication(
        board_degc=board_degc, current_a={1: current_a}, fan_rpm=fan_rpm, at=AT
    )
    seen = TemperatureIndication(thermocouple_degc=ROOM | seen_degc, at=AT)
    interlock.check(now_s, limit, panel, seen)


def test_a_panel_that_warms_up_as_it_should_is_left_alone() -> None:
    interlock = Interlock()
    for second in range(300):
        warm = min(second * 0.09, 20.0)
        look(
            interlock,
            float(second),
            board_degc=23.0 + 1.3 * warm,
            heatsink=23.0 + warm,
            surface=23.0 + 0.7 * warm,
        )


@pytest.mark.parametrize("degc", [487.2, -113.6, float("nan"), float("inf")])
def test_a_thermocouple_that_shows_what_cannot_be_is_the_station(degc: float) -> None:
    with pytest.raises(StationError, match="'surface' shows") as caught:
        look(Interlock(), 0.0, surface=degc)
    assert caught.value.code == "THERMOCOUPLE"


def test_a_thermocouple_that_jumps_is_the_station_and_one_that_was_not_read_for_long_may() -> None:
    interlock = Interlock()
    look(interlock, 0.0, heatsink=45.0)
    with pytest.raises(StationError, match=r"'heatsink' jumped from 45\.0 to 23\.0 degC"):
        look(interlock, 1.0, heatsink=23.0)
    slow = Interlock()
    look(slow, 0.0, heatsink=45.0)
    look(slow, 60.0, heatsink=23.0)


def test_a_thermocouple_or_a_board_above_its_cut_off_is_the_panel() -> None:
    with pytest.raises(PanelError, match=r"surface at 55\.1 degC \(limit 55\)") as caught:
        look(Interlock(), 0.0, surface=55.1)
    assert caught.value.code == "TOO_HOT"
    with pytest.raises(PanelError, match=r"LED board at nan degC"):
        look(Interlock(), 0.0, board_degc=float("nan"))


def test_a_board_that_rises_too_fast_is_cut_off_within_its_span() -> None:
    interlock = Interlock()
    look(interlock, 0.0)
    look(interlock, 5.0, board_degc=27.9)
    with pytest.raises(PanelError, match=r"rose by 5\.2 K to 28\.2 degC within 10 s") as caught:
        look(interlock, 9.0, board_degc=28.2)
    assert caught.value.code == "HEATS_TOO_FAST"


@pytest.mark.parametrize(("apart_s", "rise_k"), [(12.0, 6.2), (25.0, 12.7)])
def test_a_board_that_rises_too_fast_is_told_by_a_bench_that_seldom_looks(
    apart_s: float, rise_k: float
) -> None:
    slow = Interlock()
    look(slow, 0.0)
    look(slow, 100.0)
    with pytest.raises(PanelError, match=rf"rose by {rise_k} K to .* within {apart_s:g} s") as err:
        look(slow, 100.0 + apart_s, board_degc=23.0 + rise_k)
    assert err.value.code == "HEATS_TOO_FAST"


def test_a_board_that_rises_slowly_is_left_alone_by_a_bench_that_seldom_looks() -> None:
    slow = Interlock()
    for now_s, board_degc in ((0.0, 23.0), (40.0, 31.0), (52.0, 36.9), (53.0, 37.2)):
        look(slow, now_s, board_degc=board_degc, heatsink=board_degc, surface=board_degc)


def test_a_probe_that_stays_cold_while_the_board_climbs_has_come_off() -> None:
    interlock = Interlock()
    look(interlock, 0.0)
    look(interlock, 20.0, board_degc=27.0, surface=25.0)
    look(interlock, 40.0, board_degc=31.0, surface=27.0)
    with pytest.raises(StationError, match="'heatsink' rose by") as caught:
        look(interlock, 60.0, board_degc=34.0, surface=29.0, heatsink=23.3)
    assert caught.value.code == "PROBE_OFF"


def test_a_fan_may_start_and_must_then_run_while_the_panel_is_lit() -> None:
    interlock = Interlock()
    look(interlock, 0.0, fan_rpm=0.0, current_a=0.0)
    look(interlock, 10.0, fan_rpm=0.0)
    look(interlock, 12.0, fan_rpm=1500.0)
    look(interlock, 12.5, fan_rpm=2300.0)
    look(interlock, 14.0, fan_rpm=0.0)
    with pytest.raises(PanelError, match="turns at 0 /min") as caught:
        look(interlock, 17.0, fan_rpm=0.0)
    assert caught.value.code == "FAN_STALLED"


def test_a_panel_without_a_tacho_is_not_judged_by_it() -> None:
    silent = LIMIT.model_copy(update={"fan_rpm": None})
    interlock = Interlock()
    look(interlock, 0.0, fan_rpm=0.0, limit=silent)
    look(interlock, 60.0, fan_rpm=0.0, limit=silent)
