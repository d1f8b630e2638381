"""How long the records of a data folder are kept: for ever, until an approver sets years.

Years are set by a signed entry of the log. A run is kept for the longest time that was in force
since it was closed: whoever shortens the years does so for later runs only (decision 25).
"""

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import Connection

from ledcal.calibration.errors import RecordError
from ledcal.rig.authorisation import Approver, Authorised, authorise, authorised, require_text
from ledcal.rig.errors import RefusedInput
from ledcal.rig.log_book import RUN_CLOSED
from ledcal.rig.log_reading import LoggedEntry, entries, reading_log, require_proven

RETENTION_SET = "retention set"
MOST_YEARS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How long records are kept from a moment on.

    Attributes:
        years: So long after a run was closed.
        reason: Why so long.
        by: Who signed for it, and when.
    """

    years: int
    reason: str
    by: Authorised


def set_retention(data_folder: Path, years: int, reason: str, by: Approver) -> int:
    """Set for how many years records are kept; return the number of the log's entry.

    Raises:
        RefusedInput: The years are none, or no reason is given.
        StationError: The key does not sign, or the store refuses.
    """
    if not 1 <= years <= MOST_YEARS:
        raise RefusedInput("RETENTION", f"--years {years}: must be from 1 to {MOST_YEARS}")
    before = retention(data_folder)
    facts = {
        "old": before[-1].years if before else None,
        "new": years,
        "reason": require_text("--reason", reason),
    }
    return authorise(data_folder, RETENTION_SET, "records", facts, by).number


def retention(data_folder: Path) -> list[Rule]:
    """Return every rule that holds, oldest first; none where records are kept for ever.

    Raises:
        StationError: The log cannot be read, or a rule was altered.
    """
    with reading_log(data_folder) as connection:
        return [] if connection is None else rules(connection, data_folder)


def rules(connection: Connection, data_folder: Path) -> list[Rule]:
    """Return the same from a log that is open.

    Raises:
        StationError: A rule was altered.
    """
    found = []
    for entry in entries(connection, [RETENTION_SET]):
        require_proven(connection, entry.number, data_folder)
        years = entry.facts.get("new")
        try:
            by = authorised(entry, data_folder)
        except RecordError:
            continue  # what nobody has signed keeps records for ever, as if it were not there
        if isinstance(years, int):
            found.append(Rule(years=years, reason=str(entry.facts.get("reason")), by=by))
    return found


def kept_until(closed_at: datetime, found: Sequence[Rule]) -> date | None:
    """Return the last day on which a run is kept, None for ever.

    Args:
        closed_at: When it was closed.
        found: The rules, oldest first.
    """
    began = [rule for rule in found if rule.by.entry.at <= closed_at][-1:]
    since = [rule for rule in found if rule.by.entry.at > closed_at]
    years = max((rule.years for rule in [*began, *since]), default=None)
    if years is None:
        return None
    day = closed_at.astimezone(UTC).date()
    last = calendar.monthrange(day.year + years, day.month)[1]
    return date(day.year + years, day.month, min(day.day, last))


def closed(connection: Connection, run: str, data_folder: Path) -> LoggedEntry:
    """Return the entry that a run was closed.

    Raises:
        RefusedInput: There is none.
        StationError: It was altered.
    """
    found = list(entries(connection, [RUN_CLOSED], run))
    if not found:
        raise RefusedInput("RUN", f"run {run}: the log of {data_folder} does not know it")
    return found[-1]
