"""A log of many entries, made at once as one write would leave it: each alone takes too long."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import insert

from ledcal.calibration.merkle import Frontier, leaf_hash, node_hash
from ledcal.calibration.signed_note import Checkpoint, sign_note
from ledcal.rig.keys import SigningKey
from ledcal.rig.log_book import RUN_CLOSED
from ledcal.rig.store.log import LOG_KEY_NAME, LogEntry, origin_of
from ledcal.rig.store.opened import open_store, store_url
from ledcal.rig.store.schema import CHECKPOINT, LOG_ENTRY, TREE_NODE

AT = datetime(2026, 3, 1, tzinfo=UTC)
_FILES = ("calibration.json", "journal.jsonl", "panel.ledcal", "record.json", "transcript.jsonl")


def make_long_log(folder: Path, key: SigningKey, count: int, every: int) -> int:
    """Make a data folder's store with a log of closed runs.

    Args:
        folder: The data folder.
        key: Signs the checkpoints.
        count: How many entries.
        every: After how many there is a checkpoint.

    Returns:
        The bytes of all entries.
    """
    entries = [long_log_entry(number) for number in range(count)]
    contents = [one.content(AT) for one in entries]
    rows = [
        {"number": number, "kind": one.kind, "subject": one.subject, "entry": content}
        for number, (one, content) in enumerate(zip(entries, contents, strict=True))
    ]
    leaves = [leaf_hash(one) for one in contents]
    with open_store(store_url(folder)) as store, store.adding() as connection:
        connection.execute(insert(LOG_ENTRY), rows)
        for level, hashes in enumerate(_levels(leaves)):
            nodes = [
                {"level": level, "position": position, "hash": one}
                for position, one in enumerate(hashes)
            ]
            connection.execute(insert(TREE_NODE), nodes)
        connection.execute(insert(CHECKPOINT), list(_checkpoints(leaves, every, key)))
    return sum(map(len, contents))


def long_log_entry(number: int) -> LogEntry:
    run = f"20260301T120000000Z-S{number:06}"
    files = {name: leaf_hash(f"{run}/{name}".encode()).hex() for name in _FILES}
    facts = {"serial": f"S{number:06}", "uid": None, "outcome": "PASS", "mode": "ENG"}
    return LogEntry(
        kind=RUN_CLOSED,
        subject=run,
        who="not recorded",
        station="bench",
        facts={**facts, "simulated": True, "files": files},
    )


def _levels(leaves: list[bytes]) -> Iterator[list[bytes]]:
    """Return the hashes of the whole subtrees, from the leaves up."""
    while leaves:
        yield leaves
        leaves = [node_hash(*pair) for pair in zip(leaves[::2], leaves[1::2], strict=False)]


def _checkpoints(leaves: list[bytes], every: int, key: SigningKey) -> Iterator[dict[str, object]]:
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
        if frontier.size % every == 0:
            said = Checkpoint(
                origin=origin_of(leaves[0]), size=frontier.size, root=frontier.root()
            )
            note = sign_note(said.text(), LOG_KEY_NAME, key.public, key.sign)
            yield {"size": said.size, "note": note}
