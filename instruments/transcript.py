"""The transcript: every byte to and from every instrument, with its time."""

import json
import threading
from pathlib import Path
from typing import Literal

from ledcal.instruments.clock import Clock


class Transcript:
    r"""An append-only file of JSON lines.

    Each line is an object with `at` (UTC, ISO 8601 with microseconds), `instrument` (its role),
    `dir` ("out" to the instrument, "in" from it) and `data`: the bytes as ASCII text in which
    every other byte, the control characters and the backslash are written as Python's
    `unicode_escape` does (`\n`, `\x06`, `\\`). Nothing is lost: the bytes are again
    `data.encode("ascii").decode("unicode_escape").encode("latin-1")`. The lines of one answer
    are one entry, with the time at which it was complete or given up.
    """

    def __init__(self, path: Path) -> None:
        """Open the file for appending; it is made when it does not exist.

        Raises:
            OSError: It cannot be made.
        """
        self.failure: str | None = None
        """Why the file is not whole: the disk refused. To be dark again matters more."""
        self._file = path.open("ab", buffering=0)
        self._lock = threading.Lock()

    def record(self, instrument: str, direction: Literal["out", "in"], octets: bytes) -> None:
        """Append one message and hand it to the operating system."""
        if self.failure is not None:
            return
        with self._lock:
            line = json.dumps(
                {
                    "at": Clock.utc().isoformat(timespec="microseconds"),
                    "instrument": instrument,
                    "dir": direction,
                    "data": octets.decode("latin-1").encode("unicode_escape").decode("ascii"),
                }
            )
            self._append(line.encode("ascii") + b"\n")

    def _append(self, line: bytes) -> None:
        """Write a line; an exchange that makes a panel dark must not fail by the disk."""
        try:
            while line:
                line = line[self._file.write(line) or 0 :]
        except OSError as error:
            self.failure = f"{self._file.name}: cannot be written: {error.strerror}"

    def close(self) -> None:
        """Close the file; to record after that is an error."""
        with self._lock:
            self._file.close()
