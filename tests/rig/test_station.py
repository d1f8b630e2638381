from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ledcal.rig.errors import RefusedInput
from ledcal.rig.settings import SettingsFile
from ledcal.rig.station import Station, beside, read_station

Change = Callable[..., Path]


def refusal(path: Path) -> str:
    with pytest.raises(RefusedInput) as caught:
        read_station(path)
    return str(caught.value)


def line_of_words(path: Path, words: str) -> int:
    lines = path.read_text().split("\n")
    return next(n for n, line in enumerate(lines, start=1) if line.startswith(words))


def test_a_simulated_demo_station_is_read(station: SettingsFile[Station]) -> None:
    said = station.settings
    assert said.mode == "DEMO"
    assert said.simulated
    assert said.visa_library == "@py"
    assert said.thermocouple_logger.thermocouples["heatsink"] == 103


@pytest.mark.parametrize(
    ("where", "value", "limit"),
    [
        (("format",), "ledcal-station/9", "ledcal-station/1"),
        (("mode",), "prod", "'PROD', 'ENG' or 'DEMO'"),
        (("name",), "", "at least 1"),
        (("name",), "x" * 201, "at most 200"),
        (("data_folder",), "data\0", "match pattern"),
        (("data_folder",), "data\n", "match pattern"),
        (("simulated",), 1, "valid boolean"),
        (("clock", "speed"), 0.5, "greater than or equal to 1"),
        (("clock", "speed"), 1e9, "less than or equal to 200"),
        (("clock", "speed"), float("nan"), "finite"),
        (("clock", "sped"), 2.0, "unknown key"),
        (("plane", "distance_mm"), -1.0, "greater than 0"),
        (("plane", "u_cosine"), 0.5, "less than or equal to 0.1"),
        (("plane", "turned_spectrometer_ratio"), 0.933, "needs another spectrometer_ratio"),
        (("laboratory",), {"name": "Lab"}, "country_code: is missing"),
        (("laboratory",), {"name": "Lab", "country_code": "Germany"}, "match pattern"),
        (("decision", "guard_factor"), -1.0, "greater than or equal to 0"),
        (("power_meter", "serial"), 12, "valid string"),
        (("power_meter", "resource"), None, "is missing"),
        (("spectrometer", "certificate"), "c\0.toml", "match pattern"),
        (("thermocouple_logger", "thermocouples", "ambient"), 0, "greater than or equal to 1"),
        (("thermocouple_logger", "thermocouples", "ambient"), 103, "also the input of heatsink"),
        (("thermocouple_logger", "thermocouples", "heatsink"), None, "no input for heatsink"),
        (("panel", "serial"), "X", "unknown key"),
    ],
)
def test_an_impossible_value_is_refused_with_its_key(
    change: Change, where: tuple[str, ...], value: Any, limit: str
) -> None:
    path = change("station", *where, value=value)
    text = refusal(path)
    assert text.startswith(f"{path}:")
    assert f": {'.'.join(where[:2])}" in text
    assert limit in text


@pytest.mark.parametrize(
    ("where", "value", "line"),
    [
        (("clock", "speed"), 500.0, "speed"),
        (("thermocouple_logger", "thermocouples", "ambient"), 0, "ambient"),
        (("plane", "u_cosine"), 0.5, "u_cosine"),
        (("power_meter", "resource"), None, "[power_meter]"),
    ],
)
def test_the_line_is_that_of_the_key_or_of_its_table(
    change: Change, where: tuple[str, ...], value: Any, line: str
) -> None:
    path = change("station", *where, value=value)
    assert refusal(path).startswith(f"{path}:{line_of_words(path, line)}: ")


def prod(path: Path, **changed: str) -> Path:
    """Make a station a PROD one, in the file."""
    lines = {"mode": '"PROD"', "simulated": "false", "speed": "1.0"} | changed
    text = path.read_text().split("\n")
    for key, value in lines.items():
        text = [f"{key} = {value}" if line.startswith(f"{key} =") else line for line in text]
    head = 'signing_key = "key.pem"\nsign_on = "required"\n'
    path.write_text(head + "\n".join(text))
    return path


def test_a_prod_station_has_a_key_and_no_haste(change: Change) -> None:
    said = read_station(prod(change("station"))).settings
    assert said.mode == "PROD"
    assert said.clock.speed == 1


@pytest.mark.parametrize(
    ("key", "value", "limit"),
    [
        ("simulated", "true", "simulated: True: a PROD station has no simulated bench"),
        ("speed", "2.0", "clock.speed: 2.0: PROD runs at 1 only"),
        ("signing_key", "", "mode: 'PROD': a PROD station needs its signing_key"),
        ("sign_on", "", "mode: 'PROD': a PROD station needs sign_on = 'required'"),
        ("mode", '"DEMO"', "mode: 'DEMO': DEMO is for the simulated bench"),
    ],
)
def test_prod_and_demo_are_not_mixed(change: Change, key: str, value: str, limit: str) -> None:
    path = change("station")
    prod(path, **({key: value} if value else {}))
    if not value:
        lines = path.read_text().split("\n")
        path.write_text("\n".join(one for one in lines if not one.startswith(f"{key} =")))
    line = line_of_words(path, key if value else "mode")
    assert refusal(path).startswith(f"{path}:{line}: {limit}")


def test_a_prod_station_without_a_key_has_its_files_signed_after_review(change: Change) -> None:
    path = prod(change("station"))
    text = path.read_text()
    after = text.replace('signing_key = "key.pem"', 'signing = "after review"')
    path.write_text(after)
    said = read_station(path).settings
    assert (said.signing, said.signing_key) == ("after review", None)
    path.write_text('signing = "after review"\n' + text)
    assert "signing: 'after review': needs no signing_key here" in refusal(path)
    path.write_text(after.replace("after review", "never"))
    assert "signing: 'never': Input should be 'at once' or 'after review'" in refusal(path)


def test_names_are_beside_the_station_file(station: SettingsFile[Station], tmp_path: Path) -> None:
    assert beside(station, "a/../b.toml") == (tmp_path / "b.toml").resolve()
    assert beside(station, "/x/y") == Path("/x/y")
