"""A store in SQLite, and one in a real PostgreSQL that the tests start; each test has its own."""

import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from ledcal.rig.store.opened import store_url

_COUNT = itertools.count()


def _programs() -> Path | None:
    """Return where PostgreSQL's server programs are: Debian keeps them off the PATH."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return folders[-1] if folders else None


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """Serve a PostgreSQL of our own on a socket in a folder; yield its URL without a database."""
    programs = _programs()
    if programs is None:
        if os.environ.get("CI"):
            pytest.fail("no PostgreSQL here: install Debian's postgresql")
        pytest.skip("no PostgreSQL here: install Debian's postgresql")
    # A socket's path may have 107 characters at most: not pytest's folder.
    folder = Path(tempfile.mkdtemp(prefix="ledcal-pg-"))
    as_user: tuple[str, ...] = ()
    if os.geteuid() == 0:
        # The server refuses to run as root; Debian's package made this account.
        shutil.chown(folder, "postgres", "postgres")
        as_user = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups")
    data = folder / "data"
    try:
        subprocess.run(
            [
                *(*as_user, str(programs / "initdb"), "-D", str(data), "-U", "ledcal"),
                *("--auth=trust", "--encoding=UTF8", "--no-sync"),
            ],
            check=True,
            capture_output=True,
            cwd=folder,
        )
        control = [*as_user, str(programs / "pg_ctl"), "-D", str(data), "-w"]
        options = f"-c listen_addresses='' -c unix_socket_directories='{folder}'"
        log = str(folder / "log")
        subprocess.run(
            [*control, "-l", log, "-o", options, "start"],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=folder,
        )
        try:
            yield f"postgresql://ledcal@/postgres?host={folder}"
        finally:
            subprocess.run(
                [*control, "-m", "immediate", "stop"], stdout=subprocess.DEVNULL, cwd=folder
            )
    finally:
        shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a store that is not there yet, in either database."""
    if request.param == "sqlite":
        return store_url(tmp_path)
    server: str = request.getfixturevalue("postgresql")
    name = f"records_{next(_COUNT)}"
    engine = create_engine(
        server.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return server.replace("/postgres?", f"/{name}?")
