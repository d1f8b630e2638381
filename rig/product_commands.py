"""The commands `ledcal product`: who has released the file that says what a panel must be."""

from pathlib import Path
from typing import Annotated

import typer

from ledcal.rig.command_line import DATA_FOLDER, Data, WholeSummaries, refusals

app = typer.Typer(
    cls=WholeSummaries,
    name="product",
    help="Release product files for production.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.callback()
def _product() -> None:
    """Keep `release` a command of its own, as long as it is the only one."""


@app.command()
def release(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The product file, reviewed.")],
    key: Annotated[Path, typer.Option(metavar="FILE", help="Key file, purpose RELEASE.")],
    name: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Who has reviewed it; where nobody signs on."),
    ] = None,
    data: Data = DATA_FOLDER,
) -> None:
    """Sign a product file as it is; production runs ask for two people with two keys."""
    with refusals():
        from ledcal.rig.file_changes import entering_release
        from ledcal.rig.people.gate import permitted_name
        from ledcal.rig.people.rights import Action
        from ledcal.rig.product_release import PEOPLE, approve, release_file

        who = permitted_name(data, Action.RELEASE, file.name, name, "--name")
        made, people = approve(file, key, who, entering_release(data))
        typer.echo(f"{release_file(file)}: SHA-256 {made.file_sha256} signed by {made.words}")
        if people < PEOPLE:
            typer.echo("a second person must sign it with another key before production")
