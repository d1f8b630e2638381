"""Tampering with the record store, and what has to be said of it."""

from ledcal.rig.log_book import LOG_PROOF
from ledcal.rig.store.opened import STORE
from tests.tamper.kind import LAST, ONE, TWO, Kind
from tests.tamper.store import (
    cut_with_witnesses,
    entry_edited,
    entry_put_in,
    other_station,
    page_overwritten,
    rewritten,
    rolled_back,
    run_entered_twice,
    sql,
    store_a_folder,
    store_spoilt,
    unguarded,
)

STORE_KINDS = [
    Kind("guards taken away", unguarded(), STORE, "somebody removed its guards"),
    Kind(
        "guard made harmless",
        unguarded("CREATE TRIGGER run_no_update BEFORE UPDATE ON run WHEN 0 BEGIN SELECT 1; END"),
        STORE,
        "somebody removed its guards run_no_update",
    ),
    Kind(
        "entry edited",
        lambda archive: entry_edited(archive, with_its_hash=False),
        "entry 2",
        "was altered: its hash is not the one in the tree",
    ),
    Kind(
        "entry edited with its hash",
        lambda archive: entry_edited(archive, with_its_hash=True),
        "checkpoint 3",
        "something from entry 2 on was altered",
    ),
    Kind(
        "entry spoilt",
        sql("UPDATE log_entry SET entry = 'text' WHERE number = 2"),
        "entry 2",
        "was altered: it holds no bytes",
    ),
    Kind(
        "entry deleted",
        sql("DELETE FROM log_entry WHERE number = 3"),
        "entry 4",
        "stands at place 3: entries were removed, added or reordered",
    ),
    Kind("entry inserted", entry_put_in, "entry 3", "was altered: its hash is not the one"),
    Kind(
        "entries reordered",
        sql(
            "UPDATE log_entry SET number = 99 WHERE number = 2",
            "UPDATE log_entry SET number = 2 WHERE number = 3",
            "UPDATE log_entry SET number = 3 WHERE number = 99",
        ),
        "entry 2",
        "was altered: its hash is not the one in the tree",
    ),
    Kind(
        "entry listed under another name",
        sql("UPDATE log_entry SET subject = 'x' WHERE number = 2"),
        "entry 2",
        "is listed as run closed x",
    ),
    Kind(
        "root of a subtree changed",
        sql("UPDATE tree_node SET hash = x'00' WHERE level = 1 AND position = 1"),
        "tree of the log, level 1, position 1",
        "was altered",
    ),
    Kind(
        "checkpoint altered",
        sql("UPDATE checkpoint SET note = replace(note, 'ledcal/', 'ledcal/0') WHERE size = 3"),
        "checkpoint 3",
        "was altered, or is signed with a key that is not known here",
    ),
    Kind(
        "checkpoint deleted",
        sql("DELETE FROM checkpoint WHERE size = 3"),
        f"{TWO}/{LOG_PROOF}",
        "the log has lost the checkpoint of 3 entries",
    ),
    Kind(
        "tail cut",
        sql("DELETE FROM log_entry WHERE number > 5"),
        "checkpoint 8",
        "the log was cut: 8 entries were signed, 6 are there",
    ),
    Kind(
        "tail cut with its checkpoints",
        sql(
            "DELETE FROM log_entry WHERE number > 3",
            "DELETE FROM tree_node WHERE ((position + 1) << level) > 4",
            "DELETE FROM checkpoint WHERE size > 4",
        ),
        f"{LAST}/{LOG_PROOF}",
        "the log was cut: 5 entries were signed, 4 are there",
    ),
    Kind(
        "store rolled back to an older copy",
        rolled_back(ONE),
        f"{TWO}/{LOG_PROOF}",
        "the log was cut: 3 entries were signed, 2 are there",
    ),
    Kind(
        "store and runs rolled back together",
        cut_with_witnesses,
        f"{LAST}.html",
        "the log was cut: 5 entries were signed, 4 are there",
        outside=LAST,
    ),
    Kind(
        "whole log made anew with the station's key",
        rewritten,
        f"{ONE}/{LOG_PROOF}",
        "the log's first 1 entries are not those that were signed",
    ),
    Kind(
        "run entered once more with the station's key",
        run_entered_twice,
        TWO,
        "the log has it twice (run closed), with two contents: entries 2, 8",
    ),
    Kind(
        "store of another station in its place",
        other_station,
        f"{ONE}/{LOG_PROOF}",
        "are not those that were signed",
    ),
    Kind("store deleted", lambda archive: archive.store.unlink(), STORE, "is missing"),
    Kind("folder in the store's place", store_a_folder, STORE, "is missing"),
    Kind(
        "store cut",
        lambda archive: archive.store.write_bytes(archive.store.read_bytes()[:5000]),
        STORE,
        "mend it, or restore it",
    ),
    Kind("store overwritten in part", store_spoilt, STORE, "malformed"),
    Kind(
        "version of the store changed",
        sql("UPDATE alembic_version SET version_num = '9999'"),
        STORE,
        "has tables of version 9999",
    ),
    Kind(
        "version of the store set back",
        sql("UPDATE alembic_version SET version_num = '0001'"),
        STORE,
        "somebody set its version back: it has tables of a later one",
    ),
    Kind(
        "trigger added that drops what is entered",
        sql("CREATE TRIGGER more BEFORE INSERT ON run BEGIN SELECT RAISE(IGNORE); END"),
        STORE,
        "somebody added the trigger more: it may drop or change what is entered",
    ),
    Kind(
        "view in the place of the log",
        unguarded(
            "ALTER TABLE log_entry RENAME TO former",
            "CREATE VIEW log_entry AS SELECT * FROM former",
        ),
        STORE,
        "a view stands in the place of its table log_entry",
    ),
    Kind(
        "column added",
        unguarded("ALTER TABLE run ADD COLUMN more"),
        STORE,
        "somebody added the column more to its table run",
    ),
    Kind("page of the store overwritten", page_overwritten, STORE, "malformed"),
    Kind(
        "index: outcome changed",
        sql(f"UPDATE run SET outcome = 'PASS' WHERE run = '{TWO}'"),
        STORE,
        f"its index was altered: run {TWO} has outcome 'PASS' in it, 'FAIL' in its record",
    ),
    Kind(
        "index: run taken out",
        sql(
            f"DELETE FROM result WHERE run = '{TWO}'",
            f"DELETE FROM instrument_use WHERE run = '{TWO}'",
            f"DELETE FROM run WHERE run = '{TWO}'",
        ),
        STORE,
        f"its index was altered: run {TWO} is not in it",
    ),
    Kind(
        "index: run hidden from the instrument that measured it",
        sql(f"UPDATE instrument_use SET serial = 'M9' WHERE run = '{TWO}'"),
        STORE,
        f"its rows of instrument_use are not those of run {TWO}",
    ),
    Kind(
        "index: value changed",
        sql(f"UPDATE result SET value = 100.0 WHERE run = '{TWO}'"),
        STORE,
        f"its rows of result are not those of run {TWO}",
    ),
]
