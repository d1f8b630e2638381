"""Commands for a site with several stations, and for a station that uploads to one."""

from pathlib import Path
from typing import Annotated

import typer

from ledcal.rig.command_line import DATA_FOLDER, AsJson, Data, OtherStore, refusals


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(site)
    app.command()(admit)
    app.command()(verify_site)
    app.command()(alarms)
    app.command()(introduce)
    app.command()(upload)


def site(
    store: OtherStore = None,
    data: Data = DATA_FOLDER,
    listen: Annotated[
        str, typer.Option(metavar="ADDRESS:PORT", help="Where stations reach it.")
    ] = "127.0.0.1:8470",
    host: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A name by which stations call it; may be repeated."),
    ] = None,
) -> None:
    """Serve a site: take what stations upload, and be the witness of their logs.

    Put a server with TLS before it; it speaks plain HTTP.
    """
    with refusals():
        from ledcal.rig.site.serve import serve_site
        from ledcal.rig.store.opened import store_url

        serve_site(
            store or store_url(data), data, listen, [*(host or []), "localhost"], typer.echo
        )


def admit(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the station.")],
    key: Annotated[
        list[Path],
        typer.Option(metavar="FILE.pub", help="Public key that it signs with; may be repeated."),
    ],
    store: OtherStore = None,
    data: Data = DATA_FOLDER,
) -> None:
    """Let a station upload to this site; print its token, which is told only once.

    A station that is admitted again has a new token; the one before ends.
    """
    with refusals():
        from ledcal.rig.people.gate import require_permitted
        from ledcal.rig.people.rights import Action
        from ledcal.rig.site.admission import admit as let_in
        from ledcal.rig.store.opened import open_store, store_url

        data.mkdir(parents=True, exist_ok=True)
        require_permitted(data, Action.ADMIT, name, store)
        with open_store(store or store_url(data)) as opened:
            typer.echo(let_in(data, opened, name, key))


def alarms(store: OtherStore = None, data: Data = DATA_FOLDER, json: AsJson = False) -> None:
    """List what stations said that contradicts what they said before. Exit code 1 if anything."""
    with refusals(json):
        from ledcal.rig.site.site_log import alarms as kept
        from ledcal.rig.site.summary import print_alarms
        from ledcal.rig.store.opened import open_store_to_read, store_url

        url = store or store_url(data)
        with open_store_to_read(url) as opened, opened.reading() as connection:
            found = kept(connection)
        print_alarms(found, as_json=json)
    raise typer.Exit(1 if found else 0)


def verify_site(store: OtherStore = None, data: Data = DATA_FOLDER, json: AsJson = False) -> None:
    """Check the site's log, its copies of the stations' logs, and every run. Exit code 0 or 1."""
    with refusals(json):
        from ledcal.rig.errors import RefusedInput
        from ledcal.rig.site.admission import STATIONS
        from ledcal.rig.site.check import verify_site as check
        from ledcal.rig.store.opened import store_url
        from ledcal.rig.summary import print_verifications

        if not (data / STATIONS).is_dir():
            raise RefusedInput(
                "SITE",
                f"{data}: no station was ever admitted here; a station's own data folder is "
                "checked by `ledcal verify`",
            )
        found = check(data, store or store_url(data))
        print_verifications(found, as_json=json)
    raise typer.Exit(1 if any(one.findings for one in found) else 0)


def introduce(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the site will call the key.")],
    output: Annotated[Path, typer.Option(metavar="FILE.pub", help="Where it is written.")],
    data: Data = DATA_FOLDER,
) -> None:
    """Write the public half of the data folder's own key, for a site to admit."""
    with refusals():
        from ledcal.rig.output import write_output
        from ledcal.rig.site.admission import introduce as public_half

        write_output(output, public_half(data, name))
        typer.echo(f"{output}: `ledcal admit` the station with it at the site")


def upload(
    to: Annotated[str, typer.Option(metavar="URL", help="The site.")],
    token_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="With the token; keys/site.token of the data folder."),
    ] = None,
    patience_s: Annotated[
        float,
        typer.Option(
            "--patience", min=0, metavar="SECONDS", help="How long the site may be away."
        ),
    ] = 120.0,
    data: Data = DATA_FOLDER,
) -> None:
    """Bring log, closed runs and what was signed of them later to the site.

    Exit code 0 only when it has everything.
    """
    with refusals():
        from ledcal.rig.keys import SITE_TOKEN
        from ledcal.rig.upload import read_token
        from ledcal.rig.upload import upload as bring
        from ledcal.rig.upload_http import SiteClient

        token = read_token(token_file or data / SITE_TOKEN)
        done = bring(data, SiteClient(to, token, patience_s=patience_s), typer.echo)
        for words in done.left:
            typer.echo(words, err=True)
        typer.echo(
            f"{to}: {done.entries} entries of the log, {len(done.runs)} runs and "
            f"{len(done.additions)} additions brought, "
            f"{len(done.left)} left"
        )
    raise typer.Exit(1 if done.left else 0)
