"""What the register of instruments looks like, on the terminal and as JSON."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from ledcal.calibration.errors import RecordError
from ledcal.reports.text import legible
from ledcal.rig.authorisation import authorised
from ledcal.rig.certificates import WARN_DAYS
from ledcal.rig.console import open_console
from ledcal.rig.register import Registered, today
from ledcal.rig.summary import print_json


def added_words(one: Registered) -> str:
    """Tell that a certificate is in service, and for how long."""
    left = one.days_left(today())
    due = f"due {one.due}, in {left} days" if left >= 0 else f"overdue by {-left} days"
    entry = f"entry {one.entry.number} of the log"
    return f"certificate {legible(one.words)} is in service, {due}; {entry}"


def due_words(one: Registered) -> str:
    """Tell how long an instrument may still be used, with a sign that does not hang on colour."""
    if not one.in_service:
        return f"– out of service since {one.entry.at:%Y-%m-%d}"
    left = one.days_left(today())
    if left < 0:
        return f"✘ overdue by {-left} days"
    return f"{'▲' if left <= WARN_DAYS else '✔'} {left} days"


def in_order(found: Sequence[Registered]) -> list[Registered]:
    """Return what is in service, sorted by what is due next, then what is out of service."""
    return sorted(found, key=lambda one: (not one.in_service, one.due, one.serial))


def print_register(found: Sequence[Registered], *, as_json: bool) -> None:
    """Print the state of each instrument."""
    found = in_order(found)
    if as_json:
        print_json({"instruments": [register_object(one) for one in found]})
        return
    console = open_console()
    if not found:
        console.print(Text("no instrument is registered: `ledcal instrument add CERTIFICATE…`"))
        return
    table = Table(title="Instruments")
    for name in ("due", "left", "instrument", "certificate", "laboratory"):
        table.add_column(name, no_wrap=name in ("due", "left"))
    for one in found:
        table.add_row(
            one.due.isoformat(),
            Text(legible(due_words(one))),
            Text(legible(f"{one.maker} {one.model} {one.serial}")),
            Text(legible(one.number)),
            Text(legible(one.laboratory)),
        )
    console.print(table)
    serving = [one for one in found if one.in_service]
    late = sum(one.days_left(today()) < 0 for one in serving)
    console.print(Text(f"{len(serving)} in service, {late} of them overdue"))


def print_history(found: Sequence[Registered], data_folder: Path, *, as_json: bool) -> None:
    """Print every entry of an instrument, oldest first."""
    if as_json:
        entries = [
            register_object(one) | {"signed": signed_words(one, data_folder)} for one in found
        ]
        print_json({"entries": entries})
        return
    console = open_console()
    for one in found:
        what = "in service" if one.in_service else f"out of service: {one.reason}"
        at = f"{one.entry.at:%Y-%m-%d %H:%M:%S} UTC"
        console.print(Text(f"{at}  {legible(what)}"))
        for words in (
            f"certificate {one.words}, {one.laboratory}, {one.issued} to {one.due}",
            f"file SHA-256 {one.file_sha256}",
            f"by {one.entry.who}, {one.entry.station}, entry {one.entry.number} of the log; "
            f"{signed_words(one, data_folder)}",
        ):
            console.print(Text(f"    {legible(words)}"))


def signed_words(one: Registered, data_folder: Path) -> str:
    """Tell who signed for an entry, or why nobody did that counts here."""
    try:
        return f"signed with key {authorised(one.entry, data_folder).key_id}"
    except RecordError as error:
        return str(error)


def register_object(one: Registered) -> dict[str, Any]:
    """Return the JSON object of an entry of the register."""
    return {
        **{name: getattr(one, name) for name in ("maker", "model", "serial", "number")},
        "laboratory": one.laboratory,
        "issued": one.issued.isoformat(),
        "due": one.due.isoformat(),
        "days_left": one.days_left(today()),
        "in_service": one.in_service,
        "reason": one.reason,
        "file_sha256": one.file_sha256,
        "at": one.entry.at.isoformat(),
        "by": one.entry.who,
        "entry": one.entry.number,
    }
