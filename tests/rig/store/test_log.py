"""The log in a real database: it grows, it proves, and eight writers do not disturb each other."""

import subprocess
import sys

import pytest
from sqlalchemy import text

from ledcal.calibration.log_proof import LogProof, read_log_proof
from ledcal.calibration.merkle import consistency_holds, inclusion_holds, leaf_hash
from ledcal.calibration.merkle import root as root_of
from ledcal.calibration.signed_note import note_holds, read_checkpoint, read_note
from ledcal.rig.errors import StationError
from ledcal.rig.keys import SigningKey, new_private_pem, private_key_of, signature_holds
from ledcal.rig.store import log
from ledcal.rig.store.opened import open_store
from ledcal.rig.store.verify_log import verify_log

WRITERS, EACH = 8, 12
WRITER = """
import sys
from ledcal.rig.store.log import LogEntry, append
from ledcal.rig.store.opened import open_store
url, who, count = sys.argv[1:]
with open_store(url) as store:
    for number in range(int(count)):
        with store.adding() as connection:
            facts = {"n": number}
            append(connection, LogEntry(kind="t", subject="s", who=who, station="b", facts=facts))
"""


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    pem, public = new_private_pem()
    private = private_key_of(pem, tmp_path_factory.mktemp("key"))
    return SigningKey(public, private.sign)


def entry(number: int) -> log.LogEntry:
    return log.LogEntry(
        kind="test", subject=f"S{number}", who="ann", station="bench", facts={"n": number}
    )


def test_it_grows_and_proves_every_entry_and_every_earlier_size(url: str) -> None:
    count = 21
    leaves: list[bytes] = []
    roots = []
    with open_store(url) as store:
        for number in range(count):
            with store.adding() as connection:
                assert log.append(connection, entry(number)) == number
                content = connection.execute(
                    text("SELECT entry FROM log_entry WHERE number = :n"), {"n": number}
                ).scalar_one()
                leaves.append(leaf_hash(content))
                roots.append(log.root(connection, number + 1))
        assert roots == [root_of(leaves[: n + 1]) for n in range(count)]
        with store.reading() as connection:
            for number in range(count):
                proof = log.prove_inclusion(connection, number, count)
                assert inclusion_holds(number, count, leaves[number], proof, roots[-1])
                assert leaf_hash(log.entry_at(connection, number) or b"") == leaves[number]
            assert log.entry_at(connection, count) is None
            assert log.entry_at(connection, 10**19 - 1) is None
            for earlier in range(1, count + 1):
                proof = log.prove_growth(connection, earlier, count)
                assert consistency_holds(earlier, count, roots[earlier - 1], roots[-1], proof)


def test_a_checkpoint_is_signed_and_kept(url: str, key: SigningKey) -> None:
    with open_store(url) as store:
        with store.adding() as connection:
            log.append(connection, entry(0))
            note = log.checkpoint(connection, "bench 3", key)
        with store.adding() as connection:
            assert log.checkpoint(connection, "bench 3", key) == note
            assert log.size(connection) == 1
    said = read_checkpoint(read_note(note)[0])
    assert (said.origin, said.size) == ("bench 3", 1)
    assert note_holds(note, log.LOG_KEY_NAME, key.public, signature_holds)


def test_a_proof_needs_nothing_but_itself(url: str, key: SigningKey) -> None:
    with open_store(url) as store, store.adding() as connection:
        for number in range(5):
            log.append(connection, entry(number))
        note = log.checkpoint(connection, "bench 3", key)
        content = connection.execute(
            text("SELECT entry FROM log_entry WHERE number = 3")
        ).scalar_one()
        hashes = log.prove_inclusion(connection, 3, 5)
    proof = LogProof(entry=content, number=3, hashes=tuple(hashes), note=note)
    read = read_log_proof(proof.text())
    assert read == proof
    assert read.holds()


def test_a_lost_hash_is_told_and_nothing_is_appended_upon_it(url: str) -> None:
    with open_store(url) as store:
        with store.adding() as connection:
            log.append(connection, entry(0))
            on = " ON tree_node" if url.startswith("postgresql") else ""
            connection.execute(text(f"DROP TRIGGER tree_node_no_delete{on}"))
            connection.execute(text("DELETE FROM tree_node"))
        with pytest.raises(StationError, match="has lost the hash at level 0, position 0"):
            with store.adding() as connection:
                log.append(connection, entry(1))


def test_writers_in_eight_processes_lose_nothing_and_write_nothing_twice(url: str) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, url, f"w{number}", str(EACH)])
        for number in range(WRITERS)
    ]
    assert [one.wait(timeout=120) for one in writers] == [0] * WRITERS
    with open_store(url) as store, store.reading() as connection:
        checked = verify_log(connection, {}, signature_holds, {})
    assert (checked.size, checked.findings) == (WRITERS * EACH, ())
    with open_store(url) as store, store.reading() as connection:
        rows = connection.execute(text("SELECT entry FROM log_entry")).scalars()
        assert len(set(map(bytes, rows))) == WRITERS * EACH
