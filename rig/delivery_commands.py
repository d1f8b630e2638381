"""The commands about panels and their files: sign, install, read-back, export, unlock."""

from pathlib import Path
from typing import Annotated

import typer

from ledcal.rig.command_line import DATA_FOLDER, AsJson, Data, OtherData, refusals

Run = Annotated[str, typer.Argument(metavar="RUN", help="Run folder, id or serial.")]
Serial = Annotated[str, typer.Argument(metavar="SERIAL", help="Panel serial, as scanned.")]
StationFile = Annotated[
    Path | None,
    typer.Option(
        "--station", metavar="FILE", help="Station file; without it the virtual bench is used."
    ),
]
Operator = Annotated[str, typer.Option(metavar="ID", help="Who does it.")]


def sign(
    run: Run,
    key: Annotated[Path, typer.Option(metavar="FILE", help="Key file.")],
    operator: Annotated[
        str | None, typer.Option(metavar="ID", help="Who does it; where nobody signs on.")
    ] = None,
    data: Data = DATA_FOLDER,
) -> None:
    """Sign the file of a run that was reviewed, and keep it beside the sealed run."""
    with refusals():
        from ledcal.rig.people.gate import permitted_name
        from ledcal.rig.people.rights import Action
        from ledcal.rig.run import find_run
        from ledcal.rig.sign import sign_run

        folder = find_run(data, run)
        who = permitted_name(data, Action.SIGN, folder.resolve().name, operator, "--operator")
        signed = sign_run(folder, key, who, data)
        typer.echo(f"{signed.path}: signed with key {signed.key_id}, SHA-256 {signed.sha256}")
        if not signed.known:
            typer.echo(f"this key is not known in {data}: `ledcal key trust` it before install")


def install(
    serial: Serial,
    run: Annotated[str, typer.Option("--from", metavar="RUN", help="Run folder, id or serial.")],
    station: StationFile = None,
    data: OtherData = None,
    operator: Operator = "not recorded",
    json: AsJson = False,
) -> None:
    """Load the file that a run issued into its panel again, bit for bit."""
    with refusals(json):
        from ledcal.rig.delivery import install as install_file
        from ledcal.rig.delivery_summary import print_installed
        from ledcal.rig.run import Request

        request = Request(serial=serial, operator=operator)
        folder, issued = install_file(request, run, station, data)
        print_installed(serial, folder, issued, as_json=json)


def prove(
    serial: Serial,
    run: Annotated[str, typer.Option("--from", metavar="RUN", help="Run folder, id or serial.")],
    station: StationFile = None,
    product: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The product file of that run.")
    ] = None,
    data: OtherData = None,
    operator: Operator = "not recorded",
    json: AsJson = False,
) -> None:
    """Load the file that a run issued and prove it by light; a file that is not is erased.

    Exit code as that of calibrate.
    """
    with refusals(json):
        from ledcal.rig.run import Request
        from ledcal.rig.screen import open_screen
        from ledcal.rig.summary import outcome_object, print_json
        from ledcal.rig.supervisor import calibrate, order

        request = Request(serial=serial, operator=operator, reason="proof by light")
        wanted = order(request, station, product, data, run)
        with open_screen(wanted.data_folder, quiet=json) as screen:
            folder, record = calibrate(wanted, screen.follow)
        if json:
            print_json(outcome_object(folder, record))
        else:
            screen.verdict(folder, record)
    raise typer.Exit(record.outcome.exit_code)


def read_back(
    serial: Serial,
    station: StationFile = None,
    data: OtherData = None,
    operator: Operator = "not recorded",
    json: AsJson = False,
) -> None:
    """Say which run issued the file that a panel carries. Exit code 0, or 1 when none did."""
    with refusals(json):
        from ledcal.rig.delivery import read_back as read_file
        from ledcal.rig.delivery_summary import print_read_back
        from ledcal.rig.run import Request

        found = read_file(Request(serial=serial, operator=operator), station, data)
        print_read_back(found, as_json=json)
    raise typer.Exit(1 if found.words else 0)


def export(
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN|SERIAL", help="Run folder, id or serial; --archive needs a serial."
        ),
    ],
    kind: Annotated[
        str | None, typer.Option("--as", metavar="raw|hex|c", help="Form of the calibration file.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where that file is written.")
    ] = None,
    archive: Annotated[
        Path | None,
        typer.Option(metavar="FILE.zip", help="Write all that is kept of the panel; must be new."),
    ] = None,
    address: Annotated[
        str | None, typer.Option(metavar="0x...", help="Where the slot begins, for hex.")
    ] = None,
    data: Data = DATA_FOLDER,
    json: AsJson = False,
) -> None:
    """Write the file that a run issued, or all that is kept of a panel as one archive.

    With --archive the exit code is that of verify of what was written: 0 or 1.
    """
    with refusals(json):
        from ledcal.rig.delivery import deliverable
        from ledcal.rig.errors import RefusedInput
        from ledcal.rig.export import exported
        from ledcal.rig.output import write_output
        from ledcal.rig.run import find_run
        from ledcal.rig.summary import print_json

        if archive is not None and (kind, output, address) == (None, None, None):
            _export_archive(run, archive, data, as_json=json)
        if kind is None or output is None or archive is not None:
            raise RefusedInput(
                "EXPORT",
                "say either --as raw|hex|c --output FILE for the file of a run, or --archive "
                "FILE.zip for all that is kept of a panel",
            )
        issued = deliverable(find_run(data, run), data)
        name = issued.run.resolve().name
        write_output(output, exported(kind, issued.file, address, name))
        if json:
            print_json({"output": str(output), "as": kind, **issued.facts})
            return
        typer.echo(f"{output}: the file of run {name}, {len(issued.file)} bytes of it")


def _export_archive(serial: str, archive: Path, data: Path, *, as_json: bool) -> None:
    """Write an archive, check what was written, and end with what was found."""
    from ledcal.rig.archive import write_archive
    from ledcal.rig.archive_verify import verify_archive
    from ledcal.rig.summary import print_verifications

    files = write_archive(serial, archive, data)
    if not as_json:
        typer.echo(f"{archive}: {files} files of panel {serial}")
    found = verify_archive(archive, data)
    print_verifications(found, as_json=as_json)
    raise typer.Exit(1 if any(one.findings for one in found) else 0)


def unlock(
    serial: Serial,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why the panel is free.")],
    operator: Operator = "not recorded",
    data: Data = DATA_FOLDER,
) -> None:
    """Free a panel that a station on another computer left locked, and keep who said so."""
    with refusals():
        from ledcal.rig.panel_lock import unlock as free
        from ledcal.rig.people.gate import permitted_name
        from ledcal.rig.people.rights import Action

        who = permitted_name(data, Action.UNLOCK_PANEL, serial, operator, "--operator")
        holder, kept = free(data, serial, reason, who)
        typer.echo(f"{serial} is free; it was with {holder.words}; kept in {kept}")


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(sign)
    app.command()(install)
    app.command()(prove)
    app.command("read-back")(read_back)
    app.command()(export)
    app.command()(unlock)
