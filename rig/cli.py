"""The command `ledcal`: thin; each command's work is in a module that is imported only then."""

from pathlib import Path
from typing import Annotated

import typer

from ledcal.rig import (
    delivery_commands,
    doctor_command,
    drive_command,
    exchange_commands,
    key_commands,
    log_commands,
    people_commands,
    product_commands,
    record_commands,
    register_commands,
    retention_commands,
    site_commands,
)
from ledcal.rig.command_line import (
    DATA_FOLDER,
    AsJson,
    Data,
    OtherData,
    WholeSummaries,
    failures,
    refusals,
)
from ledcal.rig.standard_streams import hold_standard_streams

app = typer.Typer(
    cls=WholeSummaries,
    name="ledcal",
    help="Calibrate red and near-infrared LED therapy panels on a bench, and check the results.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def main() -> None:
    """Run the command line."""
    hold_standard_streams()
    with failures():
        app()


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"ledcal {version('ledcal')}")
        raise typer.Exit()


@app.callback()
def _ledcal(
    version: Annotated[
        bool,
        # Eager: it is answered before the command is missed.
        typer.Option(
            "--version", help="Print the version.", is_eager=True, callback=_print_version
        ),
    ] = False,
) -> None:
    pass


@app.command()
def calibrate(
    serial: Annotated[str, typer.Argument(metavar="SERIAL", help="Panel serial, as scanned.")],
    station: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Station file; without it the virtual bench is used."),
    ] = None,
    product: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Product file; a default one is shipped.")
    ] = None,
    data: OtherData = None,
    operator: Annotated[str, typer.Option(metavar="ID", help="Who does it.")] = "not recorded",
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why.")] = "not recorded",
    engineer: Annotated[
        str, typer.Option(metavar="NAME", help="Who answers for a run that was on hold.")
    ] = "not recorded",
    customer: Annotated[
        str, typer.Option(metavar="TEXT", help="Whose panel it is, for the certificate.")
    ] = "not recorded",
    received: Annotated[
        str, typer.Option(metavar="DATE", help="When it came, like 2026-03-04.")
    ] = "not recorded",
    condition: Annotated[
        str, typer.Option(metavar="TEXT", help="In what condition it came.")
    ] = "not recorded",
    json: AsJson = False,
) -> None:
    """Calibrate one panel: measure, fit, write and load its file, and prove it by light.

    Exit code: 0 PASS, 1 FAIL, 2 refused input, 3 SETUP, 4 STATION, 5 ABORTED, 6 INCONCLUSIVE.
    """
    with refusals(json):
        from ledcal.rig.run import Request
        from ledcal.rig.screen import open_screen
        from ledcal.rig.summary import outcome_object, print_json
        from ledcal.rig.supervisor import calibrate as supervise
        from ledcal.rig.supervisor import order

        request = Request(
            serial=serial,
            operator=operator,
            reason=reason,
            engineer=engineer,
            customer=customer,
            received=received,
            condition=condition,
        )
        wanted = order(request, station, product, data)
        with open_screen(wanted.data_folder, quiet=json) as screen:
            folder, record = supervise(wanted, screen.follow)
        if json:
            print_json(outcome_object(folder, record))
        else:
            screen.verdict(folder, record)
    raise typer.Exit(record.outcome.exit_code)


@app.command()
def bench(
    serial: Annotated[
        str, typer.Option(metavar="SERIAL", help="Serial of the virtual panel.")
    ] = "DEMO-0001",
    speed: Annotated[
        float, typer.Option(min=1, max=200, help="Bench seconds in a second.")
    ] = 20.0,
    seed: Annotated[
        int, typer.Option(min=0, help="Draws the panel and the instruments' errors.")
    ] = 1,
    mode: Annotated[str, typer.Option(help="DEMO or ENG, for the station file.")] = "DEMO",
    faults: Annotated[
        str | None,
        typer.Option(metavar="FILE|NAME", help="What goes wrong: a fault file, or a shipped one."),
    ] = None,
    list_faults: Annotated[
        bool, typer.Option("--list-faults", help="List the shipped fault files and end.")
    ] = False,
    meter: Annotated[
        str, typer.Option(metavar="MODEL", help="Power meter: PM103 or PM100D.")
    ] = "PM103",
    logger: Annotated[
        str, typer.Option(metavar="MODEL", help="Thermocouple logger: DAQ970A or 34972A.")
    ] = "DAQ970A",
    data: Data = DATA_FOLDER,
) -> None:
    """Serve the virtual bench until interrupted; print its station file's path."""
    with refusals():
        from ledcal.rig.fault_files import list_fault_files
        from ledcal.rig.serve import serve_virtual_bench

        if list_faults:
            typer.echo(list_fault_files())
            return
        serve_virtual_bench(
            data.resolve(),
            serial=serial,
            speed=speed,
            seed=seed,
            mode=mode,
            announce=typer.echo,
            faults=faults,
            meter=meter,
            logger=logger,
        )


