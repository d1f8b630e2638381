"""At a site too, whatever is altered, cut, moved or added is named."""

import shutil
import tracemalloc
from pathlib import Path

import pytest
from sqlalchemy import text

from ledcal.calibration.merkle import leaf_hash
from ledcal.rig.closing import RECORD
from ledcal.rig.keys import engineering_key
from ledcal.rig.run import RUNS
from ledcal.rig.site.check import verify_site
from ledcal.rig.store.opened import store_url
from ledcal.rig.store.triggers import make_triggers
from tests.rig.site.conftest import Admit, LiveSite, run_id
from tests.rig.site.long_copy import make_long_copy

TABLES = ("station_entry", "station_checkpoint", "run", "log_entry")


def words(site: LiveSite, url: str) -> str:
    return "\n".join(
        f"{found.folder.name}: {one.file} {one.text}"
        for found in verify_site(site.data_folder, url)
        for one in found.findings
    )


def attack(site: LiveSite, statement: str, **values: object) -> None:
    """Change the store past its guards, as whoever administers it can."""
    with site.store.adding() as connection:
        for table in TABLES:
            for action in ("update", "delete"):
                on = f" ON {table}" if connection.dialect.name == "postgresql" else ""
                connection.execute(text(f"DROP TRIGGER {table}_no_{action}{on}"))
        connection.execute(text(statement), values)
        make_triggers(connection)


@pytest.fixture
def full(site: LiveSite, admitted: Admit) -> LiveSite:
    assert site.upload(admitted("one", 0, 1)).left == ()
    return site


def test_every_attack_is_named(full: LiveSite, url: str) -> None:
    """One after the other: what an attack left is part of what the next one finds."""
    assert words(full, url) == ""
    assert [one.checked for one in verify_site(full.data_folder, url)][:2] == [3, 4]
    runs = full.data_folder / RUNS

    shutil.copytree(runs / run_id(0), runs / run_id(9))
    assert f"{RUNS}/{run_id(9)} was added past the site" in words(full, url)
    shutil.rmtree(runs / run_id(9))

    record = runs / run_id(0) / RECORD
    record.write_bytes(record.read_bytes().replace(b"ABORTED", b"PASS"))
    said = words(full, url)
    assert f"{RUNS}/{run_id(0)} is not the run that the index tells of" in said
    assert f"{run_id(0)}: {RECORD} was altered" in said

    shutil.rmtree(runs / run_id(1))
    assert f"{RUNS}/{run_id(1)} is gone; the index says it was received" in words(full, url)


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE station_entry SET entry = :new WHERE number = 0", "are not those that were"),
        ("UPDATE station_entry SET entry = :new WHERE number = 2", "proves an entry that no"),
        ("UPDATE station_entry SET number = 7 WHERE number = 1", "stands at place 1: entries"),
        ("DELETE FROM station_entry WHERE number = 1", "4 entries were signed, 3 are there"),
        ("DELETE FROM station_checkpoint", "4 entries are here, only 0 were signed"),
        ("DELETE FROM station_entry", "4 entries were signed, 0 are there"),
        ("UPDATE station_checkpoint SET note = 'x'", "is damaged"),
        ("UPDATE station_checkpoint SET edge = :new", "its edge of the tree was altered"),
        ("UPDATE station_entry SET kind = 'x' WHERE number = 2", "entry 2 is listed as x 2026"),
        ("UPDATE station_entry SET record_sha256 = 'x'", "that is not what it says"),
        ("UPDATE log_entry SET entry = :new WHERE number = 2", "its hash is not the one"),
    ],
)
def test_a_store_that_was_altered(full: LiveSite, url: str, statement: str, expected: str) -> None:
    new = {"new": leaf_hash(b"another")} if ":new" in statement else {}
    attack(full, statement, **new)
    assert expected in words(full, url)


def test_a_site_without_a_station_is_clean(site: LiveSite, url: str) -> None:
    assert words(site, url) == ""


def test_a_long_copy_is_checked_in_the_memory_of_a_short_one(tmp_path: Path) -> None:
    (tmp_path / RUNS).mkdir()
    entries = make_long_copy(tmp_path, engineering_key(tmp_path), 5000, every=500)
    tracemalloc.start()
    try:
        own, copy = verify_site(tmp_path, store_url(tmp_path))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (own.findings, copy.findings, copy.checked) == ((), (), 5000)
    assert peak < entries / 2
