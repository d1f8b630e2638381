"""The log: everything that matters for the records, appended, and provable (RFC 9162).

Each entry is canonical JSON. A checkpoint, signed, fixes all entries up to its size: whoever holds
one can tell that nothing before it was changed, reordered or cut.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from ledcal.calibration.merkle import (
    EMPTY_ROOT,
    consistency_spans,
    inclusion_spans,
    leaf_hash,
    node_hash,
)
from ledcal.calibration.signed_note import Checkpoint, sign_note
from ledcal.rig.errors import StationError
from ledcal.rig.folder import canonical
from ledcal.rig.keys import SigningKey
from ledcal.rig.store.schema import CHECKPOINT, LOG_ENTRY, TREE_NODE

ENTRY_FORMAT = "ledcal-log/1"
LOG_KEY_NAME = "ledcal-log"
"""Name of the station's key in a checkpoint's signature."""
LARGEST_NUMBER = 2**63 - 1
"""What a database can be asked for; whoever writes a proof can write more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """One entry as it is written.

    Attributes:
        kind: What happened: "run closed", "key retired", "lock released", ...
        subject: To what: a run id, a serial, a key id.
        who: The person, "not recorded" where nobody said.
        station: Where.
        facts: What else belongs to it: old, new, reason, hashes.
    """

    kind: str
    subject: str
    who: str
    station: str
    facts: Mapping[str, Any]

    def content(self, at: datetime) -> bytes:
        """Return the bytes that go into the log."""
        return canonical(
            {
                "format": ENTRY_FORMAT,
                "at": at.astimezone(UTC).isoformat(),
                "kind": self.kind,
                "subject": self.subject,
                "who": self.who,
                "station": self.station,
                "facts": dict(self.facts),
            }
        )


def append(connection: Connection, entry: LogEntry, at: datetime | None = None) -> int:
    """Append an entry in a transaction of `Store.adding`, and return its number, from 0."""
    content = entry.content(at or datetime.now(UTC))
    number = size(connection)
    connection.execute(
        insert(LOG_ENTRY).values(
            number=number, kind=entry.kind, subject=entry.subject, entry=content
        )
    )
    node, level, position = leaf_hash(content), 0, number
    nodes = [{"level": level, "position": position, "hash": node}]
    # A right neighbour completes the subtree above it, and so on up.
    while position & 1:
        node = node_hash(_node(connection, level, position - 1), node)
        level, position = level + 1, position >> 1
        nodes.append({"level": level, "position": position, "hash": node})
    connection.execute(insert(TREE_NODE), nodes)
    return number


def size(connection: Connection) -> int:
    """Return how many entries the log has."""
    last = connection.execute(select(func.max(LOG_ENTRY.c.number))).scalar()
    return 0 if last is None else int(last) + 1


def entry_at(connection: Connection, number: int) -> bytes | None:
    """Return the bytes of an entry, from 0; None when there is none, or it holds no bytes."""
    if number > LARGEST_NUMBER:
        return None
    found = connection.execute(
        select(LOG_ENTRY.c.entry).where(LOG_ENTRY.c.number == number)
    ).scalar()
    return bytes(found) if isinstance(found, bytes | memoryview) else None


def root(connection: Connection, entries: int) -> bytes:
    """Return the root of the log's first entries, 32 bytes."""
    return EMPTY_ROOT if entries == 0 else _span(connection, 0, entries)


def origin(connection: Connection) -> str:
    """Return the name of a log that has an entry: one that was begun anew has another."""
    return origin_of(root(connection, 1))


def origin_of(first_leaf: bytes) -> str:
    """Return the name of the log whose first entry has this hash."""
    return f"ledcal/{first_leaf[:8].hex()}"


def checkpoint(connection: Connection, origin: str, key: SigningKey) -> str:
    """Sign what the log is now, keep it, and return the note.

    Args:
        connection: Of `Store.adding`.
        origin: Name of the log.
        key: Of the station.

    Raises:
        StationError: The key does not sign.
    """
    entries = size(connection)
    known = connection.execute(
        select(CHECKPOINT.c.note).where(CHECKPOINT.c.size == entries)
    ).scalar()
    if known is not None:
        return str(known)
    said = Checkpoint(origin=origin, size=entries, root=root(connection, entries))
    note = sign_note(said.text(), LOG_KEY_NAME, key.public, key.sign)
    connection.execute(insert(CHECKPOINT).values(size=entries, note=note))
    return note


def prove_inclusion(connection: Connection, number: int, entries: int) -> list[bytes]:
    """Return the hashes that show that an entry is in the log of so many entries.

    Raises:
        IndexError: There is no such entry.
    """
    return [_span(connection, *span) for span in inclusion_spans(number, entries)]


def prove_growth(connection: Connection, earlier: int, entries: int) -> list[bytes]:
    """Return the hashes that show that the log of so many entries began with the earlier ones.

    Raises:
        IndexError: The earlier log is empty or larger.
    """
    return [_span(connection, *span) for span in consistency_spans(earlier, entries)]


def _span(connection: Connection, first: int, end: int) -> bytes:
    """Return the root of a span of leaves that begins where a subtree of its size may begin."""
    parts: list[bytes] = []
    while first < end:
        # The largest whole subtree of what is left; the span begins at a multiple of it.
        level = (end - first).bit_length() - 1
        parts.append(_node(connection, level, first >> level))
        first += 1 << level
    found = parts.pop()
    while parts:
        found = node_hash(parts.pop(), found)
    return found


def _node(connection: Connection, level: int, position: int) -> bytes:
    found = connection.execute(
        select(TREE_NODE.c.hash).where(
            TREE_NODE.c.level == level, TREE_NODE.c.position == position
        )
    ).scalar()
    if not isinstance(found, bytes):
        raise StationError(
            "LOG",
            f"the log has lost the hash at level {level}, position {position}; run `ledcal "
            "verify` on the data folder",
        )
    return found
