"""Bring what a data folder has to the site: its log, then the runs that the site misses.

Nothing is remembered here: what was uploaded is what the site says it has. A station works on for
days without the site, and is cut off at any byte without harm.
"""

import base64
import json
import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from ledcal.calibration.errors import RecordError
from ledcal.reports.text import legible
from ledcal.rig.additions import kept_files
from ledcal.rig.closing import SEAL
from ledcal.rig.deletion_check import DELETION
from ledcal.rig.errors import RefusedInput, StationError
from ledcal.rig.keys import require_owner_only
from ledcal.rig.log_book import RUN_CLOSED
from ledcal.rig.proof import closed_folder, closed_folders
from ledcal.rig.store.opened import Store, open_store_to_read, store_url
from ledcal.rig.store.schema import LOG_ENTRY
from ledcal.rig.upload_bundle import RUN_ID, write_bundle
from ledcal.rig.upload_growth import log_origin, next_growth
from ledcal.rig.upload_http import SiteClient, Told

_TOKEN = re.compile(r"ledcal_[A-Za-z0-9_-]+")
_OUTDATED = 412
_MOST_OUTDATED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploaded:
    """What an upload did.

    Attributes:
        origin: Name of the log, None where there is none yet.
        entries: How many entries the site has now.
        runs: Runs that were brought.
        additions: Entries of statements, amendments and late signatures that were brought.
        left: What the site does not have, and why; empty when it has everything.
    """

    origin: str | None
    entries: int
    runs: tuple[str, ...]
    left: tuple[str, ...]
    additions: tuple[int, ...] = ()


def read_token(path: Path) -> str:
    """Return the token that the site gave, from a file that only its owner may read.

    Raises:
        RefusedInput: The file is missing, open to others, or holds no token.
    """
    require_owner_only(path)
    try:
        token = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise RefusedInput("TOKEN", f"{path}: cannot be read as a token") from error
    if not _TOKEN.fullmatch(token):
        raise RefusedInput(
            "TOKEN", f"{path}: holds no token; write what `ledcal admit` printed into it"
        )
    return token


def upload(data_folder: Path, site: SiteClient, say: Callable[[str], None]) -> Uploaded:
    """Upload the log, then the runs that it has and the site has not, and what came to them later.

    Args:
        data_folder: Of the station.
        site: The site.
        say: Called with what is done, for a person.

    Raises:
        RefusedInput: There is no record store, or the site does not know the token.
        StationError: The site cannot be reached, or does not believe the log.
    """
    with open_store_to_read(store_url(data_folder)) as store:
        left = [*_unlogged(data_folder, store)]
        try:
            with store.reading() as connection:
                origin = log_origin(connection)
        except RecordError as error:
            raise StationError("LOG", f"{data_folder}: the newest checkpoint {error}") from error
        if origin is None:
            return Uploaded(origin=None, entries=0, runs=(), left=tuple(left))
        entries = _bring_log(store, site, origin, say)
    runs = []
    for _, run in _missing(site, f"/missing/{origin}"):
        wrong = _bring_run(data_folder, run, site)
        if wrong is None:
            runs.append(run)
            say(f"run {run}")
        else:
            left.append(f"run {legible(run)}: {wrong}")
    additions = []
    for number, run in _missing(site, f"/additions/{origin}"):
        wrong = _bring_addition(data_folder, number, origin, site)
        if wrong is None:
            additions.append(number)
            say(f"run {legible(run)}: entry {number}")
        else:
            left.append(f"run {legible(run)}: entry {number}: {wrong}")
    return Uploaded(
        origin=origin,
        entries=entries,
        runs=tuple(runs),
        additions=tuple(additions),
        left=tuple(left),
    )


def _unlogged(data_folder: Path, store: Store) -> Iterator[str]:
    """Tell of runs that were sealed past the log: the site would not believe them."""
    with store.reading() as connection:
        closed = set(
            connection.execute(
                select(LOG_ENTRY.c.subject).where(LOG_ENTRY.c.kind == RUN_CLOSED)
            ).scalars()
        )
    for run in closed_folders(data_folder):
        if (run / SEAL).exists() and run.name not in closed:
            yield f"run {run.name}: is sealed, but not in the log; `ledcal verify` it"


def _bring_log(store: Store, site: SiteClient, origin: str, say: Callable[[str], None]) -> int:
    """Bring what the log has gained; return how many entries the site has then.

    It is asked at least once, so that the site sees a log that did not grow but changed.
    """
    outdated = 0
    while True:
        known = site.ask(f"/logs/{origin}").number("size")
        with store.reading() as connection:
            growth = next_growth(connection, known)
        told = site.bring(f"/logs/{origin}", growth.content())
        if told.status == _OUTDATED and outdated < _MOST_OUTDATED:
            # Another upload from here was faster.
            outdated += 1
            continue
        if not told.good:
            raise StationError("LOG_REFUSED", f"the site does not take the log: {told.text}")
        if not growth.entries:
            return growth.checkpoint.size
        say(f"log {origin}: {growth.checkpoint.size} entries")


def _missing(site: SiteClient, path: str) -> Iterator[tuple[int, str]]:
    """Yield entry and run of what the site misses, as it tells them, page by page."""
    after = -1
    while True:
        found = site.ask(f"{path}?after={after}").missing()
        if not found:
            return
        for number, run in found:
            if number <= after:
                raise StationError("SITE", "the site names what it misses out of order")
            after = number
            yield number, run


def _bring_run(data_folder: Path, name: str, site: SiteClient) -> str | None:
    """Bring a run; return why the site does not have it, None when it has."""
    if not RUN_ID.fullmatch(name):
        return "is no id of a run"
    run = closed_folder(data_folder, name)
    if (run / DELETION).exists():
        return "was deleted here before it was uploaded"
    if not (run / SEAL).is_file():
        return "is in the log, but not sealed here: it is being closed, was cut off, or is gone"
    try:
        with tempfile.TemporaryFile() as file:
            sha256 = write_bundle(run, file)
            told: Told = site.bring(f"/bundles/{sha256}", file)
    except RefusedInput as error:
        return error.text
    return None if told.good else told.text


def _bring_addition(data_folder: Path, number: int, origin: str, site: SiteClient) -> str | None:
    """Bring an addition; return why the site does not have it, None when it has."""
    with (
        open_store_to_read(store_url(data_folder)) as store,
        store.reading() as connection,
    ):
        entry = connection.execute(
            select(LOG_ENTRY.c.entry).where(LOG_ENTRY.c.number == number)
        ).scalar()
    try:
        paths = kept_files(bytes(entry or b""))
        files = {path: (data_folder / path).read_bytes() for path in paths}
    except RecordError as error:
        return str(error)
    except OSError as error:
        return f"{error.filename}: cannot be read: {error.strerror}"
    said = {path: base64.b64encode(content).decode() for path, content in files.items()}
    told = site.bring(f"/additions/{origin}?entry={number}", json.dumps(said).encode())
    return None if told.good else told.text