@app.command()
def inspect(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A calibration file.")],
    irradiance: Annotated[
        tuple[int, float, float] | None,
        typer.Option(metavar="CH W/M2 DEGC", help="Evaluate the look-up as the firmware does."),
    ] = None,
    data: Data = DATA_FOLDER,
    json: AsJson = False,
) -> None:
    """Show a panel's calibration file as a table, or refuse it by the loader's error name."""
    with refusals(json):
        from ledcal.rig.inspect_file import inspect_file, print_inspection

        print_inspection(inspect_file(file, irradiance, data), as_json=json)


@app.command()
def verify(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH…", help="Run folders, files, archives, or a data folder."),
    ],
    checkpoint: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE", help="A certificate or log.proof kept elsewhere: was the log cut?"
        ),
    ] = None,
    data: Data = DATA_FOLDER,
    json: AsJson = False,
) -> None:
    """Check signatures and hashes; name what was altered. Exit code 0 or 1.

    A data folder's log is held against every checkpoint in it, and those kept elsewhere.
    """
    with refusals(json):
        from ledcal.rig.checkpoint_file import outside_checkpoints
        from ledcal.rig.summary import print_verifications
        from ledcal.rig.verify_anything import verify_anything

        outside = outside_checkpoints(checkpoint or [], paths)
        found = [one for path in paths for one in verify_anything(path, data, outside)]
        print_verifications(found, as_json=json)
    raise typer.Exit(1 if any(one.findings for one in found) else 0)


@app.command()
def show(
    run: Annotated[str, typer.Argument(metavar="RUN|SERIAL", help="Run folder, id or serial.")],
    data: Data = DATA_FOLDER,
    json: AsJson = False,
) -> None:
    """Show a run, also one that was cut off, from its journal."""
    with refusals(json):
        from ledcal.rig.run import find_run
        from ledcal.rig.summary import outcome_object, print_json, print_record, record_of

        folder = find_run(data, run)
        record = record_of(folder)
        if json:
            print_json(outcome_object(folder, record))
        else:
            print_record(folder, record)


@app.command()
def history(
    serial: Annotated[str, typer.Argument(metavar="SERIAL", help="Panel serial.")],
    data: Data = DATA_FOLDER,
    json: AsJson = False,
) -> None:
    """List every run of a panel, the aborted ones too."""
    with refusals(json):
        from ledcal.rig.run import RUNS, runs_of
        from ledcal.rig.summary import history_object, print_history, print_json

        runs = runs_of(data / RUNS, serial)
        if json:
            print_json(history_object(serial, runs))
        else:
            print_history(serial, runs)


@app.command()
def recompute(
    run: Annotated[str, typer.Argument(metavar="RUN|SERIAL", help="Run folder, id or serial.")],
    data: Data = DATA_FOLDER,
) -> None:
    """Compute every U, k, probability and verdict of a record again. Exit code 0 or 1."""
    with refusals():
        from ledcal.rig.recompute import recompute as compute
        from ledcal.rig.run import find_run
        from ledcal.rig.summary import print_recomputed, record_of

        found = compute(record_of(find_run(data, run)))
        print_recomputed(found)
    raise typer.Exit(0 if found and not any(one.differing for one in found) else 1)


@app.command()
def report(
    run: Annotated[str, typer.Argument(metavar="RUN|SERIAL", help="Run folder, id or serial.")],
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where the page is written: certificate.html."),
    ] = None,
    pdf: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write it as PDF (needs ledcal[pdf]).")
    ] = None,
    data: Data = DATA_FOLDER,
) -> None:
    """Make a run's certificate again from its journal, and compare it with the sealed one."""
    with refusals():
        from ledcal.rig.certificate_again import render_again, write_pdf
        from ledcal.rig.run import find_run

        folder = find_run(data, run)
        if output is not None or pdf is None:
            typer.echo(render_again(folder, output or Path("certificate.html")))
        if pdf is not None:
            typer.echo(write_pdf(folder, pdf))


delivery_commands.add_to(app)
doctor_command.add_to(app)
drive_command.add_to(app)
record_commands.add_to(app)
register_commands.add_to(app)
retention_commands.add_to(app)
exchange_commands.add_to(app)
log_commands.add_to(app)
site_commands.add_to(app)
people_commands.add_to(app)
app.add_typer(key_commands.app)
app.add_typer(people_commands.app)
app.add_typer(product_commands.app)
