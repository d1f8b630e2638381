"""Hold the index of runs against the records: whoever asks it must not be told a lie."""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, text

from ledcal.calibration.errors import RecordError
from ledcal.calibration.record_reader import read_record
from ledcal.rig.closing import RECORD
from ledcal.rig.deletion_check import kept_events
from ledcal.rig.folder import sha256_hex
from ledcal.rig.journal import read_journal
from ledcal.rig.store.index import index_rows
from ledcal.rig.store.opened import STORE
from ledcal.rig.store.schema import RUN
from ledcal.rig.verify import Finding

Rows = list[dict[str, Any]]


def index_findings(
    connection: Connection, folders: list[Path], closed: Collection[str]
) -> Iterator[Finding]:
    """Yield each run of which the index tells something else than its record.

    Args:
        connection: Of the store, to read.
        folders: Folders of runs and proofs.
        closed: Runs that the log says were closed.
    """
    indexed = {str(run) for (run,) in connection.execute(text("SELECT run FROM run"))}
    for run in sorted(indexed - {*closed}):
        yield _altered(f"it tells of run {run}, which the log does not know")
    for folder in folders:
        if folder.name not in closed:
            continue
        if folder.name not in indexed:
            yield _altered(f"run {folder.name} is not in it")
            continue
        expected = _expected(folder)
        if expected is not None:
            yield from _differences(connection, folder.name, expected)


def _expected(folder: Path) -> dict[Table, Rows] | None:
    """Return the rows that a record has, None for one that is named by the check of its run."""
    try:
        # From the journal, as the index was made: canonical JSON spells 100.0 as 100.
        record = read_record(kept_events(folder) or read_journal(folder))
        return index_rows(record, sha256_hex((folder / RECORD).read_bytes()))
    except (OSError, RecordError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _differences(
    connection: Connection, run: str, expected: dict[Table, Rows]
) -> Iterator[Finding]:
    for table, rows in expected.items():
        # No types: whatever somebody put into a row is compared as it is.
        columns = ", ".join(column.name for column in table.columns)
        found = [
            dict(row)
            for row in connection.execute(
                text(f"SELECT {columns} FROM {table.name} WHERE run = :run"), {"run": run}
            ).mappings()
        ]
        if _sorted(found) == _sorted(rows):
            continue
        if table is RUN:
            (row,), (said,) = found, rows
            for name in (name for name in said if row[name] != said[name]):
                yield _altered(
                    f"run {run} has {name} {row[name]!r} in it, {said[name]!r} in its record"
                )
        else:
            yield _altered(f"its rows of {table.name} are not those of run {run}")


def _sorted(rows: Rows) -> list[list[tuple[str, str]]]:
    """Return rows in an order of their own; JSON and SQLite spell one number in several ways."""
    plain = [
        {name: float(one) if isinstance(one, int) else one for name, one in row.items()}
        for row in rows
    ]
    return sorted(sorted((name, repr(value)) for name, value in row.items()) for row in plain)


def _altered(words: str) -> Finding:
    return Finding(file=STORE, text=f"its index was altered: {words}")
