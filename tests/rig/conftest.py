"""A station with its certificates, and small runs made through the rig's own functions."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from ledcal.calibration.firmware import Expectation
from ledcal.calibration.outcome import Outcome
from ledcal.calibration.panel_calibration import ChannelTable, PanelCalibration
from ledcal.calibration.record import PanelIdentity
from ledcal.rig.certificates import certificate_paths
from ledcal.rig.closing import close_run, finished
from ledcal.rig.journal import Journal
from ledcal.rig.keys import SigningKey, engineering_key
from ledcal.rig.product import Product, read_product
from ledcal.rig.release import write_files
from ledcal.rig.run import RUNS, Request, keep_copies, start_run
from ledcal.rig.settings import SettingsFile
from ledcal.rig.station import Station, read_station

SERIAL = "TEST-0001"
_GRID_NM = [400.0, 700.0, 1100.0]


def _certificate(kind: str, serial: str, **more: Any) -> dict[str, Any]:
    return {
        "format": "ledcal-certificate/1",
        "kind": kind,
        "number": f"C-{serial}",
        "laboratory": "Laboratory",
        "maker": "Maker",
        "model": "Model",
        "serial": serial,
        "issued": date(2026, 1, 1),
        "due": date(2036, 1, 1),
        "coverage_factor": 2.0,
        "traceability": "Emulated.",
        **more,
    }


_TABLE = {
    "wavelength_nm": _GRID_NM,
    "correction_factor": [1.0, 1.01, 1.02],
    "expanded_uncertainty": [0.02, 0.02, 0.03],
}
_INPUTS = {"ambient": 101, "surface": 102, "heatsink": 103}


def _instrument(role: str, driver: str, serial: str) -> dict[str, Any]:
    return {
        "driver": driver,
        "resource": f"TCPIP::127.0.0.1::{role}",
        "serial": serial,
        "certificate": f"{role}.toml",
    }


FILES: dict[str, dict[str, Any]] = {
    "station": {
        "format": "ledcal-station/1",
        "name": "bench 1",
        "site": "Test",
        "mode": "DEMO",
        "simulated": True,
        "data_folder": "data",
        "clock": {"speed": 20.0},
        "plane": {
            "distance_mm": 150.0,
            "u_distance_mm": 0.3,
            "distance_sensitivity_per_mm": 0.006,
            "u_cosine": 0.004,
            "spectrometer_ratio": 0.933,
            "u_spectrometer_ratio": 0.003,
            "description": "centre of the panel",
        },
        "decision": {"guard_factor": 1.0},
        "power_meter": _instrument("power_meter", "thorlabs_pm103", "M1"),
        "spectrometer": _instrument("spectrometer", "jeti_specbos_1211", "S1"),
        "thermocouple_logger": _instrument("thermocouple_logger", "keysight_daq970a", "L1")
        | {"thermocouples": _INPUTS},
        "panel": {"driver": "ledcal_panel", "resource": "ASRL/dev/nowhere::INSTR"},
    },
    "power_meter": _certificate(
        "optical_power",
        "M1",
        head_model="H",
        head_serial="H1",
        aperture_area_mm2=70.9,
        aperture_area_expanded_uncertainty_mm2=0.2,
        linearity_expanded_uncertainty=0.001,
        zero_expanded_uncertainty_w=5e-8,
        table=_TABLE | {"relative_responsivity": [0.4, 0.8, 0.2]},
    ),
    "spectrometer": _certificate(
        "spectral_irradiance",
        "S1",
        wavelength_correction_nm=0.1,
        wavelength_expanded_uncertainty_nm=0.3,
        bandpass_nm=4.5,
        table=_TABLE,
    ),
    "thermocouple_logger": _certificate(
        "thermocouple",
        "L1",
        thermocouple=[
            {
                "name": name,
                "input": number,
                "kind": "K",
                "correction_k": 0.1,
                "expanded_uncertainty_k": 0.6,
            }
            for name, number in _INPUTS.items()
        ],
    ),
}

Change = Callable[..., Path]


@pytest.fixture
def change(tmp_path: Path) -> Change:
    """Write one of the bench's files anew with a key changed, or taken away; return its path."""

    def write(name: str, *where: str | int, value: Any = None) -> Path:
        content = copy.deepcopy(FILES[name])
        if where:
            inner: Any = content
            for part in where[:-1]:
                inner = inner[part]
            if value is None:
                del inner[where[-1]]
            else:
                inner[where[-1]] = value
        path = tmp_path / f"{name}.toml"
        path.write_text(tomli_w.dumps(content), encoding="utf-8")
        return path

    return write


