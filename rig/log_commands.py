"""The command `ledcal log`: what happened in a data folder, for a person."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from ledcal.rig.command_line import DATA_FOLDER, AsJson, Data, OtherStore, refusals

Day = typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="Day, UTC.")


def log(
    kind: Annotated[
        list[str] | None, typer.Option(metavar="KIND", help="What happened; may be repeated.")
    ] = None,
    subject: Annotated[
        str | None, typer.Option(metavar="TEXT", help="To what: a run, a serial, a key id.")
    ] = None,
    since: Annotated[datetime | None, Day] = None,
    until: Annotated[datetime | None, Day] = None,
    csv: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the entries to a CSV file instead.")
    ] = None,
    reviewed_by: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Enter that this person has reviewed what is listed."),
    ] = None,
    store: OtherStore = None,
    data: Data = DATA_FOLDER,
    json: AsJson = False,
) -> None:
    """List, search or export the log, and enter that it was reviewed."""
    with refusals(json):
        from ledcal.rig.log_listing import (
            Wanted,
            enter_review,
            list_log,
            log_csv,
            print_log,
            print_log_json,
        )
        from ledcal.rig.output import write_output
        from ledcal.rig.people.gate import confirmed_name
        from ledcal.rig.people.rights import Action

        wanted = Wanted(
            kinds=kind or (),
            subject=subject,
            since=since and since.date(),
            until=until and until.date(),
        )
        listing = list_log(data, wanted, url=store)
        if csv is not None:
            write_output(csv, log_csv(listing).encode())
        if json:
            print_log_json(listing)
        elif csv is None:
            print_log(listing)
        else:
            typer.echo(f"{csv}: {len(listing.found)} of {listing.size} entries")
        if reviewed_by is not None:
            confirmed_name(data, Action.REVIEW_LOG, "log", reviewed_by, "--reviewed-by")
            number = enter_review(data, wanted, listing, reviewed_by)
            typer.echo(f"the review is entry {number} of the log", err=json)


def add_to(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(log)
