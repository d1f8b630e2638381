"""The journal of a run: every fact is one appended, durable line; all else is a view of it."""

import contextlib
import json
import math
import os
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from ledcal.calibration.errors import RecordError
from ledcal.rig.errors import StationError

JOURNAL = "journal.jsonl"
_LARGEST_INTEGER = 2**53 - 1


class Journal:
    """An append-only file of JSON events, one a line, numbered from 1, on disk before the next.

    Raises:
        StationError: The disk refuses a write; nothing can pass that is not kept.
    """

    def __init__(self, path: Path, *, first: int) -> None:
        """Open the file for appending; `first` is the number of the next event."""
        self.path = path
        self._next = first
        self._lock = threading.Lock()
        try:
            self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        except OSError as error:
            raise StationError("DISK", f"{path}: cannot be made: {error.strerror}") from error

    @classmethod
    def create(cls, folder: Path) -> Self:
        """Start the journal of a new run."""
        return cls(folder / JOURNAL, first=1)

    @classmethod
    def reopen(cls, folder: Path) -> Self:
        """Go on with the journal of a run that was cut off; a torn last line is cut away."""
        path = folder / JOURNAL
        whole, events = _split(path)
        try:
            os.truncate(path, whole)
        except OSError as error:
            raise StationError("DISK", f"{path}: cannot be cut: {error.strerror}") from error
        return cls(path, first=len(events) + 1)

    def append(self, event: str, facts: Mapping[str, Any]) -> None:
        """Write one event and wait until the disk has it."""
        with self._lock:
            head = {"n": self._next, "at": datetime.now(UTC).isoformat(), "event": event}
            line = json.dumps(head | _storable(facts), allow_nan=False, ensure_ascii=False)
            try:
                self._write(line.encode() + b"\n")
            except OSError as error:
                raise StationError(
                    "DISK", f"{self.path}: cannot be written: {error.strerror}; make room"
                ) from error
            self._next += 1

    def _write(self, line: bytes) -> None:
        """Write the line whole or not at all: a full disk takes a part of it first."""
        before = os.fstat(self._fd).st_size
        try:
            rest = line
            while rest:
                rest = rest[os.write(self._fd, rest) :]
            os.fdatasync(self._fd)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._fd, before)
            raise

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)


def read_journal(folder: Path) -> list[dict[str, Any]]:
    """Return the events of a run's journal; a last line that was cut off is left out.

    Raises:
        RecordError: There is no journal, or a line other than the last is damaged.
    """
    return _split(folder / JOURNAL)[1]


def _split(path: Path) -> tuple[int, list[dict[str, Any]]]:
    """Return the length of the whole lines in bytes, and their events."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RecordError(f"{path}: cannot be read: {error.strerror}") from error
    whole = content.rfind(b"\n") + 1
    events = []
    # Only a newline ends an event: text within one may hold other line separators.
    for number, line in enumerate(content[:whole].split(b"\n")[:-1], start=1):
        try:
            event = parse_event(line)
        except ValueError as error:
            raise RecordError(f"{path}:{number}: is damaged: {error}") from error
        if event.get("n") != number:
            raise RecordError(f"{path}:{number}: is not event {number}")
        events.append(event)
    return whole, events


def parse_event(line: bytes) -> dict[str, Any]:
    """Return the event on one line of a journal.

    Raises:
        ValueError: The line is no JSON object.
    """
    try:
        event = json.loads(line)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(event, dict):
        raise ValueError("it is no JSON object")
    return event


def _storable(value: Any) -> Any:
    """Return the value as the record can keep it (RFC 8785).

    NaN and infinity are no numbers in JSON and become null. Half a surrogate pair, as Python reads
    an argument that is no UTF-8, is no text there and becomes its escape. An integer that a
    double cannot hold, as a panel out of its mind may send, becomes its digits.
    """
    if isinstance(value, int) and abs(value) > _LARGEST_INTEGER:
        return str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, Mapping):
        return {_storable(str(key)): _storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(item) for item in value]
    return value