@pytest.fixture
def station(change: Change) -> SettingsFile[Station]:
    """A station on disk with its certificates; no instrument is behind it."""
    for name in FILES:
        change(name)
    return read_station(change("station"))


@pytest.fixture(scope="session")
def product() -> SettingsFile[Product]:
    return read_product(None)


@pytest.fixture
def data_folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def key(data_folder: Path) -> SigningKey:
    return engineering_key(data_folder)


def panel_identity(**changed: Any) -> PanelIdentity:
    """A panel of the default product."""
    fields: dict[str, Any] = {
        "maker": "LEDCAL",
        "model": "LT5-300",
        "serial": SERIAL,
        "firmware": "1.0.0",
        "uid": "00112233445566778899aabbccddeeff",
        "product_code": 4201,
        "hardware_revision": 1,
        "drive_epoch": 7,
        "distance_mm": 150,
        "geometry_id": 1,
        "boot_count": 3,
        "on_hours": 12,
        "calibration": "NONE",
        "sequence": 0,
        "firmware_mode": "ENG",
    }
    return PanelIdentity(**(fields | changed))


@pytest.fixture
def identity() -> PanelIdentity:
    return panel_identity()


def panel_content(
    identity: PanelIdentity, sequence: int = 1, channels: Sequence[int] = (1,)
) -> PanelCalibration:
    """Each channel straight from 20 W/m2 to 160 W/m2."""
    table = ChannelTable(
        channel=channels[0],
        centroid_dnm=6601,
        t_ref=40 * 256,
        t_min=15 * 256,
        t_max=60 * 256,
        u_rel=310,
        ceiling=12_400,
        b1=0,
        b2=0,
        irradiance=(2_000, 9_000, 16_000),
        drive=(8_000, 35_000, 65_000),
    )
    return PanelCalibration(
        flags=1,
        uid=bytes.fromhex(identity.uid),
        serial=identity.serial,
        product_code=identity.product_code,
        hardware_revision=identity.hardware_revision,
        drive_epoch=identity.drive_epoch,
        sequence=sequence,
        issued_at=1_780_000_000,
        valid_until_hours=10_012,
        hours_at_calibration=identity.on_hours,
        record_sha256=bytes(32),
        distance_mm=identity.distance_mm,
        geometry_id=identity.geometry_id,
        channels=tuple(replace(table, channel=number) for number in channels),
    )


def board(identity: PanelIdentity, public: bytes) -> Expectation:
    """What the board of that panel knows of itself, when it trusts this key."""
    return Expectation(
        uid=bytes.fromhex(identity.uid),
        product_code=identity.product_code,
        hardware_revision=identity.hardware_revision,
        drive_epoch=identity.drive_epoch,
        distance_mm=identity.distance_mm,
        geometry_id=identity.geometry_id,
        n_channels=1,
        highest_sequence=0,
        file_in_use=None,
        on_hours=identity.on_hours,
        allowed_flags=3,
        public_keys=(public,),
    )


StartRun = Callable[..., tuple[Path, Journal]]


@pytest.fixture
def begin_run(
    station: SettingsFile[Station], product: SettingsFile[Product], data_folder: Path
) -> StartRun:
    """Begin a run in the data folder, as the procedure does."""

    def begin(run: str = f"20260301T120000000Z-{SERIAL}", **request: str) -> tuple[Path, Journal]:
        folder = data_folder / RUNS / run
        folder.mkdir(parents=True)
        fields: dict[str, Any] = {"serial": SERIAL} | request
        asked = Request(**fields)
        journal = start_run(folder, asked, station, product)
        keep_copies(folder, station, product, certificate_paths(station))
        return folder, journal

    return begin


@pytest.fixture
def make_run(begin_run: StartRun, key: SigningKey, identity: PanelIdentity) -> Callable[..., Path]:
    """Make a sealed run that wrote a file and was then found to be incomplete."""

    def make(*where: str, **request: str) -> Path:
        folder, journal = begin_run(*where, **request)
        journal.append("panel", asdict(identity))
        released = write_files(
            folder, panel_content(identity), {"run": folder.name}, identity, key
        )
        journal.append("calibration_file", released.event("written"))
        journal.append("note", {"code": "SMALL", "text": "µ and \u2028 are kept"})
        journal.append("run_finished", finished(Outcome.ABORTED, [{"code": "X", "text": "y"}]))
        journal.close()
        close_run(folder, key)
        return folder

    return make


@pytest.fixture
def sealed_run(make_run: Callable[..., Path]) -> Path:
    return make_run()
