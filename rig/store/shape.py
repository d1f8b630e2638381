"""Hold a store's tables against those that ledcal makes: what was added can hide or change rows.

A trigger of somebody else drops what is entered, a view in a table's place shows what it likes,
and a damaged page is met only by whoever happens to read it.
"""

from collections.abc import Iterator

from sqlalchemy import Connection, inspect, text

from ledcal.rig.store.schema import METADATA
from ledcal.rig.store.triggers import foreign_triggers

_MOST = 3
"""How many damages of a file are named; one page makes many."""
_NEWEST_TABLE = "account"
"""Made by the newest step in `migrations/versions`."""


def shape_words(connection: Connection, *, newest: bool) -> Iterator[str]:
    """Tell what a store has that ledcal did not make, what stands in its place, and what broke.

    Args:
        connection: To read.
        newest: Whether the store says that it has all tables of this ledcal.
    """
    seen = inspect(connection)
    tables, views = set(seen.get_table_names()), set(seen.get_view_names())
    for name in sorted(METADATA.tables):
        if name in views:
            yield f"a view stands in the place of its table {name}: it may show what it likes"
        elif name not in tables:
            if newest:
                yield f"its table {name} is missing"
        else:
            had = {column["name"] for column in seen.get_columns(name)}
            for more in sorted(had - set(METADATA.tables[name].columns.keys())):
                yield f"somebody added the column {more} to its table {name}"
            if not newest and name == _NEWEST_TABLE:
                yield "somebody set its version back: it has tables of a later one"
    for name in foreign_triggers(connection):
        yield f"somebody added the trigger {name}: it may drop or change what is entered"
    if connection.dialect.name != "sqlite":
        return  # a server's database may hold what others need, and looks after its pages itself
    for name in sorted((tables | views) - set(METADATA.tables) - {"alembic_version"}):
        yield f"somebody added {name}, which ledcal did not make"
    found = connection.execute(text(f"PRAGMA integrity_check({_MOST})")).scalars()
    for words in found:
        if words != "ok":
            yield f"its file is damaged: {words}; restore it from a backup"
