"""Checkpoints that are not by the log's own key, or not those that stood there."""

import sqlite3
from pathlib import Path

from ledcal.rig.keys import engineering_key
from ledcal.rig.store import log
from ledcal.rig.store.opened import open_store, store_url
from tests.rig.store.long_log import make_long_log
from tests.rig.store.victim import Victim, entry


def test_one_signature_in_a_log_that_is_signed_with_each_entry(tmp_path: Path) -> None:
    make_long_log(tmp_path, engineering_key(tmp_path), 1100, every=1)
    victim = Victim(tmp_path, count=0)
    assert victim.words() == ""

    def attack(connection: sqlite3.Connection) -> None:
        connection.execute(
            "UPDATE checkpoint SET note = replace(note, substr(note, -9, 4), 'AAAA') "
            "WHERE size = 1037"
        )
        connection.execute(
            "UPDATE checkpoint SET note = (SELECT note FROM checkpoint WHERE size = 1025) "
            "WHERE size = 1024"
        )

    victim.attacked(attack)
    unsigned = "was altered, or is signed with a key that is not known here"
    words = f"checkpoint 1024: says that it is of 1025 entries\ncheckpoint 1037: {unsigned}"
    assert victim.words() == words


def test_a_checkpoint_by_another_key_is_not_believed(tmp_path: Path) -> None:
    victim = Victim(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    stranger = engineering_key(other)
    with open_store(store_url(other)) as store, store.adding() as connection:
        log.append(connection, entry(0, who="eve"))
        note = log.checkpoint(connection, "bench 3", stranger)
    victim.outside = note
    assert "a certificate: was altered, or is signed with a key" in victim.words(witness=True)
