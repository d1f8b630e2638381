"""The command `ledcal drive`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from ledcal.rig.command_line import AsJson, OtherData, refusals


def drive(
    serial: Annotated[str, typer.Argument(metavar="SERIAL", help="Panel serial, as scanned.")],
    channel: Annotated[int, typer.Option(metavar="N", help="Channel, from 1.")],
    duration_s: Annotated[float, typer.Option("--for", metavar="S", help="Time. [s]")],
    code: Annotated[
        int | None, typer.Option(metavar="C", help="Raw drive code, 0 to 65535.")
    ] = None,
    irradiance_w_m2: Annotated[
        float | None,
        typer.Option("--irradiance", metavar="W/M2", help="Asked of the panel's own firmware."),
    ] = None,
    station: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Station file; without it the virtual bench is used."),
    ] = None,
    product: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Product file; its cut-offs hold.")
    ] = None,
    data: OtherData = None,
    operator: Annotated[str, typer.Option(metavar="ID", help="Who does it.")] = "not recorded",
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why.")] = "not recorded",
    json: AsJson = False,
) -> None:
    """Light one channel by hand for a time, under the interlocks of a run; then it is dark."""
    with refusals(json):
        from ledcal.rig.console import open_console
        from ledcal.rig.drive import Wanted
        from ledcal.rig.drive import drive as drive_by_hand
        from ledcal.rig.people.rights import Action
        from ledcal.rig.run import Request
        from ledcal.rig.summary import print_json
        from ledcal.rig.visit import visit_to

        console = open_console(quiet=json)
        looks: list[Mapping[str, Any]] = []

        def show(looked: Mapping[str, Any]) -> None:
            looks.append(looked)
            console.print(line_of(looked))

        wanted = Wanted(
            channel=channel, code=code, irradiance_w_m2=irradiance_w_m2, duration_s=duration_s
        )
        request = Request(serial=serial, operator=operator, reason=reason)
        visit = visit_to(request, station, data, Action.DRIVE)
        folder = drive_by_hand(visit, product, wanted, show)
        if json:
            print_json({"serial": serial, "folder": str(folder.resolve()), "looks": looks})
        else:
            console.print(f"dark again; kept in {folder.resolve()}")


def line_of(looked: Mapping[str, Any]) -> str:
    """Return one look as a line of fixed columns."""
    probes = "  ".join(f"{n} {degc:.1f}" for n, degc in looked["thermocouple_degc"].items())
    return (
        f"{looked['past_s']:7.1f} s  code {looked['drive_code']:5d}  "
        f"meter {looked['power_w'] * 1e3:8.4f} mW  {looked['current_a']:6.3f} A  "
        f"board {looked['board_degc']:5.1f} degC  {probes} degC"
    )


def add_to(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(drive)
