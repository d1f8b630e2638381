"""What is left of a run that was deleted, and the proof that it was deleted in due form."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from ledcal.calibration.errors import RecordError
from ledcal.calibration.log_proof import LogProof, read_log_proof
from ledcal.rig.authorisation import Authorised, authorised
from ledcal.rig.closing import RECORD, SEAL
from ledcal.rig.folder import sha256_hex
from ledcal.rig.log_book import LOG_PROOF, RUN_CLOSED, read_proof
from ledcal.rig.log_reading import LoggedEntry, checkpoint_is_known, entry_of
from ledcal.rig.statements import PERFORMED, RECORD_ENVELOPE
from ledcal.rig.store.log import entry_at

REQUESTED, DELETED = "deletion requested", "run deleted"
DELETION = "deletion.proof"
KEPT = (RECORD, RECORD_ENVELOPE, PERFORMED, LOG_PROOF, SEAL, DELETION)
"""What stays of a deleted run: what was found, by whom, and that nothing of it was altered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """A deletion that two people have signed.

    Attributes:
        number: Of the request's entry in the log.
        requested, deleted: Who asked for it, and who did it.
        reason: Why.
        proof: That the deletion is in the log.
    """

    number: int
    requested: Authorised
    deleted: Authorised
    reason: str
    proof: LogProof

    @property
    def words(self) -> str:
        """Tell it to a person."""
        return (
            f"deleted by request {self.number} of {self.requested.words}, carried out by "
            f"{self.deleted.words}; reason: {self.reason}"
        )


def read_deletion(folder: Path, data_folder: Path) -> Deletion | None:
    """Return how a run was deleted, None when it was not.

    Raises:
        RecordError: There is a proof of it that cannot be believed.
    """
    path = folder / DELETION
    if not path.is_symlink() and not path.exists():
        return None
    try:
        proof = read_log_proof(path.read_bytes().decode())
    except OSError as error:
        raise RecordError(f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise RecordError("is no proof of the log: it is no text") from error
    return believed(proof, folder.resolve().name, data_folder)


def believed(proof: LogProof, run: str, data_folder: Path) -> Deletion:
    """Return a run's deletion from the proof that it is in the log.

    Raises:
        RecordError: It cannot be believed; says why.
    """
    if not checkpoint_is_known(proof.note, data_folder):
        raise RecordError("its checkpoint was altered, or is signed with a key not known here")
    if not proof.holds():
        raise RecordError("its entry is not in the log of its checkpoint")
    try:
        entry = entry_of(proof.entry, proof.number)
        request = requested_by(entry)
    except (ValueError, KeyError, TypeError) as error:
        raise RecordError(f"its entry is none of a deletion: {error}") from error
    if (entry.kind, entry.subject, request.subject) != (DELETED, run, run):
        raise RecordError(f"its entry is that of {entry.kind} {entry.subject}")
    asked, done = authorised(request, data_folder), authorised(entry, data_folder)
    require_two(asked, done)
    return Deletion(
        number=request.number,
        requested=asked,
        deleted=done,
        reason=str(request.facts.get("reason")),
        proof=proof,
    )


def require_two(asked: Authorised, done: Authorised) -> None:
    """Refuse a deletion by one person alone.

    Raises:
        RecordError: Name or key are the same.
    """
    if asked.key_id == done.key_id or asked.name.casefold() == done.name.casefold():
        raise RecordError(
            f"request {asked.entry.number} is by {asked.words}: another person with another key "
            "has to delete"
        )


def request_facts(request: LoggedEntry) -> dict[str, Any]:
    """Return a request as the deletion's entry carries it, so that both are proven at once."""
    return {
        "number": request.number,
        "at": request.at.isoformat(),
        "who": request.who,
        "facts": dict(request.facts),
    }


def requested_by(entry: LoggedEntry) -> LoggedEntry:
    """Return the request that the entry of a deletion carries.

    Raises:
        ValueError, KeyError, TypeError: It carries none.
    """
    said = entry.facts["request"]
    content = {
        **{"format": "ledcal-log/1", "kind": REQUESTED, "subject": entry.subject, "station": ""},
        **{"at": said["at"], "who": said["who"], "facts": said["facts"]},
    }
    return entry_of(json.dumps(content).encode(), int(said["number"]))


def kept_findings(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield file and words for whatever is wrong with what is left of a deleted run."""
    record = folder / RECORD
    try:
        said = json.loads(read_proof(folder).entry)
        told = (said["kind"], said["subject"], said["facts"]["files"][RECORD])
        digest = sha256_hex(record.read_bytes())
    except (RecordError, OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        yield LOG_PROOF, f"does not prove the record that was kept: {error}"
        return
    if told != (RUN_CLOSED, folder.resolve().name, digest):
        yield RECORD, "is not the record that the log knows"


def unlogged(folders: Sequence[Path], connection: Connection) -> Iterator[tuple[str, str]]:
    """Yield file and words for each deletion that the log of the data folder does not have."""
    for folder in folders:
        try:
            proof = read_log_proof((folder / DELETION).read_bytes().decode())
        except (RecordError, OSError, UnicodeDecodeError):
            continue  # there is none, or it is named by the check of the run
        if entry_at(connection, proof.number) != proof.entry:
            where = f"{folder.parent.name}/{folder.name}/{DELETION}"
            yield where, f"the log has lost its entry {proof.number}, or another one is there"


def kept_events(folder: Path) -> list[dict[str, Any]] | None:
    """Return the events of a deleted run, which its record keeps; None for any other run.

    Raises:
        RecordError: The record cannot be read.
    """
    if not (folder / DELETION).exists():
        return None
    try:
        said = json.loads((folder / RECORD).read_bytes())["events"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise RecordError(f"{folder / RECORD}: cannot be read: {error}") from error
    if not isinstance(said, list):
        raise RecordError(f"{folder / RECORD}: holds no events")
    return said
