"""Commands that hand a run to other programs: `dcc`, `spectra` and `schema`."""

from pathlib import Path
from typing import Annotated

import typer

from ledcal.rig.command_line import DATA_FOLDER, Data, refusals

Run = Annotated[str, typer.Argument(metavar="RUN", help="Run folder, id or serial.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(dcc)
    app.command()(spectra)
    app.command()(schema)


def dcc(
    run: Run,
    output: Annotated[
        Path, typer.Option(metavar="FILE", help="The XML file that is written.")
    ] = Path("dcc.xml"),
    schema: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="PTB's dcc.xsd, to hold the document against first."),
    ] = None,
    data: Data = DATA_FOLDER,
) -> None:
    """Write a run as a digital calibration certificate (PTB DCC 3.3, D-SI units).

    Exit code 1 when the schema refuses it; then nothing is written.
    """
    with refusals():
        from ledcal.rig.dcc_file import dcc_of
        from ledcal.rig.dcc_schema import schema_findings
        from ledcal.rig.output import write_output
        from ledcal.rig.run import find_run

        folder = find_run(data, run)
        document = dcc_of(folder)
        findings = [] if schema is None else schema_findings(document, schema)
        if not findings:
            write_output(output, document)
            checked = "not held against a schema" if schema is None else f"valid by {schema}"
            typer.echo(f"{output}: run {folder.resolve().name}, {checked}")
    for finding in findings:
        typer.echo(finding, err=True)
    raise typer.Exit(1 if findings else 0)


def spectra(
    run: Run,
    csv: Annotated[Path, typer.Option(metavar="FILE", help="The CSV file that is written.")],
    data: Data = DATA_FOLDER,
) -> None:
    """Write a run's raw spectra as CSV, character for character as the instrument sent them."""
    with refusals():
        from ledcal.rig.output import write_output
        from ledcal.rig.run import find_run
        from ledcal.rig.spectra_file import csv_text, sent_spectra
        from ledcal.rig.summary import record_of

        folder = find_run(data, run)
        sent = sent_spectra(folder)
        write_output(csv, csv_text(sent, record_of(folder)).encode())
        typer.echo(f"{csv}: {len(sent.spectra)} spectra of run {folder.resolve().name}")


def schema(
    what: Annotated[
        str, typer.Argument(metavar="record|amendment|statement", help="What it is the form of.")
    ] = "record",
) -> None:
    """Print the JSON Schema (2020-12) of what ledcal keeps and signs."""
    with refusals():
        from ledcal.rig.schema_text import schema_text

        typer.echo(schema_text(what), nl=False)
