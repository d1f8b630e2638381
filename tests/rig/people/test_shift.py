"""A sign-on for a shift: whose it is, when it ends, and that a file alone is worth nothing."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ledcal.rig.errors import RefusedInput, StationError
from ledcal.rig.people import shift
from ledcal.rig.people.account import People, disable_account
from ledcal.rig.people.shift import (
    ShiftEnded,
    begin_shift,
    end_shift,
    resume_shift,
    shift_file,
)
from tests.rig.people.conftest import PINS, WRONG, badge_of, on

URL = "sqlite:///here"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def begin(people: People, name: str = "Tom", at: datetime = NOON) -> None:
    begin_shift(people, URL, badge_of(name), PINS[name], 1800.0, at)


def at(people: People, now: datetime) -> str | None:
    person = resume_shift(people, URL, now)
    return None if person is None else person.name


def ended(people: People, now: datetime, words: str) -> None:
    with pytest.raises(ShiftEnded, match=words):
        resume_shift(people, URL, now)
    assert at(people, now) is None  # said once, then nobody is there


def test_each_use_begins_the_time_out_anew(people: People) -> None:
    assert at(people, NOON) is None
    begin(people)
    assert [at(people, NOON + n * 29 * MINUTE) for n in range(4)] == ["Tom"] * 4
    ended(people, NOON + (3 * 29 + 31) * MINUTE, "idle for more than 30 min")


def test_a_shift_ends_however_busy_it_was(people: People) -> None:
    begin(people)
    now = NOON
    while now < NOON + timedelta(hours=12):
        assert at(people, now) == "Tom"
        now += 29 * MINUTE
    ended(people, now, "older than 12 h")


def test_a_clock_that_went_back_ends_it(people: People) -> None:
    begin(people)
    ended(people, NOON - MINUTE, "the clock went back")


def test_a_new_start_of_the_computer_ends_it(
    people: People, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    begin(people)
    other = tmp_path / "boot_id"
    other.write_text("another\n")
    monkeypatch.setattr(shift, "_BOOT", other)
    ended(people, NOON, "not of this computer's present start")
    other.unlink()
    with pytest.raises(StationError, match="sign on each time"):
        begin(people)


def test_sign_off_ends_it_and_a_copy_of_its_file_too(people: People) -> None:
    begin(people)
    copy = shift_file(URL).read_bytes()
    assert end_shift(people, URL) == "Tom"
    assert at(people, NOON) is None
    assert end_shift(people, URL) is None
    shift_file(URL).write_bytes(copy)
    shift_file(URL).chmod(0o600)
    ended(people, NOON, "'Tom' has signed off")


def test_the_next_person_takes_over_and_a_wrong_pin_does_not(people: People) -> None:
    begin(people)
    with pytest.raises(RefusedInput, match="not right"):
        begin_shift(people, URL, badge_of("Eve"), WRONG, 1800.0, NOON)
    assert at(people, NOON) == "Tom"
    copy = shift_file(URL).read_bytes()
    begin(people, "Eve")
    assert at(people, NOON) == "Eve"
    shift_file(URL).write_bytes(copy)
    ended(people, NOON, "'Tom' has signed off")


def test_a_disabled_account_has_no_shift(people: People) -> None:
    begin(people)
    disable_account(people, "Tom", "Ada")
    ended(people, NOON, "the account of 'Tom' is disabled")


def test_the_file_is_its_owners_alone(people: People) -> None:
    begin(people)
    path = shift_file(URL)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert PINS["Tom"] not in path.read_text()
    path.chmod(0o644)
    ended(people, NOON, "open to others")
    path.parent.chmod(0o755)
    with pytest.raises(StationError, match="is not this user's alone"):
        resume_shift(people, URL, NOON)
    path.parent.chmod(0o700)


def test_a_file_without_its_entry_in_the_log_is_worth_nothing(people: People) -> None:
    begin(people)
    approver = on(people, "Ada")  # signed on, but for no shift
    said = json.loads(shift_file(URL).read_bytes())
    forgeries = [
        said | {"entry": approver.entry},
        said | {"entry": 10_000},
        said | {"entry": -1},
        said | {"token": "0" * 64},
        said | {"boot": "another"},
        said | {"format": "ledcal-shift/2"},
        said | {"used_at": "soon"},
        said | {"used_at": None},
        {"format": "ledcal-shift/1"},
        [],
    ]
    for content in [*(json.dumps(one).encode() for one in forgeries), b"", b"\xff", b"[" * 9_999]:
        shift_file(URL).write_bytes(content)
        shift_file(URL).chmod(0o600)
        with pytest.raises(ShiftEnded):
            resume_shift(people, URL, NOON)
        assert not shift_file(URL).exists()


def test_a_link_in_its_place_is_not_followed(people: People, tmp_path: Path) -> None:
    begin(people)
    path, kept = shift_file(URL), tmp_path / "kept"
    path.rename(kept)
    os.symlink(kept, path)
    ended(people, NOON, "open to others")
    assert kept.exists()
