"""Rows of a long table as the database's own driver gives them, many at a time."""

import itertools
from collections.abc import Generator
from typing import Any

from sqlalchemy import Connection

_NUMBERS = itertools.count()


def batches(connection: Connection, statement: str, at_once: int) -> Generator[list[Any]]:
    """Return the rows of a statement without parameters, so many at a time, the last ones fewer.

    SQLAlchemy would wrap each row, which costs more than to read and to hash it. Of what the
    driver raises, `Store.reading` makes words.
    """
    # A cursor of PostgreSQL without a name fetches the whole table.
    named = connection.dialect.name == "postgresql"
    names = [f"ledcal_{next(_NUMBERS)}"] if named else []
    cursor = connection.connection.cursor(*names)
    try:
        cursor.execute(statement)
        while rows := cursor.fetchmany(at_once):
            yield list(rows)
    finally:
        # What is not read to its end is closed with this, and not left to the database.
        cursor.close()
