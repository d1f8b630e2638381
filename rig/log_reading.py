"""Read the log: its entries in order, and proof of those on which something hangs."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from ledcal.calibration.errors import RecordError
from ledcal.calibration.log_proof import LogProof
from ledcal.calibration.signed_note import note_holds
from ledcal.rig.errors import StationError
from ledcal.rig.keys import signature_holds
from ledcal.rig.store.log import ENTRY_FORMAT, LOG_KEY_NAME, prove_inclusion
from ledcal.rig.store.opened import STORE, open_store_to_read, store_url
from ledcal.rig.store.schema import CHECKPOINT, LOG_ENTRY
from ledcal.rig.trust import known_keys


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEntry:
    """An entry as the log has it.

    Attributes:
        number: Its place, from 0.
        at: When it was entered, UTC.
        kind, subject, who, station: What happened, to what, by whom, where.
        facts: What else belongs to it.
    """

    number: int
    at: datetime
    kind: str
    subject: str
    who: str
    station: str
    facts: Mapping[str, Any]


@contextmanager
def reading_log(data_folder: Path, *, url: str | None = None) -> Iterator[Connection | None]:
    """Read a data folder's log for a while; None where it has none yet.

    Raises:
        StationError: The store cannot be read.
    """
    if url is None and not (data_folder / STORE).is_file():
        yield None
        return
    with open_store_to_read(url or store_url(data_folder)) as store, store.reading() as connection:
        yield connection


def entries(
    connection: Connection, kinds: Iterable[str] = (), subject: str | None = None
) -> Iterator[LoggedEntry]:
    """Yield the entries of these kinds on a subject, or all of them, oldest first.

    Raises:
        StationError: One of them is no entry: it was altered.
    """
    wanted = select(LOG_ENTRY.c.number, LOG_ENTRY.c.entry).order_by(LOG_ENTRY.c.number)
    if kinds := tuple(kinds):
        wanted = wanted.where(LOG_ENTRY.c.kind.in_(kinds))
    if subject is not None:
        wanted = wanted.where(LOG_ENTRY.c.subject == subject)
    for number, content in connection.execute(wanted):
        yield _entry(number, content)


def entry_of(content: bytes, number: int) -> LoggedEntry:
    """Return an entry from its bytes.

    Raises:
        ValueError: It is none.
    """
    try:
        said = json.loads(content)
        at = datetime.fromisoformat(said["at"])
        texts = [said[name] for name in ("kind", "subject", "who", "station")]
        form, facts = said["format"], said["facts"]
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"is no entry of a log: {error}") from error
    if form != ENTRY_FORMAT or at.tzinfo is None or not isinstance(facts, dict):
        raise ValueError("is no entry of a log")
    if not all(isinstance(one, str) for one in texts):
        raise ValueError("is no entry of a log: one of its fields is no text")
    kind, subject, who, station = texts
    return LoggedEntry(
        number=number,
        at=at.astimezone(UTC),
        kind=kind,
        subject=subject,
        who=who,
        station=station,
        facts=facts,
    )


def require_proven(connection: Connection, number: int, data_folder: Path) -> LogProof:
    """Return the proof that an entry was signed for when it was entered.

    Raises:
        StationError: It was altered or written past ledcal: whatever hangs on it does not count.
    """
    note = connection.execute(
        select(CHECKPOINT.c.note).where(CHECKPOINT.c.size == number + 1)
    ).scalar()
    content = connection.execute(
        select(LOG_ENTRY.c.entry).where(LOG_ENTRY.c.number == number)
    ).scalar()
    try:
        hashes = tuple(prove_inclusion(connection, number, number + 1))
        proof = LogProof(entry=bytes(content or b""), number=number, hashes=hashes, note=str(note))
        holds = proof.holds() and checkpoint_is_known(proof.note, data_folder)
    except (RecordError, IndexError, TypeError):
        holds = False
    if not holds:
        raise _altered(number)
    return proof


def checkpoint_is_known(note: str, data_folder: Path) -> bool:
    """Tell whether a checkpoint is signed with a key that the data folder knows."""
    return any(
        note_holds(note, LOG_KEY_NAME, one.public, signature_holds)
        for one in known_keys(data_folder)
    )


def _entry(number: int, content: Any) -> LoggedEntry:
    try:
        return entry_of(bytes(content), number)
    except (ValueError, TypeError) as error:
        raise _altered(number) from error


def _altered(number: int) -> StationError:
    return StationError(
        "LOG",
        f"entry {number} of the log was altered, or nobody known here signed for it; run `ledcal "
        "verify` on the data folder, then restore the store from its backup",
    )
