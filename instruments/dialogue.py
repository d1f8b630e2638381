"""How one speaks with an instrument, whatever carries the bytes."""

from collections.abc import Callable
from typing import TypeVar

from ledcal.instruments.errors import DeviceError, ReplyError
from ledcal.instruments.exchange import Exchange, Framing
from ledcal.instruments.reply import code_and_text

__all__ = ["Dialogue", "Framing"]

_DEEPEST_QUEUE = 64
_IDENTIFY_ATTEMPTS = 3
_T = TypeVar("_T")


class Dialogue(Exchange):
    """Commands, queries, blocks and the error queue of one instrument; threads may share it."""

    def identify(self) -> str:
        """Ask who the instrument is and keep the answer, by which it is known after a failure.

        Raises:
            LinkLost: The instrument cannot be reached.
            LinkTimeout: It does not answer.
            ReplyError: What it says does not come to an end, or is empty.
        """
        with self._lock:
            for _ in range(_IDENTIFY_ATTEMPTS):
                self.identity = self.query(self._framing.identity_query)
                # More after the answer: the line was one that a program before us had asked for.
                if not self._discard():
                    break
            else:
                raise ReplyError(f"{self}: sends without being asked; restart the instrument")
        if not self.identity:
            raise ReplyError(f"{self}: an empty answer to {self._framing.identity_query}")
        return self.identity

    def query(self, command: str, *, takes_s: float = 0.0) -> str:
        """Send a query and return the line that it answers, without its end.

        Args:
            command: The query.
            takes_s: How long the instrument works on it, in time of the bench. [s]

        Raises:
            LinkTimeout: No answer, or only a part of it, in time.
            LinkLost: The instrument cannot be reached any more.
        """
        with self.exchange(command, takes_s=takes_s):
            return self.read_line()

    def query_as(self, parse: Callable[[str], _T], command: str, *, takes_s: float = 0.0) -> _T:
        """Send a query and return its answer as `parse` reads it.

        Raises:
            ReplyError: `parse` refused it with a ValueError; otherwise as `query`.
        """
        with self.exchange(command, takes_s=takes_s):
            reply = self.read_line()
            try:
                return parse(reply)
            except ValueError as error:
                raise ReplyError(f"{self}: answer to {command}: {error}") from None

    def query_block(self, command: str, *, takes_s: float = 0.0) -> bytes:
        """Send a query and return the definite length block that it answers (488.2, 8.7.9).

        Raises:
            ReplyError: The answer is no definite length block; otherwise as `query`.
        """
        with self.exchange(command, takes_s=takes_s):
            start = self.read_bytes(2)
            if start[:1] != b"#" or start[1:] not in b"123456789":
                raise ReplyError(f"{self}: answer to {command}: expected a block, got {start!r}")
            length = self.read_bytes(int(start[1:]))
            if not length.isdigit():
                raise ReplyError(f"{self}: answer to {command}: block of length {length!r}")
            payload = self.read_bytes(int(length))
            rest = self.read_line()
            if rest:
                raise ReplyError(f"{self}: answer to {command}: {rest!r} after the block")
            return payload

    def write(self, command: str, *, takes_s: float = 0.0) -> None:
        """Send a setting, then ask the error queue whether the instrument took it.

        Raises:
            DeviceError: The error queue was not empty; it is now.
        """
        with self._lock:
            with self.exchange(command, takes_s=takes_s):
                pass
            self.check_errors(command, takes_s=takes_s)

    def write_block(self, header: str, payload: bytes, *, takes_s: float = 0.0) -> None:
        """Send a setting with a definite length block (488.2, 7.7.6), then as `write`."""
        length = str(len(payload))
        message = f"{header} #{len(length)}{length}".encode("ascii") + payload
        with self._lock:
            with self.exchange(message, takes_s=takes_s):
                pass
            self.check_errors(header, takes_s=takes_s)

    def check_errors(self, command: str, *, takes_s: float = 0.0) -> None:
        """Empty the error queue.

        Raises:
            DeviceError: It held something; `command` is what had been sent last.
        """
        query = self._framing.error_query
        if query is None:
            return
        entries: list[tuple[int, str]] = []
        with self._lock:
            while (entry := self.query_as(code_and_text, query, takes_s=takes_s))[0] != 0:
                entries.append(entry)
                if len(entries) > _DEEPEST_QUEUE:
                    raise ReplyError(f"{self}: the error queue has no end: {entry}")
        if entries:
            raise DeviceError(str(self), command, tuple(entries))
