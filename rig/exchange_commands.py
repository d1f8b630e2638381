"""Commands that hand a run to other programs: `spectra`."""

from pathlib import Path
from typing import Annotated

import typer

from ledcal.rig.command_line import DATA_FOLDER, Data, refusals

Run = Annotated[str, typer.Argument(metavar="RUN", help="Run folder, id or serial.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(spectra)


def spectra(
    run: Run,
    csv: Annotated[Path, typer.Option(metavar="FILE", help="The CSV file that is written.")],
    data: Data = DATA_FOLDER,
) -> None:
    """Write a run's raw spectra as CSV, character for character as the instrument sent them."""
    with refusals():
        from ledcal.rig.folder import write_whole
        from ledcal.rig.run import find_run
        from ledcal.rig.spectra_file import csv_text, sent_spectra
        from ledcal.rig.summary import record_of

        folder = find_run(data, run)
        sent = sent_spectra(folder)
        write_whole(csv, csv_text(sent, record_of(folder)).encode())
        typer.echo(f"{csv}: {len(sent.spectra)} spectra of run {folder.resolve().name}")
