"""The commands `ledcal key`: the keys that sign, and those that a data folder knows."""

from pathlib import Path
from typing import Annotated

import typer

from ledcal.rig.command_line import DATA_FOLDER, AsJson, Data, WholeSummaries, refusals

app = typer.Typer(
    cls=WholeSummaries,
    name="key",
    help="Make keys that sign, and say which are trusted.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


Operator = Annotated[str, typer.Option(metavar="ID", help="Who does it.")]
Reason = Annotated[str, typer.Option(metavar="TEXT", help="Why.")]


@app.command()
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What people will call the key.")],
    purpose: Annotated[str, typer.Option(metavar="PROD|ENG|RELEASE", help="What it may sign.")],
    output: Annotated[Path, typer.Option(metavar="FILE", help="The new key file.")],
    command: Annotated[
        str | None,
        typer.Option(
            metavar="PROGRAM",
            help="Signs instead of a key in the file, as a token's program: reads a message, "
            "writes 64 bytes.",
        ),
    ] = None,
    public_key: Annotated[
        str | None,
        typer.Option(metavar="HEX", help="Public key for which the program signs, 64 digits."),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(metavar="DIR", envvar="LEDCAL_DATA", help="In whose log it is entered."),
    ] = None,
) -> None:
    """Make a key: FILE is for its owner only, FILE.pub for everybody."""
    with refusals():
        from ledcal.rig.key_listing import new_key

        for line in new_key(name, purpose, output, command, public_key, data):
            typer.echo(line)


@app.command("list")
def list_keys(data: Data = DATA_FOLDER, json: AsJson = False) -> None:
    """List the keys that the data folder knows, the retired ones too."""
    with refusals(json):
        from ledcal.rig.key_listing import print_keys
        from ledcal.rig.trust import known_keys

        print_keys(known_keys(data), as_json=json)


@app.command()
def trust(
    file: Annotated[Path, typer.Argument(metavar="FILE.pub", help="A key's public half.")],
    operator: Operator = "not recorded",
    reason: Reason = "",
    data: Data = DATA_FOLDER,
) -> None:
    """Let the data folder know a key: what it signed is then told as known."""
    with refusals():
        from ledcal.rig.key_listing import enter_key
        from ledcal.rig.people.gate import permitted_name
        from ledcal.rig.people.rights import Action
        from ledcal.rig.trust import trust as trust_file

        who = permitted_name(data, Action.KEYS, file.name, operator, "--operator")
        known = trust_file(file, data, lambda key: enter_key(data, key, who, reason))
        typer.echo(f"{known.key_id}: {known.words}")


@app.command()
def retire(
    key_id: Annotated[str, typer.Argument(metavar="KEYID", help="As `key list` shows it.")],
    operator: Operator = "not recorded",
    reason: Reason = "",
    data: Data = DATA_FOLDER,
) -> None:
    """Retire a trusted key: what it signed stays known, and it signs nothing more here."""
    with refusals():
        from ledcal.rig.key_listing import enter_key
        from ledcal.rig.people.gate import permitted_name
        from ledcal.rig.people.rights import Action
        from ledcal.rig.trust import retire as retire_key

        who = permitted_name(data, Action.KEYS, key_id, operator, "--operator")
        known = retire_key(key_id, data, lambda key: enter_key(data, key, who, reason))
        typer.echo(f"{known.key_id}: {known.words}")
