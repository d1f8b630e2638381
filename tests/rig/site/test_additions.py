"""Statements, amendments and late signatures arrive at the site too, checked by their entries."""

import base64
import http.client
import json
import shutil
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from ledcal.calibration.outcome import Outcome
from ledcal.rig.additions import kept_files
from ledcal.rig.amend import amend
from ledcal.rig.amendments import AMENDMENTS
from ledcal.rig.authorisation import approver
from ledcal.rig.certificates import certificate_paths
from ledcal.rig.closing import close_run, finished
from ledcal.rig.deletion import delete, request_deletion
from ledcal.rig.issue import AWAITING_SIGNATURE, ISSUED
from ledcal.rig.key_file import new_key_file, public_file
from ledcal.rig.keys import engineering_key
from ledcal.rig.product import Product
from ledcal.rig.release import write_unsigned
from ledcal.rig.retention import set_retention
from ledcal.rig.review import state_on
from ledcal.rig.run import RUNS, Request, keep_copies, start_run
from ledcal.rig.settings import SettingsFile
from ledcal.rig.sign import sign_run
from ledcal.rig.site.check import verify_site
from ledcal.rig.statements import STATEMENTS
from ledcal.rig.station import Station
from ledcal.rig.store.opened import open_store_to_read, store_url
from ledcal.rig.store.schema import LOG_ENTRY
from ledcal.rig.trust import trust
from ledcal.rig.verify_archive import verify_data
from tests.rig.conftest import SERIAL, panel_content, panel_identity
from tests.rig.site.conftest import Admit, AtSite, LiveSite, run_id

FILES = [
    f"{AMENDMENTS}/{run_id(1)}/01.dsse.json",
    f"{ISSUED}/{run_id(1)}/issue.json",
    f"{ISSUED}/{run_id(1)}/panel.ledcal",
    f"{STATEMENTS}/{run_id(1)}/01-reviewed.dsse.json",
    f"{STATEMENTS}/{run_id(1)}/02-reviewed.dsse.json",
]


@pytest.fixture
def person(tmp_path: Path) -> Path:
    path = tmp_path / "ann.toml"
    new_key_file(path, "Ann", "ENG")
    return path


@pytest.fixture
def told(
    site: LiveSite,
    station: SettingsFile[Station],
    product: SettingsFile[Product],
    admitted: Admit,
    person: Path,
    tmp_path: Path,
) -> AtSite:
    """A station with a run that was reviewed, signed late, amended, and reviewed again."""
    data_folder, identity = tmp_path / "one", panel_identity()
    run, key = data_folder / RUNS / run_id(1), engineering_key(data_folder)
    run.mkdir(parents=True)
    journal = start_run(run, Request(serial=SERIAL, operator="Tom"), station, product)
    keep_copies(run, station, product, certificate_paths(station))
    journal.append("panel", asdict(identity))
    write_unsigned(run, panel_content(identity), {"run": run.name}, identity, key)
    reasons = [{"code": AWAITING_SIGNATURE, "text": "sign it"}]
    journal.append("run_finished", finished(Outcome.ABORTED, reasons))
    journal.close()
    close_run(run, key)
    at_site = admitted("one")
    trust(public_file(person), data_folder)
    state_on(run, "reviewed", "Ann", "", person, data_folder)
    sign_run(run, person, "Ann", data_folder)
    amend(run, {"customer": "Clinic"}, "forgotten", "Ann", person, data_folder)
    state_on(run, "reviewed", "Ann", "with the customer", person, data_folder)
    return at_site


def kept(data_folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(data_folder).as_posix(): path.read_bytes()
        for place in (STATEMENTS, AMENDMENTS, ISSUED)
        for path in sorted((data_folder / place).rglob("*"))
        if path.is_file()
    }


