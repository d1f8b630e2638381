"""Tampering with the record store: what one does to the database."""

import json
import shutil
import sqlite3
from contextlib import closing

from ledcal.calibration.merkle import leaf_hash
from ledcal.rig.closing import (
    RECORD,
)
from ledcal.rig.folder import canonical
from ledcal.rig.log_book import enter
from ledcal.rig.run import RUNS
from ledcal.rig.statements import STATEMENTS
from ledcal.rig.store import log
from ledcal.rig.store.opened import STORE, open_store, store_url
from tests.tamper.archive import NAMES, Archive, make_archive
from tests.tamper.kind import (
    LAST,
    TWO,
    Act,
)


def sql(*statements: str) -> Act:
    """Do something to the store, its guards having been taken away."""

    def act(archive: Archive) -> None:
        with archive.database() as connection:
            for statement in statements:
                connection.execute(statement)

    return act


def unguarded(*instead: str) -> Act:
    """Take guards away for good: all of them, or the one in whose place something is put."""

    def act(archive: Archive) -> None:
        with closing(sqlite3.connect(archive.store)) as connection:
            names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            for (name,) in names.fetchall():
                if not instead or any(name in one for one in instead):
                    connection.execute(f"DROP TRIGGER {name}")
            for statement in instead:
                connection.execute(statement)
            connection.commit()

    return act


def page_overwritten(archive: Archive) -> None:
    """Spoil a page that no answer of `ledcal verify` needs: that of an index."""
    with closing(sqlite3.connect(archive.store)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        (page,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'ix_instrument_use_serial'"
        ).fetchone()
    with archive.store.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(bytes(size))


def forged_entry(archive: Archive) -> bytes:
    """Return the entry of the second run with another outcome."""
    with archive.database() as connection:
        (content,) = connection.execute("SELECT entry FROM log_entry WHERE number = 2").fetchone()
    changed = bytes(content).replace(b'"FAIL"', b'"PASS"')
    assert changed != content
    return changed


def entry_edited(archive: Archive, *, with_its_hash: bool) -> None:
    content = forged_entry(archive)
    with archive.database() as connection:
        connection.execute("UPDATE log_entry SET entry = ? WHERE number = 2", (content,))
        if with_its_hash:
            connection.execute(
                "UPDATE tree_node SET hash = ? WHERE level = 0 AND position = 2",
                (leaf_hash(content),),
            )


def entry_put_in(archive: Archive) -> None:
    content = canonical(
        {
            **{"format": log.ENTRY_FORMAT, "at": "2026-03-01T00:00:00+00:00", "facts": {}},
            **{"kind": "limit released", "subject": "x", "who": "eve", "station": "bench 1"},
        }
    )
    with archive.database() as connection:
        connection.execute("UPDATE log_entry SET number = -number WHERE number > 2")
        connection.execute("UPDATE log_entry SET number = 1 - number WHERE number < 0")
        connection.execute(
            "INSERT INTO log_entry VALUES (3, 'limit released', 'x', ?)", (content,)
        )


def rewritten(archive: Archive) -> None:
    """Make the whole log anew with the station's own key; the runs' proofs stay as they were."""
    with archive.database() as connection:
        rows = connection.execute(
            "SELECT kind, subject, entry FROM log_entry ORDER BY number"
        ).fetchall()
    for path in archive.data.glob(f"{STORE}*"):
        path.unlink()
    with open_store(store_url(archive.data)) as store:
        for kind, subject, content in rows:
            said = json.loads(content)
            entry = log.LogEntry(
                kind=kind,
                subject=subject,
                who="eve",
                station=said["station"],
                facts=said["facts"],
            )
            with store.adding() as connection:
                log.append(connection, entry)
                log.checkpoint(connection, log.origin(connection), archive.key)


def run_entered_twice(archive: Archive) -> None:
    """Enter a run once more, with the record that a thief would like to have."""
    facts = {"files": {RECORD: "00" * 32}, "serial": "TEST-0001", "outcome": "PASS"}
    entry = log.LogEntry(kind="run closed", subject=TWO, who="eve", station="x", facts=facts)
    enter(entry, archive.key, store_url(archive.data))


def cut_with_witnesses(archive: Archive) -> None:
    """Take the last run away with its entries, their hashes, their checkpoints and its rows."""
    shutil.rmtree(archive.data / RUNS / LAST)
    shutil.rmtree(archive.data / STATEMENTS)
    rolled_back(TWO)(archive)


def rolled_back(run: str) -> Act:
    """Put the store as it was after a run in the place of the newest."""

    def act(archive: Archive) -> None:
        for path in archive.data.glob(f"{STORE}*"):
            path.unlink()
        shutil.copy(archive.outside / f"after {run}.sqlite", archive.store)

    return act


def other_station(archive: Archive) -> None:
    """Put the store of another station, which has runs of the same names, in its place."""
    other = make_archive(archive.outside / "other", NAMES[:2], b"")
    for path in archive.data.glob(f"{STORE}*"):
        path.unlink()
    shutil.copy(other.store, archive.store)


def store_spoilt(archive: Archive) -> None:
    content = bytearray(archive.store.read_bytes())
    content[4096:8192] = bytes(4096)
    archive.store.write_bytes(content)


def store_a_folder(archive: Archive) -> None:
    for path in archive.data.glob(f"{STORE}*"):
        path.unlink()
    archive.store.mkdir()
