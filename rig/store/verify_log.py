"""Check the log: what was altered, cut, reordered or added, told by number.

Entries and checkpoints are read once and side by side, so that a log of any length needs no more
memory than a short one.
"""

import heapq
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, text

from ledcal.calibration.errors import RecordError
from ledcal.calibration.merkle import Frontier, leaf_hash
from ledcal.calibration.signed_note import note_holds, read_checkpoint, read_note
from ledcal.rig.store.log import ENTRY_FORMAT, LOG_KEY_NAME

_ENTRIES = (
    "SELECT number, kind, subject, entry, hash FROM log_entry LEFT JOIN tree_node "
    "ON level = 0 AND position = number {where} ORDER BY number"
)
_ALL = _ENTRIES.format(where="")
_FROM = _ENTRIES.format(where="WHERE number >= :first")
# Of the subtrees of more than one entry, in the order in which the entries complete them.
_SUBTREES = (
    "SELECT level, position, hash FROM tree_node WHERE level <> 0 "
    "ORDER BY (position + 1) << level, level"
)
_CHECKPOINTS = "SELECT size, note FROM checkpoint ORDER BY size"
_ROWS_AT_ONCE = 1000
# Canonical JSON sorts its members: what an entry says of itself stands behind its facts.
_TAIL_BEGIN = f',"format":"{ENTRY_FORMAT}","kind":"'.encode()
_TAIL = re.compile(
    re.escape(_TAIL_BEGIN)
    + rb'([^"\\]*)","station":"[^"\\]*","subject":"([^"\\]*)","who":"[^"\\]*"\}'
)
_NO_ENTRY = "was altered: it is no entry of a log"
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
    notes = heapq.merge(
        _kept(connection, findings), _brought(witnesses, findings), key=attrgetter("size")
    )
    signed = _Signed(_believed(notes, publics, holds, findings), findings)
    frontier, subtrees, tells = Frontier(), _Subtrees(connection), _Tails().tell
    signed.compare(frontier)
    for place, (number, kind, subject, entry, node) in enumerate(_rows(connection, _ALL)):
        content = entry if isinstance(entry, bytes) else _bytes(entry)
        leaf = leaf_hash(content)
        completed = frontier.append(leaf)
        if completed:
            subtrees.compare(completed, frontier.size)
        if number != place or node != leaf or not tells(content, kind, subject):
            findings.extend(_entry(place, number, kind, subject, entry, known=node == leaf))
        if frontier.size == signed.next_size:
            signed.compare(frontier)
    signed.end(frontier)
    findings.extend(_malformed(connection, signed.good))
    if not findings:
        # Where an entry was altered, nothing above it can be right.
        findings.extend(subtrees.end())
    return LogCheck(size=frontier.size, findings=tuple(findings))


@dataclass(frozen=True, slots=True)
class _Note:
    """A checkpoint as it was found."""

    size: int
    where: str
    note: str
    root: bytes
    kept: bool


class _Signed:
    """The checkpoints that are believed, each compared with the tree when that has its size.

    Attributes:
        next_size: Of the next one, -1 behind the last.
        good: Size of the largest one so far that is as it was signed.
    """

    def __init__(self, notes: Iterator[_Note], findings: list[LogFinding]) -> None:
        """Take checkpoints in the order of their size, and where findings belong."""
        self._notes = notes
        self._findings = findings
        self._rewritten = False
        self._kept_size = 0
        self.good = 0
        self._advance()

    def _advance(self) -> None:
        self._next = next(self._notes, None)
        self.next_size = -1 if self._next is None else self._next.size

    def compare(self, frontier: Frontier) -> None:
        """Compare those of this size; the first that differs is told, those behind it follow."""
        while self._next is not None and self._next.size == frontier.size:
            # Of one size, those that the store has kept come first.
            if self._next.kept:
                self._kept_size = frontier.size
            elif self._kept_size != frontier.size:
                self._tell(
                    f"the log has lost the checkpoint of {frontier.size} entries that stands here"
                )
            if frontier.root() == self._next.root:
                self.good = frontier.size
            elif not self._rewritten:
                self._rewritten = True
                self._tell(
                    f"the log's first {frontier.size} entries are not those that were signed: "
                    f"something from entry {self.good} on was altered, reordered, added or removed"
                )
            self._advance()

    def end(self, frontier: Frontier) -> None:
        """Tell of those that are larger than the whole log."""
        while self._next is not None:
            signed = self._next.size
            self._tell(f"the log was cut: {signed} entries were signed, {frontier.size} are there")
            self._advance()

    def _tell(self, words: str) -> None:
        assert self._next is not None
        self._findings.append(LogFinding(where=self._next.where, text=words))