def words(site: LiveSite, url: str) -> list[str]:
    found = verify_site(site.data_folder, url)
    return [f"{one.file} {one.text}" for each in found for one in each.findings]


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_what_came_later_arrives_once_and_as_it_was(
    site: LiveSite, url: str, told: AtSite, person: Path
) -> None:
    assert not [one for each in verify_data(told.data_folder) for one in each.findings]
    first = site.upload(told)
    # The run and its log are here; the person's key is not known at the site.
    assert (first.runs, first.additions, len(first.left)) == ((run_id(1),), (), 4)
    assert "ledcal key trust" in first.left[0]
    assert kept(site.data_folder) == {}
    trust(public_file(person), site.data_folder)
    second = site.upload(told)
    assert (second.runs, second.additions, second.left) == ((), (2, 3, 4, 5), ())
    assert sorted(kept(site.data_folder)) == FILES
    assert kept(site.data_folder) == kept(told.data_folder)
    third = site.upload(told)
    assert (third.additions, third.left, site.alarms()) == ((), (), [])
    assert words(site, url) == []
    (site.data_folder / FILES[0]).unlink()
    found = words(site, url)
    assert any(one.startswith(f"{FILES[0]} is gone") for one in found)
    assert any(
        "covers revision 1 of the record, which is not the one here" in one for one in found
    )


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_what_is_not_as_the_log_says_is_not_taken(
    site: LiveSite, url: str, told: AtSite, person: Path
) -> None:
    trust(public_file(person), site.data_folder)
    path, hidden = told.data_folder / FILES[0], told.data_folder / "hidden"
    content = path.read_bytes()
    path.write_bytes(content + b"\n")
    done = site.upload(told)
    # The review of the revision that it made cannot stand without it.
    assert [one.split(": ")[1] for one in done.left] == ["entry 4", "entry 5"]
    assert "is not the file of entry 4: it was altered" in done.left[0]
    path.rename(hidden)
    assert "cannot be read" in site.upload(told).left[0]
    path.write_bytes(content)
    # A taking that was cut off between the file and its row is taken again.
    shutil.copytree(told.data_folder / AMENDMENTS, site.data_folder / AMENDMENTS)
    done = site.upload(told)
    assert (done.additions, done.left, words(site, url)) == ((4, 5), (), [])


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_another_content_in_its_place_is_an_alarm(
    site: LiveSite, told: AtSite, person: Path
) -> None:
    assert site.upload(told).runs == (run_id(1),)
    trust(public_file(person), site.data_folder)
    place = site.data_folder / FILES[3]
    place.parent.mkdir(parents=True)
    place.write_bytes(b"{}")
    for _ in range(2):
        assert "is here already with another content" in site.upload(told).left[0]
    (alarm,) = site.alarms()
    assert (alarm.station, alarm.subject) == ("one", run_id(1))
    assert place.read_bytes() == b"{}"


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_file_signed_late_goes_with_its_run(told: AtSite, person: Path, tmp_path: Path) -> None:
    """Of a deleted run nobody misses it; of any other it is gone."""
    data_folder = told.data_folder
    new_key_file(tmp_path / "bob.toml", "Bob", "ENG")
    trust(public_file(tmp_path / "bob.toml"), data_folder)
    ann = approver("Ann", person, data_folder)
    bob = approver("Bob", tmp_path / "bob.toml", data_folder)
    run, kept_aside = data_folder / RUNS / run_id(1), tmp_path / "aside"
    shutil.copytree(data_folder / ISSUED, kept_aside)
    shutil.rmtree(data_folder / ISSUED)
    gone = [one for each in verify_data(data_folder) for one in each.findings]
    assert [one.file for one in gone] == FILES[1:3]
    assert all("is gone; log entry 3 says it was there" in one.text for one in gone)
    shutil.copytree(kept_aside, data_folder / ISSUED)
    set_retention(data_folder, 2, "contract", ann)
    number = request_deletion(run, "its time is over", ann, data_folder).number
    delete(run, number, bob, data_folder, on=datetime.now(UTC).date() + timedelta(days=3 * 366))
    assert not (data_folder / FILES[1]).exists()
    assert [one for each in verify_data(data_folder) for one in each.findings] == []


def post(site: LiveSite, token: str, path: str, body: bytes) -> tuple[int, str]:
    connection = http.client.HTTPConnection(str(urlsplit(site.url).netloc), timeout=20)
    try:
        connection.request("POST", path, body, {"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_hostile_additions(
    site: LiveSite, told: AtSite, person: Path, admitted: Admit, tmp_path: Path
) -> None:
    trust(public_file(person), site.data_folder)
    stranger = admitted("two", 2)
    with open_store_to_read(store_url(told.data_folder)) as store, store.reading() as connection:
        rows = connection.execute(LOG_ENTRY.select().order_by(LOG_ENTRY.c.number)).all()
    paths = kept_files(rows[4].entry)
    good = {
        path: base64.b64encode((told.data_folder / path).read_bytes()).decode() for path in paths
    }
    origin = site.upload(told).origin
    where = f"/additions/{origin}?entry="
    before = kept(site.data_folder)
    for token, path, body, status in (
        ("x", f"{where}4", good, 401),
        (stranger.token, f"{where}4", good, 409),
        (told.token, f"{where}0", good, 422),  # a run that was closed
        (told.token, f"{where}1", good, 422),  # its seal
        (told.token, f"{where}99", good, 409),
        (told.token, f"{where}1e3", good, 400),
        (told.token, f"{where}4", [], 400),
        (told.token, f"{where}4", {"a": 1}, 400),
        (told.token, f"{where}4", {"a": "?"}, 400),
        (told.token, "/additions/../keys?entry=4", good, 400),
    ):
        found, text = post(site, token, path, json.dumps(body).encode())
        assert (found, path) == (status, path), text
    assert post(site, told.token, f"{where}4", b"[" * 9000)[0] == 400
    assert post(site, told.token, f"{where}4", json.dumps({"../x": ""}).encode())[0] == 422
    # Said again it changes nothing.
    assert post(site, told.token, f"{where}4", json.dumps(good).encode())[0] == 200
    assert kept(site.data_folder) == before
    assert not (tmp_path / "x").exists()
