from typing import Any

import pytest

from ledcal.rig.drive import LONGEST_S, Wanted
from ledcal.rig.drive_command import line_of
from ledcal.rig.errors import RefusedInput
from ledcal.rig.observation import ByDrive, ByIrradiance
from ledcal.rig.product import Product
from ledcal.rig.settings import SettingsFile

ASKED: dict[str, Any] = {"channel": 2, "code": 100, "irradiance_w_m2": None, "duration_s": 5.0}


def test_a_code_or_an_irradiance_is_a_light(product: SettingsFile[Product]) -> None:
    assert Wanted(**ASKED).light(product.settings) == ByDrive({2: 100})
    asked = ASKED | {"code": None, "irradiance_w_m2": 40.0}
    assert Wanted(**asked).light(product.settings) == ByIrradiance({2: 40.0})


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"channel": 0}, "channel 0: LT5-300 has 1 to 5"),
        ({"channel": 6}, "channel 6"),
        ({"code": 65536}, "code 65536: 0 to 65535"),
        ({"code": -1}, "code -1"),
        ({"code": None}, "either a drive code or an irradiance"),
        ({"irradiance_w_m2": 1.0}, "either a drive code or an irradiance"),
        ({"code": None, "irradiance_w_m2": 1000.0}, "irradiance 1000.0: 0 W/m2 to its ceiling"),
        ({"code": None, "irradiance_w_m2": float("nan")}, "irradiance nan"),
        ({"duration_s": 0.0}, "time 0.0: above 0 s"),
        ({"duration_s": float("nan")}, "time nan"),
        ({"duration_s": LONGEST_S + 1}, "up to 3600 s"),
    ],
)
def test_what_cannot_be_driven_is_refused_before_anything_is_opened(
    product: SettingsFile[Product], changed: dict[str, Any], words: str
) -> None:
    with pytest.raises(RefusedInput) as caught:
        Wanted(**ASKED | changed).light(product.settings)
    assert words in caught.value.text


def test_a_look_is_a_line_of_fixed_columns() -> None:
    looked = {
        "past_s": 1.0,
        "power_w": 0.00618,
        "current_a": 0.683,
        "board_degc": 23.14,
        "drive_code": 300,
        "thermocouple_degc": {"ambient": 23.0, "heatsink": 22.8},
    }
    assert line_of(looked) == (
        "    1.0 s  code   300  meter   6.1800 mW   0.683 A  board  23.1 degC  "
        "ambient 23.0  heatsink 22.8 degC"
    )
