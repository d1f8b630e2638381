"""The journal of a run: every fact is one appended, durable line; all else is a view of it."""

import contextlib
import errno
import json
import math
import os
import tempfile
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from ledcal.calibration.errors import RecordError
from ledcal.rig.errors import StationError

JOURNAL = "journal.jsonl"
ROOM = ".room"
ROOM_BYTES = 64 * 1024
"""Kept free for the end of a run: given up when the disk is full. [bytes]"""
ENDS = ("run_finished", "visit_finished")
_LARGEST_INTEGER = 2**53 - 1


class Journal:
    """An append-only file of JSON events, one a line, numbered from 1, on disk before the next.

    A disk that refuses is told once, by an error, so that nothing can pass that is not kept. The
    events after that are how the run ended: they go into room that was kept for them, or to a
    local file (`local_file`) when the folder takes nothing more.

    Raises:
        StationError: The disk refuses.
    """

    def __init__(self, path: Path, *, first: int) -> None:
        """Open the file for appending; `first` is the number of the next event."""
        self.path = path
        self._lock = threading.Lock()
        self._refused = False
        self._beside: int | None = None
        try:
            self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        except OSError as error:
            raise StationError("DISK", f"{path}: cannot be made: {error.strerror}") from error
        # Number of the next event, and length of the file up to it: one value, so that an
        # interrupt leaves neither without the other.
        self._state = (first, os.fstat(self._fd).st_size)

    @classmethod
    def create(cls, folder: Path) -> Self:
        """Start the journal of a new run, and keep room for its end."""
        journal = cls(folder / JOURNAL, first=1)
        try:
            with (folder / ROOM).open("wb") as room:
                room.write(bytes(ROOM_BYTES))
                room.flush()
                os.fsync(room.fileno())
        except OSError as error:
            journal.close()
            raise StationError(
                "DISK", f"{folder}: takes no run: {error.strerror}; make room"
            ) from error
        return journal

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
        """Write one event and wait until the disk has it.

        Raises:
            StationError: The disk refuses for the first time; the event is kept where that was
                possible, but for the run's end, which was then another one.
        """
        with self._lock:
            with contextlib.suppress(OSError):  # the write that follows tells it
                self._settle()
            head = {"n": self._state[0], "at": datetime.now(UTC).isoformat(), "event": event}
            said = json.dumps(head | _storable(facts), allow_nan=False, ensure_ascii=False)
            line = said.encode() + b"\n"
            try:
                self._write(line)
            except OSError as error:
                first, self._refused = not self._refused, True
                if not first or event not in ENDS:
                    self._keep(line)
                if first:
                    raise StationError(
                        "DISK",
                        f"{self.path}: cannot be written: {error.strerror}; make room or restore "
                        "the folder, then calibrate the panel again",
                    ) from error
            else:
                self._state = (self._state[0] + 1, os.fstat(self._fd).st_size)

    def _settle(self) -> None:
        """Count the line behind which an interrupt of the run struck, or cut off a part of one."""
        number, end = self._state
        if os.fstat(self._fd).st_size <= end:
            return
        with self.path.open("rb") as file:
            file.seek(end)
            gained = file.read()
        whole = gained.rfind(b"\n") + 1
        if whole < len(gained):
            os.ftruncate(self._fd, end + whole)
        self._state = (number + gained.count(b"\n"), end + whole)

    def take_in(self, lines: bytes) -> None:
        """Append the lines of events that are whole, and come next.

        Raises:
            OSError: The disk refuses.
        """
        with self._lock:
            self._write(lines)

    def _keep(self, line: bytes) -> None:
        """Keep what the disk refused: in the room that was kept for it, or in a local file."""
        with contextlib.suppress(OSError):
            (self.path.parent / ROOM).unlink()
            self._write(line)
            return
        with contextlib.suppress(OSError):
            if self._beside is None:
                flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL
                self._beside = os.open(local_file(self.path.parent), flags, 0o600)
            os.write(self._beside, line)
            self._state = (self._state[0] + 1, self._state[1])

    def _write(self, line: bytes) -> None:
        """Write the line whole or not at all: a full disk takes a part of it first."""
        if self._beside is not None:
            raise OSError(errno.EIO, "the events before went to a local file")
        # A share that is gone, or another in its place, takes no bytes that are found again.
        if os.stat(self.path).st_ino != (own := os.fstat(self._fd)).st_ino:
            raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))
        before = own.st_size
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
        """Close the file and give up the room that was kept."""
        os.close(self._fd)
        if self._beside is not None:
            os.close(self._beside)
        with contextlib.suppress(OSError):
            (self.path.parent / ROOM).unlink()


def local_file(folder: Path) -> Path:
    """Return the local file for events that a run's folder refused."""
    return Path(tempfile.gettempdir()) / f"ledcal-{folder.name}.jsonl"


def take_in_local_file(folder: Path) -> None:
    """Append the events of the local file to the journal that they belong to, then remove it.

    Raises:
        StationError: The disk still refuses; the local file stays.
    """
    path = local_file(folder)
    try:
        lines = path.read_bytes()
    except OSError:
        return
    _, events = _split(folder / JOURNAL)
    if lines.startswith(b'{"n": %d,' % (len(events) + 1)):
        journal = Journal.reopen(folder)
        try:
            journal.take_in(lines)
        except OSError as error:
            raise StationError(
                "DISK",
                f"{journal.path}: cannot be written: {error.strerror}; the end of the run is in "
                f"{path}",
            ) from error
        finally:
            journal.close()
    path.unlink()


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
