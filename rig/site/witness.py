"""The site as witness: what a station's log gained is taken; if it changed, an alarm is kept.

Whoever rewrites or rolls back the log of a station would have to do it here too.
"""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, exists, insert, select

from ledcal.calibration.errors import RecordError
from ledcal.calibration.merkle import Frontier, consistency_holds, leaf_hash
from ledcal.calibration.signed_note import Checkpoint, note_holds
from ledcal.rig.closing import RECORD
from ledcal.rig.errors import StationError
from ledcal.rig.keys import SigningKey, signature_holds
from ledcal.rig.log_book import RUN_CLOSED
from ledcal.rig.site.refusal import (
    BAD_REQUEST,
    CONTRADICTION,
    OUTDATED,
    UNBELIEVABLE,
    UNKNOWN_KEY,
    Refusal,
)
from ledcal.rig.site.site_log import raise_alarm
from ledcal.rig.store.log import ENTRY_FORMAT, LARGEST_NUMBER, LOG_KEY_NAME, origin_of
from ledcal.rig.store.opened import Store
from ledcal.rig.store.schema import RUN, STATION_CHECKPOINT, STATION_ENTRY
from ledcal.rig.upload_growth import Growth, checkpoint_of

MISSING_AT_ONCE = 200
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LONGEST = {"kind": 100, "subject": 300}


class Known(NamedTuple):
    """The last that a site knows of a station's log: all of it that it has."""

    note: str
    said: Checkpoint
    edge: bytes


