"""The database itself refuses to change or delete a row: a second guard beside the log's hashes.

Alembic's batch mode rebuilds a table of SQLite and drops its triggers without a word, so that each
migration makes them anew, and each start looks whether they are there.
"""

from sqlalchemy import Connection, inspect, text

from ledcal.rig.errors import StationError
from ledcal.rig.store.schema import METADATA

_FUNCTION = "ledcal_rows_are_only_added"
_OURS = ", ".join(f"'{table}'" for table in sorted(METADATA.tables))
_UNTOLD = "not told"
"""Stands for the statement of a trigger of PostgreSQL, which keeps it in another form."""


def make_triggers(connection: Connection) -> None:
    """Make the triggers of every table that have gone or were never there."""
    present = _present(connection)
    if connection.dialect.name == "postgresql":
        connection.execute(
            text(
                f"CREATE OR REPLACE FUNCTION {_FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RAISE EXCEPTION 'rows of % are only ever added', TG_TABLE_NAME; END $$"
            )
        )
    for name, table, action in _wanted(connection.dialect.name):
        if name not in present:
            connection.execute(text(_sql(connection.dialect.name, name, table, action)))


def require_triggers(connection: Connection) -> None:
    """Refuse a store whose rows could be changed.

    Raises:
        StationError: A trigger is not there, or there is one that ledcal did not make.
    """
    gone = lost_guards(connection)
    if gone:
        raise StationError(
            "STORE",
            f"the record store has lost its guards {', '.join(gone)}: somebody removed them; "
            "run `ledcal verify` on the data folder, then restore the store from its backup",
        )
    added = foreign_triggers(connection)
    if added:
        raise StationError(
            "STORE",
            f"somebody added the trigger {', '.join(added)} to the record store: it may drop or "
            "change what is entered; run `ledcal verify` on the data folder, then drop it",
        )


def lost_guards(connection: Connection) -> list[str]:
    """Return the names of the triggers that are not there, or do something else."""
    dialect, present = connection.dialect.name, _present(connection)
    tables = set(inspect(connection).get_table_names())
    return [
        name
        for name, table, action in _wanted(dialect)
        # A store that an older ledcal wrote last lacks the newest tables.
        if table in tables
        and present.get(name) not in (_sql(dialect, name, table, action), _UNTOLD)
    ]


def foreign_triggers(connection: Connection) -> list[str]:
    """Return the names of triggers that ledcal did not make, on any of its tables."""
    wanted = {name for name, _, _ in _wanted(connection.dialect.name)}
    return sorted(set(_present(connection)) - wanted)


def _wanted(dialect: str) -> list[tuple[str, str, str]]:
    actions = ["UPDATE", "DELETE"]
    # SQLite knows no TRUNCATE.
    if dialect == "postgresql":
        actions.append("TRUNCATE")
    return [
        (f"{table}_no_{action.lower()}", table, action)
        for table in sorted(METADATA.tables)
        for action in actions
    ]


def _sql(dialect: str, name: str, table: str, action: str) -> str:
    if dialect == "postgresql":
        each = "STATEMENT" if action == "TRUNCATE" else "ROW"
        return (
            f"CREATE TRIGGER {name} BEFORE {action} ON {table} FOR EACH {each} "
            f"EXECUTE FUNCTION {_FUNCTION}()"
        )
    return (
        f"CREATE TRIGGER {name} BEFORE {action} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are only ever added'); END"
    )


def _present(connection: Connection) -> dict[str, str]:
    """Return the statement that made each trigger, by its name."""
    source = (
        f"SELECT tgname, '{_UNTOLD}' FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
        f"WHERE NOT tgisinternal AND tgenabled <> 'D' AND relname IN ({_OURS})"
        if connection.dialect.name == "postgresql"
        else "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
    )
    return {str(name): str(sql) for name, sql in connection.execute(text(source))}
