"""Check a whole data folder: its log, every run, and that log and folders tell the same."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Connection, select

from ledcal.calibration.errors import RecordError
from ledcal.rig.additions import ADDITIONS, log_words
from ledcal.rig.closing import SEAL
from ledcal.rig.deletion_check import unlogged
from ledcal.rig.errors import RefusedInput, StationError
from ledcal.rig.keys import ENGINEERING_KEY, known_public_key, signature_holds
from ledcal.rig.log_book import LOG_PROOF, read_proof
from ledcal.rig.people.account import account_words
from ledcal.rig.proof import closed_folders
from ledcal.rig.run import RUNS
from ledcal.rig.site.admission import STATIONS
from ledcal.rig.site.check import verify_site
from ledcal.rig.store.opened import STORE, STORE_HELD, open_store_to_read, store_url
from ledcal.rig.store.schema import LOG_ENTRY
from ledcal.rig.store.shape import shape_words
from ledcal.rig.store.triggers import lost_guards
from ledcal.rig.store.verify_log import verify_log
from ledcal.rig.trust import TRUSTED, KnownKey, known_keys
from ledcal.rig.unreadable import unreadable
from ledcal.rig.verify import Finding, Verification, verify_run
from ledcal.rig.verify_index import index_findings
from ledcal.rig.verify_keys import key_findings
from ledcal.rig.verify_told import folder_findings, read_told


def is_data_folder(path: Path) -> bool:
    """Tell whether a folder is one in which runs are kept."""
    # os.path says False of a name that no file can have; Path.is_dir raises an error.
    return os.path.isdir(path / RUNS) or os.path.isfile(path / STORE)


def verify_data(data_folder: Path, outside: Mapping[str, str] | None = None) -> list[Verification]:
    """Return what was found in a data folder: of its log first, then of each run.

    A site's data folder is checked as one, with the store in it.

    Where something lies that must not be opened, that alone is named.

    A run that was never closed, because it runs or was cut off, is in no log yet: it is told
    beside the log, and not checked.

    Args:
        data_folder: The data folder.
        outside: Checkpoints that somebody kept outside of it, by where they were found: a log
            that was cut or made anew with all that is in the folder is found out by them alone.

    Raises:
        RefusedInput: A checkpoint was given for a site, which has one of each station.
    """
    if unread := list(unreadable(data_folder)):
        findings = [
            Finding(file=path.relative_to(data_folder).as_posix(), text=words)
            for path, words in unread
        ]
        return [_of(data_folder, findings, 0)]
    if (data_folder / STATIONS).is_dir():
        if outside:
            raise RefusedInput(
                "CHECKPOINT", f"{data_folder}: is a site's; verify the station that it is of"
            )
        # What a site keeps stands in the logs of its stations.
        return verify_site(data_folder, store_url(data_folder))
    try:
        keys = known_keys(data_folder)
    except RefusedInput as error:
        # Without its keys nothing in the folder can be believed.
        return [_of(data_folder / TRUSTED, [Finding(file=TRUSTED, text=error.text)], 0)]
    folders = closed_folders(data_folder)
    log, closed = _verify_store(data_folder, folders, keys, outside or {})
    sealed = [one for one in folders if (one / SEAL).exists() or one.name in closed]
    store = _of(data_folder / STORE, [*_own_key(data_folder), *log.findings], log.checked)
    names = {one.name for one in sealed}
    unsealed = tuple(one.name for one in folders if one.name not in names)
    return [
        replace(store, unsealed=unsealed),
        *(_known(verify_run(folder, data_folder)) for folder in sealed),
    ]


def _verify_store(
    data_folder: Path, folders: list[Path], keys: list[KnownKey], outside: Mapping[str, str]
) -> tuple[Verification, set[str]]:
    """Return what was found in the store, and the runs that its log says were closed."""
    store_file = data_folder / STORE
    witnesses = _witnesses(folders) | {**outside}
    if not store_file.is_file():
        gone = Finding(file=STORE, text="is missing, and with it the log that the runs prove")
        return _of(store_file, [gone] if witnesses else [], 0), set()
    publics = {one.key_id: one.public for one in keys}
    try:
        with open_store_to_read(store_url(data_folder)) as store, store.reading() as connection:
            guards = lost_guards(connection)
            shape = list(shape_words(connection, newest=store.newest(connection)))
            checked = verify_log(connection, publics, signature_holds, witnesses)
            told = read_told(connection)
            findings = [
                *(Finding(file=STORE, text=words) for words in shape),
                *(Finding(file=one.where, text=one.text) for one in checked.findings),
                *folder_findings(folders, told, connection),
                *index_findings(connection, folders, told.closed),
                *_accounts(connection),
                *(Finding(file=file, text=text) for file, text in key_findings(connection, keys)),
                *(Finding(file=file, text=text) for file, text in unlogged(folders, connection)),
                *_additions(data_folder, folders, connection),
            ]
    except (StationError, RefusedInput) as error:
        if error.code == STORE_HELD:
            raise
        return _of(store_file, [Finding(file=STORE, text=error.text)], 0), set()
    if guards:
        names = ", ".join(guards[:3]) + (f" and {len(guards) - 3} more" if guards[3:] else "")
        text = f"somebody removed its guards {names}: rows could be changed since"
        findings.insert(0, Finding(file=STORE, text=text))
    return _of(store_file, findings, checked.size), set(told.closed)


def _witnesses(folders: list[Path]) -> dict[str, str]:
    """Return the checkpoint of each run's proof: what the log was when the run was closed."""
    found = {}
    for folder in folders:
        try:
            found[f"{folder.name}/{LOG_PROOF}"] = read_proof(folder).note
        except RecordError:
            continue  # named by the check of the run
    return found


def _own_key(data_folder: Path) -> list[Finding]:
    if (data_folder / ENGINEERING_KEY).exists() and known_public_key(data_folder) is None:
        text = "cannot be used: it was altered, or others may read it; restore it from a backup"
        return [Finding(file=ENGINEERING_KEY, text=text)]
    return []


def _known(found: Verification) -> Verification:
    """Return a run's check with a finding when its seal is by a key that nobody here knows."""
    if found.key is not None or not found.key_id:
        return found
    text = f"is by key {found.key_id}, which this data folder does not know"
    return Verification(
        folder=found.folder,
        findings=(*found.findings, Finding(file=SEAL, text=text)),
        checked=found.checked,
        key_id=found.key_id,
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


def _of(folder: Path, findings: list[Finding], checked: int) -> Verification:
    return Verification(folder=folder, findings=tuple(findings), checked=checked, key_id="")
