"""What people do to a data folder is in its log: who, where, old, new, why; or it is not done."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from typer.testing import CliRunner

from ledcal.rig.backup import BACKUP_MADE, RESTORE_TESTED
from ledcal.rig.cli import app
from ledcal.rig.file_changes import LIMITS_CHANGED, SIGNED, STATION_CHANGED, enter_changes
from ledcal.rig.folder import sha256_hex
from ledcal.rig.key_file import new_key_file, public_file
from ledcal.rig.log_reading import LoggedEntry, entries, reading_log
from ledcal.rig.logged import login
from ledcal.rig.panel_lock import LOCKS, Holder
from ledcal.rig.product import read_product
from ledcal.rig.station import read_station
from ledcal.rig.store.opened import STORE
from ledcal.rig.trust import known_keys
from ledcal.rig.verify_archive import verify_data

Change = Callable[..., Path]


def ledcal(*arguments: str | Path) -> tuple[int, str]:
    told = CliRunner().invoke(app, [*map(str, arguments)])
    return told.exit_code, told.output


def log_of(data_folder: Path) -> list[LoggedEntry]:
    with reading_log(data_folder) as connection:
        return [] if connection is None else list(entries(connection))


def locked(data_folder: Path) -> Path:
    """A panel that a station on another computer has left locked."""
    path = data_folder / LOCKS / "TEST-0001.json"
    path.parent.mkdir(exist_ok=True)
    holder = Holder(
        serial="TEST-0001",
        station="line 2",
        host="elsewhere",
        pid=1,
        process_start="x",
        at="2026-01-01",
    )
    path.write_text(json.dumps(asdict(holder)))
    return path


def test_each_action_is_entered(sealed_run: Path, data_folder: Path, tmp_path: Path) -> None:
    there = ("--data", data_folder)
    key, public, product = tmp_path / "k.toml", tmp_path / "k.toml.pub", tmp_path / "product.toml"
    made = ledcal("key", "new", "Ada", "--purpose", "RELEASE", "--output", key, *there)
    assert made[0] == 0, made
    assert ledcal("key", "trust", public, "--operator", "Tom", *there)[0] == 0
    product.write_bytes(read_product(None).content)
    signed = ledcal("product", "release", product, "--key", key, "--name", "Ada", *there)
    assert signed[0] == 0, signed
    (key_id,) = (one.key_id for one in known_keys(data_folder) if not one.own)
    retired = ledcal("key", "retire", key_id, "--reason", "lost", "--operator", "Ann", *there)
    assert retired[0] == 0, retired
    locked(data_folder)
    assert ledcal("unlock", "TEST-0001", "--reason", "is off", "--operator", "Eve", *there)[0] == 0
    zipped = tmp_path / "kept.zip"
    assert ledcal("backup", "--output", zipped, *there)[0] == 0
    restored = ("restore", zipped, "--data", tmp_path / "new", "--tested-for", data_folder)
    code, told = ledcal(*restored)
    assert code == 0, told
    assert "the test is entry 8 of the log" in told
    found = log_of(data_folder)
    assert [(one.kind, one.subject, one.who) for one in found] == [
        ("run closed", sealed_run.name, "not recorded"),
        ("run sealed", sealed_run.name, "not recorded"),
        ("key made", key_id, login()),
        ("key trusted", key_id, "Tom"),
        (SIGNED, "LT5-300", "Ada"),
        ("key retired", key_id, "Ann"),
        ("panel unlocked", "TEST-0001", "Eve"),
        (BACKUP_MADE, "kept.zip", login()),
        (RESTORE_TESTED, "kept.zip", login()),
    ]
    facts = {one.kind: one.facts for one in found}
    assert (facts["key retired"]["old"], facts["key retired"]["new"]) == ("in use", "retired")
    assert facts["key retired"]["reason"] == "lost"
    assert (facts[SIGNED]["old"], facts[SIGNED]["new"]) == (None, sha256_hex(product.read_bytes()))
    assert facts["panel unlocked"]["old"].startswith("station 'line 2' (host elsewhere")
    assert facts[BACKUP_MADE]["sha256"] == sha256_hex(zipped.read_bytes())
    assert (facts[RESTORE_TESTED]["altered"], facts[RESTORE_TESTED]["checked"]) == ([], 2)
    assert not any(one.findings for one in verify_data(data_folder))


def test_a_store_that_refuses_stops_the_action(
    sealed_run: Path, data_folder: Path, tmp_path: Path
) -> None:
    there = ("--data", data_folder)
    line, product = tmp_path / "line.toml", tmp_path / "product.toml"
    new_key_file(tmp_path / "known.toml", "known", "RELEASE")
    public = public_file(tmp_path / "known.toml")
    assert ledcal("key", "trust", public, *there)[0] == 0
    (key_id,) = (one.key_id for one in known_keys(data_folder) if not one.own)
    new_key_file(line, "line", "PROD")
    product.write_bytes(read_product(None).content)
    lock = locked(data_folder)
    with closing(sqlite3.connect(data_folder / STORE)) as connection:
        connection.execute("DROP TRIGGER log_entry_no_delete")
    before = sorted((one, one.read_bytes()) for one in tmp_path.rglob("*.toml*"))
    for arguments in (
        ("key", "trust", public_file(line), *there),
        ("key", "retire", key_id, *there),
        ("key", "new", "x", "--purpose", "ENG", "--output", tmp_path / "x.toml", *there),
        (
            *("product", "release", product, "--key", tmp_path / "known.toml"),
            *("--name", "Ada", *there),
        ),
        ("unlock", "TEST-0001", "--reason", "off", *there),
        ("backup", "--output", tmp_path / "kept.zip", *there),
        ("instrument", "add", tmp_path / "power_meter.toml", *there),
        ("log", "--reviewed-by", "Ann", *there),
    ):
        code, told = ledcal(*arguments)
        assert code == 4, (arguments, told)
        assert "has lost its guards log_entry_no_delete" in told
    assert sorted((one, one.read_bytes()) for one in tmp_path.rglob("*.toml*")) == before
    assert lock.exists()
    assert not (tmp_path / "kept.zip").exists()
    assert not (tmp_path / "product.toml.release.json").exists()
    kinds = [one.kind for one in log_of(data_folder)]
    assert kinds == ["run closed", "run sealed", "key trusted"]


def test_a_test_of_a_restore_needs_the_folder_that_it_is_for(
    sealed_run: Path, data_folder: Path, tmp_path: Path
) -> None:
    zipped = tmp_path / "kept.zip"
    assert ledcal("backup", "--output", zipped, "--data", data_folder)[0] == 0
    absent = tmp_path / "absent"
    code, told = ledcal("restore", zipped, "--data", tmp_path / "new", "--tested-for", absent)
    assert code == 2
    assert "holds no runs" in told
    assert not (tmp_path / "new").exists()
    assert not absent.exists()


def test_changed_station_and_product_files_are_entered_once(
    change: Change, data_folder: Path, tmp_path: Path
) -> None:
    path = tmp_path / "product.toml"
    path.write_bytes(read_product(None).content)

    def begin(station: Path) -> None:
        enter_changes(
            data_folder, read_station(station), read_product(path), "not released", "Tom"
        )

    station = change("station")
    begin(station)
    begin(station)
    first = sha256_hex(path.read_bytes())
    path.write_bytes(path.read_bytes().replace(b"= 0.10", b"= 0.50", 1))
    begin(station)
    # Another station's files are its own.
    begin(change("station", "name", value="bench 2"))
    begin(change("station", "site", value="Elsewhere"))
    found = [(one.kind, one.station, one.facts["old"] is None) for one in log_of(data_folder)]
    assert found == [
        (STATION_CHANGED, "bench 1", True),
        (LIMITS_CHANGED, "bench 1", True),
        (LIMITS_CHANGED, "bench 1", False),
        (STATION_CHANGED, "bench 2", True),
        (LIMITS_CHANGED, "bench 2", True),
        (STATION_CHANGED, "bench 1", False),
    ]
    wider = log_of(data_folder)[2]
    assert wider.who == "Tom"
    assert (wider.facts["old"], wider.facts["new"]) == (first, sha256_hex(path.read_bytes()))
    assert wider.facts["release"] == "not released"
    (change_of,) = wider.facts["changes"]
    assert change_of.endswith(": 0.1 → 0.5")
    _, told = ledcal("log", "--kind", LIMITS_CHANGED, "--data", data_folder)
    assert change_of in told
    assert "not released" in told
    assert "serial_pattern =" not in told
