"""What a site tells on the terminal and as JSON."""

from collections.abc import Sequence
from dataclasses import asdict

from rich.table import Table

from ledcal.reports.text import legible
from ledcal.rig.console import open_console
from ledcal.rig.site.site_log import Alarm
from ledcal.rig.summary import print_json


def print_alarms(found: Sequence[Alarm], *, as_json: bool) -> None:
    """Print every alarm, oldest first."""
    if as_json:
        print_json({"alarms": [asdict(one) for one in found]})
        return
    console = open_console()
    if not found:
        console.print("No station has contradicted itself.")
        return
    table = Table(title="Alarms")
    for name in ("first met (UTC)", "station", "log or run", "what is wrong"):
        table.add_column(name)
    for one in found:
        table.add_row(*map(legible, (one.at[:19], one.station, one.subject, one.text)))
    console.print(table)
