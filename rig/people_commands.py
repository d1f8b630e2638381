"""The commands `ledcal person`, `sign-on` and `sign-off`: who may do what here."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ledcal.rig.command_line import (
    DATA_FOLDER,
    AsJson,
    Data,
    OtherData,
    OtherStore,
    WholeSummaries,
    refusals,
)

if TYPE_CHECKING:
    from ledcal.rig.station import Station

app = typer.Typer(
    cls=WholeSummaries,
    name="person",
    help="Say who may do what here: accounts with a role, a badge and a PIN.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Name = Annotated[str, typer.Argument(metavar="NAME", help="As it is to stand in records.")]


@app.command()
def add(
    name: Name,
    role: Annotated[
        str,
        typer.Option(metavar="ROLE", help="technician, engineer, approver, auditor (reads only)."),
    ],
    store: OtherStore = None,
    data: Data = DATA_FOLDER,
) -> None:
    """Give a person an account: an approver signs on, the person scans a badge, chooses a PIN.

    The first person of a data folder is an approver.
    """
    with refusals():
        from ledcal.rig.people.changes import add_person, approvers

        made = add_person(data, store, name, role)
        typer.echo(f"{made.name}: {made.role}, entry {made.entry} of the log")
        if approvers(data, store) < 2:
            typer.echo("add a second approver: nobody can free the only one from a lock")


@app.command("list")
def list_people(store: OtherStore = None, data: Data = DATA_FOLDER, json: AsJson = False) -> None:
    """List everybody who has an account, and had one."""
    with refusals(json):
        from ledcal.rig.people.changes import standings
        from ledcal.rig.summary import print_json

        found = standings(data, store)
        if json:
            print_json({"people": [one.facts for one in found]})
            return
        for one in found:
            typer.echo(f"{one.account.name}: {one.account.role}, {one.state}")
        if not found:
            typer.echo("nobody has an account here; begin with `ledcal person add`")


@app.command()
def disable(name: Name, store: OtherStore = None, data: Data = DATA_FOLDER) -> None:
    """Disable an account for good; what the person did stays as it is. An approver signs on."""
    with refusals():
        from ledcal.rig.people.changes import disable_person

        typer.echo(f"{disable_person(data, store, name).name}: disabled")


@app.command("change-pin")
def change_pin(name: Name, store: OtherStore = None, data: Data = DATA_FOLDER) -> None:
    """Choose another PIN: after the old one, or with an approver who signs on instead."""
    with refusals():
        from ledcal.rig.people.changes import change_own_pin

        typer.echo(f"{change_own_pin(data, store, name).name}: has another PIN")


@app.command()
def unlock(name: Name, store: OtherStore = None, data: Data = DATA_FOLDER) -> None:
    """Free an account that wrong PINs have locked. An approver signs on."""
    with refusals():
        from ledcal.rig.people.changes import unlock_account

        typer.echo(f"{unlock_account(data, store, name).name}: is free again")


def sign_on(
    station: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Station file: its folder, its time-out.")
    ] = None,
    store: OtherStore = None,
    data: OtherData = None,
) -> None:
    """Sign on for a shift: until sign-off, or idle for too long, only signatures ask for a PIN."""
    with refusals():
        from ledcal.rig.people.changes import begin

        folder, said = _place(station, data)
        person = begin(folder, store, said)
        typer.echo(f"{person.name}: {person.role}, signed on, entry {person.entry} of the log")


def sign_off(
    station: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Station file: its data folder.")
    ] = None,
    store: OtherStore = None,
    data: OtherData = None,
) -> None:
    """Sign off: the next command asks for badge and PIN again."""
    with refusals():
        from ledcal.rig.people.changes import end

        name = end(_place(station, data)[0], store)
        typer.echo("nobody was signed on" if name is None else f"{name}: signed off")


def _place(station: Path | None, data: Path | None) -> "tuple[Path, Station | None]":
    """Return the data folder whose accounts count, and what its station file says."""
    from ledcal.rig.people.gate import accounts_folder
    from ledcal.rig.station import read_station

    if station is None:
        return data or DATA_FOLDER, None
    place = read_station(station)
    return accounts_folder(place), place.settings


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("sign-on")(sign_on)
    app.command("sign-off")(sign_off)
