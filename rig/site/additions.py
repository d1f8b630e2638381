"""What a site does with additions: statements, amendments and late signatures of runs it has.

Each is held against the entry of the station's log that tells of it, and checked with the run it
belongs to before it comes to its place.
"""

import base64
import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from sqlalchemy import Connection, select

from ledcal.calibration.errors import RecordError
from ledcal.rig.additions import ADDITIONS, addition_words, kept_files, log_words
from ledcal.rig.amendments import AMENDMENTS
from ledcal.rig.closing import RECORD
from ledcal.rig.errors import RefusedInput, StationError
from ledcal.rig.folder import sha256_hex, write_whole
from ledcal.rig.issue import ISSUED, read_issue
from ledcal.rig.keys import SigningKey
from ledcal.rig.log_book import read_proof
from ledcal.rig.run import RUNS
from ledcal.rig.site.reception import incoming
from ledcal.rig.site.refusal import BAD_REQUEST, CONTRADICTION, UNBELIEVABLE, Refusal
from ledcal.rig.site.site_log import note, raise_alarm
from ledcal.rig.site.witness import MISSING_AT_ONCE, entry_of
from ledcal.rig.statements import STATEMENTS
from ledcal.rig.store.log import LogEntry
from ledcal.rig.store.opened import Store
from ledcal.rig.store.schema import LOG_ENTRY, STATION_ENTRY
from ledcal.rig.trust import known_keys

ADDITION_RECEIVED = "addition received"
_PLACES = (STATEMENTS, AMENDMENTS, ISSUED)


def missing_additions(
    connection: Connection, origin: str, after: int = -1
) -> list[tuple[int, str]]:
    """Return entry and run of the first additions in a station's log that are not here."""
    table = STATION_ENTRY.c
    rows = connection.execute(
        select(table.number, table.subject)
        .where(table.origin == origin, table.kind.in_(ADDITIONS), table.number > after)
        .order_by(table.number)
    )
    here = _received(connection)
    told = [(number, run) for number, run in rows if _name(origin, number) not in here]
    return told[:MISSING_AT_ONCE]


def read_addition(content: bytes) -> dict[str, bytes]:
    """Return the files that were sent, by their path in the data folder.

    Raises:
        Refusal: It is nothing of the kind.
    """
    try:
        said = json.loads(content)
        return {str(path): base64.b64decode(one, validate=True) for path, one in said.items()}
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise Refusal(BAD_REQUEST, "ADDITION", f"what came is no addition: {error}") from error


def take_addition(
    store: Store,
    data_folder: Path,
    station: str,
    origin: str,
    number: int,
    files: Mapping[str, bytes],
    key: SigningKey,
) -> None:
    """Keep the files of an addition; those that are here already stay as they are.

    Args:
        store: Of the site.
        data_folder: Of the site.
        station: Who brings them.
        origin: Name of the station's log.
        number: Of the entry that tells of them.
        files: By `read_addition`.
        key: Of the site.

    Raises:
        Refusal: They are not those of the log, not believed, or contradict others.
        StationError: The disk or the store refuses.
    """
    with store.adding() as connection:
        run = _expected(connection, data_folder, station, origin, number, files)
        if _name(origin, number) in _received(connection):
            return
        wrong = next(
            (
                f"{path} is here already with another content"
                for path, content in files.items()
                if (data_folder / path).exists() and (data_folder / path).read_bytes() != content
            ),
            None,
        )
        if wrong is not None:
            raise_alarm(connection, station, run.name, wrong, key)
        else:
            _require_believable(run, data_folder, files)
            _keep(data_folder, files)
            hashes = {path: sha256_hex(content) for path, content in files.items()}
            facts = {"run": run.name, "files": hashes}
            name = _name(origin, number)
            entry = LogEntry(
                kind=ADDITION_RECEIVED, subject=name, who="", station=station, facts=facts
            )
            note(connection, entry, key)
    if wrong is not None:
        raise Refusal(CONTRADICTION, "ALARM", f"run {run.name}: {wrong}")


