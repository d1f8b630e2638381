import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ledcal.calibration.errors import RecordError
from ledcal.calibration.outcome import Outcome
from ledcal.rig.closing import (
    CERTIFICATE,
    RECORD,
    SEAL,
    close_run,
    finished,
    record_bytes,
    sealed_files,
)
from ledcal.rig.journal import JOURNAL, Journal, read_journal
from ledcal.rig.keys import SigningKey, signature_holds

StartRun = Callable[..., tuple[Path, Journal]]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_closed_run_has_record_page_and_seal(begin_run: StartRun, key: SigningKey) -> None:
    folder, journal = begin_run()
    journal.append("run_finished", finished(Outcome.SETUP, [{"code": "C", "text": "the cap"}]))
    journal.close()
    record = close_run(folder, key)
    assert record.outcome is Outcome.SETUP
    assert record.reasons == [{"code": "C", "text": "the cap"}]
    said = json.loads((folder / RECORD).read_bytes())
    assert said["events"] == read_journal(folder)
    assert "the cap" in (folder / CERTIFICATE).read_text()
    seal = json.loads((folder / SEAL).read_bytes())
    assert sorted(seal["files"]) == sealed_files(folder)
    assert {JOURNAL, RECORD, CERTIFICATE, "station.toml", "product.toml"} < set(seal["files"])
    assert seal["public_key"] == key.public.hex()


def test_a_killed_run_is_aborted(begin_run: StartRun, key: SigningKey) -> None:
    folder, journal = begin_run()
    journal.append("step_started", {"step": "identify"})
    journal.close()
    record = close_run(folder, key)
    assert record.outcome is Outcome.ABORTED
    assert record.outcome.exit_code == 5
    assert record.reasons[0]["code"] == "NOT_FINISHED"
    assert [(step.step, step.result) for step in record.steps] == [("identify", "OPEN")]
    assert read_journal(folder)[-1]["event"] == "run_finished"


def test_a_kill_in_the_middle_of_a_line_is_aborted(begin_run: StartRun, key: SigningKey) -> None:
    folder, journal = begin_run()
    journal.append("run_finished", finished(Outcome.PASS, []))
    journal.close()
    whole = (folder / JOURNAL).read_bytes()
    (folder / JOURNAL).write_bytes(whole[:-1])
    record = close_run(folder, key)
    assert record.outcome is Outcome.ABORTED
    assert [event["event"] for event in read_journal(folder)] == ["run_started", "run_finished"]


def test_closing_twice_changes_nothing(begin_run: StartRun, key: SigningKey) -> None:
    folder, journal = begin_run()
    journal.close()
    first = close_run(folder, key)
    before = contents(folder)
    assert close_run(folder, key) == first
    assert contents(folder) == before


@pytest.mark.parametrize("lost", [(SEAL,), (SEAL, CERTIFICATE), (SEAL, CERTIFICATE, RECORD)])
def test_a_closing_that_was_cut_off_is_taken_up(
    begin_run: StartRun, key: SigningKey, lost: tuple[str, ...]
) -> None:
    folder, journal = begin_run()
    journal.close()
    close_run(folder, key)
    before = contents(folder)
    for name in lost:
        (folder / name).unlink()
    close_run(folder, key)
    # Ed25519 is deterministic, and so is all else.
    assert contents(folder) == before


@pytest.mark.parametrize("content", [b"", b'{"n": 1, "at": "2026', b"\n", b'{"n": 2}\n'])
def test_a_journal_that_never_began_is_no_run(
    tmp_path: Path, key: SigningKey, content: bytes
) -> None:
    (tmp_path / JOURNAL).write_bytes(content)
    with pytest.raises(RecordError):
        close_run(tmp_path, key)
    assert not (tmp_path / SEAL).exists()
    assert (tmp_path / JOURNAL).read_bytes() == content


def test_hostile_text_can_be_closed(begin_run: StartRun, key: SigningKey) -> None:
    folder, journal = begin_run(operator="\0\u202e<script>", reason="x" * 10_000)
    journal.append("note", {"code": "C", "text": "\udcff</style>"})
    journal.close()
    close_run(folder, key)
    page = (folder / CERTIFICATE).read_text(encoding="utf-8")
    assert "<script>" not in page
    assert "\u202e" not in page
    assert "&lt;script&gt;" in page


def test_the_record_is_a_function_of_the_journal(sealed_run: Path) -> None:
    assert record_bytes(read_journal(sealed_run)) == (sealed_run / RECORD).read_bytes()


def test_the_seal_is_signed(sealed_run: Path, key: SigningKey) -> None:
    body = (sealed_run / SEAL).read_bytes()
    seal = json.loads(body)
    unsigned = body.replace(f',"signature":"{seal["signature"]}"'.encode(), b"")
    assert signature_holds(key.public, bytes.fromhex(seal["signature"]), unsigned)
