"""The commands, from the station's introduction to the site's check of what it has."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ledcal.rig.cli import app
from ledcal.rig.keys import SITE_TOKEN
from ledcal.rig.log_book import LOG_PROOF
from ledcal.rig.run import RUNS
from ledcal.rig.store.opened import STORE, store_url
from tests.rig.site.conftest import CloseRun, LiveSite, run_id


@pytest.fixture
def url(tmp_path: Path) -> str:
    """The store that a site has when none is named."""
    (tmp_path / "site").mkdir()
    return store_url(tmp_path / "site")


def said(*arguments: str | Path, code: int = 0) -> str:
    done = CliRunner().invoke(app, [*map(str, arguments)])
    assert done.exit_code == code, done.output
    return done.output


def test_from_introduction_to_check(site: LiveSite, tmp_path: Path, close_one: CloseRun) -> None:
    station, public = tmp_path / "station", tmp_path / "station.pub"
    close_one(station, 1)
    # A station's own folder is no site's that was altered.
    assert "no station was ever admitted" in said("verify-site", "--data", station, code=2)
    said("introduce", "bench 1", "--output", public, "--data", station)
    token = said("admit", "bench-1", "--key", public, "--data", site.data_folder)

    file = station / SITE_TOKEN
    file.write_text(token)
    file.chmod(0o644)
    assert "lets others read it" in said("upload", "--to", site.url, "--data", station, code=2)
    file.chmod(0o600)
    told = said("upload", "--to", site.url, "--data", station)
    assert f"{site.url}: 2 entries of the log, 1 runs and 0 additions brought, 0 left" in told

    assert "No station has contradicted itself" in said("alarms", "--data", site.data_folder)
    for command in (("verify-site", "--data", site.data_folder), ("verify", site.data_folder)):
        assert json.loads(said(*command, "--json"))["unaltered"]
    assert run_id(1) in said("history", "TEST-0001", "--data", site.data_folder)
    (site.data_folder / RUNS / run_id(1) / LOG_PROOF).write_text("altered")
    assert f"{LOG_PROOF} was altered" in said("verify", site.data_folder, code=1).replace(
        ": ", " "
    )


def test_an_alarm_is_told_until_somebody_looks(
    site: LiveSite, tmp_path: Path, close_one: CloseRun
) -> None:
    station, public = tmp_path / "station", tmp_path / "station.pub"
    close_one(station, 1)
    said("introduce", "bench 1", "--output", public, "--data", station)
    token = tmp_path / "token"
    token.write_text(said("admit", "bench-1", "--key", public, "--data", site.data_folder))
    token.chmod(0o600)
    upload = ("upload", "--to", site.url, "--token-file", token, "--data", station)
    said(*upload)
    (station / STORE).rename(tmp_path / "aside")
    close_one(station, 2)
    assert "it was begun anew" in said(*upload, code=4)
    (alarm,) = json.loads(said("alarms", "--data", site.data_folder, "--json", code=1))["alarms"]
    assert alarm["station"] == "bench-1"
    assert "bench-1" in said("alarms", "--data", site.data_folder, code=1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("upload", "--to", "ftp://x"), "is no URL"),
        (("upload", "--to", "http://site.example"), "in the clear"),
        (("upload", "--to", "http://127.0.0.1:x"), "is no URL"),
        (("site", "--listen", "nowhere:80"), "is no IPv4 address and port"),
        (("site", "--listen", "127.0.0.1:99999"), "is no IPv4 address and port"),
        (("admit", "../x"), "1 to 40 of a-z"),
        (("admit", "Bench"), "1 to 40 of a-z"),
        (("verify-site",), "no station was ever admitted"),
        (("alarms",), "there is no record store"),
    ],
)
def test_what_is_refused_before_anything_is_done(
    tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    token, public = tmp_path / "token", tmp_path / "a.pub"
    token.write_text("ledcal_x_y")
    token.chmod(0o600)
    more: tuple[str | Path, ...] = ("--data", tmp_path)
    if arguments[0] == "upload":
        more += ("--token-file", token)
    elif arguments[0] == "admit":
        more += ("--key", public)
    assert words in said(*arguments, *more, code=2)
