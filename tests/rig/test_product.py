import tomllib
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from ledcal.rig.errors import RefusedInput
from ledcal.rig.product import Product, read_product
from ledcal.rig.settings import SettingsFile


def test_the_shipped_product_is_valid(product: SettingsFile[Product]) -> None:
    said = product.settings
    assert list(said.channels) == [1, 2, 3, 4, 5]
    assert [one.nominal_nm for one in said.channels.values()] == [630, 660, 810, 830, 850]
    assert said.drive_levels[-1] == 1.0


def test_the_file_at_a_path_is_read(tmp_path: Path, product: SettingsFile[Product]) -> None:
    path = tmp_path / "p.toml"
    path.write_bytes(product.content)
    read = read_product(path)
    assert read.settings == product.settings
    assert read.sha256 == product.sha256
    assert read.path == path


def line_with(text: str, words: str, nth: int = 1) -> int:
    lines = [n for n, line in enumerate(text.split("\n"), start=1) if line.startswith(words)]
    return lines[nth - 1]


@pytest.mark.parametrize(
    ("where", "value", "limit"),
    [
        (("format",), "ledcal-product/2", "ledcal-product/1"),
        (("model",), "", "at least 1"),
        (("serial_pattern",), "[A-Z", "regular expression"),
        (("product_code",), -1, "greater than or equal to 0"),
        (("product_code",), 2**32, "4294967295"),
        (("hardware_revisions",), [], "at least 1"),
        (("hardware_revisions",), ["A"], "valid integer"),
        (("distance_mm",), 0, "greater than 0"),
        (("distance_mm",), 150.5, "valid integer"),
        (("geometry_id",), 65536, "65535"),
        (("drive_levels",), [0.1, 0.2, 0.3, 0.4, 0.5, 0.9], "end with 1.0"),
        (("drive_levels",), [0.1, 0.2, 0.2, 0.4, 0.5, 1.0], "0.2 follows 0.2"),
        (("drive_levels",), [0.5, 1.0], "at least 6"),
        (("drive_levels",), [0.0, 0.2, 0.3, 0.4, 0.5, 1.0], "greater than 0"),
        (("verify_fractions",), [0.5, 1.2], "less than or equal to 1"),
        (("verify_fractions",), [1.0, 0.5], "0.5 follows 1.0"),
        (("verify_fractions",), [], "at least 1"),
        (("temperature", "rated_degc"), [60.0, 15.0], "15.0 follows 60.0"),
        (("temperature", "rated_degc"), [-300.0, 60.0], "-55"),
        (("temperature", "rated_degc"), [15.0, 60.0, 70.0], "at most 2"),
        (("temperature", "t_ref_degc"), 70.0, "15.0 to 60.0"),
        (("temperature", "t_ref_degc"), float("nan"), "finite"),
        (("warm_up", "stability"), 0.0, "greater than 0"),
        (("warm_up", "limit_s"), 40.0, "window_s and round_s together, 45"),
        (("limits", "additivity"), [-1.0, 1.03], "greater than 0"),
        (("limits", "irradiance_tolerance"), 1.5, "less than or equal to 1"),
        (("cut_off", "board_degc"), 200.0, "less than or equal to 85"),
        (("cut_off", "board_degc"), float("inf"), "finite"),
        (("map", "positions_mm"), [[1.0]], "at least 2"),
        (("map", "positions_mm"), [[0.0, 0.0], [10.0, 0.0]], "no stage is driven"),
    ],
)
def test_an_impossible_value_is_refused_at_its_line(
    tmp_path: Path,
    product: SettingsFile[Product],
    where: tuple[str, ...],
    value: Any,
    limit: str,
) -> None:
    content: dict[str, Any] = tomllib.loads(product.content.decode())
    inner = content
    for part in where[:-1]:
        inner = inner[part]
    inner[where[-1]] = value
    path = tmp_path / "p.toml"
    path.write_text(tomli_w.dumps(content))
    with pytest.raises(RefusedInput) as caught:
        read_product(path)
    text = str(caught.value)
    assert text.startswith(f"{path}:{line_with(path.read_text(), where[-1])}: {'.'.join(where)}")
    assert limit in text


@pytest.mark.parametrize(
    ("key", "value", "limit"),
    [
        ("nominal_nm", 1200.0, "1000"),
        ("nominal_w_m2", 0.0, "greater than 0"),
        ("ceiling_w_m2", 99.0, "at least nominal_w_m2, 100.0"),
        ("fwhm_nm", [-5.0, 20.0], "greater than 0"),
        ("fwhm_nm", [30.0, 30.0], "30.0 follows 30.0"),
        ("full_drive_ratio", [1.6, 1.1], "1.1 follows 1.6"),
        ("colour", "red", "unknown key"),
        ("centroid_tolerance_nm", None, "is missing"),
    ],
)
def test_a_channel_is_named_by_its_number(
    tmp_path: Path, product: SettingsFile[Product], key: str, value: Any, limit: str
) -> None:
    content: dict[str, Any] = tomllib.loads(product.content.decode())
    content["channel"][2].pop(key, None)
    if value is not None:
        content["channel"][2][key] = value
    path = tmp_path / "p.toml"
    path.write_text(tomli_w.dumps(content))
    with pytest.raises(RefusedInput) as caught:
        read_product(path)
    text = path.read_text()
    lines = text.split("\n")
    third = line_with(text, "[[channel]]", 3)
    expected = third + 1 + lines[third:].index(next(x for x in lines[third:] if x.startswith(key)))
    if value is None:
        expected = third
    assert str(caught.value).startswith(f"{path}:{expected}: channel[3].{key}")
    assert limit in str(caught.value)


@pytest.mark.parametrize("number", [0, 9])
def test_one_to_eight_channels(
    tmp_path: Path, product: SettingsFile[Product], number: int
) -> None:
    content: dict[str, Any] = tomllib.loads(product.content.decode())
    content["channel"] = (content["channel"] * 2)[:number]
    path = tmp_path / "p.toml"
    path.write_text(tomli_w.dumps(content))
    with pytest.raises(RefusedInput, match=r"p\.toml:\d+: channel: "):
        read_product(path)


@pytest.mark.parametrize(
    ("serial", "right"),
    [
        # The example of ISO 7064 as the Global Release Identifier prints it.
        ("A1-2425G-ABC1234002-M", True),
        ("A1-2425G-ABC1234002-N", False),
        ("A1-2425G-ABC1243002-M", False),
        ("A1-2425G-ABD1234002-M", False),
    ],
)
def test_a_check_character_finds_a_mistyped_serial(
    product: SettingsFile[Product], serial: str, right: bool
) -> None:
    checked = product.settings.model_copy(update={"serial_check": "ISO 7064 MOD 37,36"})
    assert checked.checks(serial) is right
    assert product.settings.checks(serial)
