"""Enter what happened into the record store's log, and keep the proof beside the run."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from ledcal.calibration.errors import RecordError
from ledcal.calibration.log_proof import LogProof, read_log_proof
from ledcal.calibration.record import Record
from ledcal.calibration.signed_note import note_holds
from ledcal.rig.errors import StationError
from ledcal.rig.folder import sha256_hex, write_whole
from ledcal.rig.keys import SigningKey, signature_holds
from ledcal.rig.store.index import add_run
from ledcal.rig.store.log import (
    LOG_KEY_NAME,
    LogEntry,
    append,
    checkpoint,
    origin,
    prove_inclusion,
    size,
)
from ledcal.rig.store.opened import open_store
from ledcal.rig.store.schema import CHECKPOINT, LOG_ENTRY

LOG_PROOF = "log.proof"
RUN_CLOSED = "run closed"
RUN_SEALED = "run sealed"


def enter_run(
    folder: Path, record: Record, files: Mapping[str, str], key: SigningKey, url: str
) -> LogProof:
    """Enter a closed run into index and log; write the proof into its folder and return it.

    A run that is there already, as after a cut between this and its seal, is not entered twice.

    Args:
        folder: The run's folder.
        record: Its record.
        files: SHA-256 of each of its files by name, the record's among them.
        key: Signs the checkpoint.
        url: Of the store.

    Raises:
        StationError: The store or the disk refuses, or has the run with another content.
    """
    facts = {
        "serial": record.run.serial,
        "uid": None if record.panel is None else record.panel.uid,
        "outcome": record.outcome.value,
        "mode": record.run.mode,
        "simulated": record.run.simulated,
        "proves": record.run.proves,
        "files": dict(files),
    }
    entry = LogEntry(
        kind=RUN_CLOSED,
        subject=folder.name,
        who=record.run.operator,
        station=record.run.station["name"],
        facts=facts,
    )
    with open_store(url) as store, store.adding() as connection:
        number = _number_of(connection, entry)
        if number is None:
            number = append(connection, entry)
            add_run(connection, record, files["record.json"])
        proof = _proof(connection, number, key)
    write_whole(folder / LOG_PROOF, proof.text().encode())
    return proof


def enter_seal(folder: Path, seal: bytes, record: Record, key: SigningKey, url: str) -> None:
    """Enter the hash of a run's seal into the log, so that nobody can seal the run anew.

    The page is made after the run was entered, since it tells the log's checkpoint; its hash
    stands in the seal alone. A seal that is in the log already is not entered twice.

    Raises:
        StationError: The store refuses.
    """
    entry = LogEntry(
        kind=RUN_SEALED,
        subject=folder.name,
        who=record.run.operator,
        station=record.run.station["name"],
        facts={"seal_sha256": sha256_hex(seal)},
    )
    with open_store(url) as store, store.adding() as connection:
        if entry.facts not in [facts for _, facts in _same(connection, entry)]:
            append(connection, entry)
            checkpoint(connection, origin(connection), key)


def enter(entry: LogEntry, key: SigningKey, url: str) -> LogProof:
    """Enter anything else into the log, and return the proof that it is there.

    Raises:
        StationError: The store refuses.
    """
    with open_store(url) as store, store.adding() as connection:
        return _proof(connection, append(connection, entry), key)


def read_proof(folder: Path) -> LogProof:
    """Return the proof in a run's folder; nothing is believed yet.

    Raises:
        RecordError: There is none, or it is damaged.
    """
    try:
        return read_log_proof((folder / LOG_PROOF).read_bytes().decode())
    except OSError as error:
        raise RecordError(f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise RecordError("is no proof of the log: it is no text") from error


def proof_words(folder: Path, publics: Iterable[bytes]) -> Iterator[str]:
    """Tell what is wrong with the proof in a run's folder; nothing when it holds.

    The log names the hash of every file that the run had when it was closed: also whoever has the
    key of the seal cannot exchange one without a finding here.

    Args:
        folder: The run's folder.
        publics: Keys whose checkpoints are believed.
    """
    try:
        proof = read_proof(folder)
        if not any(note_holds(proof.note, LOG_KEY_NAME, one, signature_holds) for one in publics):
            yield "its checkpoint was altered, or is signed with a key that is not known here"
        if not proof.holds():
            yield "its entry is not in the log of its checkpoint"
        said = json.loads(proof.entry)
        told, files = (said["kind"], said["subject"]), dict(said["facts"]["files"])
    except RecordError as error:
        yield str(error)
        return
    except (ValueError, KeyError, TypeError, RecursionError):
        yield "its entry is none of a run"
        return
    if told != (RUN_CLOSED, folder.resolve().name):
        yield f"its entry is that of {told}"
        return
    for name, digest in sorted(files.items()):
        path = folder / name
        if not path.is_file() or sha256_hex(path.read_bytes()) != digest:
            yield f"the log knows {name} with another content"


def _same(connection: Connection, entry: LogEntry) -> list[tuple[int, dict[str, Any]]]:
    """Return number and facts of the entries of the same kind on the same subject."""
    return [
        (number, json.loads(content)["facts"])
        for number, content in connection.execute(
            select(LOG_ENTRY.c.number, LOG_ENTRY.c.entry).where(
                LOG_ENTRY.c.kind == entry.kind, LOG_ENTRY.c.subject == entry.subject
            )
        )
    ]


def _number_of(connection: Connection, entry: LogEntry) -> int | None:
    found = _same(connection, entry)
    if not found:
        return None
    number, facts = found[-1]
    if facts["files"] != entry.facts["files"]:
        raise StationError(
            "LOG", f"run {entry.subject} is in the log already, with other files; look at both"
        )
    return number


def _proof(connection: Connection, number: int, key: SigningKey) -> LogProof:
    """Return the proof of an entry under the checkpoint that was signed with it.

    A closing that was cut off makes the same proof again, and with it the same page and seal,
    though the log has grown since.
    """
    entries = number + 1
    note = connection.execute(
        select(CHECKPOINT.c.note).where(CHECKPOINT.c.size == entries)
    ).scalar()
    if note is None:
        note, entries = checkpoint(connection, origin(connection), key), size(connection)
    content = connection.execute(
        select(LOG_ENTRY.c.entry).where(LOG_ENTRY.c.number == number)
    ).scalar_one()
    hashes = prove_inclusion(connection, number, entries)
    return LogProof(entry=bytes(content), number=number, hashes=tuple(hashes), note=str(note))
