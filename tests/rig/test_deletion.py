"""What is kept for how long, and a deletion that two people stand for and that can be proven."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ledcal.rig.audit import audit
from ledcal.rig.authorisation import approver
from ledcal.rig.cli import app
from ledcal.rig.closing import RECORD, SEAL, seal_bytes
from ledcal.rig.deletion import delete, request_deletion
from ledcal.rig.deletion_check import DELETION, KEPT
from ledcal.rig.errors import RefusedInput, StationError
from ledcal.rig.key_file import new_key_file, public_file
from ledcal.rig.keys import SigningKey
from ledcal.rig.log_book import LOG_PROOF
from ledcal.rig.logged import enter_action
from ledcal.rig.retention import set_retention
from ledcal.rig.run import RUNS, highest_sequence
from ledcal.rig.statements import PERFORMED
from ledcal.rig.store.opened import STORE
from ledcal.rig.summary import record_of
from ledcal.rig.trust import trust
from ledcal.rig.verify import verify_run
from ledcal.rig.verify_archive import verify_data

OTHER = "20260301T130000000Z-TEST-0001"
LATER = datetime.now(UTC).date() + timedelta(days=3 * 366)
People = dict[str, Path]


def ledcal(*arguments: str | Path | int) -> tuple[int, str]:
    told = CliRunner().invoke(app, [*map(str, arguments)])
    return told.exit_code, told.output


@pytest.fixture
def run(make_run: Callable[..., Path]) -> Path:
    return make_run(operator="Tom")


@pytest.fixture
def people(tmp_path: Path, data_folder: Path) -> People:
    """Two people's keys, trusted in the data folder."""
    found = {name: tmp_path / f"{name}.key" for name in ("Ann", "Bob")}
    for name, path in found.items():
        new_key_file(path, name, "ENG")
        trust(public_file(path), data_folder)
    return found


@pytest.fixture
def deleted(run: Path, people: People, data_folder: Path) -> Path:
    """A run whose two years are over, deleted by Bob as Ann asked."""
    ann, bob = (approver(name, key, data_folder) for name, key in people.items())
    set_retention(data_folder, 2, "contract", ann)
    number = request_deletion(run, "=its time\x1b is over", ann, data_folder).number
    delete(run, number, bob, data_folder, on=LATER)
    return run


def words(data_folder: Path) -> str:
    return "\n".join(
        f"{found.folder.name}: {one.file} {one.text}"
        for found in verify_data(data_folder)
        for one in found.findings
    )


def test_only_record_seal_and_proofs_stay(deleted: Path, data_folder: Path) -> None:
    assert {one.name for one in deleted.iterdir()} == set(KEPT)
    found = verify_run(deleted, data_folder)
    assert found.findings == ()
    assert "deleted by request 3 of Ann (key " in found.deleted
    assert "carried out by Bob (key " in found.deleted
    assert words(data_folder) == ""
    code, told = ledcal("verify", data_folder, "--data", data_folder)
    assert code == 0, told
    assert "deleted, its record was not altered" in told
    assert "deleted by request 3 of Ann" in told
    assert "=its time\\u001b is over" in told
    assert "missing" not in told


def test_a_deleted_run_stays_in_the_panels_history(
    deleted: Path, data_folder: Path, make_run: Callable[..., Path]
) -> None:
    there = ("--data", data_folder)
    assert record_of(deleted).run.operator == "Tom"
    code, told = ledcal("history", "TEST-0001", *there)
    assert code == 0, told
    assert deleted.name in told
    assert "ABORTED" in told
    assert ledcal("show", deleted.name, *there)[0] == 0
    assert ledcal("recompute", deleted.name, *there)[0] in (0, 1)
    (drawn,) = audit(data_folder, 5, 0)
    assert drawn.missing == ()
    # The next file's number goes on from the deleted one's.
    assert highest_sequence(data_folder / RUNS / OTHER, "TEST-0001") == 1
    make_run(OTHER)
    assert words(data_folder) == ""


def test_what_was_asked_and_done_is_in_the_log_and_the_listing(
    deleted: Path, data_folder: Path
) -> None:
    _, told = ledcal("log", "--subject", deleted.name, "--json", "--data", data_folder)
    found = [(one["kind"], one["who"]) for one in json.loads(told)["entries"]]
    assert found == [
        *(("run closed", "Tom"), ("run sealed", "Tom")),
        *(("deletion requested", "Ann"), ("run deleted", "Bob")),
    ]
    code, told = ledcal("retention", "--data", data_folder)
    assert code == 0, told
    assert "2 years for runs since then: Ann (key " in told
    assert f"request 3 for run {deleted.name} by Ann" in told
    assert told.strip().endswith("; deleted")
    _, told = ledcal("retention", "--json", "--data", data_folder)
    assert json.loads(told)["requests"][0]["deleted"] is True


