from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ledcal.rig.certificate_file import (
    read_power_meter_certificate,
    read_spectrometer_certificate,
    read_thermocouple_certificate,
)
from ledcal.rig.certificates import certificate_paths, read_certificates
from ledcal.rig.errors import RefusedInput
from ledcal.rig.folder import sha256_hex
from ledcal.rig.settings import SettingsFile
from ledcal.rig.station import Station, read_station

Change = Callable[..., Path]
READERS: dict[str, Callable[[Path], Any]] = {
    "power_meter": read_power_meter_certificate,
    "spectrometer": read_spectrometer_certificate,
    "thermocouple_logger": read_thermocouple_certificate,
}


def test_expanded_uncertainties_become_standard_ones(change: Change) -> None:
    path = change("power_meter")
    meter, digest = read_power_meter_certificate(path)
    assert digest == sha256_hex(path.read_bytes())
    assert meter.aperture_area_u_mm2 == 0.1
    np.testing.assert_allclose(meter.u_rel, [0.01, 0.01, 0.015])
    spectrometer, _ = read_spectrometer_certificate(change("spectrometer"))
    assert spectrometer.wavelength_u_nm == 0.15
    logger, _ = read_thermocouple_certificate(change("thermocouple_logger"))
    assert [one.u_k for one in logger.corrections] == [0.3, 0.3, 0.3]


def test_the_coverage_factor_is_that_of_the_certificate(change: Change) -> None:
    meter, _ = read_power_meter_certificate(change("power_meter", "coverage_factor", value=4.0))
    assert meter.aperture_area_u_mm2 == 0.05


@pytest.mark.parametrize(
    ("name", "where", "value", "limit"),
    [
        ("power_meter", ("format",), "ledcal-certificate/2", "ledcal-certificate/1"),
        ("power_meter", ("kind",), "thermocouple", "optical_power"),
        ("power_meter", ("due",), date(2025, 1, 1), "before issued, 2026-01-01"),
        ("power_meter", ("due",), "2036-01-01", "valid date"),
        ("power_meter", ("coverage_factor",), 0.5, "greater than or equal to 1"),
        ("power_meter", ("aperture_area_mm2",), 0.0, "greater than 0"),
        ("power_meter", ("aperture_area_mm2",), float("nan"), "finite"),
        ("power_meter", ("linearity_expanded_uncertainty",), -0.1, "greater than or equal to 0"),
        ("power_meter", ("head_serial",), None, "is missing"),
        ("power_meter", ("table", "wavelength_nm"), [400.0, 390.0, 500.0], "390.0 follows 400.0"),
        ("power_meter", ("table", "correction_factor"), [1.0, 1.0], "2 values for 3 wavelengths"),
        ("power_meter", ("table", "relative_responsivity"), [1.0, -1.0, 1.0], "greater than 0"),
        ("power_meter", ("table", "expanded_uncertainty"), [0.1, -0.1, 0.1], "or equal to 0"),
        ("power_meter", ("table", "relative_responsivity"), None, "is missing"),
        ("spectrometer", ("bandpass_nm",), 0.0, "greater than 0"),
        ("spectrometer", ("wavelength_correction_nm",), 30.0, "less than or equal to 20"),
        ("spectrometer", ("table", "correction_factor"), [1.0, float("inf"), 1.0], "finite"),
        ("spectrometer", ("table", "responsivity"), [1.0, 1.0, 1.0], "unknown key"),
        ("thermocouple_logger", ("thermocouple",), [], "at least 1"),
        ("thermocouple_logger", ("thermocouple", 1, "name"), "ambient", "stands there twice"),
        ("thermocouple_logger", ("thermocouple", 1, "input"), 101, "stands there twice"),
        ("thermocouple_logger", ("thermocouple", 1, "kind"), "KK", "at most 1"),
        ("thermocouple_logger", ("thermocouple", 1, "correction_k"), 99.0, "or equal to 20"),
    ],
)
def test_what_no_certificate_can_mean_is_refused(
    change: Change, name: str, where: tuple[str | int, ...], value: Any, limit: str
) -> None:
    path = change(name, *where, value=value)
    with pytest.raises(RefusedInput) as caught:
        READERS[name](path)
    key = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in where)
    text = str(caught.value)
    assert text.startswith(f"{path}:")
    assert f": {key.lstrip('.')}" in text
    assert limit in text
    line = int(text.removeprefix(f"{path}:").split(":")[0])
    assert str(where[-1]) in path.read_text().split("\n")[line - 1] or value in (None, [])


def test_a_station_has_its_own_instruments_certificates(station: SettingsFile[Station]) -> None:
    found = read_certificates(station)
    assert {role: head.serial for role, head in found.heads().items()} == {
        "power_meter": "M1",
        "spectrometer": "S1",
        "thermocouple_logger": "L1",
    }
    assert found.file_sha256 == {
        role: sha256_hex(path.read_bytes()) for role, path in certificate_paths(station).items()
    }


@pytest.mark.parametrize("role", list(READERS))
def test_another_instruments_certificate_is_refused(
    station: SettingsFile[Station], change: Change, role: str
) -> None:
    path = change(role, "serial", value="OTHER")
    with pytest.raises(RefusedInput) as caught:
        read_certificates(station)
    for words in (str(path), "'OTHER'", repr(getattr(station.settings, role).serial)):
        assert words in str(caught.value)


def test_a_thermocouple_at_another_input_is_refused(
    station: SettingsFile[Station], change: Change
) -> None:
    change("thermocouple_logger", "thermocouple", 1, "input", value=109)
    with pytest.raises(RefusedInput, match="'surface': input 109: the station file says 102"):
        read_certificates(station)


def test_a_thermocouple_without_a_certificate_is_refused(
    station: SettingsFile[Station], change: Change
) -> None:
    """It would end the run in the middle otherwise."""
    change("thermocouple_logger", "thermocouple", 2, value=None)
    with pytest.raises(RefusedInput, match="'heatsink': input none: the station file says 103"):
        read_certificates(station)


def test_a_missing_certificate_is_refused(change: Change) -> None:
    for name in ("power_meter", "spectrometer", "thermocouple_logger"):
        change(name)
    station = read_station(change("station", "power_meter", "certificate", value="no.toml"))
    with pytest.raises(RefusedInput, match=r"no\.toml: cannot be read"):
        read_certificates(station)
