"""Opening the store: its tables, its guards, and what it refuses."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from ledcal.rig.errors import RefusedInput, StationError
from ledcal.rig.store.log import LogEntry, append
from ledcal.rig.store.opened import Store, open_store, open_store_to_read, store_url
from ledcal.rig.store.schema import METADATA

ENTRY = LogEntry(kind="test", subject="one", who="ann", station="bench", facts={})


def test_the_migrations_make_the_schema(url: str) -> None:
    with open_store(url) as store, store.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def test_opened_again_it_has_what_it_had(url: str) -> None:
    with open_store(url) as store, store.adding() as connection:
        append(connection, ENTRY)
    for opened in (open_store, open_store_to_read):
        with opened(url) as store, store.reading() as connection:
            assert connection.execute(text("SELECT count(*) FROM log_entry")).scalar() == 1


@pytest.mark.parametrize("table", sorted(METADATA.tables))
def test_no_row_is_changed_or_deleted(url: str, table: str) -> None:
    column = METADATA.tables[table].columns.values()[-1].name
    with open_store(url) as store:
        with store.adding() as connection:
            append(connection, ENTRY)
            connection.execute(text("INSERT INTO checkpoint VALUES (1, 'note')"))
            connection.execute(
                text("INSERT INTO station_entry VALUES ('o', 0, 'k', 's', NULL, :entry)"),
                {"entry": b"e"},
            )
            connection.execute(
                text("INSERT INTO station_checkpoint VALUES ('o', 1, 'n', :edge, 's', 'a')"),
                {"edge": b"e"},
            )
            connection.execute(text("INSERT INTO account VALUES (0, 'n', 'r', 'b', 'p', true)"))
            connection.execute(
                text(
                    "INSERT INTO run VALUES ('r', 's', 'u', 'ENG', true, 1, 'o', 'w', 's', 'p', "
                    "'h', 'a', 'b', 'PASS', '', NULL, 'h')"
                )
            )
            connection.execute(
                text("INSERT INTO instrument_use VALUES ('r', 'm', 'a', 'b', 'c', 'd', 'e')")
            )
            connection.execute(
                text(
                    "INSERT INTO result VALUES ('r', 0, 's', 'm', 1, '{}', 1.0, NULL, '1', NULL, "
                    "NULL, NULL, 'PASS')"
                )
            )
        statements = [f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"]
        if url.startswith("postgresql"):
            statements.append(f"TRUNCATE {table} CASCADE")
        else:
            statements.append(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")
        for statement in statements:
            with (
                pytest.raises(StationError, match="only ever added"),
                store.adding() as connection,
            ):
                connection.execute(text(statement))


def test_a_store_without_its_guards_is_not_used(url: str) -> None:
    with open_store(url) as store, store.adding() as connection:
        on = " ON log_entry" if url.startswith("postgresql") else ""
        connection.execute(text(f"DROP TRIGGER log_entry_no_delete{on}"))
    with pytest.raises(StationError, match="lost its guards log_entry_no_delete"):
        with open_store(url):
            pass


def test_an_older_store_is_read_as_it_is_and_brought_up_to_date_by_a_writer(url: str) -> None:
    with open_store(url) as store, store.adding() as connection:
        append(connection, ENTRY)
        for table in ("account", "station_entry", "station_checkpoint"):
            connection.execute(text(f"DROP TABLE {table}"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    for opened in (open_store_to_read, open_store):
        with opened(url) as store, store.reading() as connection:
            assert connection.execute(text("SELECT count(*) FROM log_entry")).scalar() == 1
    with open_store(url) as store, store.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def test_a_newer_store_is_not_used(url: str) -> None:
    with open_store(url) as store, store.adding() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for opened in (open_store, open_store_to_read):
        with pytest.raises(StationError, match="version 9999, this ledcal knows"), opened(url):
            pass


def test_a_transaction_that_fails_adds_nothing(url: str) -> None:
    def fail_halfway(store: Store) -> None:
        with store.adding() as connection:
            append(connection, ENTRY)
            raise KeyError

    with open_store(url) as store:
        with pytest.raises(KeyError):
            fail_halfway(store)
        with store.reading() as connection:
            assert connection.execute(text("SELECT count(*) FROM log_entry")).scalar() == 0


def test_reading_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(RefusedInput, match="there is no record store"):
        with open_store_to_read(store_url(tmp_path)):
            pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["nonsense", "mysql://host/db", "sqlite://", "sqlite:///"])
def test_what_is_no_url_of_a_store(url: str) -> None:
    with pytest.raises(RefusedInput, match=r"is no database URL|is neither"), open_store(url):
        pass


def test_a_damaged_file_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "records.sqlite").write_bytes(b"no database" * 100)
    with pytest.raises(StationError, match="file is not a database"):
        with open_store(store_url(tmp_path)):
            pass


def test_a_server_that_is_not_there() -> None:
    with pytest.raises(StationError, match="nothing was added"):
        with open_store("postgresql://ann:secret@/db?host=/nowhere") as store:
            assert store
