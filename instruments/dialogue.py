"""How one speaks with an instrument, whatever carries the bytes.

One query is outstanding at a time; every wait has a deadline; after a failure nothing that comes
late is taken for the next answer; what goes over the wire is in the transcript, byte for byte.
"""

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from ledcal.instruments.clock import Clock
from ledcal.instruments.errors import (
    DeviceError,
    LinkLost,
    LinkTimeout,
    ReplyError,
    WrongInstrument,
)
from ledcal.instruments.reply import code_and_text
from ledcal.instruments.transcript import Transcript

FIXED_WAIT_S = 2.0
"""Wall time that every instrument has to answer, beside what the command itself takes. [s]"""
_REOPEN_EVERY_S = 0.1  # wall time
_MARGIN = 1.5  # on the time that a command takes by the manual
_LONGEST_LINE = 65536
_DEEPEST_QUEUE = 64
_IDENTIFY_ATTEMPTS = 3
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Framing:
    """How an instrument's messages begin and end.

    Attributes:
        read_termination: Ends a line of an answer.
        write_termination: Ends a command.
        baud: Bits per second on a serial line, 8N1; None where there is no serial line.
        identity_query: Asked at open, and to find the way back after a failure.
        error_query: Asked after each setting until the error queue is empty; None without one.
        abort: Sent at open and after a failure, before the identity is asked.
    """

    read_termination: str = "\n"
    write_termination: str = "\n"
    baud: int | None = None
    identity_query: str = "*IDN?"
    error_query: str | None = "SYST:ERR?"
    abort: bytes = b""


