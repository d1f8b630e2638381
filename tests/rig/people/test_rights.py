"""Every role against every action, as written down here a second time."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from ledcal.rig.errors import RefusedInput
from ledcal.rig.people.account import ROLES as ALL_ROLES
from ledcal.rig.people.account import People
from ledcal.rig.people.rights import RIGHTS, SIGNING, Action, read_permit, require
from ledcal.rig.store.schema import LOG_ENTRY
from tests.rig.people.conftest import ROLES, on

# technician, engineer, approver, auditor
TABLE = {
    "calibrate": "yes yes no no",
    "prove": "yes yes no no",
    "install": "yes yes no no",
    "read back": "yes yes yes yes",
    "drive by hand": "no yes no no",
    "answer for a run on hold": "no yes no no",
    "unlock a panel": "no yes yes no",
    "review": "no yes yes no",
    "approve": "no no yes no",
    "sign after review": "no yes yes no",
    "release a product file": "no yes yes no",
    "trust or retire a key": "no no yes no",
    "change the register of instruments": "no no yes no",
    "let an overdue certificate be used": "no no yes no",
    "amend a record": "no yes yes no",
    "set how long records are kept": "no no yes no",
    "delete a run": "no no yes no",
    "review the log": "no yes yes yes",
    "admit a station": "no no yes no",
    "change accounts": "no no yes no",
}


def last(people: People) -> dict[str, object]:
    with people.store.reading() as connection:
        content = connection.execute(
            select(LOG_ENTRY.c.entry).order_by(LOG_ENTRY.c.number.desc()).limit(1)
        ).scalar_one()
    return dict(json.loads(content))


def test_the_table_is_whole() -> None:
    assert [one.value for one in Action] == list(TABLE)
    assert set(RIGHTS) == set(Action)


def test_each_role_may_do_what_it_may_and_the_log_has_it_either_way(people: People) -> None:
    for name, role in ROLES.items():
        person = on(people, name)
        for action in Action:
            may = TABLE[action.value].split()[ALL_ROLES.index(person.role)] == "yes"
            if may:
                assert require(people, person, action, "P-1").name == name
            else:
                with pytest.raises(RefusedInput, match=f"'{name}' is an? {role}; to") as caught:
                    require(people, person, action, "P-1")
                assert caught.value.code == "RIGHTS"
            said = last(people)
            assert said["kind"] == ("action permitted" if may else "action refused")
            assert (said["subject"], said["who"]) == ("P-1", name)
            facts = {"action": action.value, "role": role, "sign_on": person.entry}
            assert said["facts"] == facts


def test_whoever_only_reads_signs_nothing_but_that_it_was_read() -> None:
    reading = {Action.READ_BACK, Action.REVIEW_LOG}
    assert {one for one in Action if "auditor" in RIGHTS[one]} == reading
    for action in SIGNING:
        assert "technician" not in RIGHTS[action]


def test_what_is_acted_on_may_be_hostile(people: People) -> None:
    require(people, on(people, "Tom"), Action.INSTALL, "\x00\x1b[31m\udc80\u202e" + "x" * 9_000)
    subject = str(last(people)["subject"])
    assert subject.isprintable()
    assert len(subject) < 500


Reader = Callable[..., str]


@pytest.fixture
def read(people: People) -> Reader:
    def ask(entry: int, action: Action, about: str, later: timedelta = timedelta(0)) -> str:
        with people.store.reading() as connection:
            return read_permit(connection, entry, action, about, datetime.now(UTC) + later).name

    return ask


def test_a_permit_is_for_one_thing_and_a_short_time(people: People, read: Reader) -> None:
    tom = on(people, "Tom")
    permit = require(people, tom, Action.CALIBRATE, "P-1")
    with pytest.raises(RefusedInput):
        require(people, tom, Action.APPROVE, "P-1")
    refused = permit.entry + 1
    assert read(permit.entry, Action.CALIBRATE, "P-1") == "Tom"
    assert read(permit.entry, Action.CALIBRATE, "P-1", timedelta(minutes=9)) == "Tom"
    for entry, action, about, later in (
        (permit.entry, Action.CALIBRATE, "P-2", timedelta(0)),
        (permit.entry, Action.PROVE, "P-1", timedelta(0)),
        (permit.entry, Action.CALIBRATE, "P-1", timedelta(minutes=11)),
        (permit.entry, Action.CALIBRATE, "P-1", timedelta(minutes=-1)),
        (refused, Action.APPROVE, "P-1", timedelta(0)),
        (tom.entry, Action.CALIBRATE, "P-1", timedelta(0)),
        (-1, Action.CALIBRATE, "P-1", timedelta(0)),
        (10_000, Action.CALIBRATE, "P-1", timedelta(0)),
    ):
        with pytest.raises(RefusedInput, match="does not permit anybody"):
            read(entry, action, about, later)
