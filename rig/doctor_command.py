"""The command `ledcal doctor`."""

from pathlib import Path
from typing import Annotated

import typer

from ledcal.rig.command_line import AsJson, OtherData, refusals

_SERIAL = "DEMO-0001"


def doctor(
    station: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Station file; without it the virtual bench is used."),
    ] = None,
    product: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Product file; a default one is shipped.")
    ] = None,
    data: OtherData = None,
    json: AsJson = False,
) -> None:
    """Look at files, clock, disk, keys, instruments and panel; show all that fails. No light.

    Exit code: 0 ready (also with warnings), 2 refused input, 3 SETUP, 4 STATION.
    """
    with refusals(json):
        import tempfile

        from ledcal.rig.console import open_console
        from ledcal.rig.doctor import examine, findings_object, print_findings
        from ledcal.rig.doctor_findings import exit_code
        from ledcal.rig.summary import print_json
        from ledcal.rig.virtual_bench import station_or_bench

        with (
            tempfile.TemporaryDirectory(prefix="ledcal-") as scratch,
            station_or_bench(station, Path(scratch), _SERIAL) as path,
        ):
            found = examine(path, product, data)
        if json:
            print_json(findings_object(found))
        else:
            print_findings(found, open_console())
    raise typer.Exit(exit_code(found))


def add_to(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(doctor)
