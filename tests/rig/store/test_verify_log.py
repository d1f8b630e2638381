"""Every kind of attack on the log by somebody who owns the database, each named."""

import sqlite3
import tracemalloc
from pathlib import Path

import pytest

from ledcal.calibration.merkle import leaf_hash
from ledcal.rig.errors import StationError
from ledcal.rig.keys import engineering_key
from ledcal.rig.store import log
from ledcal.rig.store.opened import STORE, open_store, store_url
from tests.rig.store.long_log import make_long_log
from tests.rig.store.victim import COUNT, Victim, entry, forged

LONG = 8000


@pytest.fixture
def victim(tmp_path: Path) -> Victim:
    return Victim(tmp_path)


def test_an_untouched_log_is_clean(victim: Victim) -> None:
    found = victim.check(witness=True)
    assert (found.size, found.findings) == (COUNT, ())


def test_an_edited_entry(victim: Victim) -> None:
    victim.attacked(
        lambda c: c.execute("UPDATE log_entry SET entry = ? WHERE number = 7", (forged(7),))
    )
    assert "entry 7: was altered: its hash is not the one in the tree" in victim.words()


def test_an_edited_entry_with_its_hash_mended(victim: Victim) -> None:
    def attack(connection: sqlite3.Connection) -> None:
        connection.execute("UPDATE log_entry SET entry = ? WHERE number = 7", (forged(7),))
        connection.execute(
            "UPDATE tree_node SET hash = ? WHERE level = 0 AND position = 7",
            (leaf_hash(forged(7)),),
        )

    victim.attacked(attack)
    assert (
        "checkpoint 10: the log's first 10 entries are not those that were signed: something "
        "from entry 5 on was altered"
    ) in victim.words()


def test_a_root_of_a_subtree_from_which_later_proofs_are_made(victim: Victim) -> None:
    victim.attacked(
        lambda c: c.execute("UPDATE tree_node SET hash = x'00' WHERE level = 2 AND position = 1")
    )
    words = victim.words()
    where = "tree of the log, level 2, position 1"
    assert words == f"{where}: was altered: it does not follow from the entries"


def test_a_subtree_too_many(victim: Victim) -> None:
    victim.attacked(lambda c: c.execute("INSERT INTO tree_node VALUES (9, 0, x'00')"))
    assert victim.words().startswith("tree of the log, level 9, position 0: was altered")


def test_a_checkpoint_that_was_taken_away_is_seen_by_its_witness(victim: Victim) -> None:
    victim.attacked(lambda c: c.execute("DELETE FROM checkpoint WHERE size = 15"))
    assert victim.words() == ""
    assert victim.words(witness=True) == (
        "a certificate: the log has lost the checkpoint of 15 entries that stands here"
    )


def test_two_entries_exchanged(victim: Victim) -> None:
    def attack(connection: sqlite3.Connection) -> None:
        for table, column in (("log_entry", "number"), ("tree_node", "position")):
            where = "" if table == "log_entry" else " AND level = 0"
            for old, new in ((11, 99), (12, 11), (99, 12)):
                connection.execute(
                    f"UPDATE {table} SET {column} = {new} WHERE {column} = {old}{where}"
                )

    victim.attacked(attack)
    assert "checkpoint 15: the log's first 15 entries are not those" in victim.words()


def test_an_entry_removed_from_the_middle(victim: Victim) -> None:
    victim.attacked(lambda c: c.execute("DELETE FROM log_entry WHERE number = 9"))
    words = victim.words()
    assert "entry 10: stands at place 9: entries were removed, added or reordered" in words


def test_the_tail_cut(victim: Victim) -> None:
    victim.attacked(lambda c: c.execute("DELETE FROM log_entry WHERE number >= 17"))
    assert "the log was cut: 20 entries were signed, 17 are there" in victim.words()


