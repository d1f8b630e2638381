"""A station file with --data: the run is kept where the station's key is known."""

from pathlib import Path

import pytest

from ledcal.calibration.outcome import Outcome
from ledcal.rig.certificates import certificate_paths
from ledcal.rig.closing import close_run, finished, key_of
from ledcal.rig.doctor_files import look_at_key
from ledcal.rig.doctor_findings import Findings
from ledcal.rig.errors import RefusedInput
from ledcal.rig.key_file import new_key_file
from ledcal.rig.keys import engineering_key
from ledcal.rig.product import read_product
from ledcal.rig.run import RUNS, Request, keep_copies, start_run
from ledcal.rig.settings import SettingsFile
from ledcal.rig.station import Station
from ledcal.rig.trust import TRUSTED, retire, trust
from ledcal.rig.verify_archive import verify_data
from tests.rig.people.conftest import ledcal
from tests.rig.test_keys import as_prod


def test_a_run_is_kept_where_the_key_that_seals_it_is_known(
    station: SettingsFile[Station], tmp_path: Path, data_folder: Path
) -> None:
    """With --data beside a station file; the folder that this file names knows its own key."""
    elsewhere = tmp_path / "elsewhere"
    options = ("--station", station.path, "--data", elsewhere, "--reason", "x")
    code, told = ledcal("calibrate", "TEST-0001", *options)
    own = engineering_key(data_folder)
    assert code == 2
    assert f"this data folder does not know key {own.key_id.hex()}, with which" in told
    assert not (elsewhere / RUNS).exists()
    assert key_of(station, data_folder).public == own.public
    findings = Findings()
    look_at_key(station, elsewhere, findings)
    assert [one.status for one in findings.found] == ["FAIL"]
    assert "does not know key" in findings.found[0].text

    # By what the words tell to do.
    public = tmp_path / "bench.pub"
    assert ledcal("introduce", "bench", "--output", public, "--data", data_folder)[0] == 0
    assert ledcal("key", "trust", public, "--data", elsewhere)[0] == 0
    key = key_of(station, elsewhere)
    assert key.public == own.public
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
    # As it was found when nobody had let it know the key.
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
    trust(tmp_path / "prod.toml.pub", elsewhere)
    assert key_of(prod, elsewhere).public == key.public
    retire(key.key_id.hex(), elsewhere)
    with pytest.raises(RefusedInput, match="retired since"):
        key_of(prod, elsewhere)
