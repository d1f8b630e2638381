from collections.abc import Callable
from pathlib import Path

import pytest

from ledcal.rig.closing import SEAL
from ledcal.rig.errors import RefusedInput, StationError
from ledcal.rig.journal import JOURNAL
from ledcal.rig.keys import SigningKey, known_public_key
from ledcal.rig.run import RUNS, Request
from ledcal.rig.settings import SettingsFile
from ledcal.rig.station import Station
from ledcal.rig.store.opened import STORE
from ledcal.rig.supervisor import LOG, Order, calibrate, order

REQUEST = Request(serial="TEST-0001")


def test_an_order_has_the_stations_data_folder_and_key(
    station: SettingsFile[Station], data_folder: Path
) -> None:
    wanted = order(REQUEST, station.path, None, None)
    assert wanted.data_folder == data_folder.resolve()
    assert wanted.key.public == known_public_key(data_folder)


def test_another_data_folder_can_be_named(station: SettingsFile[Station], tmp_path: Path) -> None:
    assert order(REQUEST, station.path, None, tmp_path / "b").data_folder == tmp_path / "b"


def test_every_file_is_read_before_anything_is_made(
    station: SettingsFile[Station], change: Callable[..., Path], data_folder: Path
) -> None:
    change("spectrometer", "bandpass_nm", value=0.0)
    with pytest.raises(RefusedInput, match=r"spectrometer\.toml:\d+: bandpass_nm: 0\.0: "):
        order(REQUEST, station.path, None, None)
    assert not data_folder.exists()


def test_a_store_that_cannot_be_used_is_told_before_anything_is_measured(
    station: SettingsFile[Station], data_folder: Path
) -> None:
    data_folder.mkdir(parents=True)
    (data_folder / STORE).write_bytes(b"no database")
    with pytest.raises(StationError, match="file is not a database; nothing was added to it"):
        order(REQUEST, station.path, None, None)


def test_a_procedure_that_did_not_begin_shows_its_log(
    tmp_path: Path, data_folder: Path, key: SigningKey
) -> None:
    """The station file is gone when the child reads it: no journal is begun, none is made up."""
    wanted = Order(
        request=REQUEST,
        station=tmp_path / "absent.toml",
        product=None,
        data_folder=data_folder,
        key=key,
    )
    followed: list[object] = []
    with pytest.raises(StationError) as caught:
        calibrate(wanted, followed.append)
    assert caught.value.code == "NOT_STARTED"
    assert "ended with 2 before it began, and the panel was not touched" in str(caught.value)
    assert "absent.toml" in str(caught.value)
    assert followed == []
    (folder,) = (data_folder / RUNS).iterdir()
    assert (folder / LOG).stat().st_size > 0
    assert not (folder / JOURNAL).exists()
    assert not (folder / SEAL).exists()