def test_the_tail_cut_with_its_checkpoints_is_seen_by_an_outside_witness_alone(
    victim: Victim,
) -> None:
    def attack(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM log_entry WHERE number >= 12")
        connection.execute("DELETE FROM tree_node WHERE ((position + 1) << level) > 12")
        connection.execute("DELETE FROM checkpoint WHERE size > 12")

    victim.attacked(attack)
    assert victim.words() == ""
    words = victim.words(witness=True)
    assert words == "a certificate: the log was cut: 15 entries were signed, 12 are there"


def test_a_whole_log_made_anew_is_seen_by_an_outside_witness(victim: Victim) -> None:
    (victim.folder / STORE).unlink()
    with open_store(store_url(victim.folder)) as store:
        for number in range(COUNT):
            with store.adding() as connection:
                log.append(connection, entry(number, who="eve"))
                log.checkpoint(connection, "bench 3", victim.key)
    assert victim.words() == ""
    assert "a certificate: the log's first 15 entries are not those" in victim.words(witness=True)


def test_an_entry_added_past_the_log(victim: Victim) -> None:
    victim.attacked(
        lambda c: c.execute("INSERT INTO log_entry VALUES (20, 'test', 'S20', ?)", (forged(20),))
    )
    assert "entry 20: was altered: its hash is not the one in the tree" in victim.words()


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE log_entry SET entry = 'text' WHERE number = 3", "entry 3: was altered: it holds"),
        ("UPDATE log_entry SET entry = x'ff' WHERE number = 3", "entry 3: was altered: it is no"),
        ("UPDATE log_entry SET entry = x'5b5d' WHERE number = 3", "it is no entry of a log"),
        ("UPDATE log_entry SET kind = 'other' WHERE number = 3", "entry 3: is listed as other S3"),
        ("UPDATE log_entry SET subject = 'x' WHERE number = 3", "entry 3: is listed as test x"),
        ("UPDATE log_entry SET number = -5 WHERE number = 3", "entry -5: stands at place 0"),
        ("UPDATE tree_node SET hash = 'x' WHERE position = 3", "entry 3: was altered: its hash"),
        ("UPDATE log_entry SET kind = 7 WHERE number = 3", "entry 3: is listed as 7 S3"),
        ("UPDATE log_entry SET subject = x'5333' WHERE number = 3", "entry 3: is listed as"),
        (
            "UPDATE tree_node SET hash = x'00' WHERE level = 4",
            "tree of the log, level 4, position 0: was altered",
        ),
        (
            "DELETE FROM tree_node WHERE level = 2 AND position = 4",
            "tree of the log, level 2, position 4: was altered",
        ),
        ("UPDATE checkpoint SET note = 'x' WHERE size = 5", "checkpoint 5: is damaged"),
        ("UPDATE checkpoint SET note = x'00' WHERE size = 5", "checkpoint 5: is damaged"),
        ("UPDATE checkpoint SET note = 7 WHERE size = 5", "checkpoint 5: is damaged"),
        ("UPDATE checkpoint SET size = 6 WHERE size = 5", "checkpoint 6: says that it is of 5"),
        (
            "UPDATE checkpoint SET note = replace(note, 'bench 3', 'bench 4') WHERE size = 5",
            "checkpoint 5: was altered, or is signed with a key that is not known here",
        ),
    ],
)
def test_whatever_stands_in_a_row_is_a_finding_and_no_crash(
    victim: Victim, statement: str, words: str
) -> None:
    victim.attacked(lambda c: c.execute(statement))
    assert words in victim.words()


@pytest.mark.parametrize("signed", [True, False])
def test_an_entry_that_only_ends_like_one_is_none(tmp_path: Path, signed: bool) -> None:
    """Also where no checkpoint speaks for it yet, and its hash in the tree is mended."""
    victim = Victim(tmp_path, count=COUNT if signed else COUNT + 1)
    number = 7 if signed else COUNT
    content = b'{"facts":{{' + forged(number)[forged(number).index(b',"format"') :]

    def attack(connection: sqlite3.Connection) -> None:
        connection.execute("UPDATE log_entry SET entry = ? WHERE number = ?", (content, number))
        connection.execute(
            "UPDATE tree_node SET hash = ? WHERE level = 0 AND position = ?",
            (leaf_hash(content), number),
        )

    victim.attacked(attack)
    assert f"entry {number}: was altered: it is no entry of a log" in victim.words()


@pytest.mark.parametrize("subject", ['"', "\\", 'x","who":"y', "\n", "\u00fc\u4e2d", ""])
def test_no_subject_is_mistaken_for_another(tmp_path: Path, subject: str) -> None:
    victim = Victim(tmp_path, count=0)
    said = log.LogEntry(kind="t", subject=subject, who="w", station="s", facts={"kind": "u"})
    with open_store(store_url(tmp_path)) as store, store.adding() as connection:
        log.append(connection, said)
        log.checkpoint(connection, "bench 3", victim.key)
    assert victim.words() == ""
    victim.attacked(lambda c: c.execute("UPDATE log_entry SET subject = subject || 'x'"))
    assert "entry 0: is listed as t" in victim.words()


def test_a_long_log_is_checked_in_the_memory_of_a_short_one(tmp_path: Path) -> None:
    entries = make_long_log(tmp_path, engineering_key(tmp_path), LONG, every=1000)
    tracemalloc.start()
    try:
        found = Victim(tmp_path, count=0).check()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (found.size, found.findings) == (LONG, ())
    assert peak < entries / 2


def test_a_file_that_is_damaged_in_the_middle_is_told_in_words(tmp_path: Path) -> None:
    make_long_log(tmp_path, engineering_key(tmp_path), 1500, every=500)
    with (tmp_path / STORE).open("r+b") as file:
        for page in range(100, 110):
            file.seek(page * 4096)
            file.write(b"\xff" * 4096)
    with pytest.raises(StationError, match="malformed; nothing was added to it: mend it"):
        Victim(tmp_path, count=0).check()
