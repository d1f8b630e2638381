"""The log as a person reads it: searched, exported without harm, and reviewed."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ledcal.rig.cli import app
from ledcal.rig.logged import enter_action, login
from ledcal.rig.trust import TRUSTED
from ledcal.rig.verify_archive import verify_data

HOSTILE = '=HYPERLINK("http://x")\x1b[31m\u202e<b>'


def ledcal(*arguments: str | Path) -> tuple[int, str]:
    told = CliRunner().invoke(app, [*map(str, arguments)])
    return told.exit_code, told.output


@pytest.fixture
def data(make_run: Callable[..., Path], data_folder: Path) -> Path:
    """A data folder with a run and three actions in its log, one of them hostile."""
    make_run(operator="Tom")
    change = {"old": "aa", "new": "bb", "reason": "it was worn"}
    enter_action(data_folder, "key retired", "k1", who="Ann", station="bench 1", facts=change)
    enter_action(data_folder, "key retired", "k2", facts={})
    enter_action(data_folder, HOSTILE, HOSTILE, who=HOSTILE, station=HOSTILE, facts={"x": HOSTILE})
    return data_folder


def test_what_happened_to_what_by_whom_and_why(data: Path) -> None:
    code, told = ledcal("log", "--data", data)
    assert code == 0, told
    for words in ("run closed", "Tom", "bench 1", "aa → bb; reason it was worn", "5 of 5 entries"):
        assert words in told
    assert login() in told  # nobody was named, so whose account it was
    assert "nobody has reviewed this log yet" in told


def test_it_is_searched_by_kind_subject_and_day(data: Path) -> None:
    def numbers(*asked: str) -> list[int]:
        code, told = ledcal("log", "--json", "--data", data, *asked)
        assert code == 0, told
        return [one["number"] for one in json.loads(told)["entries"]]

    assert numbers("--kind", "key retired") == [2, 3]
    assert numbers("--kind", "key retired", "--kind", "run closed") == [0, 2, 3]
    assert numbers("--subject", "k2") == [3]
    assert numbers("--since", "2020-01-01", "--until", "2020-01-02") == []
    assert numbers("--since", "2020-01-01") == [0, 1, 2, 3, 4]
    code, told = ledcal("log", "--data", data, "--kind", "key lost")
    assert code == 2
    assert "there are: " in told
    assert "key retired, run closed, run sealed" in told


def test_hostile_text_neither_acts_on_the_terminal_nor_in_a_spreadsheet(
    data: Path, tmp_path: Path
) -> None:
    _, told = ledcal("log", "--data", data)
    assert "\x1b" not in told
    assert "\u202e" not in told
    code, told = ledcal("log", "--data", data, "--csv", tmp_path / "log.csv")
    assert code == 0, told
    rows = list(csv.reader((tmp_path / "log.csv").read_text().splitlines()))
    assert len(rows) == 6
    assert json.loads(rows[3][6])["reason"] == "it was worn"
    for cell in (cell for row in rows for cell in row):
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
        assert cell.isprintable()
    assert rows[5][2] == "'" + HOSTILE.replace("\x1b", "\\u001b").replace("\u202e", "\\u202e")


def test_a_review_is_itself_entered(data: Path) -> None:
    code, told = ledcal("log", "--data", data, "--reviewed-by", "Quinn")
    assert code == 0, told
    assert "the review is entry 5 of the log" in told
    enter_action(data, "key retired", "k3", facts={})
    _, told = ledcal("log", "--data", data, "--since", "2020-01-01")
    assert "reviewed to entry 4 by Quinn" in told
    assert "2 entries since" in told
    # The keys of these entries were never there, and that is all that there is to find.
    files = [one.file for path in verify_data(data) for one in path.findings]
    assert files == [f"{TRUSTED}/{key}.toml" for key in ("k1", "k2", "k3")]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--kind", "run closed"), "without gaps"),
        (("--subject", "k1"), "without gaps"),
        (("--until", "2020-01-01"), "that has an entry"),
    ],
)
def test_only_a_whole_listing_counts_as_reviewed(
    data: Path, more: tuple[str, str], words: str
) -> None:
    code, told = ledcal("log", "--data", data, "--reviewed-by", "Quinn", *more)
    assert code == 2
    assert words in told
    assert "5 of 5" in ledcal("log", "--data", data)[1]


def test_a_folder_without_a_log_is_told(tmp_path: Path) -> None:
    code, told = ledcal("log", "--data", tmp_path)
    assert code == 2
    assert "has no log; the first run begins it" in told
    assert not list(tmp_path.iterdir())


def test_text_that_no_log_can_keep_is_refused_before_anything(data: Path) -> None:
    code, told = ledcal("log", "--data", data, "--reviewed-by", "\udcff")
    assert code == 2, told
    assert "is not UTF-8" in told
    assert "5 of 5" in ledcal("log", "--data", data)[1]
