"""What all commands share: options, and how a refusal is told. Imports nothing that is slow."""

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

DATA_FOLDER = Path("ledcal-data")

Data = Annotated[
    Path, typer.Option("--data", metavar="DIR", envvar="LEDCAL_DATA", help="Data folder.")
]
OtherData = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        envvar="LEDCAL_DATA",
        help="Data folder, instead of the station file's.",
    ),
]
OtherStore = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="URL",
        envvar="LEDCAL_STORE",
        help="Record store, sqlite:///FILE or postgresql://…, instead of the data folder's own.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


class WholeSummaries(TyperGroup):
    """Commands with the whole sentence that says what each does, over several lines if need be."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the list; the library's own cuts each sentence to what one line takes."""
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        shown = [(name, one) for name, one in found if one is not None and not one.hidden]
        with formatter.section("Commands"):
            formatter.write_dl([(name, one.get_short_help_str(1000)) for name, one in shown])


@contextmanager
def refusals(as_json: bool = False) -> Iterator[None]:
    """End with the outcome's exit code, and say why in a person's words."""
    from ledcal.rig.errors import RigError

    try:
        yield
    except RigError as error:
        from ledcal.rig.summary import print_json, refusal_object, refusal_text

        if as_json:
            print_json(refusal_object(error))
        typer.echo(refusal_text(error), err=True)
        raise typer.Exit(error.outcome.exit_code) from error


@contextmanager
def failures() -> Iterator[None]:
    """End as STATION where ledcal itself fails: an exit code of 1 would blame the panel."""
    try:
        yield
    except Exception:
        from ledcal.calibration.outcome import Outcome

        traceback.print_exc()
        code = Outcome.STATION.exit_code
        typer.echo(
            f"{Outcome.STATION}: UNFORESEEN: ledcal itself has failed, and no panel is judged; "
            "one that was lit is dark within two seconds. Keep the lines above for whoever "
            "maintains ledcal, and try again",
            err=True,
        )
        sys.exit(code)
