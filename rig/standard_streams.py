"""Standard input and outputs that the command line can rely on, whoever started it, however."""

import io
import os
import sys
from contextlib import suppress
from typing import Any, TextIO, cast


def hold_standard_streams() -> None:
    """Let a reader that goes away, or a stream that was closed at the start, disturb nothing.

    A file that is opened while standard input is closed gets its number, and the next child takes
    it for its input. And a verdict must not become another exit code because nobody reads it, or
    because the stream's encoding lacks one of its signs.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number: this one
    sys.stdout = _lasting(sys.stdout, 1)
    sys.stderr = _lasting(sys.stderr, 2)


def _lasting(stream: TextIO | None, number: int) -> TextIO:
    """Return the stream, able to lose its reader; Python has none for one that was closed."""
    whole = stream or io.TextIOWrapper(io.FileIO(number, "w"), encoding="utf-8")
    # A terminal that is not UTF-8 lacks the sign before PASS: its code stands there instead.
    if isinstance(whole, io.TextIOWrapper):
        whole.reconfigure(errors="backslashreplace")
    return cast(TextIO, LastingStream(whole))


class LastingStream:
    """A text stream that goes on when its reader is gone; what is written then is dropped."""

    def __init__(self, stream: TextIO) -> None:
        """Write to a stream that has a file descriptor."""
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        """Return what the stream itself has."""
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write; a reader that is gone is no error."""
        try:
            return self._stream.write(text)
        except OSError:
            self._drop()
            return len(text)

    def flush(self) -> None:
        """Flush; a reader that is gone is no error."""
        try:
            self._stream.flush()
        except OSError:
            self._drop()

    def _drop(self) -> None:
        """Put the null device in the reader's place, for what is buffered and all that follows."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        with suppress(OSError):
            os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)