def received_words(
    data_folder: Path, runs: list[str], connection: Connection
) -> Iterator[tuple[str, str]]:
    """Tell where the additions here are not those that were received, file by file."""
    here = _received(connection)
    table = STATION_ENTRY.c
    entries: dict[int, bytes] = {}
    rows = connection.execute(
        select(table.origin, table.number, table.entry).where(table.kind.in_(ADDITIONS))
    )
    for origin, number, entry in rows:
        if _name(origin, number) in here:
            # Numbered as they come: several stations have an entry of one number.
            entries[len(entries)] = bytes(entry)
    yield from log_words(data_folder, runs, entries)


def _received(connection: Connection) -> set[str]:
    return set(
        connection.execute(
            select(LOG_ENTRY.c.subject).where(LOG_ENTRY.c.kind == ADDITION_RECEIVED)
        ).scalars()
    )


def _name(origin: str, number: int) -> str:
    return f"{origin}/{number}"


def _expected(
    connection: Connection,
    data_folder: Path,
    station: str,
    origin: str,
    number: int,
    files: Mapping[str, bytes],
) -> Path:
    """Return the run that an addition belongs to, when its files are those of the log."""
    entry = entry_of(connection, station, origin, number)
    if entry is None:
        raise Refusal(
            CONTRADICTION,
            "NOT_IN_LOG",
            f"the log that station {station} uploaded has no entry {number}: upload the log first",
        )
    try:
        expected = kept_files(entry)
    except RecordError as error:
        raise Refusal(UNBELIEVABLE, "ENTRY", f"entry {number} {error}") from error
    if expected.keys() != files.keys():
        raise Refusal(UNBELIEVABLE, "ADDITION", f"entry {number} tells of other files")
    for path, digest in expected.items():
        if digest is not None and sha256_hex(files[path]) != digest:
            raise Refusal(
                UNBELIEVABLE,
                "ALTERED",
                f"{path}: is not the file of entry {number}: it was altered",
            )
    run = data_folder / RUNS / next(iter(expected)).split("/")[1]
    try:
        known = read_proof(run).checkpoint.origin
    except RecordError:
        known = None
    if known != origin:
        raise Refusal(
            CONTRADICTION, "NO_RUN", f"run {run.name} of this station is not here: upload it first"
        )
    return run


def _require_believable(run: Path, data_folder: Path, files: Mapping[str, bytes]) -> None:
    """Check an addition together with those that are here, in a folder of its own."""
    publics = [one.public for one in known_keys(data_folder)]
    with incoming(data_folder) as scratch:
        try:
            for place in _PLACES:
                there = data_folder / place / run.name
                if there.is_dir():
                    shutil.copytree(there, scratch / place / run.name)
        except OSError as error:
            raise StationError("DISK", f"{scratch}: cannot be written: {error}") from error
        _keep(scratch, files)
        words = [
            f"{file} {text}"
            for file, text in addition_words(run, scratch, (run / RECORD).read_bytes(), publics)
        ]
        try:
            issue = read_issue(scratch, run)
            if issue is not None and issue.public_key not in publics:
                words.append(f"{ISSUED}/{run.name} is signed with no key that is known here")
        except RefusedInput:
            words.append(f"{ISSUED}/{run.name} does not hold together")
    if words:
        raise Refusal(
            UNBELIEVABLE,
            "ALTERED",
            f"run {run.name}: {'; '.join(words)}. Where a key is not known here, let the site "
            "`ledcal key trust` its public half, then upload again",
        )


def _keep(data_folder: Path, files: Mapping[str, bytes]) -> None:
    for path, content in files.items():
        place = data_folder / path
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StationError("DISK", f"{place}: cannot be written: {error}") from error
        if not place.exists():
            write_whole(place, content)
