"""Check a site's data folder: its own log, its copy of each station's log, and every run."""

from collections.abc import Iterator, Mapping
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
from ledcal.rig.store.log import LOG_KEY_NAME
from ledcal.rig.store.opened import open_store_to_read
from ledcal.rig.store.schema import RUN, STATION_CHECKPOINT, STATION_ENTRY
from ledcal.rig.store.verify_log import verify_log
from ledcal.rig.trust import known_keys
from ledcal.rig.upload_growth import checkpoint_of
from ledcal.rig.verify import Finding, Verification, verify_run


class _Copy(NamedTuple):
    """A station's log as the site has it: its entries, and those that no checkpoint covers."""

    entries: list[bytes]
    findings: list[Finding]


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
    findings.extend(_proofs(folders, copies))
    logs = [
        _verification(data_folder / "log", own.size, findings),
        *(
            _verification(data_folder / origin, len(copy.entries), copy.findings)
            for origin, copy in copies.items()
        ),
    ]
    return [*logs, *(verify_run(one, data_folder) for one in folders)]


def _verification(folder: Path, checked: int, findings: list[Finding]) -> Verification:
    return Verification(folder=folder, findings=tuple(findings), checked=checked, key_id="")


def _copy(connection: Connection, origin: str, publics: Mapping[str, bytes]) -> _Copy:
    """Build the tree of a copy again, and compare it with every checkpoint that was received."""
    entries, findings = [], []
    table = STATION_ENTRY.c
    for place, (number, entry) in enumerate(
        connection.execute(
            select(table.number, table.entry).where(table.origin == origin).order_by(table.number)
        )
    ):
        if number != place:
            text = f"stands at place {place}: entries were removed, added or reordered"
            findings.append(Finding(file=f"entry {number}", text=text))
        entries.append(bytes(entry) if isinstance(entry, bytes | memoryview) else b"")
    frontier = Frontier()
    for size, note, edge in connection.execute(
        select(STATION_CHECKPOINT.c.size, STATION_CHECKPOINT.c.note, STATION_CHECKPOINT.c.edge)
        .where(STATION_CHECKPOINT.c.origin == origin)
        .order_by(STATION_CHECKPOINT.c.size)
    ):
        for entry in entries[frontier.size : size]:
            frontier.append(leaf_hash(entry))
        words = _disagreement(origin, note, frontier, publics)
        if words is None and edge != frontier.edge:
            words = "its edge of the tree was altered"
        if words is not None:
            findings.append(Finding(file=f"checkpoint {size}", text=words))
    if frontier.size < len(entries):
        text = f"{len(entries)} entries are here, only {frontier.size} were signed"
        findings.append(Finding(file=origin, text=text))
    return _Copy(entries, findings)


def _disagreement(
    origin: str, note: str, frontier: Frontier, publics: Mapping[str, bytes]
) -> str | None:
    try:
        said = checkpoint_of(note)
        believed = any(
            note_holds(note, LOG_KEY_NAME, one, signature_holds) for one in publics.values()
        )
    except RecordError as error:
        return f"is damaged: {error}"
    if not believed or said.origin != origin:
        return "was altered, or is signed with a key that is not known here"
    if said.size != frontier.size:
        return f"the log was cut: {said.size} entries were signed, {frontier.size} are there"
    if said.root != frontier.root():
        return f"the log's first {said.size} entries are not those that were signed"
    return None


def _proofs(folders: list[Path], copies: Mapping[str, _Copy]) -> Iterator[Finding]:
    """Compare each run's own proof with the copy of the log that it came from."""
    for folder in folders:
        where = f"{RUNS}/{folder.name}"
        try:
            proof = read_proof(folder)
            copy = copies.get(proof.checkpoint.origin)
        except RecordError:
            continue  # named by the check of the run
        if copy is None or copy.entries[proof.number : proof.number + 1] != [proof.entry]:
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
