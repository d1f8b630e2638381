"""The site's own log: what it received, whom it admitted, and which contradictions it met."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from ledcal.rig.keys import SigningKey
from ledcal.rig.store.log import LogEntry, append, checkpoint, origin
from ledcal.rig.store.opened import Store
from ledcal.rig.store.schema import LOG_ENTRY

ALARM = "alarm"
RECEIVED = "bundle received"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """A contradiction between what a station says now and what it said before.

    Attributes:
        at: When it was met first, UTC, ISO 8601.
        station: By whose token it came.
        subject: Name of the log, or id of the run.
        text: What is wrong.
    """

    at: str
    station: str
    subject: str
    text: str


def note(connection: Connection, entry: LogEntry, key: SigningKey) -> None:
    """Append an entry and sign a checkpoint, in a transaction of `Store.adding`."""
    append(connection, entry)
    checkpoint(connection, origin(connection), key)


def enter(store: Store, entry: LogEntry, key: SigningKey) -> None:
    """Append an entry and sign a checkpoint.

    Raises:
        StationError: The store refuses.
    """
    with store.adding() as connection:
        note(connection, entry, key)


def raise_alarm(
    connection: Connection, station: str, subject: str, text: str, key: SigningKey
) -> None:
    """Keep an alarm for good; the same one is kept once, however often it is met."""
    known = {(one.station, one.subject, one.text) for one in alarms(connection)}
    if (station, subject, text) not in known:
        entry = LogEntry(
            kind=ALARM, subject=subject, who="", station=station, facts={"text": text}
        )
        note(connection, entry, key)


def alarms(connection: Connection) -> list[Alarm]:
    """Return every alarm, oldest first."""
    rows = connection.execute(
        select(LOG_ENTRY.c.entry).where(LOG_ENTRY.c.kind == ALARM).order_by(LOG_ENTRY.c.number)
    )
    return [_alarm(json.loads(entry)) for entry in rows.scalars()]


def _alarm(said: Mapping[str, Any]) -> Alarm:
    return Alarm(
        at=said["at"],
        station=said["station"],
        subject=said["subject"],
        text=said["facts"]["text"],
    )
