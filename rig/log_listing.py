"""The log for a person: searched, printed, exported, and that somebody has reviewed it."""

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from rich.text import Text
from sqlalchemy import Connection

from ledcal.calibration.errors import RecordError
from ledcal.reports.text import legible
from ledcal.rig.authorisation import AUTHORISATION, authorised
from ledcal.rig.console import open_console
from ledcal.rig.errors import RefusedInput
from ledcal.rig.log_reading import LoggedEntry, entries, reading_log
from ledcal.rig.logged import enter_action
from ledcal.rig.store.log import root, size
from ledcal.rig.summary import print_json

REVIEWED = "log reviewed"
_LONGEST_CELL = 20_000
_SHA256 = re.compile(r"[0-9a-f]{64}")
_FORMULA = ("=", "+", "-", "@")
_COLUMNS = ("entry", "at (UTC)", "kind", "subject", "who", "where", "what else")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which entries are asked for; None and no kind for all.

    Attributes:
        kinds: What happened.
        subject: To what.
        since, until: First and last day, UTC.
    """

    kinds: Sequence[str] = ()
    subject: str | None = None
    since: date | None = None
    until: date | None = None

    def has(self, entry: LoggedEntry) -> bool:
        """Tell whether an entry is of the days that are asked for."""
        day = entry.at.date()
        return (self.since is None or self.since <= day) and (
            self.until is None or day <= self.until
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What was asked for.

    Attributes:
        found: The entries, oldest first.
        size: How many the whole log has.
        root: Its root hash, 32 bytes.
        reviewed: The newest review of it, None where there was none.
        signed: Who has signed for an entry, or why that does not count, by its number.
    """

    found: list[LoggedEntry]
    size: int
    root: bytes
    reviewed: LoggedEntry | None
    signed: Mapping[int, str]

    @property
    def reviewed_words(self) -> str:
        """Who has reviewed the log last, and how many entries came since."""
        if self.reviewed is None:
            return "nobody has reviewed this log yet: --reviewed-by NAME enters that you have"
        last = self.reviewed.facts.get("to")
        since = self.size - 1 - last if isinstance(last, int) else self.size
        return (
            f"reviewed to entry {last} by {self.reviewed.who} at "
            f"{self.reviewed.at:%Y-%m-%d %H:%M:%S} UTC; {since} entries since"
        )


def list_log(data_folder: Path, wanted: Wanted, *, url: str | None = None) -> Listing:
    """Return the entries that are asked for.

    Raises:
        RefusedInput: A kind is asked for that the log does not have, or there is no log.
        StationError: The store cannot be read, or an entry was altered.
    """
    with reading_log(data_folder, url=url) as connection:
        if connection is None:
            raise RefusedInput("LOG", f"{data_folder}: has no log; the first run begins it")
        found = [
            one for one in entries(connection, wanted.kinds, wanted.subject) if wanted.has(one)
        ]
        if wanted.kinds and not found:
            _require_kinds(connection, wanted.kinds)
        reviewed = list(entries(connection, [REVIEWED]))
        total = size(connection)
        return Listing(
            found=found,
            size=total,
            root=root(connection, total),
            reviewed=reviewed[-1] if reviewed else None,
            signed={
                one.number: _signed_words(one, data_folder)
                for one in found
                if AUTHORISATION in one.facts
            },
        )


def enter_review(data_folder: Path, wanted: Wanted, listing: Listing, name: str) -> int:
    """Enter that somebody has reviewed the entries that were listed; return the entry's number.

    Raises:
        RefusedInput: Only some kinds or one subject were listed, or nothing; or nobody is named.
        StationError: The store refuses.
    """
    if wanted.kinds or wanted.subject is not None or not listing.found:
        raise RefusedInput(
            "REVIEW",
            "--reviewed-by: is for a listing without gaps that has an entry; leave --kind and "
            "--subject out",
        )
    if not name.strip():
        raise RefusedInput("NAME", "--reviewed-by: name who has reviewed the log")
    facts = {
        "from": listing.found[0].number,
        "to": listing.found[-1].number,
        "size": listing.size,
        "root": listing.root.hex(),
    }
    return enter_action(data_folder, REVIEWED, "log", who=name, facts=facts).number


