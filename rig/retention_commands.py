"""The commands `ledcal retention`, `delete-request` and `delete`: what is kept, how long."""

from pathlib import Path
from typing import Annotated

import typer

from ledcal.rig.command_line import DATA_FOLDER, AsJson, Data, refusals

Run = Annotated[str, typer.Argument(metavar="RUN", help="Run folder, id or serial.")]
Why = Annotated[str, typer.Option(metavar="TEXT", help="Why.")]
Name = Annotated[str, typer.Option(metavar="NAME", help="Who signs.")]
KeyFile = Annotated[Path, typer.Option(metavar="FILE", help="That person's key file.")]


def retention(
    years: Annotated[
        int | None, typer.Option(metavar="N", help="Keep each run for so many years from now on.")
    ] = None,
    reason: Why = "",
    name: Annotated[str | None, typer.Option(metavar="NAME", help="Who signs.")] = None,
    key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="That person's key file.")
    ] = None,
    data: Data = DATA_FOLDER,
    json: AsJson = False,
) -> None:
    """Show for how long records are kept and what is asked to be deleted, or set the years."""
    with refusals(json):
        from ledcal.rig.authorisation import named_approver
        from ledcal.rig.deletion import requests
        from ledcal.rig.errors import RefusedInput
        from ledcal.rig.people.gate import confirmed_name
        from ledcal.rig.people.rights import Action
        from ledcal.rig.retention import retention as told
        from ledcal.rig.retention import set_retention
        from ledcal.rig.retention_listing import print_retention

        if years is not None:
            confirmed_name(data, Action.RETENTION, f"{years} years", name, "--name")
            by = named_approver(name, key, data)
            if by is None:
                raise RefusedInput("KEY", "--years: an approver signs for it, --name and --key")
            number = set_retention(data, years, reason, by)
            typer.echo(f"{years} years from now on: entry {number} of the log", err=json)
        print_retention(told(data), requests(data), as_json=json)


def delete_request(
    run: Run, reason: Why, name: Name, key: KeyFile, data: Data = DATA_FOLDER
) -> None:
    """Ask for the deletion of a run; nothing is deleted by this."""
    with refusals():
        from ledcal.rig.authorisation import approver
        from ledcal.rig.deletion import request_deletion
        from ledcal.rig.people.gate import confirmed_name
        from ledcal.rig.people.rights import Action
        from ledcal.rig.retention_listing import request_words
        from ledcal.rig.run import find_run

        folder = find_run(data, run)
        confirmed_name(data, Action.DELETION, folder.name, name, "--name")
        by = approver(name, key, data)
        typer.echo(request_words(request_deletion(folder, reason, by, data)))


def delete(
    run: Run,
    request: Annotated[int, typer.Option(metavar="N", help="Entry of the request in the log.")],
    name: Name,
    key: KeyFile,
    data: Data = DATA_FOLDER,
) -> None:
    """Delete what a run measured, as another person asked; record, seal and log entries stay."""
    with refusals():
        from ledcal.reports.text import legible
        from ledcal.rig.authorisation import approver
        from ledcal.rig.deletion import delete as carry_out
        from ledcal.rig.people.gate import confirmed_name
        from ledcal.rig.people.rights import Action
        from ledcal.rig.run import find_run

        folder = find_run(data, run)
        confirmed_name(data, Action.DELETION, folder.name, name, "--name")
        by = approver(name, key, data)
        done = carry_out(folder, request, by, data)
        typer.echo(f"{run}: {legible(done.words)}")


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(retention)
    app.command("delete-request")(delete_request)
    app.command()(delete)