def test_before_its_time_nothing_is_deleted(run: Path, people: People, data_folder: Path) -> None:
    there = ("--data", data_folder)
    before = {one: one.read_bytes() for one in run.iterdir()}
    ask = ("delete-request", run.name, "--reason", "x", "--name", "Ann", "--key", people["Ann"])
    code, told = ledcal(*ask, *there)
    assert code == 0, told
    assert "request 2 for run" in told
    assert told.strip().endswith("kept for ever")
    do = ("delete", run.name, "--request", 2, "--name", "Bob", "--key", people["Bob"], *there)
    code, told = ledcal(*do)
    assert code == 2
    assert "records are kept for ever" in told
    years = ("retention", "--years", 5, "--reason", "contract", *there)
    assert "an approver signs for it" in ledcal(*years)[1]
    code, told = ledcal(*years, "--name", "Ann", "--key", people["Ann"])
    assert code == 0, told
    code, told = ledcal(*do)
    assert code == 2
    year = datetime.now(UTC).year + 5
    assert f"is kept until {year}-" in told
    assert {one: one.read_bytes() for one in run.iterdir()} == before


@pytest.mark.parametrize(
    ("name", "whose", "said"),
    [
        ("Ann", "Bob", "another person with another key"),
        ("ANN", "Bob", "another person with another key"),
        ("Bob", "Ann", "another person with another key"),
    ],
)
def test_one_person_is_not_two(
    run: Path, people: People, data_folder: Path, name: str, whose: str, said: str
) -> None:
    ann = approver("Ann", people["Ann"], data_folder)
    set_retention(data_folder, 1, "x", ann)
    number = request_deletion(run, "x", ann, data_folder).number
    with pytest.raises(RefusedInput, match=said):
        delete(run, number, approver(name, people[whose], data_folder), data_folder, on=LATER)
    assert (run / "journal.jsonl").exists()


def test_a_request_is_for_one_run_and_an_altered_run_is_evidence(
    run: Path, people: People, data_folder: Path, make_run: Callable[..., Path], tmp_path: Path
) -> None:
    other = make_run(OTHER)
    ann, bob = (approver(name, key, data_folder) for name, key in people.items())
    set_retention(data_folder, 1, "x", ann)
    number = request_deletion(run, "x", ann, data_folder).number
    with pytest.raises(RefusedInput, match="is yours already"):
        request_deletion(run, "x", ann, data_folder)
    with pytest.raises(RefusedInput, match="is none for run"):
        delete(other, number, bob, data_folder, on=LATER)
    with pytest.raises(RefusedInput, match="is no run of"):
        delete(run, number, bob, tmp_path, on=LATER)
    (run / "product.toml").write_text("# altered")
    with pytest.raises(RefusedInput, match=r"product\.toml was altered"):
        delete(run, number, bob, data_folder, on=LATER)
    with pytest.raises(RefusedInput, match=r"product\.toml was altered"):
        request_deletion(run, "x", bob, data_folder)


def test_a_deletion_that_was_cut_off_is_told_and_finished(
    deleted: Path, people: People, data_folder: Path
) -> None:
    bob = approver("Bob", people["Bob"], data_folder)
    (deleted / "journal.jsonl").write_text("left")
    assert "journal.jsonl is still there: `ledcal delete` was cut off" in words(data_folder)
    (deleted / DELETION).unlink()
    assert "is missing" in words(data_folder)
    with pytest.raises(RefusedInput, match="was deleted by request 3"):
        delete(deleted, 9, bob, data_folder)
    delete(deleted, 3, bob, data_folder)
    assert words(data_folder) == ""
    _, told = ledcal("log", "--kind", "run deleted", "--data", data_folder)
    assert "1 of 5 entries" in told


def test_files_that_only_vanished_are_missing_still(
    run: Path, deleted: Path, make_run: Callable[..., Path], data_folder: Path
) -> None:
    other = make_run(OTHER)
    (other / "journal.jsonl").unlink()
    assert f"{OTHER}: journal.jsonl is missing" in words(data_folder)
    shutil.copy(deleted / DELETION, other / DELETION)
    said = words(data_folder)
    assert f"{OTHER}: {DELETION} its entry is that of run deleted {deleted.name}" in said
    assert f"{OTHER}: journal.jsonl is missing" in said


