"""Check a site's data folder: its own log, its copy of each station's log, and every run."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, select

from ledcal.calibration.errors import RecordError
from ledcal.calibration.merkle import Frontier, leaf_hash
from ledcal.calibration.signed_note import note_holds
from ledcal.rig.closing import RECORD
from ledcal.rig.folder import sha256_hex
from ledcal.rig.keys import signature_holds
from ledcal.rig.log_book import LOG_PROOF, read_proof
from ledcal.rig.run import RUNS
from ledcal.rig.site.additions import received_words
from ledcal.rig.site.refusal import Refusal
from ledcal.rig.site.witness import copied_entry, entry_row
from ledcal.rig.store.log import LOG_KEY_NAME
from ledcal.rig.store.opened import open_store_to_read
from ledcal.rig.store.schema import RUN, STATION_CHECKPOINT, STATION_ENTRY
from ledcal.rig.store.spread import spread
from ledcal.rig.store.verify_log import verify_log
from ledcal.rig.trust import known_keys
from ledcal.rig.upload_growth import checkpoint_of
from ledcal.rig.verify import Finding, Verification, verify_run

_ROWS_AT_ONCE = 1000


class _Copy(NamedTuple):
    """What was found in a station's log as the site has it, and how many entries that has."""

    size: int
    findings: list[Finding]


class _Received(NamedTuple):
    """A checkpoint as it came with an upload, and the tree's edge that was made of it."""

    size: int
    note: str
    edge: bytes


def verify_site(data_folder: Path, url: str) -> list[Verification]:
    """Return what was found at a site: its own log, each station's log, then each run.

    Raises:
        RefusedInput: There is no store, or a trusted key is in a damaged file.
        StationError: The store cannot be read at all.
    """
    publics = {one.key_id: one.public for one in known_keys(data_folder)}
    folders = sorted(one for one in (data_folder / RUNS).glob("*") if one.is_dir())
    with open_store_to_read(url) as store, store.reading() as connection:
        own = verify_log(connection, publics, signature_holds, {})
        findings = [Finding(file=one.where, text=one.text) for one in own.findings]
        findings.extend(_index(folders, connection))
        findings.extend(
            Finding(file=file, text=words)
            for file, words in received_words(
                data_folder, [one.name for one in folders], connection
            )
        )
        copies = {
            origin: _copy(connection, origin, publics)
            for origin in connection.execute(
                select(STATION_ENTRY.c.origin)
                .union(select(STATION_CHECKPOINT.c.origin))
                .order_by("origin")
            ).scalars()
        }
        findings.extend(_proofs(folders, connection))
    logs = [
        _verification(data_folder / "log", own.size, findings),
        *(
            _verification(data_folder / origin, copy.size, copy.findings)
            for origin, copy in copies.items()
        ),
    ]
    return [*logs, *(verify_run(one, data_folder) for one in folders)]


def _verification(folder: Path, checked: int, findings: list[Finding]) -> Verification:
    return Verification(folder=folder, findings=tuple(findings), checked=checked, key_id="")


def _copy(connection: Connection, origin: str, publics: Mapping[str, bytes]) -> _Copy:
    """Build the tree of a copy again, and compare it with every checkpoint that was received.

    Entries and checkpoints are read once and side by side, a few at a time.
    """
    findings: list[Finding] = []
    frontier = Frontier()
    entries = _entries(connection, origin, findings)

    def check(notes: Sequence[_Received]) -> list[str | None]:
        return [_doubt(origin, one.note, publics) for one in notes]

    for received, doubt in spread(_checkpoints(connection, origin), check):
        for leaf in itertools.islice(entries, max(received.size - frontier.size, 0)):
            frontier.append(leaf)
        words = doubt or _disagreement(received.note, frontier)
        if words is None and received.edge != frontier.edge:
            words = "its edge of the tree was altered"
        if words is not None:
            findings.append(Finding(file=f"checkpoint {received.size}", text=words))
    unsigned = sum(1 for _ in entries)
    size = frontier.size + unsigned
    if unsigned:
        text = f"{size} entries are here, only {frontier.size} were signed"
        findings.append(Finding(file=origin, text=text))
    return _Copy(size, findings)


