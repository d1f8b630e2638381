"""Commands on closed runs: `review`, `approve`, `amend`, `touched`, `audit`, `backup`, …"""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from ledcal.calibration.statement import Meaning
from ledcal.rig.command_line import DATA_FOLDER, AsJson, Data, OtherStore, refusals


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(review)
    app.command()(approve)
    app.command()(amend)
    app.command()(touched)
    app.command()(audit)
    app.command()(backup)
    app.command()(restore)


Run = Annotated[str, typer.Argument(metavar="RUN", help="Run folder, id or serial.")]
Name = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="Who signs; not who performed the run; where nobody signs on."
    ),
]
KeyFile = Annotated[Path, typer.Option(metavar="FILE", help="That person's key file.")]
Remark = Annotated[str, typer.Option(metavar="TEXT", help="What else is to be said.")]


def review(
    run: Run, key: KeyFile, name: Name = None, remark: Remark = "", data: Data = DATA_FOLDER
) -> None:
    """Sign that a closed run was reviewed; the statement is kept beside the run."""
    _state(run, "reviewed", name, key, remark, data)


def approve(
    run: Run, key: KeyFile, name: Name = None, remark: Remark = "", data: Data = DATA_FOLDER
) -> None:
    """Sign that a reviewed run is approved; the statement is kept beside the run."""
    _state(run, "approved", name, key, remark, data)


def _state(
    run: str, meaning: Meaning, name: str | None, key: Path, remark: str, data: Path
) -> None:
    with refusals():
        from ledcal.rig.people.gate import permitted_name
        from ledcal.rig.people.rights import Action
        from ledcal.rig.review import state_on
        from ledcal.rig.run import find_run

        folder = find_run(data, run)
        action = Action.REVIEW if meaning == "reviewed" else Action.APPROVE
        who = permitted_name(data, action, folder.resolve().name, name, "--name")
        made = state_on(folder, meaning, who, remark, key, data)
        typer.echo(f"{made.path}: {meaning}, key {made.key_id}, entry {made.number} of the log")


def amend(
    run: Run,
    said: Annotated[
        list[str],
        typer.Option(
            "--set",
            metavar="FIELD=TEXT",
            help="operator, customer, condition or remark, and what it is; can be repeated.",
        ),
    ],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why.")],
    name: Annotated[str, typer.Option(metavar="NAME", help="Who signs.")],
    key: KeyFile,
    data: Data = DATA_FOLDER,
) -> None:
    """Put right who, for whom or in what condition, in a new record beside the closed run.

    What was measured is never amended: make a new run.
    """
    with refusals():
        from ledcal.rig.amend import amend as put_right
        from ledcal.rig.amend import read_changes
        from ledcal.rig.people.gate import confirmed_name
        from ledcal.rig.people.rights import Action
        from ledcal.rig.run import find_run

        changes, folder = read_changes(said), find_run(data, run)
        confirmed_name(data, Action.AMEND, folder.resolve().name, name, "--name")
        made = put_right(folder, changes, reason, name, key, data)
        typer.echo(f"{made.path}: key {made.key_id}, entry {made.number} of the log")
        typer.echo(made.amendment.words)


def touched(
    instrument: Annotated[
        str, typer.Option(metavar="SERIAL", help="Serial of the instrument found in error.")
    ],
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="Its last good check; UTC."),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="The last day; UTC."),
    ] = None,
    times: Annotated[
        float,
        typer.Option(
            min=0.0, metavar="M", help="How many times its stated U (k = 2) it was found off."
        ),
    ] = 1.0,
    store: OtherStore = None,
    data: Data = DATA_FOLDER,
    json: AsJson = False,
) -> None:
    """List every panel that an instrument has touched, with the worst effect on each.

    Exit code 1 when a panel may have left its limits, or its record cannot be read.
    """
    with refusals(json):
        from ledcal.rig.question_summary import print_touched
        from ledcal.rig.touched import touched as ask

        first, last = since and since.date(), until and until.date()
        found = ask(data, instrument, first, last, url=store)
        print_touched(instrument, found, times, as_json=json)
    raise typer.Exit(1 if any(one.may_be_out(times) for one in found) else 0)


def audit(
    sample: Annotated[int, typer.Option(min=1, help="How many runs are drawn.")] = 20,
    seed: Annotated[int, typer.Option(min=0, help="Draws the same runs again.")] = 0,
    data: Data = DATA_FOLDER,
    json: AsJson = False,
) -> None:
    """Draw a sample of closed runs and check that each is complete. Exit code 0 or 1."""
    with refusals(json):
        from ledcal.rig.audit import audit as draw
        from ledcal.rig.question_summary import print_audit

        found = draw(data, sample, seed)
        print_audit(found, as_json=json)
    raise typer.Exit(1 if not found or any(one.missing for one in found) else 0)


def backup(
    output: Annotated[Path, typer.Option(metavar="FILE", help="The ZIP file; must be new.")],
    data: Data = DATA_FOLDER,
) -> None:
    """Write a whole data folder into one file; private keys stay where they are."""
    with refusals():
        from ledcal.rig.backup import back_up

        typer.echo(f"{output}: {back_up(data, output)} files of {data}")


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup.")],
    data: Annotated[Path, typer.Option(metavar="DIR", help="The new data folder.")],
    tested_for: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Data folder in whose log this test is entered."),
    ] = None,
    json: AsJson = False,
) -> None:
    """Restore a backup into a new data folder and verify all of it. Exit code 0 or 1."""
    with refusals(json):
        from ledcal.rig.backup import restore as restore_from
        from ledcal.rig.backup import restore_to_test
        from ledcal.rig.summary import print_verifications

        if tested_for is None:
            restored = restore_from(file, data)
        else:
            restored, number = restore_to_test(file, data, tested_for)
        if not json:
            typer.echo(f"{data}: {restored.files} files restored from {file}")
        if tested_for is not None:
            typer.echo(f"the test is entry {number} of the log of {tested_for}", err=json)
        print_verifications(restored.verifications, as_json=json)
    raise typer.Exit(1 if any(one.findings for one in restored.verifications) else 0)
