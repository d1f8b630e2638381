"""A station file with --data: the run is kept where the station's key is known."""

from pathlib import Path

import pytest

from ledcal.calibration.outcome import Outcome
from ledcal.rig.certificates import certificate_paths
from ledcal.rig.closing import close_run, finished
from ledcal.rig.doctor_files import look_at_key
from ledcal.rig.doctor_findings import Findings
from ledcal.rig.errors import RefusedInput
from ledcal.rig.key_file import new_key_file
from ledcal.rig.keys import engineering_key
from ledcal.rig.product import read_product
from ledcal.rig.run import RUNS, Request, keep_copies, start_run
from ledcal.rig.settings import SettingsFile
from ledcal.rig.station import Station
from ledcal.rig.station_key import key_of
from ledcal.rig.trust import TRUSTED, known_keys, retire, trust
from ledcal.rig.verify_archive import verify_data
from tests.rig.people.conftest import ledcal
from tests.rig.test_keys import as_prod


def test_a_run_is_kept_where_the_key_that_seals_it_is_known(
    station: SettingsFile[Station], tmp_path: Path, data_folder: Path
) -> None:
    """With --data beside a station file; a key for engineering is made known by the first run."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    own = engineering_key(data_folder)
    assert key_of(station).public == own.public
    assert known_keys(elsewhere) == []
    findings = Findings()
    look_at_key(station, elsewhere, findings)
    assert [one.status for one in findings.found] == ["ok"]
    assert known_keys(elsewhere) == []  # who looks changes nothing

    key = key_of(station, elsewhere)
    assert key_of(station, elsewhere).public == key.public == own.public
    # Beside its own, which signs the log's entry about it.
    learnt = [(one.public, one.purpose) for one in known_keys(elsewhere) if not one.own]
    assert learnt == [(own.public, "ENG")]
    code, told = ledcal("log", "--data", elsewhere)
    assert code == 0
    assert told.count("key trusted") == 1
    folder = elsewhere / RUNS / "20260301T120000000Z-TEST-0001"
    request = Request(serial="TEST-0001")
    folder.mkdir(parents=True)
    journal = start_run(folder, request, station, read_product(None))
    copies = certificate_paths(station)
    keep_copies(folder, station, read_product(None), copies)
    journal.append("run_finished", finished(Outcome.SETUP, [{"code": "X", "text": "y"}]))
    journal.close()
    close_run(folder, key)
    assert [one.findings for one in verify_data(elsewhere)] == [(), ()]
    # As it was found where nothing had let it know the key.
    (elsewhere / TRUSTED / f"{key.key_id.hex()}.toml").unlink()
    assert all(one.findings for one in verify_data(elsewhere))


def test_a_key_that_is_retired_where_the_run_is_kept_seals_nothing_there(
    station: SettingsFile[Station], tmp_path: Path, data_folder: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    key = new_key_file(tmp_path / "prod.toml", "line 1", "PROD")
    prod = as_prod(station)
    with pytest.raises(RefusedInput, match=f"does not know key {key.key_id.hex()}"):
        key_of(prod, elsewhere)
    findings = Findings()
    look_at_key(prod, elsewhere, findings)
    assert [one.status for one in findings.found] == ["FAIL"]
    assert "does not know key" in findings.found[0].text
    trust(tmp_path / "prod.toml.pub", elsewhere)
    assert key_of(prod, elsewhere).public == key.public
    retire(key.key_id.hex(), elsewhere)
    with pytest.raises(RefusedInput, match="retired since"):
        key_of(prod, elsewhere)