def _entries(connection: Connection, origin: str, findings: list[Finding]) -> Iterator[bytes]:
    """Return the hash of each entry, and tell of each whose row is not the one that was made."""
    table = STATION_ENTRY.c
    columns = (table.number, table.kind, table.subject, table.record_sha256, table.entry)
    rows = connection.execute(
        select(*columns).where(table.origin == origin).order_by(table.number),
        execution_options={"yield_per": _ROWS_AT_ONCE},
    )
    for place, (number, kind, subject, record, entry) in enumerate(rows):
        where = f"entry {number}"
        if number != place:
            text = f"stands at place {place}: entries were removed, added or reordered"
            findings.append(Finding(file=where, text=text))
        content = bytes(entry) if isinstance(entry, bytes | memoryview) else b""
        try:
            row = entry_row(origin, number, content)
            if (row["kind"], row["subject"], row["record_sha256"]) != (kind, subject, record):
                text = f"is listed as {kind} {subject}, that is not what it says"
                findings.append(Finding(file=where, text=text))
        except Refusal:
            findings.append(Finding(file=where, text="was altered: it is no entry of a log"))
        yield leaf_hash(content)


def _checkpoints(connection: Connection, origin: str) -> Iterator[_Received]:
    table = STATION_CHECKPOINT.c
    rows = connection.execute(
        select(table.size, table.note, table.edge)
        .where(table.origin == origin)
        .order_by(table.size),
        execution_options={"yield_per": _ROWS_AT_ONCE},
    )
    for size, note, edge in rows:
        yield _Received(size, note, edge)


def _doubt(origin: str, note: str, publics: Mapping[str, bytes]) -> str | None:
    """Tell why a checkpoint is not believed, None when it is."""
    try:
        said = checkpoint_of(note)
        believed = any(
            note_holds(note, LOG_KEY_NAME, one, signature_holds) for one in publics.values()
        )
    except RecordError as error:
        return f"is damaged: {error}"
    if not believed or said.origin != origin:
        return "was altered, or is signed with a key that is not known here"
    return None


def _disagreement(note: str, frontier: Frontier) -> str | None:
    """Tell how a checkpoint that is believed differs from the entries."""
    said = checkpoint_of(note)
    if said.size != frontier.size:
        return f"the log was cut: {said.size} entries were signed, {frontier.size} are there"
    if said.root != frontier.root():
        return f"the log's first {said.size} entries are not those that were signed"
    return None


def _proofs(folders: list[Path], connection: Connection) -> Iterator[Finding]:
    """Compare each run's own proof with the copy of the log that it came from."""
    for folder in folders:
        where = f"{RUNS}/{folder.name}"
        try:
            proof = read_proof(folder)
            origin = proof.checkpoint.origin
        except RecordError:
            continue  # named by the check of the run
        if proof.entry != copied_entry(connection, origin, proof.number):
            yield Finding(
                file=f"{where}/{LOG_PROOF}", text="proves an entry that no station's log has here"
            )


def _index(folders: list[Path], connection: Connection) -> Iterator[Finding]:
    indexed = {
        run: digest for run, digest in connection.execute(select(RUN.c.run, RUN.c.record_sha256))
    }
    here = {folder.name: folder / RECORD for folder in folders}
    for run in sorted(set(indexed) - set(here)):
        yield Finding(file=f"{RUNS}/{run}", text="is gone; the index says it was received")
    for run, record in here.items():
        if run not in indexed:
            yield Finding(file=f"{RUNS}/{run}", text="was added past the site: no row knows it")
        elif record.is_file() and sha256_hex(record.read_bytes()) != indexed[run]:
            yield Finding(file=f"{RUNS}/{run}", text="is not the run that the index tells of")
