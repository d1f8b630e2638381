"""Stations upload: all of it arrives once, and what contradicts itself is found out."""

import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from ledcal.rig.closing import SEAL
from ledcal.rig.errors import RefusedInput, StationError
from ledcal.rig.keys import engineering_key
from ledcal.rig.log_book import enter
from ledcal.rig.run import RUNS
from ledcal.rig.store.log import LogEntry
from ledcal.rig.store.opened import STORE, store_url
from ledcal.rig.touched import touched
from ledcal.rig.upload_bundle import bundle_sha256
from ledcal.rig.verify import verify_run
from tests.rig.site.conftest import Admit, AtSite, CloseRun, LiveSite, run_id


def attacked(data_folder: Path, *statements: str) -> None:
    """Change the station's store past its guards, as whoever has the disk can."""
    with closing(sqlite3.connect(data_folder / STORE)) as connection:
        for table in ("log_entry", "tree_node", "checkpoint", "run", "instrument_use", "result"):
            for action in ("update", "delete"):
                connection.execute(f"DROP TRIGGER IF EXISTS {table}_no_{action}")
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def rows(site: LiveSite, table: str) -> int:
    with site.store.reading() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def test_everything_arrives_and_is_there_once(site: LiveSite, admitted: Admit) -> None:
    station = admitted("one", 1, 2, 3)
    first = site.upload(station)
    assert (first.entries, len(first.runs), first.left) == (6, 3, ())
    again = site.upload(station)
    assert (again.entries, again.runs, again.left) == (6, (), ())
    assert site.runs() == [run_id(number) for number in (1, 2, 3)]
    for name in site.runs():
        here = site.data_folder / RUNS / name
        assert verify_run(here, site.data_folder).findings == ()
        assert bundle_sha256(here) == bundle_sha256(station.data_folder / RUNS / name)
    assert (rows(site, "run"), rows(site, "station_entry")) == (3, 6)
    assert site.alarms() == []


def test_a_run_whose_taking_was_cut_off(site: LiveSite, admitted: Admit) -> None:
    """Its folder had come to its place, the rows that tell of it had not."""
    station = admitted("one", 1)
    folder = RUNS + "/" + run_id(1)
    shutil.copytree(station.data_folder / folder, site.data_folder / folder)
    assert site.upload(station).left == ()
    assert (rows(site, "run"), site.runs(), site.alarms()) == (1, [run_id(1)], [])


def test_a_log_goes_on_where_it_was(site: LiveSite, admitted: Admit, close_one: CloseRun) -> None:
    station = admitted("one", 1)
    site.upload(station)
    entry = LogEntry(kind="key retired", subject="00", who="ann", station="b", facts={})
    enter(entry, engineering_key(station.data_folder), store_url(station.data_folder))
    close_one(station.data_folder, 2)
    done = site.upload(station)
    assert (done.entries, done.runs, done.left) == (5, (run_id(2),), ())
    assert site.alarms() == []


def test_the_index_answers_for_all_stations(site: LiveSite, url: str, admitted: Admit) -> None:
    for number, name in enumerate(("one", "two")):
        assert site.upload(admitted(name, number)).left == ()
    found = touched(site.data_folder, "M1", url=url)
    assert [(one.run, one.lost) for one in found] == [(run_id(0), ""), (run_id(1), "")]


def test_several_uploads_of_one_station_at_once(site: LiveSite, admitted: Admit) -> None:
    station = admitted("one", 1, 2, 3)
    with ThreadPoolExecutor(4) as pool:
        done = [*pool.map(site.upload, [station] * 4)]
    assert {one.left for one in done} == {()}
    assert (rows(site, "run"), rows(site, "station_entry"), site.alarms()) == (3, 6, [])


def test_what_is_missing_at_the_station_is_told(site: LiveSite, admitted: Admit) -> None:
    station = admitted("one", 1, 2)
    shutil.rmtree(station.data_folder / RUNS / run_id(1))
    (station.data_folder / RUNS / run_id(2) / SEAL).unlink()
    done = site.upload(station)
    assert done.runs == ()
    assert [words.partition(": ")[0] for words in done.left] == [
        f"run {run_id(1)}",
        f"run {run_id(2)}",
    ]