def known_log(connection: Connection, origin: str) -> Known | None:
    """Return the last checkpoint of a station's log, None when the log is new here.

    Raises:
        StationError: What the store has was altered.
    """
    table = STATION_CHECKPOINT.c
    row = connection.execute(
        select(table.note, table.edge)
        .where(table.origin == origin)
        .order_by(table.size.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    try:
        known = Known(row.note, checkpoint_of(row.note), row.edge)
        whole = Frontier.resumed(known.said.size, known.edge).root() == known.said.root
    except ValueError:
        whole = False
    if not whole:
        raise StationError("STORE", f"the site's copy of log {origin} was altered; restore it")
    return known


def take_growth(
    store: Store,
    station: str,
    origin: str,
    growth: Growth,
    publics: Sequence[bytes],
    key: SigningKey,
) -> Checkpoint:
    """Take what a station's log has gained, and return what the site knows of it now.

    Args:
        store: Of the site.
        station: Who says it.
        origin: Name of the log.
        growth: What was said.
        publics: Keys whose checkpoints are believed.
        key: Of the site; signs its own log.

    Raises:
        Refusal: It is not believed; a contradiction is kept as an alarm.
        StationError: The store refuses.
    """
    said = _signed(origin, growth, publics)
    rows = [entry_row(origin, growth.first + at, one) for at, one in enumerate(growth.entries)]
    with store.adding() as connection:
        known = known_log(connection, origin)
        size = 0 if known is None else known.said.size
        if growth.first != size:
            raise Refusal(
                OUTDATED, "OUTDATED", f"{size} entries of the log are here, not {growth.first}"
            )
        frontier = Frontier.resumed(size, b"" if known is None else known.edge)
        for entry in growth.entries:
            frontier.append(leaf_hash(entry))
        wrong = _stranger(connection, station, origin) or _disagreement(
            known, growth, said, frontier
        )
        if wrong is not None:
            raise_alarm(connection, station, origin, wrong, key)
        elif said.size > size:
            connection.execute(insert(STATION_ENTRY), rows)
            connection.execute(
                insert(STATION_CHECKPOINT).values(
                    origin=origin,
                    size=said.size,
                    note=growth.note,
                    edge=frontier.edge,
                    station=station,
                    received_at=datetime.now(UTC).isoformat(),
                )
            )
    if wrong is not None:
        raise Refusal(CONTRADICTION, "ALARM", f"log {origin} of station {station}: {wrong}")
    return said


def entry_of(connection: Connection, station: str, origin: str, number: int) -> bytes | None:
    """Return an entry of a station's log as the site has it, None when it has none."""
    if _owner(connection, origin) != station:
        return None
    return copied_entry(connection, origin, number)


def copied_entry(connection: Connection, origin: str, number: int) -> bytes | None:
    """Return an entry of the copy of a log, None when it has none, or no bytes."""
    if not 0 <= number <= LARGEST_NUMBER:
        return None
    entry = connection.execute(
        select(STATION_ENTRY.c.entry).where(
            STATION_ENTRY.c.origin == origin, STATION_ENTRY.c.number == number
        )
    ).scalar()
    return bytes(entry) if isinstance(entry, bytes | memoryview) else None


def missing_runs(connection: Connection, origin: str, after: int = -1) -> list[tuple[int, str]]:
    """Return entry and id of the first runs that a station closed and the site does not have."""
    table, record = STATION_ENTRY.c, STATION_ENTRY.c.record_sha256
    rows = connection.execute(
        select(table.number, table.subject)
        .where(table.origin == origin, table.kind == RUN_CLOSED, table.number > after)
        .where(~exists().where(RUN.c.run == table.subject, RUN.c.record_sha256 == record))
        .order_by(table.number)
        .limit(MISSING_AT_ONCE)
    )
    return [(number, run) for number, run in rows]


def _signed(origin: str, growth: Growth, publics: Sequence[bytes]) -> Checkpoint:
    try:
        said = growth.checkpoint
        believed = any(
            note_holds(growth.note, LOG_KEY_NAME, one, signature_holds) for one in publics
        )
    except RecordError as error:
        raise Refusal(BAD_REQUEST, "CHECKPOINT", f"the checkpoint {error}") from error
    if said.origin != origin:
        raise Refusal(BAD_REQUEST, "ORIGIN", f"the checkpoint is of log {said.origin!r}")
    if not believed:
        raise Refusal(
            UNKNOWN_KEY,
            "UNKNOWN_KEY",
            "the checkpoint was altered, or is signed with a key that is not known here; let the "
            "site admit the station with its public key",
        )
    return said


def entry_row(origin: str, number: int, entry: bytes) -> dict[str, Any]:
    """Return the row of an entry that looks like one; what it says is the station's business."""
    try:
        said = json.loads(entry)
        names = {name: said[name] for name in _LONGEST}
        closed = said["kind"] == RUN_CLOSED
        record = str(said["facts"]["files"][RECORD]) if closed else None
        whole = said["format"] == ENTRY_FORMAT and all(
            isinstance(text, str) and len(text) <= _LONGEST[name] and text.isprintable()
            for name, text in names.items()
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        whole, names, record = False, {}, None
    if not whole or not (record is None or _SHA256.fullmatch(record)):
        raise Refusal(UNBELIEVABLE, "ENTRY", f"entry {number} is none of a log: it was altered")
    return {"origin": origin, "number": number, "entry": entry, "record_sha256": record, **names}


def _owner(connection: Connection, origin: str) -> str | None:
    return connection.execute(
        select(STATION_CHECKPOINT.c.station).where(STATION_CHECKPOINT.c.origin == origin).limit(1)
    ).scalar()


def _stranger(connection: Connection, station: str, origin: str) -> str | None:
    """Tell when a log is not the one that the station has always had."""
    owner = _owner(connection, origin)
    if owner is not None and owner != station:
        return f"it is the log of station {owner}"
    before = connection.execute(
        select(STATION_CHECKPOINT.c.origin).where(STATION_CHECKPOINT.c.station == station).limit(1)
    ).scalar()
    if before is not None and before != origin:
        return f"the station's log was {before}: it was begun anew, or is another data folder"
    return None


def _disagreement(
    known: Known | None, growth: Growth, said: Checkpoint, frontier: Frontier
) -> str | None:
    """Tell why a log is no continuation of what is known of it, None when it is one."""
    if known is not None:
        size = known.said.size
        if said.size < size:
            return f"it was rolled back: it has {said.size} entries, {size} were seen here"
        if not consistency_holds(size, said.size, known.said.root, said.root, growth.proof):
            return f"it was rewritten: its first {size} entries are not those that were seen here"
    elif growth.proof or not growth.entries:
        return "it has no first entry"
    elif origin_of(leaf_hash(growth.entries[0])) != said.origin:
        return "its first entry is not the one that it is named after"
    if (frontier.size, frontier.root()) != (said.size, said.root):
        return "its entries are not those that were signed: they were altered, cut or reordered"
    return None