class Dialogue(ABC):
    """Commands, queries, blocks and the error queue of one instrument; threads may share it.

    Attributes:
        name: The instrument in words, as its driver knows it by now.
        resource_name: Its VISA resource name.
        identity: Its answer to the identity query.
        clock: The clock of the rig.
        resume: Called each time the link has found its way back after a failure, when it is in
            step and before anything else is sent: the instrument may be another one by then, or
            may have been switched off and on. What it raises ends the exchange that was wanted.
    """

    def __init__(
        self, role: str, resource_name: str, framing: Framing, clock: Clock, transcript: Transcript
    ) -> None:
        """Note what is needed; the first exchange opens the link."""
        self.name = role
        self.resource_name = resource_name
        self.identity = ""
        self.clock = clock
        self.resume: Callable[[], None] = lambda: None
        self._role = role
        self._framing = framing
        self._transcript = transcript
        self._end = framing.read_termination.encode("ascii")
        self._lock = threading.RLock()
        self._in_step = False
        self._resuming = False
        self._deadline_s = 0.0
        self._allowed_s = 0.0
        self._command = "open"
        self._heard = bytearray()

    def __str__(self) -> str:
        """Return instrument and resource name, as messages begin."""
        return f"{self.name} at {self.resource_name}"

    @abstractmethod
    def close(self) -> None:
        """Close the link; a link that is used after that opens again."""

    @abstractmethod
    def _renew(self) -> None:
        """Open what carries the bytes, or open it afresh where late bytes can be left behind."""

    @abstractmethod
    def _transmit(self, octets: bytes) -> None:
        """Send all of the bytes."""

    @abstractmethod
    def _receive(self, count: int) -> bytes:
        """Return up to `count` bytes and add them to `_heard`.

        It returns early at the end of a line or of a message; LinkTimeout at `_deadline_s`.
        """

    @abstractmethod
    def _discard(self) -> bool:
        """Read for a moment what nobody asked for, and return whether anything came."""

    @abstractmethod
    def _is_quiet(self) -> bool:
        """Return whether the link is open and no byte waits that nobody asked for."""

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

    @contextmanager
    def exchange(self, command: str | bytes, *, takes_s: float = 0.0) -> Iterator[None]:
        """Send a command and keep the link for the answers that are read inside.

        Whatever leaves the body by an exception (an interrupt too) leaves the link out of step:
        the next exchange first makes sure that no late answer is taken for its own.
        """
        with self._lock:
            try:
                if not self._is_ready():
                    self._find_step()
                self._send(command, takes_s)
                yield
            except BaseException:
                self._in_step = False
                raise
            finally:
                self._write_down()

    def push(self, command: str) -> None:
        """Send a command with no regard to the state of the link and expect no answer.

        For the one command that makes a panel dark: it must not wait for a link in step.
        """
        with self._lock:
            self._send(command, 0.0)

    def read_line(self) -> str:
        """Return the next line of an answer, without its end; only inside `exchange`."""
        line = self._read_line()
        try:
            return line.removesuffix(self._end).decode("ascii")
        except UnicodeDecodeError:
            raise ReplyError(
                f"{self}: answer to {self._command}: not ASCII: {line!r}; check the baud rate "
                "and the cable"
            ) from None

    def read_bytes(self, count: int) -> bytes:
        """Return the next bytes of an answer, that many; only inside `exchange`."""
        octets = bytearray()
        while len(octets) < count:
            octets += self._receive(count - len(octets))
        return bytes(octets)

    def _read_line(self) -> bytes:
        line = self._receive(_LONGEST_LINE)
        if not line.endswith(self._end):
            raise ReplyError(f"{self}: answer to {self._command}: a line without an end")
        return line

    def _is_ready(self) -> bool:
        """Return whether the next line would be the answer to the next query.

        A connection that was dropped while nothing was asked has cost nothing but its opening:
        some instruments close one that is silent for half a minute.
        """
        try:
            return self._in_step and self._is_quiet()
        except LinkLost:
            return False

    def _find_step(self) -> None:
        """Come to a state in which the next line is the answer to the next query.

        An instrument answers in order. So what comes before its answer to the identity query is
        late, and after that answer nothing is outstanding. A connection that was there before is
        given a moment to come back.
        """
        self._in_step = False
        end_s = time.monotonic() + (FIXED_WAIT_S if self.identity else 0.0)
        while not self._in_step:
            try:
                self._meet()
                self._in_step = True
            except LinkLost:
                if time.monotonic() > end_s:
                    raise
                time.sleep(_REOPEN_EVERY_S)
        if not self._resuming:  # its own exchanges may lose step again
            self._resuming = True
            try:
                self.resume()
            finally:
                self._resuming = False

    def _meet(self) -> None:
        """Open what is not open, and leave late bytes behind."""
        self._renew()
        if self._framing.abort:
            self._transmit(self._framing.abort)
            self._transcript.record(self._role, "out", self._framing.abort)
            self._discard()
        if self.identity:
            self._recognise()
            self._discard()

    def _recognise(self) -> None:
        """Ask who the instrument is and read until it has said so.

        Raises:
            WrongInstrument: Another one answers.
            LinkTimeout: None answers.
            ReplyError: Neither this one nor another one can be made out.
        """
        # The end of a half answer may stand before it on the same line.
        known = self.identity.encode("ascii") + self._end
        last = b""
        self._send(self._framing.identity_query, 0.0)
        try:
            while not (line := self._read_line()).endswith(known):
                last = line
            return
        except LinkTimeout:
            if not last:
                raise
        # Asked again, what says the same twice says who it is.
        self._send(self._framing.identity_query, 0.0)
        line = self._read_line()
        if line.endswith(known):
            return
        found = line.removesuffix(self._end).decode("ascii", "backslashreplace")
        if line != last:
            raise ReplyError(
                f"{self}: answer to {self._command}: {found!r}; it was {self.identity!r}"
            )
        raise WrongInstrument(
            str(self), self.identity, found, "connect the one that was there before"
        )

    def _send(self, command: str | bytes, takes_s: float) -> None:
        octets = command.encode("ascii") if isinstance(command, str) else command
        self._command = octets.partition(b"#")[0].decode("ascii").strip()
        self._allowed_s = FIXED_WAIT_S + self.clock.wall_s(takes_s) * _MARGIN
        self._deadline_s = time.monotonic() + self._allowed_s
        self._write_down()
        message = octets + self._framing.write_termination.encode("ascii")
        self._transmit(message)
        self._transcript.record(self._role, "out", message)

    def _write_down(self) -> None:
        heard, self._heard = bytes(self._heard), bytearray()
        if heard:
            self._transcript.record(self._role, "in", heard)