def facts_words(facts: Mapping[str, Any]) -> str:
    """Return an entry's facts in one line: the change first; signature and file left out."""
    said = dict(facts)
    words = []
    if {"old", "new"} <= said.keys():
        words.append(f"{_value(said.pop('old'))} → {_value(said.pop('new'))}")
    for name in ("reason", *sorted(said.keys() - {"reason"})):
        value = said.get(name)
        if name in (AUTHORISATION, "content"):
            continue  # told apart; a whole file, for whoever asks by --json
        if name == "files" and isinstance(value, dict):
            words.append(f"{len(value)} files")
        elif value not in (None, "", [], {}):
            words.append(f"{name} {_value(value)}")
    return "; ".join(words)


def print_log(listing: Listing) -> None:
    """Print two lines for each entry, for a person."""
    console = open_console()
    for one in listing.found:
        number, at, *plain = _cells(one)
        kind, subject, who, where, what = map(legible, plain)
        head = Text(f"#{number:<6} {at} UTC  ")
        head.append(kind, style="bold")
        console.print(head.append(f"  {subject}"))
        console.print(Text(f"        {who}, {where}: {what}"))
        if one.number in listing.signed:
            console.print(Text(f"        {legible(listing.signed[one.number])}"))
    console.print(Text(f"{len(listing.found)} of {listing.size} entries"))
    console.print(Text(legible(listing.reviewed_words)))


def print_log_json(listing: Listing) -> None:
    """Print the entries as one JSON object."""
    found = [
        {
            "number": one.number,
            "at": one.at.isoformat(),
            **{name: getattr(one, name) for name in ("kind", "subject", "who", "station")},
            "facts": dict(one.facts),
            "signed": listing.signed.get(one.number),
        }
        for one in listing.found
    ]
    print_json({"size": listing.size, "root": listing.root.hex(), "entries": found})


def log_csv(listing: Listing) -> str:
    """Return the entries as CSV; no cell can begin a formula, and the facts are whole as JSON."""
    out = io.StringIO()
    rows = csv.writer(out)  # RFC 4180
    rows.writerow(_COLUMNS)
    for one in listing.found:
        *plain, _ = _cells(one)
        facts = json.dumps(dict(one.facts), sort_keys=True)
        rows.writerow([_harmless(cell) for cell in (*plain, facts)])
    return out.getvalue()


def _signed_words(one: LoggedEntry, data_folder: Path) -> str:
    try:
        return f"✔ signed with key {authorised(one, data_folder).key_id}"
    except RecordError as error:
        return f"✘ its signature does not count: {error}"


def _cells(one: LoggedEntry) -> list[str]:
    at = f"{one.at:%Y-%m-%d %H:%M:%S}"
    what = facts_words(one.facts) or "–"
    return [str(one.number), at, one.kind, one.subject, one.who, one.station, what]


def _harmless(cell: str) -> str:
    r"""Return a cell that no spreadsheet takes for a formula, with unseen characters as codes."""
    shown = legible(cell, longest=_LONGEST_CELL)
    return f"'{shown}" if shown.lstrip().startswith(_FORMULA) else shown


def _value(value: Any) -> str:
    if isinstance(value, str):
        return f"{value[:12]}…" if _SHA256.fullmatch(value) else value or "nothing"
    return "nothing" if value is None else json.dumps(value, sort_keys=True, ensure_ascii=False)


def _require_kinds(connection: Connection, kinds: Sequence[str]) -> None:
    known = {one.kind for one in entries(connection)}
    wrong = [one for one in kinds if one not in known]
    if wrong:
        raise RefusedInput(
            "KIND", f"kind {wrong[0]!r}: no entry is of it; there are: {', '.join(sorted(known))}"
        )
