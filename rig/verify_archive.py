"""Check a whole data folder: its log, every run, and that log and folders tell the same."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from ledcal.calibration.errors import RecordError
from ledcal.rig.additions import ADDITIONS, log_words
from ledcal.rig.closing import RECORD, SEAL
from ledcal.rig.deletion_check import unlogged
from ledcal.rig.folder import sha256_hex
from ledcal.rig.keys import signature_holds
from ledcal.rig.log_book import LOG_PROOF, RUN_CLOSED, read_proof
from ledcal.rig.people.account import account_words
from ledcal.rig.proof import closed_folders
from ledcal.rig.run import RUNS
from ledcal.rig.site.admission import STATIONS
from ledcal.rig.site.check import verify_site
from ledcal.rig.store.log import entry_at
from ledcal.rig.store.opened import STORE, open_store_to_read, store_url
from ledcal.rig.store.schema import LOG_ENTRY, RUN
from ledcal.rig.store.verify_log import verify_log
from ledcal.rig.trust import known_keys
from ledcal.rig.verify import Finding, Verification, verify_run


def is_data_folder(path: Path) -> bool:
    """Tell whether a folder is one in which runs are kept."""
    return (path / RUNS).is_dir() or (path / STORE).is_file()


def verify_data(data_folder: Path) -> list[Verification]:
    """Return what was found in a data folder: of its log first, then of each run.

    A site's data folder is checked as one, with the store in it.

    A run that was never closed, because it runs or was cut off, is left out: it is in no log yet,
    and `ledcal show` tells it.

    Raises:
        RefusedInput: A trusted key is in a damaged file.
        StationError: The record store cannot be read at all.
    """
    if (data_folder / STATIONS).is_dir():
        # What a site keeps stands in the logs of its stations.
        return verify_site(data_folder, store_url(data_folder))
    folders = closed_folders(data_folder)
    if not (data_folder / STORE).is_file():
        gone = Finding(file=STORE, text="is missing, and with it the log that the runs prove")
        findings = [gone] if any((one / LOG_PROOF).exists() for one in folders) else []
        entries, closed = 0, set()
    else:
        publics = {one.key_id: one.public for one in known_keys(data_folder)}
        with open_store_to_read(store_url(data_folder)) as store, store.reading() as connection:
            checked = verify_log(connection, publics, signature_holds, _witnesses(folders))
            findings = [Finding(file=one.where, text=one.text) for one in checked.findings]
            told = _closed(connection)
            findings.extend(_folders(folders, told, connection))
            findings.extend(_index(folders, connection))
            findings.extend(_accounts(connection))
            gone_from_log = unlogged(folders, connection)
            findings.extend(Finding(file=file, text=text) for file, text in gone_from_log)
            findings.extend(_additions(data_folder, folders, connection))
        entries, closed = checked.size, set(told)
    log = Verification(
        folder=data_folder / STORE, findings=tuple(findings), checked=entries, key_id=""
    )
    ended = [one for one in folders if (one / SEAL).exists() or one.name in closed]
    return [log, *(verify_run(one, data_folder) for one in ended)]


def _witnesses(folders: list[Path]) -> dict[str, str]:
    """Return the checkpoint of each run's proof: what the log was when the run was closed."""
    found = {}
    for folder in folders:
        try:
            found[f"{folder.name}/{LOG_PROOF}"] = read_proof(folder).note
        except RecordError:
            continue  # named by the check of the run
    return found


def _closed(connection: Connection) -> dict[str, tuple[int, Any]]:
    """Return number and file hashes of each run that the log says was closed."""
    found: dict[str, tuple[int, Any]] = {}
    rows = connection.execute(
        select(LOG_ENTRY.c.number, LOG_ENTRY.c.entry).where(LOG_ENTRY.c.kind == RUN_CLOSED)
    )
    for number, entry in rows:
        try:
            said = json.loads(bytes(entry))
            found[str(said["subject"])] = (number, said["facts"]["files"][RECORD])
        except (ValueError, KeyError, TypeError, RecursionError):
            continue  # named by the check of the log
    return found


def _folders(
    folders: list[Path], closed: dict[str, tuple[int, Any]], connection: Connection
) -> Iterator[Finding]:
    names = {folder.name for folder in folders}
    for run, (number, _) in sorted(closed.items()):
        if run not in names:
            yield Finding(file=run, text=f"is gone; log entry {number} says it was there")
    for folder in folders:
        sealed, where = (folder / SEAL).exists(), f"{folder.parent.name}/{folder.name}"
        if folder.name not in closed:
            if sealed:
                yield Finding(file=where, text="was added past the log: no entry knows it")
            continue
        number, digest = closed[folder.name]
        record = folder / RECORD
        if record.is_file() and sha256_hex(record.read_bytes()) != digest:
            yield Finding(
                file=f"{where}/{RECORD}", text=f"is not the record of log entry {number}"
            )
        try:
            proof = read_proof(folder)
        except RecordError:
            continue
        if entry_at(connection, proof.number) != proof.entry:
            yield Finding(
                file=f"{where}/{LOG_PROOF}",
                text=f"the log's entry {proof.number} was altered: another one was proven here",
            )


def _accounts(connection: Connection) -> Iterator[Finding]:
    for words in account_words(connection):
        yield Finding(file=STORE, text=f"its accounts were changed past the log: {words}")


def _additions(
    data_folder: Path, folders: list[Path], connection: Connection
) -> Iterator[Finding]:
    """Compare what came to the runs after they were closed with what the log knows of it."""
    entries = {
        number: entry if isinstance(entry, bytes) else b""
        for number, entry in connection.execute(
            select(LOG_ENTRY.c.number, LOG_ENTRY.c.entry).where(LOG_ENTRY.c.kind.in_(ADDITIONS))
        )
    }
    for file, words in log_words(data_folder, [one.name for one in folders], entries):
        yield Finding(file=file, text=words)


def _index(folders: list[Path], connection: Connection) -> Iterator[Finding]:
    """Compare the index with the records: whoever asks it must not be told a lie."""
    records = {one.name: one / RECORD for one in folders}
    for run, digest, outcome in connection.execute(
        select(RUN.c.run, RUN.c.record_sha256, RUN.c.outcome)
    ):
        record = records.get(run)
        if record is None or not record.is_file():
            continue
        content = record.read_bytes()
        try:
            said = json.loads(content)["events"][-1]["outcome"]
        except (ValueError, KeyError, TypeError, IndexError, RecursionError):
            continue  # named by the check of the run
        if (sha256_hex(content), said) != (digest, outcome):
            yield Finding(
                file=STORE, text=f"its index was altered: it says that run {run} ended {outcome}"
            )
