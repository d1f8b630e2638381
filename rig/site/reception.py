"""What a site does with a bundle: check all of it, keep it as a run's folder, and index it."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, select

from ledcal.calibration.errors import RecordError
from ledcal.calibration.log_proof import LogProof
from ledcal.rig.closing import RECORD
from ledcal.rig.errors import RefusedInput, StationError
from ledcal.rig.folder import sha256_hex
from ledcal.rig.keys import SigningKey
from ledcal.rig.log_book import read_proof
from ledcal.rig.run import RUNS
from ledcal.rig.site.refusal import CONTRADICTION, UNBELIEVABLE, UNKNOWN_KEY, Refusal
from ledcal.rig.site.site_log import RECEIVED, note, raise_alarm
from ledcal.rig.site.witness import entry_of
from ledcal.rig.store.index import add_run, is_indexed
from ledcal.rig.store.log import LogEntry
from ledcal.rig.store.opened import Store
from ledcal.rig.store.schema import LOG_ENTRY
from ledcal.rig.summary import record_of
from ledcal.rig.upload_bundle import bundle_sha256, unpack_bundle
from ledcal.rig.verify import Verification, verify_run

INCOMING = "incoming"


def is_received(connection: Connection, sha256: str) -> bool:
    """Tell whether a bundle was taken."""
    return (
        connection.execute(
            select(LOG_ENTRY.c.number).where(
                LOG_ENTRY.c.kind == RECEIVED, LOG_ENTRY.c.subject == sha256
            )
        ).first()
        is not None
    )


@contextmanager
def incoming(data_folder: Path) -> Iterator[Path]:
    """Make a folder for one upload; nothing of it is left, whatever happens.

    Raises:
        StationError: The disk refuses.
    """
    try:
        (data_folder / INCOMING).mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=data_folder / INCOMING))
    except OSError as error:
        raise StationError("DISK", f"{data_folder}: cannot be written: {error}") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def take_bundle(
    store: Store, data_folder: Path, station: str, bundle: Path, sha256: str, key: SigningKey
) -> str:
    """Keep the run of a bundle, and return its id; one that is here already stays as it is.

    The folder comes to its place before the rows that tell of it: after a cut between the two the
    same bundle is taken again.

    Args:
        store: Of the site.
        data_folder: Of the site.
        station: Who brings it.
        bundle: The file, in a folder of `incoming`.
        sha256: Its hash, which was checked.
        key: Of the site.

    Raises:
        Refusal: It is damaged, not believed, not in the station's log, or contradicts another.
        StationError: The disk or the store refuses.
    """
    try:
        run = unpack_bundle(bundle, sha256, bundle.parent)
    except RefusedInput as error:
        raise Refusal(UNBELIEVABLE, "BUNDLE", f"bundle {sha256}: {error.text}") from error
    proof = _believed(run, data_folder)
    record = record_of(run)
    digest = sha256_hex((run / RECORD).read_bytes())
    target = data_folder / RUNS / run.name
    with store.adding() as connection:
        if is_received(connection, sha256):
            return run.name
        if entry_of(connection, station, proof.checkpoint.origin, proof.number) != proof.entry:
            raise Refusal(
                CONTRADICTION,
                "NOT_IN_LOG",
                f"run {run.name}: the log that station {station} uploaded does not have it; "
                "upload the log first",
            )
        other = _other(target, sha256)
        if other is not None:
            raise_alarm(connection, station, run.name, other, key)
        else:
            if not is_indexed(connection, run.name):
                add_run(connection, record, digest)
            facts = {"run": run.name, "origin": proof.checkpoint.origin}
            entry = LogEntry(kind=RECEIVED, subject=sha256, who="", station=station, facts=facts)
            note(connection, entry, key)
            _move(run, target)
    if other is not None:
        raise Refusal(CONTRADICTION, "ALARM", f"run {run.name}: {other}")
    return run.name


def _believed(run: Path, data_folder: Path) -> LogProof:
    found: Verification = verify_run(run, data_folder)
    if found.findings:
        words = "; ".join(f"{one.file} {one.text}" for one in found.findings)
        raise Refusal(UNBELIEVABLE, "ALTERED", f"run {run.name}: {words}")
    if found.key is None:
        raise Refusal(
            UNKNOWN_KEY,
            "UNKNOWN_KEY",
            f"run {run.name}: is sealed with key {found.key_id}, which is not known here; let the "
            "site admit the station with its public key",
        )
    try:
        return read_proof(run)
    except RecordError as error:
        raise Refusal(
            UNBELIEVABLE, "ALTERED", f"run {run.name}: its proof of the log {error}"
        ) from error


def _other(target: Path, sha256: str) -> str | None:
    """Tell how the run that is at the place already differs, None when it does not."""
    if not target.exists():
        return None
    there = bundle_sha256(target)
    if there == sha256:
        return None
    return f"it is here already as another bundle, {there}; {sha256} contradicts it"


def _move(run: Path, target: Path) -> None:
    """Bring a run's folder to its place; the disk has it before this returns."""
    if target.exists():
        return
    try:
        target.parent.mkdir(exist_ok=True)
        run.rename(target)
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise StationError("DISK", f"{target}: cannot be written: {error.strerror}") from error
