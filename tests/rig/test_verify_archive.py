"""A whole data folder: whatever is altered, cut, moved or added, `ledcal verify` names it."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ledcal.rig.cli import app
from ledcal.rig.closing import CERTIFICATE, RECORD, SEAL
from ledcal.rig.log_book import LOG_PROOF
from ledcal.rig.run import RUNS
from ledcal.rig.store import opened
from ledcal.rig.store.opened import STORE
from ledcal.rig.store.schema import METADATA
from ledcal.rig.verify_archive import verify_data

NAMES = [f"20260301T1{hour}0000000Z-TEST-0001" for hour in range(3)]


@pytest.fixture
def runs(make_run: Callable[..., Path]) -> list[Path]:
    return [make_run(name) for name in NAMES]


def words(data_folder: Path) -> str:
    return "\n".join(
        f"{found.folder.name}: {one.file} {one.text}"
        for found in verify_data(data_folder)
        for one in found.findings
    )


def attacked(data_folder: Path, *statements: str) -> None:
    with closing(sqlite3.connect(data_folder / STORE)) as connection:
        for name in METADATA.tables:
            for action in ("update", "delete"):
                connection.execute(f"DROP TRIGGER IF EXISTS {name}_no_{action}")
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def test_an_untouched_folder_is_clean(runs: list[Path], data_folder: Path) -> None:
    found = verify_data(data_folder)
    assert [one.folder.name for one in found] == [STORE, *NAMES]
    assert found[0].checked == 2 * len(NAMES)  # each run, and its seal
    assert words(data_folder) == ""


def test_a_run_that_is_gone(runs: list[Path], data_folder: Path) -> None:
    shutil.rmtree(runs[1])
    assert f"{NAMES[1]} is gone; log entry 2 says it was there" in words(data_folder)


def test_a_run_that_was_never_closed_is_no_alteration(
    begin_run: Callable[..., tuple[Path, object]], runs: list[Path], data_folder: Path
) -> None:
    begin_run("20260301T150000000Z-TEST-0001")
    assert words(data_folder) == ""


def test_a_seal_that_was_taken_away(runs: list[Path], data_folder: Path) -> None:
    (runs[0] / SEAL).unlink()
    assert f"{SEAL} is missing" in words(data_folder)


def test_a_run_added_past_the_log(
    runs: list[Path], data_folder: Path, tmp_path: Path, make_run: Callable[..., Path]
) -> None:
    """Sealed by the right key in another log, then copied here."""
    kept = tmp_path / "kept"
    shutil.move(data_folder, kept)
    other = make_run("20260301T160000000Z-TEST-0001")
    shutil.copytree(other, kept / RUNS / other.name)
    assert f"{RUNS}/{other.name} was added past the log: no entry knows it" in words(kept)


def test_two_runs_exchanged(runs: list[Path], data_folder: Path) -> None:
    one, other = runs[:2]
    aside = one.with_name("aside")
    one.rename(aside)
    other.rename(one)
    aside.rename(other)
    said = words(data_folder)
    for name in NAMES[:2]:
        assert f"{name}: {SEAL} belongs to run" in said


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        (CERTIFICATE, b"ABORTED", b"PASS"),
        (RECORD, b"ABORTED", b"PASS"),
        ("product.toml", b"0.10", b"0.50"),
        (LOG_PROOF, b"index 2", b"index 0"),
    ],
)
def test_a_changed_verdict_limit_or_place(
    runs: list[Path], data_folder: Path, name: str, old: bytes, new: bytes
) -> None:
    path = runs[1] / name
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new))
    assert f"{NAMES[1]}: {name} was altered" in words(data_folder)


def test_a_rolled_back_database(
    make_run: Callable[..., Path], data_folder: Path, tmp_path: Path
) -> None:
    """An older copy of the store, from before the last run, is put in place of the newest."""
    for name in NAMES[:2]:
        make_run(name)
    with closing(sqlite3.connect(data_folder / STORE)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(data_folder / STORE, tmp_path / STORE)
    make_run(NAMES[2])
    for path in data_folder.glob(f"{STORE}*"):
        path.unlink()
    shutil.copy(tmp_path / STORE, data_folder / STORE)
    said = words(data_folder)
    assert f"{NAMES[2]}/{LOG_PROOF} the log was cut: 5 entries were signed, 4 are there" in said
    assert f"{RUNS}/{NAMES[2]} was added past the log" in said


def test_a_store_that_is_gone(runs: list[Path], data_folder: Path) -> None:
    for path in data_folder.glob(f"{STORE}*"):
        path.unlink()
    assert f"{STORE} is missing, and with it the log that the runs prove" in words(data_folder)


def test_a_lying_index(runs: list[Path], data_folder: Path) -> None:
    attacked(data_folder, f"UPDATE run SET outcome = 'PASS' WHERE run = '{NAMES[1]}'")
    assert f"run {NAMES[1]} has outcome 'PASS' in it, 'ABORTED' in its record" in words(
        data_folder
    )


def test_the_command_tells_it(runs: list[Path], data_folder: Path) -> None:
    verify = ["verify", str(data_folder), "--data", str(data_folder)]
    clean = CliRunner().invoke(app, verify)
    assert clean.exit_code == 0, clean.output
    assert "6 entries of the log" in clean.output
    attacked(data_folder, "DELETE FROM log_entry WHERE number = 2")
    found = CliRunner().invoke(app, verify)
    assert found.exit_code == 1
    assert "was cut" in found.output


def test_a_store_that_another_program_holds_was_not_altered(
    runs: list[Path], data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opened, "_BUSY_LIMIT_S", 0.05)
    with closing(sqlite3.connect(data_folder / STORE)) as other:
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        told = CliRunner().invoke(app, ["verify", str(data_folder), "--data", str(data_folder)])
    assert told.exit_code == 4, told.output
    assert "another program holds it" in told.output
    assert "altered" not in told.output
    assert words(data_folder) == ""
