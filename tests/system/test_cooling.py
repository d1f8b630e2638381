"""A panel that begins warm: waited for in the dark, and for so long only."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ledcal.rig.bench import open_bench
from ledcal.rig.certificates import read_certificates
from ledcal.rig.cooling import let_cool, warmest_start_degc
from ledcal.rig.errors import SetupError
from ledcal.rig.observation import Observer
from ledcal.rig.product import read_product
from ledcal.rig.station import read_station

pytestmark = pytest.mark.system
PRODUCT = read_product(None).settings


def test_a_panel_in_a_warm_room_may_begin_where_it_cannot_get_colder() -> None:
    assert warmest_start_degc(PRODUCT, 23.0) == pytest.approx(32.0)
    assert warmest_start_degc(PRODUCT, 31.0) == pytest.approx(33.0)


def test_a_panel_that_does_not_cool_is_not_lit_and_is_to_be_put_beside(
    serve: Callable[..., Any], tmp_path: Path
) -> None:
    notes: list[str] = []
    with serve(tmp_path / "served", speed=200.0) as live:
        # As warm at each look, however late this machine takes it.
        for name in ("heatsink_degc", "board_degc"):
            warm = {"fault": name, "value": 54.0, "on": "panel", "command": "MEAS:TEMP?"}
            live.truth(set="fault", value=warm | {"times": 100_000})
        station = read_station(live.station)
        certificates = read_certificates(station)
        with open_bench(station, certificates, "DEMO-0001", tmp_path / "transcript") as bench:
            observer = Observer(
                bench=bench, cut_off=PRODUCT.cut_off, note=lambda code, _: notes.append(code)
            )
            with pytest.raises(SetupError, match=r"after 15 min in the dark: let it cool") as err:
                let_cool(observer, PRODUCT, observer.read_dark(None))
            assert live.truth(ask="state")["dark"]
    assert err.value.code == "STILL_WARM"
    assert notes == ["COOLING"]
