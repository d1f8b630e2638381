"""What a station tells a site of its log: entries, a signed checkpoint, and that it only grew."""

import base64
import json
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from ledcal.calibration.errors import RecordError
from ledcal.calibration.signed_note import Checkpoint, read_checkpoint, read_note
from ledcal.rig.errors import StationError
from ledcal.rig.store.log import prove_growth, size
from ledcal.rig.store.schema import CHECKPOINT, LOG_ENTRY

LARGEST_GROWTH = 64 * 1024 * 1024
"""Bytes of what is sent at once."""
_MOST_ENTRIES = 2_000
_HASH_LENGTH = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """How a log grew.

    Attributes:
        first: How many entries are known already.
        entries: Those from there to the checkpoint.
        proof: That the log began with the known ones (RFC 9162, 2.1.4).
        note: The signed checkpoint.
    """

    first: int
    entries: tuple[bytes, ...]
    proof: tuple[bytes, ...]
    note: str

    @property
    def checkpoint(self) -> Checkpoint:
        """What the note says of the log; its signature is not checked here.

        Raises:
            RecordError: It is no checkpoint.
        """
        return checkpoint_of(self.note)

    def content(self) -> bytes:
        """Return the bytes that are sent."""
        said = {
            "first": self.first,
            "entries": [base64.b64encode(one).decode() for one in self.entries],
            "proof": [base64.b64encode(one).decode() for one in self.proof],
            "note": self.note,
        }
        return json.dumps(said).encode()


def checkpoint_of(note: str) -> Checkpoint:
    """Return what a note says of a log; nothing is believed yet.

    Raises:
        RecordError: It is no checkpoint.
    """
    try:
        return read_checkpoint(read_note(note)[0])
    except ValueError as error:  # also of a number with thousands of digits
        raise RecordError(f"is no checkpoint: {error}") from error


def read_growth(content: bytes) -> Growth:
    """Return what was sent; nothing is believed yet.

    Raises:
        RecordError: It is nothing of the kind.
    """
    try:
        said = json.loads(content)
        first, note = said["first"], said["note"]
        entries = tuple(base64.b64decode(one, validate=True) for one in said["entries"])
        proof = tuple(base64.b64decode(one, validate=True) for one in said["proof"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RecordError(f"is no growth of a log: {error}") from error
    plain = type(first) is int and first >= 0 and isinstance(note, str)
    if not plain or any(len(one) != _HASH_LENGTH for one in proof):
        raise RecordError("is no growth of a log: first, proof or note is none")
    return Growth(first=first, entries=entries, proof=proof, note=note)


def log_origin(connection: Connection) -> str | None:
    """Return the name of the log by its newest checkpoint, None when it has none.

    Raises:
        RecordError: The checkpoint is damaged.
    """
    note = connection.execute(
        select(CHECKPOINT.c.note).order_by(CHECKPOINT.c.size.desc()).limit(1)
    ).scalar()
    return None if note is None else checkpoint_of(str(note)).origin


def next_growth(connection: Connection, known: int) -> Growth:
    """Return how the log goes on after the entries that the site knows, or a part of it.

    A log that is smaller than the site knows is told as it is: the site will say what it thinks.

    Args:
        connection: Of `Store.reading`.
        known: How many entries the site has.

    Raises:
        StationError: The log has entries that no checkpoint covers, or lost a hash.
    """
    newest = int(connection.execute(select(func.max(CHECKPOINT.c.size))).scalar_one())
    if newest != size(connection):
        raise StationError(
            "LOG",
            f"the log has {size(connection)} entries, its newest checkpoint is of {newest}; run "
            "`ledcal verify` on the data folder",
        )
    until = newest
    if newest > known + _MOST_ENTRIES:
        # Only where a checkpoint was signed can a part end.
        until = connection.execute(
            select(func.min(CHECKPOINT.c.size)).where(CHECKPOINT.c.size >= known + _MOST_ENTRIES)
        ).scalar_one()
    note = connection.execute(select(CHECKPOINT.c.note).where(CHECKPOINT.c.size == until))
    rows = connection.execute(
        select(LOG_ENTRY.c.entry)
        .where(LOG_ENTRY.c.number >= known, LOG_ENTRY.c.number < until)
        .order_by(LOG_ENTRY.c.number)
    )
    return Growth(
        first=known,
        entries=tuple(_content(entry) for entry in rows.scalars()),
        proof=tuple(prove_growth(connection, known, until) if 0 < known <= until else ()),
        note=str(note.scalar_one()),
    )


def _content(entry: object) -> bytes:
    if not isinstance(entry, bytes):
        raise StationError(
            "LOG", "the log was altered: an entry holds no bytes; run `ledcal verify`"
        )
    return entry
