"""Check the log: what was altered, cut, reordered or added, told by number."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from ledcal.calibration.errors import RecordError
from ledcal.calibration.merkle import Frontier, leaf_hash, node_hash
from ledcal.calibration.signed_note import note_holds, read_checkpoint, read_note
from ledcal.rig.store.log import ENTRY_FORMAT, LOG_KEY_NAME

_ROWS = text(
    "SELECT number, kind, subject, entry, hash FROM log_entry LEFT JOIN tree_node "
    "ON level = 0 AND position = number ORDER BY number"
)
_NODES = text("SELECT level, position, hash FROM tree_node WHERE level <> 0")
Holds = Callable[[bytes, bytes, bytes], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFinding:
    """One thing that is wrong: where in the log, and what."""

    where: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogCheck:
    """What a check of the log found.

    Attributes:
        size: How many entries there are.
        leaves: Their hashes.
        findings: Empty when nothing was altered.
    """

    size: int
    leaves: tuple[bytes, ...]
    findings: tuple[LogFinding, ...]


def verify_log(
    connection: Connection,
    publics: Mapping[str, bytes],
    holds: Holds,
    witnesses: Mapping[str, str],
) -> LogCheck:
    """Check every entry, and every checkpoint that the store or somebody else has kept.

    Args:
        connection: Of `Store.reading`.
        publics: Public keys whose checkpoints are believed, by key id.
        holds: Takes public key, signature and message.
        witnesses: Checkpoints that were kept outside the store, by where they were found.
    """
    findings: list[LogFinding] = []
    checkpoints, refused = _checkpoints(connection, publics, holds, witnesses)
    findings.extend(refused)
    frontier, leaves = Frontier(), []
    good = 0
    rewritten = False
    for place, (number, kind, subject, entry, node) in enumerate(connection.execute(_ROWS)):
        content = bytes(entry) if isinstance(entry, bytes | memoryview) else repr(entry).encode()
        leaf = leaf_hash(content)
        frontier.append(leaf)
        leaves.append(leaf)
        if not (number == place and node == leaf and _says(content) == (kind, subject)):
            known = node == leaf
            findings.extend(_entry(place, number, kind, subject, entry, known=known))
        for where, expected in checkpoints.pop(frontier.size, {}).items():
            if frontier.root() == expected:
                good = frontier.size
            elif not rewritten:
                rewritten = True
                findings.append(
                    LogFinding(
                        where=where,
                        text=f"the log's first {frontier.size} entries are not those that were "
                        f"signed: something from entry {good} on was altered, reordered, "
                        "added or removed",
                    )
                )
    for size in sorted(checkpoints):
        for where in checkpoints[size]:
            findings.append(
                LogFinding(
                    where=where,
                    text=f"the log was cut: {size} entries were signed, {len(leaves)} are there",
                )
            )
    findings.extend(_tree(connection, leaves))
    return LogCheck(size=len(leaves), leaves=tuple(leaves), findings=tuple(findings))


def _tree(connection: Connection, leaves: list[bytes]) -> Iterator[LogFinding]:
    """Compare the stored roots of whole subtrees, from which the next proofs would be made."""
    expected: dict[tuple[int, int], bytes] = {}
    level, below = 1, leaves
    while len(below) > 1:
        below = [node_hash(below[at], below[at + 1]) for at in range(0, len(below) - 1, 2)]
        expected.update({(level, position): node for position, node in enumerate(below)})
        level += 1
    wrong = []
    for level, position, node in connection.execute(_NODES):
        if expected.pop((level, position), None) != node:
            wrong.append((level, position))
    wrong += sorted(expected)
    if wrong:
        level, position = wrong[0]
        yield LogFinding(
            where=f"tree of the log, level {level}, position {position}",
            text=f"was altered: {len(wrong)} hashes do not follow from the entries",
        )


def _entry(
    place: int, number: Any, kind: Any, subject: Any, entry: Any, *, known: bool
) -> Iterator[LogFinding]:
    where = f"entry {number}"
    if number != place:
        yield LogFinding(
            where=where, text=f"stands at place {place}: entries were removed, added or reordered"
        )
    if not isinstance(entry, bytes | memoryview):
        yield LogFinding(where=where, text="was altered: it holds no bytes")
        return
    if not known:
        yield LogFinding(where=where, text="was altered: its hash is not the one in the tree")
    said = _says(bytes(entry))
    if said is None:
        yield LogFinding(where=where, text="was altered: it is no entry of a log")
    elif said != (kind, subject):
        yield LogFinding(where=where, text=f"is listed as {kind} {subject}, it says {said}")


def _says(entry: bytes) -> tuple[Any, Any] | None:
    """Return kind and subject that an entry states, None when it is no entry."""
    try:
        said = json.loads(entry)
        return (said["kind"], said["subject"]) if said["format"] == ENTRY_FORMAT else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _checkpoints(
    connection: Connection,
    publics: Mapping[str, bytes],
    holds: Holds,
    witnesses: Mapping[str, str],
) -> tuple[dict[int, dict[str, bytes]], list[LogFinding]]:
    """Return the roots that were signed, by size and by where they stand."""
    found: dict[int, dict[str, bytes]] = {}
    refused: list[LogFinding] = []
    notes: dict[str, Any] = dict(witnesses)
    kept: set[Any] = set()
    # A log that was cut is told as cut.
    entries = connection.execute(text("SELECT count(*) FROM log_entry")).scalar_one()
    for size, note in connection.execute(text("SELECT size, note FROM checkpoint")):
        notes[f"checkpoint {size}"] = note
        kept.add(size)
    for where, note in notes.items():
        try:
            said = read_checkpoint(read_note(note)[0])
            believed = any(
                note_holds(note, LOG_KEY_NAME, public, holds) for public in publics.values()
            )
        except (RecordError, AttributeError, TypeError) as error:
            refused.append(LogFinding(where=where, text=f"is damaged: {error}"))
            continue
        if not believed:
            text_ = "was altered, or is signed with a key that is not known here"
            refused.append(LogFinding(where=where, text=text_))
        elif where.startswith("checkpoint ") and where != f"checkpoint {said.size}":
            refused.append(LogFinding(where=where, text=f"says that it is of {said.size} entries"))
        else:
            found.setdefault(said.size, {})[where] = said.root
            if said.size not in kept and said.size <= entries:
                gone = f"the log has lost the checkpoint of {said.size} entries that stands here"
                refused.append(LogFinding(where=where, text=gone))
    return found, refused
