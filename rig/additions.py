"""What comes to a closed run later, beside its folder: statements, amendments, a file signed late.

Each is entered into the log with the hash of every file that it left, so that one that is taken
away, exchanged or added past the log is found, and a site can ask for what it misses.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ledcal.calibration.errors import RecordError
from ledcal.calibration.record_reader import read_record
from ledcal.rig.amendments import AMENDMENTS, Chain, amendments_of
from ledcal.rig.closing import RECORD, data_folder_of
from ledcal.rig.deletion_check import read_deletion
from ledcal.rig.errors import RefusedInput, StationError
from ledcal.rig.folder import sha256_hex
from ledcal.rig.issue import ISSUED
from ledcal.rig.journal import read_journal
from ledcal.rig.keys import engineering_key
from ledcal.rig.log_book import enter
from ledcal.rig.run import RUNS
from ledcal.rig.statements import STATEMENTS, Signed, statements_on
from ledcal.rig.store.log import LogEntry
from ledcal.rig.store.opened import store_url
from ledcal.rig.upload_bundle import RUN_ID

REVIEWED, APPROVED, AMENDED, SIGNED = "run reviewed", "run approved", "run amended", "file signed"
ADDITIONS = (REVIEWED, APPROVED, AMENDED, SIGNED)
"""Kinds of entries of the log that tell of an addition."""
KEPT = "kept"
_PATH = re.compile(
    rf"(?:{STATEMENTS}|{AMENDMENTS}|{ISSUED})/(?P<run>{RUN_ID.pattern})/[A-Za-z0-9][A-Za-z0-9.-]*"
)
LARGEST_ADDITION = 8 * 1024 * 1024
"""Bytes of what is sent of one addition; a file signed late has about 2 thousand."""
_LONGEST_PATH = 200
_MOST_FILES = 8


def enter_addition(
    run: Path,
    data_folder: Path,
    kind: str,
    who: str,
    facts: Mapping[str, Any],
    files: list[Path],
    *,
    station: str = "",
) -> int:
    """Enter an addition whose files were just written; return the entry's number.

    Files that the log does not take are taken away again: nothing stands that no entry knows.

    Raises:
        StationError: The record store refuses.
    """
    kept = {
        path.resolve().relative_to(data_folder.resolve()).as_posix(): sha256_hex(path.read_bytes())
        for path in files
    }
    entry = LogEntry(
        kind=kind,
        subject=run.resolve().name,
        who=who,
        station=station,
        facts={**facts, KEPT: kept},
    )
    try:
        proof = enter(entry, engineering_key(data_folder), store_url(data_folder_of(run)))
    except StationError:
        for path in files:
            path.unlink(missing_ok=True)
        raise
    return proof.number


def kept_files(entry: bytes) -> dict[str, str | None]:
    """Return the files of an addition by the log's entry: path in the data folder, and SHA-256.

    ledcal has written entries of statements without a hash: then it is None.

    Raises:
        RecordError: The entry tells of no addition, or of a file in no place of one.
    """
    try:
        said = json.loads(entry)
        kind, run, facts = said["kind"], str(said["subject"]), said["facts"]
        kept = facts.get(KEPT, {f"{STATEMENTS}/{run}/{facts.get('file')}": None})
        found = {str(path): digest for path, digest in kept.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RecordError(f"tells of no addition: {error!r}") from error
    whole = kind in ADDITIONS and 0 < len(found) <= _MOST_FILES
    for path, digest in found.items():
        place = _PATH.fullmatch(path)
        hashed = digest is None or (isinstance(digest, str) and len(digest) == 64)
        whole = whole and hashed and place is not None and place["run"] == run
        whole = whole and len(path) <= _LONGEST_PATH
    if not whole:
        raise RecordError("tells of no addition")
    return found


def chain_of(run: Path, data_folder: Path, publics: Sequence[bytes]) -> Chain:
    """Return the amendments of a run.

    Raises:
        RecordError: The run's record cannot be read.
    """
    record = read_record(read_journal(run))
    content = (run / RECORD).read_bytes()
    return amendments_of(run, data_folder, record, content, publics)


def addition_words(
    run: Path, data_folder: Path, content: bytes, publics: Sequence[bytes]
) -> Iterator[tuple[str, str]]:
    """Tell what is wrong with the statements on a run and with its amendments, file by file.

    Args:
        run: The run's folder.
        data_folder: Where they are kept.
        content: Of the record's file.
        publics: Keys that are believed.
    """
    try:
        chain = chain_of(run, data_folder, publics)
    except (RecordError, OSError):
        return  # the record itself is named by the check of the run
    for path, words in chain.broken:
        yield path.relative_to(data_folder).as_posix(), words
    for one in statements_on(run, data_folder, content, publics):
        if not isinstance(one, Signed):
            path, words = one
            yield path.name, words
        elif chain.sha256_of(one.statement.revision) != one.statement.amendment_sha256:
            revision = one.statement.revision
            yield one.file, f"covers revision {revision} of the record, which is not the one here"


def log_words(
    data_folder: Path, runs: Sequence[str], entries: Mapping[int, bytes]
) -> Iterator[tuple[str, str]]:
    """Tell where what is kept beside the runs is not what the log knows, file by file.

    Args:
        data_folder: Where it is kept.
        runs: Those that are here.
        entries: Of additions, by their number in the log.
    """
    known: set[str] = set()
    for number, entry in sorted(entries.items()):
        try:
            files = kept_files(entry)
        except RecordError as error:
            yield f"entry {number}", str(error)
            continue
        known |= files.keys()
        for path, digest in files.items():
            try:
                found = sha256_hex((data_folder / path).read_bytes())
            except OSError:
                if not _deleted(path, data_folder):
                    yield path, f"is gone; log entry {number} says it was there"
                continue
            if digest is not None and found != digest:
                yield path, f"is not the file of log entry {number}"
    # A file that was signed late has been entered into the log since additions are.
    for kind in (STATEMENTS, AMENDMENTS):
        for run in runs:
            for file in sorted((data_folder / kind / run).glob("*")):
                path = f"{kind}/{run}/{file.name}"
                if path not in known and not file.name.startswith("."):
                    yield (
                        path,
                        "was added past the log, or its entering was cut off: look at it, and "
                        "state it again in its place",
                    )


def _deleted(path: str, data_folder: Path) -> bool:
    """Tell whether a file went with its run: of a deleted one the file signed late goes too."""
    place, run, _ = path.split("/")
    try:
        return place == ISSUED and read_deletion(data_folder / RUNS / run, data_folder) is not None
    except (RecordError, RefusedInput):
        return False
