"""Hold the folders of a data folder against what its log tells of them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, bindparam, text

from ledcal.calibration.errors import RecordError
from ledcal.rig.closing import RECORD, SEAL
from ledcal.rig.folder import sha256_hex
from ledcal.rig.log_book import LOG_PROOF, RUN_CLOSED, RUN_SEALED, read_proof
from ledcal.rig.store.log import entry_at
from ledcal.rig.verify import Finding

# No types: whatever somebody put into a row is read as it is.
_ENTRIES = text(
    "SELECT number, entry FROM log_entry WHERE kind IN :kinds ORDER BY number"
).bindparams(bindparam("kinds", expanding=True))


@dataclass(slots=True)
class Told:
    """What the log tells of runs.

    Attributes:
        closed: Number of the entry and hash of the record of each run that was closed.
        sealed: Number of the entry and hash of the seal.
        findings: Runs of which the log tells two things.
    """

    closed: dict[str, tuple[int, str]] = field(default_factory=dict)
    sealed: dict[str, tuple[int, str]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def add(self, kind: str, run: str, number: int, digest: str) -> None:
        """Take up what an entry tells of a run, by the kind of entry."""
        known = self.closed if kind == RUN_CLOSED else self.sealed
        first, before = known.setdefault(run, (number, digest))
        if before != digest:
            words = f"the log has it twice ({kind}), with two contents: entries {first}, {number}"
            self.findings.append(Finding(file=run, text=words))


def read_told(connection: Connection) -> Told:
    """Return what the log tells; an entry that says nothing is named by the check of the log."""
    told = Told()
    kinds = [RUN_CLOSED, RUN_SEALED]
    for number, content in connection.execute(_ENTRIES, {"kinds": kinds}):
        try:
            said = json.loads(bytes(content))
            kind, run, facts = str(said["kind"]), str(said["subject"]), said["facts"]
            if kind == RUN_CLOSED:
                told.add(kind, run, number, str(facts["files"][RECORD]))
            elif kind == RUN_SEALED:
                told.add(kind, run, number, str(facts["seal_sha256"]))
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
    return told


def folder_findings(folders: list[Path], told: Told, connection: Connection) -> Iterator[Finding]:
    """Yield each run that is gone, was added, or is not the one that the log tells of.

    Args:
        folders: Of runs and proofs.
        told: What the log tells.
        connection: Of the store, to read.
    """
    yield from told.findings
    names = {folder.name for folder in folders}
    for run, (number, _) in sorted(told.closed.items()):
        if run not in names:
            yield Finding(file=run, text=f"is gone; log entry {number} says it was there")
    for folder in folders:
        yield from _folder(folder, told, connection)


def _folder(folder: Path, told: Told, connection: Connection) -> Iterator[Finding]:
    where = f"{folder.parent.name}/{folder.name}"
    if folder.name not in told.closed:
        if (folder / SEAL).exists():
            text = "was added past the log: no entry knows it"
            if not (folder / LOG_PROOF).exists():
                text += "; it has no log.proof: closed before there was a log, or made later"
            yield Finding(file=where, text=text)
        return
    number, digest = told.closed[folder.name]
    if _digest(folder / RECORD) not in (None, digest):
        yield Finding(file=f"{where}/{RECORD}", text=f"is not the record of log entry {number}")
    if folder.name in told.sealed:
        number, digest = told.sealed[folder.name]
        if _digest(folder / SEAL) not in (None, digest):
            text = f"was sealed anew: it is not the seal of log entry {number}"
            yield Finding(file=f"{where}/{SEAL}", text=text)
    try:
        proof = read_proof(folder)
    except RecordError:
        return  # named by the check of the run
    if entry_at(connection, proof.number) != proof.entry:
        text = f"the log's entry {proof.number} was altered: another one was proven here"
        yield Finding(file=f"{where}/{LOG_PROOF}", text=text)


def _digest(path: Path) -> Any:
    """Return a file's hash; None for one that cannot be read, which its run's check names."""
    try:
        return sha256_hex(path.read_bytes()) if path.is_file() else None
    except OSError:
        return None
