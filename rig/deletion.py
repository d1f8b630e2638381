"""Delete a run whose time is over: one person asks for it, another one does it."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import Connection

from ledcal.calibration.errors import RecordError
from ledcal.rig.authorisation import Approver, Authorised, authorise, authorised, require_text
from ledcal.rig.closing import RECORD
from ledcal.rig.deletion_check import (
    DELETED,
    DELETION,
    KEPT,
    REQUESTED,
    Deletion,
    believed,
    request_facts,
    requested_by,
    require_two,
)
from ledcal.rig.errors import RefusedInput, StationError
from ledcal.rig.folder import sha256_hex, write_whole
from ledcal.rig.issue import issue_folder
from ledcal.rig.log_reading import LoggedEntry, entries, reading_log, require_proven
from ledcal.rig.register import today
from ledcal.rig.retention import Rule, closed, kept_until, rules
from ledcal.rig.sign import require_unaltered
from ledcal.rig.site.admission import STATIONS
from ledcal.rig.summary import record_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request to delete a run.

    Attributes:
        number: Of its entry in the log.
        run: Run id.
        by: Who signed for it, None where nobody did that counts.
        reason: Why.
        until: The last day on which the run is kept, None for ever.
        deleted: Whether it was carried out.
    """

    number: int
    run: str
    by: Authorised | None
    reason: str
    until: date | None
    deleted: bool


def request_deletion(run: Path, reason: str, by: Approver, data_folder: Path) -> Request:
    """Ask for the deletion of a run; nothing is deleted.

    Raises:
        RefusedInput: The run is not whole, is asked for already, or no reason is given.
        StationError: The key does not sign, or the store refuses.
    """
    reason = require_text("--reason", reason)
    name = run.resolve().name
    _require_here(run, data_folder)
    require_unaltered(run, data_folder)
    for one in requests(data_folder):
        if one.run == name and one.by is not None and one.by.name == by.name:
            raise RefusedInput("REQUESTED", f"run {name}: request {one.number} is yours already")
    with reading_log(data_folder) as connection:
        if connection is None:
            raise RefusedInput("LOG", f"{data_folder}: has no log, so nothing can be asked for")
        closed(connection, name, data_folder)
    facts = {"record_sha256": sha256_hex((run / RECORD).read_bytes()), "reason": reason}
    number = authorise(data_folder, REQUESTED, name, facts, by).number
    return next(one for one in requests(data_folder) if one.number == number)


def requests(data_folder: Path) -> list[Request]:
    """Return every request to delete a run, oldest first.

    Raises:
        StationError: The log cannot be read, or was altered.
    """
    with reading_log(data_folder) as connection:
        if connection is None:
            return []
        done = {_requested(one) for one in entries(connection, [DELETED])}
        found = rules(connection, data_folder)
        told = []
        for entry in entries(connection, [REQUESTED]):
            told.append(
                Request(
                    number=entry.number,
                    run=entry.subject,
                    by=_by(entry, data_folder),
                    reason=str(entry.facts.get("reason")),
                    until=_kept_until(connection, entry.subject, data_folder, found),
                    deleted=entry.number in done,
                )
            )
        return told


def delete(
    run: Path, number: int, by: Approver, data_folder: Path, *, on: date | None = None
) -> Deletion:
    """Delete what a run measured; record, seal and the proofs of the log stay.

    A deletion that was cut off is finished by the same call.

    Args:
        run: The run's folder.
        number: Entry of the request in the log.
        by: Who does it.
        data_folder: Where the run is.
        on: The day, today without it.

    Raises:
        RefusedInput: There is no such request; it is by the same person; the run is altered, or
            its time is not over.
        StationError: The key does not sign, or store or disk refuse.
    """
    name = run.resolve().name
    _require_here(run, data_folder)
    with reading_log(data_folder) as connection:
        if connection is None:
            raise RefusedInput("LOG", f"{data_folder}: has no log, so no request")
        begun = _begun(connection, name, data_folder)
        if begun is None:
            request = _request(connection, name, number, data_folder)
            _require_over(connection, name, data_folder, on or today())
    if begun is None:
        require_unaltered(run, data_folder)
        _require_different(request, by, run)
        facts = {
            "request": request_facts(request.entry),
            "reason": request.entry.facts["reason"],
            "record_sha256": sha256_hex((run / RECORD).read_bytes()),
            "old": "whole",
            "new": "record only",
        }
        proof = authorise(data_folder, DELETED, name, facts, by)
        begun = believed(proof, name, data_folder)
    elif begun.number != number:
        raise RefusedInput("REQUEST", f"run {name}: was {begun.words}")
    write_whole(run / DELETION, begun.proof.text().encode())
    _remove(run, data_folder)
    return begun


