"""Each closed run is in the log, with a proof beside it that needs nothing else."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from ledcal.calibration.signed_note import read_note
from ledcal.rig.closing import CERTIFICATE, RECORD, SEAL, close_run, seal_bytes
from ledcal.rig.errors import StationError
from ledcal.rig.folder import sha256_hex
from ledcal.rig.keys import SigningKey
from ledcal.rig.log_book import LOG_PROOF, enter, read_proof
from ledcal.rig.store.log import LogEntry, size
from ledcal.rig.store.opened import open_store_to_read, store_url
from ledcal.rig.store.schema import RESULT, RUN
from ledcal.rig.verify import verify_run


def entries(data_folder: Path) -> int:
    with open_store_to_read(store_url(data_folder)) as store, store.reading() as connection:
        return size(connection)


def test_a_closed_run_is_in_log_and_index(
    make_run: Callable[..., Path], data_folder: Path
) -> None:
    run = make_run()
    proof = read_proof(run)
    assert proof.holds()
    said = json.loads(proof.entry)
    assert (said["kind"], said["subject"]) == ("run closed", run.name)
    assert said["facts"]["files"][RECORD] == sha256_hex((run / RECORD).read_bytes())
    with open_store_to_read(store_url(data_folder)) as store, store.reading() as connection:
        (row,) = connection.execute(select(RUN)).mappings()
        results = connection.execute(select(RESULT)).all()
    record = json.loads((run / RECORD).read_bytes())
    assert row["record_sha256"] == sha256_hex((run / RECORD).read_bytes())
    assert len(results) == sum(one["event"] == "measured" for one in record["events"])


def test_the_page_tells_the_checkpoint(make_run: Callable[..., Path]) -> None:
    run = make_run()
    page = (run / CERTIFICATE).read_text()
    for line in read_note(read_proof(run).note)[0].strip().split("\n"):
        assert f"<code>{line}</code><br>".replace("+", "&#43;") in page.replace("+", "&#43;")


def test_a_closing_that_was_cut_off_is_finished_without_a_second_entry(
    make_run: Callable[..., Path], data_folder: Path, key: SigningKey
) -> None:
    run = make_run()
    for cut in ([SEAL], [SEAL, CERTIFICATE], [SEAL, CERTIFICATE, LOG_PROOF]):
        for name in cut:
            (run / name).unlink()
        close_run(run, key)
        assert verify_run(run, data_folder).findings == ()
    assert entries(data_folder) == 2  # the run, and its seal


def test_a_run_of_that_name_with_another_content_is_not_entered(
    make_run: Callable[..., Path], data_folder: Path, key: SigningKey
) -> None:
    run = make_run()
    (run / SEAL).unlink()
    (run / "product.toml").write_text("# altered\n")
    with pytest.raises(StationError, match="is in the log already, with other files"):
        close_run(run, key)


def test_whoever_has_the_key_is_found_out_by_the_log(
    make_run: Callable[..., Path], data_folder: Path, key: SigningKey
) -> None:
    run = make_run()
    (run / "product.toml").write_text("# altered\n")
    (run / SEAL).write_bytes(seal_bytes(run, key))
    (finding,) = verify_run(run, data_folder).findings
    assert (finding.file, finding.text) == (
        LOG_PROOF,
        "the log knows product.toml with another content",
    )


def test_a_proof_of_another_run_is_none(
    make_run: Callable[..., Path], data_folder: Path, key: SigningKey
) -> None:
    one = make_run()
    other = make_run("20260301T130000000Z-TEST-0001")
    shutil.copy(one / LOG_PROOF, other / LOG_PROOF)
    (other / SEAL).write_bytes(seal_bytes(other, key))
    (finding,) = verify_run(other, data_folder).findings
    assert finding.text == f"its entry is that of ('run closed', '{one.name}')"


@pytest.mark.parametrize("content", [b"", b"\xff", b"c2sp.org/tlog-proof@v1\n\n\n"])
def test_a_damaged_proof_is_a_finding(
    sealed_run: Path, data_folder: Path, key: SigningKey, content: bytes
) -> None:
    (sealed_run / LOG_PROOF).write_bytes(content)
    (sealed_run / SEAL).write_bytes(seal_bytes(sealed_run, key))
    (finding,) = verify_run(sealed_run, data_folder).findings
    assert finding.file == LOG_PROOF
    assert "is no proof of the log" in finding.text


def test_anything_else_is_entered_with_its_proof(data_folder: Path, key: SigningKey) -> None:
    entry = LogEntry(
        kind="key retired", subject="00", who="ann", station="b", facts={"reason": "lost"}
    )
    first = enter(entry, key, store_url(data_folder))
    second = enter(entry, key, store_url(data_folder))
    assert first.holds()
    assert second.holds()
    assert (first.number, second.number) == (0, 1)
    assert first.checkpoint.origin == second.checkpoint.origin
