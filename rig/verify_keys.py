"""Hold the trusted keys against the log: whoever changes their files decides who may sign."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from ledcal.rig.store.schema import LOG_ENTRY
from ledcal.rig.trust import TRUSTED, KnownKey, retired_words

KEY_TRUSTED = "key trusted"
KEY_RETIRED = "key retired"
_APART = timedelta(minutes=10)
"""Longest time between the retirement in a key's file and its entry; one command makes both."""
_ENTRIES = (
    select(LOG_ENTRY.c.number, LOG_ENTRY.c.entry)
    .where(LOG_ENTRY.c.kind.in_((KEY_TRUSTED, KEY_RETIRED)))
    .order_by(LOG_ENTRY.c.number)
)


def key_findings(connection: Connection, keys: Sequence[KnownKey]) -> Iterator[tuple[str, str]]:
    """Yield file and words for each trusted key that is not as the log tells.

    A key for engineering that the log does not know is left alone: it decides nothing in
    production, and a restored folder has the former station's own key as one.

    Args:
        connection: Of the store, to read.
        keys: That the data folder knows.
    """
    told = _told(connection)
    known = {one.key_id: one for one in keys if not one.own}
    for key_id, (number, said) in sorted(told.items()):
        key = known.get(key_id)
        words = "is gone" if key is None else _difference(key, said)
        if words is not None:
            yield f"{TRUSTED}/{key_id}.toml", f"{words}; log entry {number} tells of it otherwise"
    for key_id, key in sorted(known.items()):
        if key_id not in told and key.purpose != "ENG":
            yield (
                f"{TRUSTED}/{key_id}.toml",
                f"was trusted past the log, for {key.purpose}: take it away, and `ledcal key "
                "trust` it again if it is to be trusted",
            )


def _told(connection: Connection) -> dict[str, tuple[int, dict[str, Any]]]:
    """Return the newest entry of each key; one that says nothing is named by the log's check."""
    found = {}
    for number, content in connection.execute(_ENTRIES):
        try:
            said = json.loads(bytes(content))
            found[str(said["subject"])] = (number, {**said["facts"], **said})
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
    return found


def _difference(key: KnownKey, said: dict[str, Any]) -> str | None:
    if key.purpose != said.get("purpose") or key.name != said.get("name"):
        return f"is the key of {key.name} for {key.purpose} now"
    if said["kind"] == KEY_TRUSTED:
        return None if key.retired is None else f"is {retired_words(key.retired)}"
    if key.retired is None:
        return "is in use again"
    try:
        entered = datetime.fromisoformat(said["at"])
        near = abs(entered - key.retired) <= _APART
    except (ValueError, KeyError, TypeError):
        near = False
    return None if near else f"is {retired_words(key.retired)}"
