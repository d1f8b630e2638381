"""Check the log: what was altered, cut, reordered or added, told by number.

Entries and checkpoints are read once and side by side, so that a log of any length needs no more
memory than a short one.
"""

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from ledcal.calibration.merkle import Frontier, leaf_hashes, whole_subtrees
from ledcal.rig.store.log import ENTRY_FORMAT
from ledcal.rig.store.log_finding import LogFinding
from ledcal.rig.store.rows import batches
from ledcal.rig.store.verify_checkpoints import Holds, Signed, believed_checkpoints
from ledcal.rig.store.verify_tree import Tree

_ENTRIES = "SELECT number, kind, subject, entry FROM log_entry ORDER BY number"
_FROM = (
    "SELECT number, kind, subject, entry FROM log_entry WHERE number >= {first:d} ORDER BY number"
)
_SPAN = 1024
"""Entries at once, a power of two: that many are a whole subtree."""
# Canonical JSON sorts its members: what an entry says of itself stands behind its facts.
_TAIL_BEGIN = f',"format":"{ENTRY_FORMAT}","kind":"'.encode()
_TAIL = re.compile(
    re.escape(_TAIL_BEGIN)
    + rb'([^"\\]*)","station":"[^"\\]*","subject":"([^"\\]*)","who":"[^"\\]*"\}'
)
_NO_ENTRY = "was altered: it is no entry of a log"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogCheck:
    """What a check of the log found.

    Attributes:
        size: How many entries there are.
        findings: Empty when nothing was altered.
    """

    size: int
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
    notes = believed_checkpoints(connection, publics, holds, witnesses, findings)
    signed, frontier, tells = Signed(notes, findings), Frontier(), _Tails().tell
    signed.compare(0, frontier.root())
    with closing(Tree(connection, _SPAN)) as tree:
        for rows in batches(connection, _ENTRIES, _SPAN):
            first = frontier.size
            contents = [row[3] if isinstance(row[3], bytes) else _bytes(row[3]) for row in rows]
            leaves = leaf_hashes(contents)
            nodes = tree.compare_leaves(leaves, [row[0] for row in rows])
            for place, (number, kind, subject, entry), content, leaf, node in zip(
                itertools.count(first), rows, contents, leaves, nodes, strict=False
            ):
                if number != place or node != leaf or not tells(content, kind, subject):
                    findings.extend(
                        _entry(place, number, kind, subject, entry, known=node == leaf)
                    )
            levels = whole_subtrees(leaves)
            while first <= signed.next_size <= first + len(rows):
                size = signed.next_size
                signed.compare(size, frontier.root_after(levels, size - first))
            tree.compare(levels, frontier.extend(levels))
        signed.end(frontier.size)
        findings.extend(_malformed(connection, signed.good))
        if not findings:
            findings.extend(tree.end(frontier.size))
    return LogCheck(size=frontier.size, findings=tuple(findings))


def _bytes(entry: Any) -> bytes:
    return bytes(entry) if isinstance(entry, memoryview) else repr(entry).encode()


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
        yield LogFinding(where=where, text=_NO_ENTRY)
    elif said != (kind, subject):
        yield LogFinding(where=where, text=f"is listed as {kind} {subject}, it says {said}")


class _Tails:
    """The ends of entries, which say of what kind and subject they are.

    The rest is not read: the hash and the next checkpoint speak for it, or `_malformed` looks. An
    end with a quotation mark in a text is read with the whole entry.
    """

    def __init__(self) -> None:
        """Begin without having seen any."""
        self._seen: dict[Any, tuple[bytes, bytes]] = {}

    def tell(self, entry: bytes, kind: Any, subject: Any) -> bool:
        """Tell whether an entry says that it is of this kind and subject."""
        # Entries of a kind differ in the subject, seldom in the station and the person.
        seen = self._seen.get(kind)
        if seen and isinstance(subject, str) and '"' not in subject and "\\" not in subject:
            if entry.endswith(seen[0] + subject.encode("utf-8", "surrogatepass") + seen[1]):
                return True
        # Where nothing is found, the search is for the whole entry, which does not begin so.
        begin = entry.rfind(_TAIL_BEGIN)
        tail = _TAIL.fullmatch(entry, begin)
        if tail is None:
            return _says(entry) == (kind, subject)
        said_kind, said_subject = (
            one.decode(errors="surrogateescape") for one in tail.group(1, 2)
        )
        first, last = tail.span(2)
        self._seen[said_kind] = entry[begin:first], entry[last:]
        return (said_kind, said_subject) == (kind, subject)


def _malformed(connection: Connection, first: int) -> Iterator[LogFinding]:
    """Read whole what no checkpoint speaks for: an entry whose end alone looks like one."""
    tells = _Tails().tell
    for rows in batches(connection, _FROM.format(first=first), _SPAN):
        for number, kind, subject, entry in rows:
            if isinstance(entry, bytes | memoryview):
                content = bytes(entry)
                if _says(content) is None and tells(content, kind, subject):
                    yield LogFinding(where=f"entry {number}", text=_NO_ENTRY)


def _says(entry: bytes) -> tuple[Any, Any] | None:
    """Return kind and subject that an entry states, None when it is no entry."""
    try:
        said = json.loads(entry)
        return (said["kind"], said["subject"]) if said["format"] == ENTRY_FORMAT else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
