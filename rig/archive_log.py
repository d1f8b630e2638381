"""What the log says of one panel, each entry with the proof that it is there."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from ledcal.calibration.log_proof import LogProof
from ledcal.calibration.signed_note import Checkpoint, sign_note
from ledcal.rig.archive_forms import csv_table
from ledcal.rig.keys import SigningKey
from ledcal.rig.store.log import LOG_KEY_NAME, origin, prove_inclusion, root, size
from ledcal.rig.store.opened import STORE, open_store_to_read, store_url
from ledcal.rig.store.schema import CHECKPOINT, LOG_ENTRY

ENTRIES = "log/entries.csv"
LOG_CHECKPOINT = "log/checkpoint.txt"
_COLUMNS = ("number", "at", "kind", "subject", "who", "station", "facts")
_HEAD = (
    "What the log says of this panel, its runs, and the instruments and keys that took part.",
    "Each line has its proof beside it, in the file named by its number; the proofs lead to "
    f"{LOG_CHECKPOINT}.",
)


def log_of(subjects: set[str], data_folder: Path, key: SigningKey) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of the files that tell what the log says of some subjects.

    Nothing is written: where the newest entries have no checkpoint yet, they are given one here.

    Args:
        subjects: Serials, run ids, certificate numbers, key ids.
        data_folder: Whose log it is; none where it has no store.
        key: Signs a checkpoint.

    Raises:
        StationError: The store cannot be read, or the key does not sign.
    """
    if not (data_folder / STORE).is_file():
        return
    with open_store_to_read(store_url(data_folder)) as store, store.reading() as connection:
        entries = size(connection)
        if entries == 0:
            return
        note = _checkpoint(connection, entries, key)
        yield LOG_CHECKPOINT, note.encode()
        rows = []
        for number, content in connection.execute(
            select(LOG_ENTRY.c.number, LOG_ENTRY.c.entry)
            .where(LOG_ENTRY.c.subject.in_(sorted(subjects)))
            .order_by(LOG_ENTRY.c.number)
        ).all():
            hashes = tuple(prove_inclusion(connection, number, entries))
            proof = LogProof(entry=bytes(content), number=number, hashes=hashes, note=note)
            yield f"log/{number:08d}.proof", proof.text().encode()
            rows.append((number, *_told(content)))
        yield ENTRIES, csv_table(_HEAD, _COLUMNS, rows).encode()


def _checkpoint(connection: Connection, entries: int, key: SigningKey) -> str:
    kept = connection.execute(
        select(CHECKPOINT.c.note).where(CHECKPOINT.c.size == entries)
    ).scalar()
    if kept is not None:
        return str(kept)
    said = Checkpoint(origin=origin(connection), size=entries, root=root(connection, entries))
    return sign_note(said.text(), LOG_KEY_NAME, key.public, key.sign)


def _told(content: bytes) -> list[Any]:
    """Return what an entry says; one that is damaged is named by the check of the archive."""
    try:
        said = json.loads(content)
        return [said[name] for name in _COLUMNS[1:]]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ["", "is damaged", "", "", "", ""]
