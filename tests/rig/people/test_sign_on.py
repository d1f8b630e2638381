"""Sign-on: the same words for every refusal, and a lock that nothing gets around."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from ledcal.rig.errors import RefusedInput
from ledcal.rig.keys import engineering_key
from ledcal.rig.people.account import People, change_pin, disable_account
from ledcal.rig.people.sign_on import (
    WRONG_IN_A_ROW,
    is_locked,
    sign_again,
    sign_on,
    unlock_person,
)
from ledcal.rig.store.opened import open_store
from ledcal.rig.store.schema import LOG_ENTRY
from tests.rig.people.conftest import PINS, WRONG, badge_of, on

ORDERED = select(LOG_ENTRY.c.kind).order_by(LOG_ENTRY.c.number)


def refusal(people: People, badge: str, pin: str) -> str:
    with pytest.raises(RefusedInput) as caught:
        sign_on(people, badge, pin)
    return caught.value.text


def locked(people: People, name: str) -> bool:
    with people.store.reading() as connection:
        return is_locked(connection, name)


def kinds(people: People) -> list[str]:
    with people.store.reading() as connection:
        return list(connection.execute(ORDERED).scalars())


def test_five_wrong_pins_in_a_row_lock_an_account_also_after_a_restart(
    people: People, url: str, tmp_path: Path
) -> None:
    for _ in range(WRONG_IN_A_ROW - 1):
        refusal(people, badge_of("Tom"), WRONG)
    on(people, "Tom")  # in a row: the count begins anew
    for count in range(1, WRONG_IN_A_ROW + 1):
        assert not locked(people, "Tom")
        refusal(people, badge_of("Tom"), f"{count}{WRONG}")
    people.store.close()
    with open_store(url) as store:
        again = People(store=store, key=engineering_key(tmp_path))
        assert locked(again, "Tom")
        refusal(again, badge_of("Tom"), PINS["Tom"])
        with pytest.raises(RefusedInput, match="not right"):
            sign_again(again, "Tom", PINS["Tom"])
        assert on(again, "Eve").role == "engineer"
        unlock_person(again, "Tom", "Ada")
        assert on(again, "Tom").name == "Tom"
        with pytest.raises(RefusedInput, match="is not locked"):
            unlock_person(again, "Tom", "Ada")


def test_another_pin_ends_a_lock(people: People) -> None:
    for _ in range(WRONG_IN_A_ROW):
        refusal(people, badge_of("Tom"), WRONG)
    change_pin(people, "Tom", badge_of("Tom"), "660412", "Ada")
    assert on(people, "Tom", "660412").name == "Tom"


def test_every_refusal_has_the_same_words_and_the_log_knows_which_it_was(people: People) -> None:
    disable_account(people, "Olu", "Ada")
    said = {
        refusal(people, "B-NOBODY", PINS["Tom"]),
        refusal(people, badge_of("Tom"), WRONG),
        refusal(people, badge_of("Olu"), PINS["Olu"]),
        refusal(people, "", ""),
        refusal(people, "\udc80\x1b[31m", "\udcff"),
        refusal(people, PINS["Tom"], badge_of("Tom")),
    }
    for _ in range(WRONG_IN_A_ROW):
        said.add(refusal(people, badge_of("Tom"), WRONG))
    said.add(refusal(people, badge_of("Tom"), PINS["Tom"]))
    (words,) = said
    assert "an approver frees it with `ledcal person unlock NAME`" in words
    with people.store.reading() as connection:
        entries = [
            json.loads(one) for one in connection.execute(select(LOG_ENTRY.c.entry)).scalars()
        ]
    told = [(one["kind"], one["subject"], one["facts"].get("why")) for one in entries[5:]]
    assert told == [
        ("sign-on refused", "unknown badge", None),
        ("wrong PIN", "Tom", None),
        ("sign-on refused", "Olu", "disabled"),
        *(("sign-on refused", "unknown badge", None) for _ in range(3)),
        *(("wrong PIN", "Tom", None) for _ in range(WRONG_IN_A_ROW - 1)),
        *(("sign-on refused", "Tom", "locked") for _ in range(2)),
    ]


GUESS = """
import os, sys
from pathlib import Path
from ledcal.rig.errors import RefusedInput
from ledcal.rig.keys import engineering_key
from ledcal.rig.people.account import People
from ledcal.rig.people.sign_on import sign_on
from ledcal.rig.store.opened import open_store

url, folder, badge, *guesses = sys.argv[1:]
ready, go = os.pipe(), os.pipe()
children = []
for pins in guesses:
    child = os.fork()
    if child:
        children.append(child)
        continue
    os.close(go[1])
    with open_store(url) as store:
        people = People(store=store, key=engineering_key(Path(folder)))
        os.write(ready[1], b"r")
        os.read(go[0], 1)  # the end of the pipe: all begin at once
        for pin in pins.split():
            try:
                sign_on(people, badge, pin)
            except RefusedInput:
                continue
            os.write(1, b"in ")
    os._exit(0)
for _ in guesses:
    assert os.read(ready[0], 1) == b"r"
os.close(go[1])
for child in children:
    assert os.waitpid(child, 0)[1] == 0
"""


def test_eight_processes_at_once_have_no_more_tries_than_one(
    people: People, url: str, tmp_path: Path
) -> None:
    wrong = [f"11{number:04d}" for number in range(24)]
    guesses = [" ".join([*wrong[3 * n : 3 * n + 3], PINS["Tom"]]) for n in range(8)]
    people.store.close()
    done = subprocess.run(
        [sys.executable, "-c", GUESS, url, str(tmp_path), badge_of("Tom"), *guesses],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    counted = [one for one in kinds(people) if one in ("signed on", "wrong PIN")]
    tries = "".join("w" if one == "wrong PIN" else "s" for one in counted)
    # Whatever came first: no six wrong ones in a row, and nobody in after five of them.
    assert "w" * (WRONG_IN_A_ROW + 1) not in tries
    assert "w" * WRONG_IN_A_ROW + "s" not in tries
    assert done.stdout.split().count("in") == tries.count("s")
    assert kinds(people).count("sign-on refused") == 32 - len(tries)
    assert locked(people, "Tom") == tries.endswith("w" * WRONG_IN_A_ROW)