def test_a_damaged_run_is_not_taken(site: LiveSite, admitted: Admit) -> None:
    station = admitted("one", 1, 2)
    (station.data_folder / RUNS / run_id(1) / "product.toml").write_text("# altered\n")
    done = site.upload(station)
    assert done.runs == (run_id(2),)
    (words,) = done.left
    assert "product.toml was altered" in words
    assert site.runs() == [run_id(2)]


def test_a_log_that_was_rolled_back(site: LiveSite, admitted: Admit, close_one: CloseRun) -> None:
    station = admitted("one", 1, 2)
    kept = station.data_folder / "kept"
    shutil.copy(station.data_folder / STORE, kept)
    close_one(station.data_folder, 3)
    site.upload(station)
    shutil.copy(kept, station.data_folder / STORE)
    with pytest.raises(StationError, match="it was rolled back: it has 4 entries, 6 were seen"):
        site.upload(station)
    # A second time is no second alarm.
    with pytest.raises(StationError, match="it was rolled back"):
        site.upload(station)
    (alarm,) = site.alarms()
    assert (alarm.station, "rolled back" in alarm.text) == ("one", True)
    # It goes on from there, past what the site has seen, with the right key.
    for number in (4, 5):
        close_one(station.data_folder, number)
    with pytest.raises(StationError, match="it was rewritten: its first 6 entries are not those"):
        site.upload(station)
    assert len(site.alarms()) == 2
    assert rows(site, "station_entry") == 6


def test_a_log_that_was_begun_anew(site: LiveSite, admitted: Admit, close_one: CloseRun) -> None:
    station = admitted("one", 1)
    site.upload(station)
    for path in station.data_folder.glob(f"{STORE}*"):
        path.unlink()
    shutil.rmtree(station.data_folder / RUNS)
    close_one(station.data_folder, 9, "anew")
    with pytest.raises(StationError, match="it was begun anew, or is another data folder"):
        site.upload(station)
    assert len(site.alarms()) == 1


def test_an_entry_that_was_altered_before_its_upload(site: LiveSite, admitted: Admit) -> None:
    station = admitted("one", 1, 2)
    attacked(
        station.data_folder,
        "UPDATE log_entry SET entry = CAST(replace(CAST(entry AS TEXT), 'ABORTED', 'PASS') AS "
        "BLOB) WHERE number = 2",
    )
    with pytest.raises(StationError, match="its entries are not those that were signed"):
        site.upload(station)
    assert len(site.alarms()) == 1
    assert rows(site, "station_entry") == 0


def test_the_log_of_another_station(site: LiveSite, admitted: Admit) -> None:
    one, two = admitted("one", 1), admitted("two", 2)
    site.upload(one)
    with pytest.raises(StationError, match="it is the log of station one"):
        site.upload(AtSite("two", one.data_folder, two.token))
    (alarm,) = site.alarms()
    assert alarm.station == "two"


def test_a_run_that_is_here_with_another_content(
    site: LiveSite, admitted: Admit, close_one: CloseRun
) -> None:
    one, two = admitted("one", 1), admitted("two")
    close_one(two.data_folder, 1, "the same id at another station")
    site.upload(one)
    (words,) = site.upload(two).left
    assert "it is here already as another bundle" in words
    assert len(site.alarms()) == 1


def test_a_key_that_the_site_does_not_know(
    site: LiveSite, admitted: Admit, tmp_path: Path, close_one: CloseRun
) -> None:
    stranger = tmp_path / "stranger"
    close_one(stranger, 1)
    with pytest.raises(StationError, match="signed with a key that is not known here"):
        site.upload(AtSite("one", stranger, admitted("one").token))
    assert rows(site, "station_entry") == 0


@pytest.mark.parametrize("token", ["", "ledcal_one_" + "x" * 43, "ledcal_two_" + "x" * 43])
def test_a_token_that_is_not_known(site: LiveSite, admitted: Admit, token: str) -> None:
    station = admitted("one", 1)
    with pytest.raises(RefusedInput, match="the token is not known here"):
        site.upload(AtSite("one", station.data_folder, token))


def test_a_new_token_ends_the_one_before(site: LiveSite, admitted: Admit) -> None:
    station = admitted("one", 1)
    newer = admitted("one")
    with pytest.raises(RefusedInput, match="the token is not known here"):
        site.upload(station)
    assert site.upload(newer).left == ()
