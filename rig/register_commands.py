"""The commands `ledcal instrument` and `ledcal override`: which certificates may be used."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from ledcal.rig.command_line import DATA_FOLDER, AsJson, Data, WholeSummaries, refusals

app = typer.Typer(
    cls=WholeSummaries,
    name="instrument",
    help="Put the certificates of the bench's instruments into service and out of it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Serial = Annotated[str, typer.Argument(metavar="SERIAL", help="Serial of the instrument.")]
Operator = Annotated[str, typer.Option(metavar="ID", help="Who does it, where nobody signs.")]
Name = Annotated[str | None, typer.Option(metavar="NAME", help="Who signs; production asks it.")]
KeyFile = Annotated[Path | None, typer.Option(metavar="FILE", help="That person's key file.")]


@app.command()
def add(
    files: Annotated[
        list[Path], typer.Argument(metavar="CERTIFICATE…", help="Certificate files, TOML.")
    ],
    name: Name = None,
    key: KeyFile = None,
    operator: Operator = "not recorded",
    data: Data = DATA_FOLDER,
) -> None:
    """Put certificates into service; each replaces the earlier one of the same instrument."""
    with refusals():
        from ledcal.rig.authorisation import named_approver
        from ledcal.rig.people.gate import confirmed_name
        from ledcal.rig.people.rights import Action
        from ledcal.rig.register import put_in_service
        from ledcal.rig.register_listing import added_words

        about = ", ".join(one.name for one in files)
        who = confirmed_name(data, Action.INSTRUMENTS, about, name, "--name")
        by = named_approver(name, key, data)
        for one in put_in_service(files, data, who or operator, by):
            typer.echo(added_words(one))


@app.command()
def retire(
    serial: Serial,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why it may not be used.")],
    model: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Which one, where two have this serial.")
    ] = None,
    name: Name = None,
    key: KeyFile = None,
    operator: Operator = "not recorded",
    data: Data = DATA_FOLDER,
) -> None:
    """Put an instrument out of service: production refuses it from now on."""
    with refusals():
        from ledcal.reports.text import legible
        from ledcal.rig.authorisation import named_approver
        from ledcal.rig.people.gate import confirmed_name
        from ledcal.rig.people.rights import Action
        from ledcal.rig.register import put_out_of_service

        who = confirmed_name(data, Action.INSTRUMENTS, serial, name, "--name") or operator
        by = named_approver(name, key, data)
        one = put_out_of_service(serial, reason, data, model=model, operator=who, by=by)
        typer.echo(f"certificate {legible(one.words)} is out of service")
        typer.echo(f"`ledcal touched --instrument {legible(serial)}` lists what it has measured")


@app.command("list")
def list_instruments(data: Data = DATA_FOLDER, json: AsJson = False) -> None:
    """List the instruments, first what is due next. Exit code 1 when one in service is overdue."""
    with refusals(json):
        from ledcal.rig.register import newest, today
        from ledcal.rig.register_listing import print_register

        found = newest(data)
        print_register(found, as_json=json)
        late = any(one.in_service and one.days_left(today()) < 0 for one in found)
    raise typer.Exit(1 if late else 0)


@app.command()
def history(serial: Serial, data: Data = DATA_FOLDER, json: AsJson = False) -> None:
    """List every certificate that an instrument had in service, and when it was put out of it."""
    with refusals(json):
        from ledcal.rig.errors import RefusedInput
        from ledcal.rig.register import history as told
        from ledcal.rig.register_listing import print_history

        found = told(data, serial)
        if not found:
            raise RefusedInput("INSTRUMENT", f"instrument {serial!r}: was never in service here")
        print_history(found, data, as_json=json)


def override(
    file: Annotated[
        Path, typer.Argument(metavar="CERTIFICATE", help="File of a certificate that has run out.")
    ],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why it has to be used.")],
    until: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="Last day, UTC.")
    ],
    name: Annotated[str, typer.Option(metavar="NAME", help="Who answers; not who measures.")],
    key: Annotated[Path, typer.Option(metavar="FILE", help="That person's key file.")],
    data: Data = DATA_FOLDER,
) -> None:
    """Let an overdue certificate be used for some days; every page of such a run tells it."""
    with refusals():
        from ledcal.reports.text import legible
        from ledcal.rig.authorisation import approver
        from ledcal.rig.override import override as let
        from ledcal.rig.people.gate import confirmed_name
        from ledcal.rig.people.rights import Action

        confirmed_name(data, Action.OVERRIDE, file.name, name, "--name")
        by = approver(name, key, data)
        head, number = let(file, reason, until.date(), by, data)
        typer.echo(
            f"certificate {legible(head.name)} may be used until {until:%Y-%m-%d}: entry {number} "
            "of the log"
        )


def add_to(app_of_all: typer.Typer) -> None:
    """Add the commands to the command line."""
    app_of_all.command()(override)
    app_of_all.add_typer(app)