def _rows(connection: Connection, statement: str, **values: int) -> Iterator[Any]:
    """Return rows as they come, a thousand at a time: no database may send them all at once."""
    at_once = {"yield_per": _ROWS_AT_ONCE}
    # What is not read to its end is closed with this, and not left to the database.
    with connection.execute(text(statement), values, execution_options=at_once) as rows:
        yield from rows


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
            if entry.endswith(seen[0] + subject.encode(errors="surrogatepass") + seen[1]):
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
    for number, kind, subject, entry, _ in _rows(connection, _FROM, first=first):
        if isinstance(entry, bytes | memoryview):
            content = bytes(entry)
            if _says(content) is None and tells(content, kind, subject):
                yield LogFinding(where=f"entry {number}", text=_NO_ENTRY)


class _Subtrees:
    """The roots of whole subtrees that the store has, from which the next proofs would be made."""

    def __init__(self, connection: Connection) -> None:
        """Begin to read them."""
        self._rows = _rows(connection, _SUBTREES)
        self._altered: str | None = None

    def compare(self, completed: Sequence[bytes], size: int) -> None:
        """Compare those that the last of so many entries completes; the first other is told."""
        if self._altered is not None:
            return
        for level, node in enumerate(completed, start=1):
            position = (size >> level) - 1
            row = next(self._rows, None)
            if row is None or row[2] != node or row[0] != level or row[1] != position:
                self._altered = f"level {level}, position {position}"
                return

    def end(self) -> Iterator[LogFinding]:
        """Tell of the first that is not that of the entries, is missing, or is one too many."""
        more = None if self._altered else next(self._rows, None)
        if more is not None:
            self._altered = f"level {more[0]}, position {more[1]}"
        if self._altered is not None:
            yield LogFinding(
                where=f"tree of the log, {self._altered}",
                text="was altered: it does not follow from the entries",
            )


def _says(entry: bytes) -> tuple[Any, Any] | None:
    """Return kind and subject that an entry states, None when it is no entry."""
    try:
        said = json.loads(entry)
        return (said["kind"], said["subject"]) if said["format"] == ENTRY_FORMAT else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _kept(connection: Connection, findings: list[LogFinding]) -> Iterator[_Note]:
    """Return the checkpoints that the store has, smallest first."""
    for size, note in _rows(connection, _CHECKPOINTS):
        found = _read(f"checkpoint {size}", note, findings, kept=True)
        if found is not None and found.size == size:
            yield found
        elif found is not None:
            words = f"says that it is of {found.size} entries"
            findings.append(LogFinding(where=found.where, text=words))


def _brought(witnesses: Mapping[str, str], findings: list[LogFinding]) -> list[_Note]:
    """Return the checkpoints that somebody else has kept, smallest first."""
    found = (_read(where, note, findings, kept=False) for where, note in witnesses.items())
    return sorted((one for one in found if one is not None), key=attrgetter("size"))


def _read(where: str, note: Any, findings: list[LogFinding], *, kept: bool) -> _Note | None:
    try:
        said = read_checkpoint(read_note(note)[0])
    except (RecordError, AttributeError, TypeError) as error:
        findings.append(LogFinding(where=where, text=f"is damaged: {error}"))
        return None
    return _Note(said.size, where, note, said.root, kept)


def _believed(
    notes: Iterator[_Note],
    publics: Mapping[str, bytes],
    holds: Holds,
    findings: list[LogFinding],
) -> Iterator[_Note]:
    """Leave out the checkpoints that nobody known here has signed."""
    # A run's proof brings the same note as the store has: its signature is checked once.
    last, believed = "", False
    for one in notes:
        if one.note != last:
            last = one.note
            believed = any(note_holds(last, LOG_KEY_NAME, key, holds) for key in publics.values())
        if believed:
            yield one
        else:
            words = "was altered, or is signed with a key that is not known here"
            findings.append(LogFinding(where=one.where, text=words))