@pytest.mark.parametrize("name", [RECORD, PERFORMED, LOG_PROOF, DELETION])
def test_what_is_kept_is_checked(deleted: Path, data_folder: Path, name: str) -> None:
    path = deleted / name
    content = path.read_bytes()
    for changed in (content[:-7], content.replace(b"1", b"2", 1), b"\xff", b""):
        path.write_bytes(changed)
        assert f"{deleted.name}: {name}" in words(data_folder)
    path.unlink()
    said = words(data_folder)
    assert "is missing" in said
    path.mkdir()
    assert words(data_folder)


def test_whoever_has_the_seals_key_cannot_change_the_record_that_was_kept(
    deleted: Path, data_folder: Path, key: SigningKey
) -> None:
    content = json.loads((deleted / SEAL).read_bytes())["files"]
    (deleted / RECORD).write_bytes((deleted / RECORD).read_bytes().replace(b"ABORTED", b"PASS"))
    (deleted / SEAL).write_bytes(seal_bytes(deleted, key))
    assert RECORD in content
    said = words(data_folder)
    assert "is not the record that the log knows" in said
    assert f"{SEAL} was sealed anew: it is not the seal of log entry 1" in said


def test_whoever_has_the_seals_key_cannot_change_who_performed_it_either(
    deleted: Path, data_folder: Path, key: SigningKey
) -> None:
    (deleted / PERFORMED).write_bytes(b"{}")
    (deleted / SEAL).write_bytes(seal_bytes(deleted, key))
    assert f"{SEAL} was sealed anew: it is not the seal of log entry 1" in words(data_folder)


def test_a_deletion_that_the_log_has_lost(deleted: Path, data_folder: Path) -> None:
    with closing(sqlite3.connect(data_folder / STORE)) as connection:
        for table in ("log_entry", "tree_node", "checkpoint"):
            connection.execute(f"DROP TRIGGER {table}_no_delete")
        connection.execute("DELETE FROM log_entry WHERE kind = 'run deleted'")
        connection.execute("DELETE FROM checkpoint WHERE size = 5")
        connection.commit()
    assert f"{DELETION} the log has lost its entry 4" in words(data_folder)


def test_a_keys_trust_that_was_withdrawn_is_told(deleted: Path, data_folder: Path) -> None:
    for path in (data_folder / "keys" / "trusted").glob("*.toml"):
        path.unlink()
    assert f"{DELETION} its signature does not hold, or its key is not trusted" in words(
        data_folder
    )


def test_entries_that_nobody_signed_neither_ask_nor_set_nor_delete(
    run: Path, people: People, data_folder: Path
) -> None:
    for kind, facts in (
        ("retention set", {"new": 1, "reason": "x"}),
        ("deletion requested", {"reason": "x"}),
        ("run deleted", {"request": 4}),
        ("run deleted", {}),
    ):
        enter_action(data_folder, kind, run.name, who="Ann", facts=facts)
    enter_action(data_folder, "deletion requested", "no run", facts={})
    code, told = ledcal("retention", "--data", data_folder)
    assert code == 0, told
    assert "records are kept for ever" in told
    assert told.count("by nobody whose signature counts") == 2
    bob = approver("Bob", people["Bob"], data_folder)
    with pytest.raises(RefusedInput, match="request 3 does not count: nobody has signed it"):
        delete(run, 3, bob, data_folder, on=LATER)
    assert (run / "journal.jsonl").exists()


def test_a_rule_written_past_the_log_stops_a_deletion(
    run: Path, people: People, data_folder: Path
) -> None:
    ann, bob = (approver(name, key, data_folder) for name, key in people.items())
    set_retention(data_folder, 1, "x", ann)
    number = request_deletion(run, "x", ann, data_folder).number
    with closing(sqlite3.connect(data_folder / STORE)) as connection:
        connection.execute("DROP TRIGGER log_entry_no_update")
        connection.execute(
            "UPDATE log_entry SET entry = replace(CAST(entry AS TEXT), '\"new\":1', '\"new\":0') "
            "WHERE kind = 'retention set'"
        )
        connection.commit()
    with pytest.raises(StationError, match="entry 2 of the log was altered"):
        delete(run, number, bob, data_folder, on=LATER)
    assert (run / "journal.jsonl").exists()