def _require_here(run: Path, data_folder: Path) -> None:
    if (data_folder / STATIONS).is_dir():
        raise RefusedInput("SITE", f"{data_folder}: is a site's; stations delete their runs")
    if run.resolve().parents[1] != data_folder.resolve():
        raise RefusedInput("RUN", f"{run}: is no run of {data_folder}")


def _begun(connection: Connection, run: str, data_folder: Path) -> Deletion | None:
    """Return a deletion that is in the log already, None where there is none."""
    for entry in entries(connection, [DELETED], run):
        proof = require_proven(connection, entry.number, data_folder)
        try:
            return believed(proof, run, data_folder)
        except RecordError:
            continue
    return None


def _request(connection: Connection, run: str, number: int, data_folder: Path) -> Authorised:
    found = {one.number: one for one in entries(connection, [REQUESTED], run)}
    if number not in found:
        known = ", ".join(map(str, found)) or "none: `ledcal delete-request` it first"
        raise RefusedInput("REQUEST", f"request {number}: is none for run {run}; there is {known}")
    require_proven(connection, number, data_folder)
    try:
        return authorised(found[number], data_folder)
    except RecordError as error:
        raise RefusedInput("REQUEST", f"request {number} does not count: {error}") from error


def _require_over(connection: Connection, run: str, data_folder: Path, day: date) -> None:
    entry = closed(connection, run, data_folder)
    require_proven(connection, entry.number, data_folder)
    until = kept_until(entry.at, rules(connection, data_folder))
    if until is None:
        raise RefusedInput(
            "RETENTION",
            f"run {run}: records are kept for ever in {data_folder}; an approver sets the years: "
            "`ledcal retention --years N`",
        )
    if day <= until:
        raise RefusedInput("RETENTION", f"run {run}: is kept until {until}; today is {day}")


def _kept_until(
    connection: Connection, run: str, data_folder: Path, found: Sequence[Rule]
) -> date | None:
    """Return the last day of a run, None for ever and for one that was never closed."""
    try:
        return kept_until(closed(connection, run, data_folder).at, found)
    except RefusedInput:
        return None


def _requested(entry: LoggedEntry) -> int | None:
    """Return which request the entry of a deletion carries, None when it carries none."""
    try:
        return requested_by(entry).number
    except (ValueError, KeyError, TypeError):
        return None


def _require_different(request: Authorised, by: Approver, run: Path) -> None:
    """Refuse one person alone, and in production a key for engineering."""
    if record_of(run).run.mode == "PROD" and "ENG" in (request.purpose, by.key.purpose):
        raise RefusedInput("KEY", f"{run}: is of production; keys for engineering do not count")
    doer = Authorised(
        name=by.name, key_id=by.key.key_id.hex(), purpose=by.key.purpose, entry=request.entry
    )
    try:
        require_two(request, doer)
    except RecordError as error:
        raise RefusedInput("SAME_PERSON", str(error)) from error


def _remove(run: Path, data_folder: Path) -> None:
    """Remove what is not kept; symbolic links are removed, never followed."""
    try:
        for path in sorted(run.iterdir()):
            if path.name in KEPT:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        issued = issue_folder(data_folder, run)
        if issued.is_dir() and not issued.is_symlink():
            shutil.rmtree(issued)
    except OSError as error:
        raise StationError(
            "DISK", f"{run}: cannot be deleted whole: {error}; run the command again"
        ) from error


def _by(entry: LoggedEntry, data_folder: Path) -> Authorised | None:
    try:
        return authorised(entry, data_folder)
    except RecordError:
        return None
