"""Check the log's checkpoints: by whom they are signed, and what tree they were signed for.

A signature costs ten times what all else about its entry costs, and a station signs with each
entry. No signature is left out: they are spread over the machine's processors.
"""

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection

from ledcal.calibration.errors import RecordError
from ledcal.calibration.signed_note import NoteSignature, key_hash, read_checkpoint, read_note
from ledcal.rig.store.log import LOG_KEY_NAME
from ledcal.rig.store.log_finding import LogFinding
from ledcal.rig.store.rows import batches
from ledcal.rig.store.spread import AT_ONCE, spread

Holds = Callable[[bytes, bytes, bytes], bool]
_CHECKPOINTS = "SELECT size, note FROM checkpoint ORDER BY size"


@dataclass(frozen=True, slots=True)
class Note:
    """A checkpoint as it was found.

    Attributes:
        size: How many entries were signed.
        where: Where it stands.
        note: All of it.
        text: What is signed.
        signatures: Below the text.
        root: Of the tree.
        kept: Whether the store has it.
    """

    size: int
    where: str
    note: str
    text: bytes
    signatures: Sequence[NoteSignature]
    root: bytes
    kept: bool


def believed_checkpoints(
    connection: Connection,
    publics: Mapping[str, bytes],
    holds: Holds,
    witnesses: Mapping[str, str],
    findings: list[LogFinding],
) -> Iterator[Note]:
    """Return the checkpoints of the store and of the witnesses that a known key signed.

    Args:
        connection: Of `Store.reading`.
        publics: Public keys whose checkpoints are believed, by key id.
        holds: Takes public key, signature and message; called in several threads at once.
        witnesses: Checkpoints that were kept outside the store, by where they were found.
        findings: Where it is told what is wrong with the others.

    Returns:
        Smallest first; of one size, those that the store has come first.
    """
    kept, brought = _kept(connection, findings), _brought(witnesses, findings)
    keys = [(key_hash(LOG_KEY_NAME, one), one) for one in publics.values()]

    def check(notes: Sequence[Note]) -> list[bool]:
        told: list[bool] = []
        for last, one in zip([None, *notes], notes, strict=False):
            # A run's proof brings the same note as the store has: its signature is checked once.
            same = last is not None and one.note == last.note
            told.append(told[-1] if same else _signed(one, keys, holds))
        return told

    for one, believed in spread(heapq.merge(kept, brought, key=attrgetter("size")), check):
        if believed:
            yield one
        else:
            words = "was altered, or is signed with a key that is not known here"
            findings.append(LogFinding(where=one.where, text=words))


def _signed(note: Note, keys: Sequence[tuple[bytes, bytes]], holds: Holds) -> bool:
    return any(
        holds(public, one.signature, note.text)
        for one in note.signatures
        for known, public in keys
        if (one.name, one.key_hash) == (LOG_KEY_NAME, known)
    )


def _kept(connection: Connection, findings: list[LogFinding]) -> Iterator[Note]:
    """Return the checkpoints that the store has, smallest first."""
    for rows in batches(connection, _CHECKPOINTS, AT_ONCE):
        for size, note in rows:
            found = _read(f"checkpoint {size}", note, findings, kept=True)
            if found is not None and found.size == size:
                yield found
            elif found is not None:
                words = f"says that it is of {found.size} entries"
                findings.append(LogFinding(where=found.where, text=words))


def _brought(witnesses: Mapping[str, str], findings: list[LogFinding]) -> list[Note]:
    """Return the checkpoints that somebody else has kept, smallest first."""
    found = (_read(where, note, findings, kept=False) for where, note in witnesses.items())
    return sorted((one for one in found if one is not None), key=attrgetter("size"))


def _read(where: str, note: Any, findings: list[LogFinding], *, kept: bool) -> Note | None:
    try:
        text, signatures = read_note(note)
        said = read_checkpoint(text)
        signed = text.encode()
    except (RecordError, AttributeError, TypeError, UnicodeEncodeError) as error:
        findings.append(LogFinding(where=where, text=f"is damaged: {error}"))
        return None
    return Note(said.size, where, note, signed, signatures, said.root, kept)


class Signed:
    """The checkpoints that are believed, each compared with the tree when that has its size.

    Attributes:
        next_size: Of the next one, -1 behind the last.
        good: Size of the largest one so far that is as it was signed.
    """

    def __init__(self, notes: Iterator[Note], findings: list[LogFinding]) -> None:
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

    def compare(self, size: int, root: bytes) -> None:
        """Compare those of this size; the first that differs is told, those behind it follow."""
        while self._next is not None and self._next.size == size:
            # Of one size, those that the store has kept come first.
            if self._next.kept:
                self._kept_size = size
            elif self._kept_size != size:
                self._tell(f"the log has lost the checkpoint of {size} entries that stands here")
            if root == self._next.root:
                self.good = size
            elif not self._rewritten:
                self._rewritten = True
                self._tell(
                    f"the log's first {size} entries are not those that were signed: "
                    f"something from entry {self.good} on was altered, reordered, added or removed"
                )
            self._advance()

    def end(self, size: int) -> None:
        """Tell of those that are larger than the whole log, which has this size."""
        while self._next is not None:
            signed = self._next.size
            self._tell(f"the log was cut: {signed} entries were signed, {size} are there")
            self._advance()

    def _tell(self, words: str) -> None:
        assert self._next is not None
        self._findings.append(LogFinding(where=self._next.where, text=words))
