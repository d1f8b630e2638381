"""Open the record store: a file of SQLite in the data folder, or PostgreSQL by its URL."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from ledcal.rig.errors import RefusedInput, StationError
from ledcal.rig.store.triggers import require_triggers

STORE = "records.sqlite"
HEAD = "0004"
"""The newest step in `migrations/versions`."""
_OLDER: tuple[str, ...] = ("0001", "0003")
"""The steps before it."""
_MIGRATION_LOCK = 0x1EDCA1
_BUSY_LIMIT_S = 30.0
_HELD = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
STORE_HELD = "STORE_HELD"
"""Code of the error of a store that another program does not let go."""
_ADDING = {"ledcal_adding": True}


def store_url(data_folder: Path) -> str:
    """Return the URL of the store that a data folder has of its own."""
    return f"sqlite:///{data_folder.resolve() / STORE}"


class Store:
    """A record store that is open."""

    def __init__(self, engine: Engine) -> None:
        """Take an engine into use."""
        self._engine = engine

    @contextmanager
    def adding(self) -> Iterator[Connection]:
        """Add rows in one transaction that no other writer can come between.

        Raises:
            StationError: The database refuses, and nothing was added.
        """
        engine = self._engine.execution_options(**_ADDING)
        with _words(self._engine), engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("LOCK TABLE log_entry IN EXCLUSIVE MODE"))
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Read, in one snapshot.

        Raises:
            StationError: The database refuses.
        """
        with _words(self._engine), self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            yield connection

    def newest(self, connection: Connection) -> bool:
        """Tell whether the store says that it has all tables of this ledcal."""
        return _revision(connection) == HEAD

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()


@contextmanager
def open_store(url: str) -> Iterator[Store]:
    """Open a store for a while, and bring its tables up to date.

    Raises:
        RefusedInput: The URL is none, or that of another kind of database.
        StationError: The database cannot be reached, is of a newer ledcal, or has lost its guards.
    """
    engine = _engine(url)
    try:
        with _words(engine), engine.execution_options(**_ADDING).begin() as connection:
            if _revision(connection) != HEAD:
                _migrate(connection)
            _require_head(connection)
            require_triggers(connection)
        yield Store(engine)
    finally:
        engine.dispose()


def require_store(url: str) -> None:
    """See that a store can be opened, before anything is measured that has to be kept in it.

    Raises:
        RefusedInput: As `open_store`.
        StationError: As `open_store`.
    """
    with open_store(url):
        pass


@contextmanager
def open_store_to_read(url: str) -> Iterator[Store]:
    """Open a store that is there for a while, without writing a byte.

    One that an older ledcal wrote last is read too: later steps only add tables.

    Raises:
        RefusedInput: There is no store, or the URL is none.
        StationError: The database cannot be reached, or is of a newer ledcal.
    """
    engine = _engine(url, read_only=True)
    try:
        with _words(engine), engine.begin() as connection:
            _require_head(connection, *_OLDER)
        yield Store(engine)
    finally:
        engine.dispose()


def _engine(url: str, *, read_only: bool = False) -> Engine:
    try:
        said = make_url(url)
    except ArgumentError as error:
        raise RefusedInput("STORE", f"store {url!r}: is no database URL") from error
    if said.get_backend_name() == "postgresql":
        # Whoever writes "postgresql://" means the driver that ledcal installs.
        try:
            return create_engine(said.set(drivername="postgresql+psycopg"))
        except ModuleNotFoundError as error:
            raise RefusedInput(
                "STORE", "a store in PostgreSQL needs its driver: pip install 'ledcal[postgresql]'"
            ) from error
    if said.get_backend_name() != "sqlite" or not said.database:
        raise RefusedInput(
            "STORE", f"store {url!r}: is neither sqlite:///FILE nor postgresql://HOST/DATABASE"
        )
    path = Path(said.database)
    if read_only and not path.is_file():
        raise RefusedInput("STORE", f"{path}: there is no record store")
    mode = "ro" if read_only else "rwc"
    engine = create_engine(
        f"sqlite:///file:{path}?mode={mode}&uri=true", connect_args={"timeout": _BUSY_LIMIT_S}
    )
    event.listen(engine, "connect", _set_up_read_only if read_only else _set_up)
    event.listen(engine, "begin", _begin)
    return engine


def _set_up(connection: Any, _: Any) -> None:
    # sqlite3 would begin transactions by itself, and too late for a reader who then writes.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    # Without it INSERT OR REPLACE deletes a row past the guards.
    connection.execute("PRAGMA recursive_triggers=ON")


def _set_up_read_only(connection: Any, _: Any) -> None:
    connection.isolation_level = None


def _begin(connection: Connection) -> None:
    adding = connection.get_execution_options().get("ledcal_adding")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if adding else "BEGIN")


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalars()
    return " and ".join(str(one) for one in found) or None


def _migrate(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        # Several stations may meet a new database at once; SQLite's lock is held already.
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
    found = _revision(connection)
    if found is not None and found not in _OLDER:
        return
    # Imported only when there is something to do: it takes longer than a whole start.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "ledcal.rig.store:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _require_head(connection: Connection, *also: str) -> None:
    found = _revision(connection)
    if found not in (HEAD, *also):
        raise StationError(
            "STORE",
            f"the record store has tables of version {found}, this ledcal knows {HEAD}; "
            "install the ledcal that wrote it last",
        )


@contextmanager
def _words(engine: Engine) -> Iterator[None]:
    """Turn what the database raises into words.

    sqlite3 raises UnicodeDecodeError where its own message quotes a damaged schema.
    """
    try:
        yield
    except (SQLAlchemyError, engine.dialect.loaded_dbapi.Error, UnicodeDecodeError) as error:
        cause = getattr(error, "orig", None) or error
        # Of a file its path is what the user knows; the URL is made for the driver.
        name = (engine.url.database or "").removeprefix("file:").partition("?")[0]
        if engine.dialect.name != "sqlite":
            name = engine.url.render_as_string(hide_password=True)
        if getattr(cause, "sqlite_errorcode", 0) & 0xFF in _HELD:
            raise StationError(
                STORE_HELD,
                f"record store {name}: another program holds it and did not let it go within "
                f"{_BUSY_LIMIT_S:.0f} s ({cause}); nothing was added, and nothing is said of what "
                "it holds: end that program, then try again",
            ) from error
        raise StationError(
            "STORE",
            f"record store {name}: {cause}; nothing "
            "was added to it: mend it, or restore it from a backup",
        ) from error
