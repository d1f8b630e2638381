"""What is kept for how long, on the terminal and as JSON."""

from collections.abc import Sequence

from rich.text import Text

from ledcal.reports.text import legible
from ledcal.rig.console import open_console
from ledcal.rig.deletion import Request
from ledcal.rig.register import today
from ledcal.rig.retention import Rule
from ledcal.rig.summary import print_json


def print_retention(rules: Sequence[Rule], requests: Sequence[Request], *, as_json: bool) -> None:
    """Print the rules and every request to delete a run."""
    if as_json:
        print_json(
            {
                "years": rules[-1].years if rules else None,
                "rules": [
                    {"years": rule.years, "reason": rule.reason, "by": rule.by.words}
                    for rule in rules
                ],
                "requests": [
                    {
                        "number": one.number,
                        "run": one.run,
                        "by": None if one.by is None else one.by.words,
                        "reason": one.reason,
                        "kept_until": None if one.until is None else one.until.isoformat(),
                        "deleted": one.deleted,
                    }
                    for one in requests
                ],
            }
        )
        return
    console = open_console()
    if not rules:
        console.print(Text("records are kept for ever: no retention is set"))
    for rule in rules:
        words = f"{rule.years} years for runs since then: {rule.by.words}; reason: {rule.reason}"
        console.print(Text(legible(words)))
    for one in requests:
        console.print(Text(request_words(one)))


def request_words(one: Request) -> str:
    """Tell a request, and when it may be carried out."""
    by = "nobody whose signature counts" if one.by is None else one.by.words
    if one.deleted:
        state = "deleted"
    elif one.until is None:
        state = "kept for ever"
    elif one.until < today():
        state = f"another person may: `ledcal delete {one.run} --request {one.number}`"
    else:
        state = f"kept until {one.until}"
    return legible(f"request {one.number} for run {one.run} by {by}: {one.reason}; {state}")
