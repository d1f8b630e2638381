"""One exchange with an instrument at a time, and the way back after one that failed.

One query is outstanding at a time; every wait has a deadline; after a failure nothing that comes
late is taken for the next answer; what goes over the wire is in the transcript, byte for byte.
"""

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from ledcal.instruments.clock import Clock
from ledcal.instruments.errors import (
    LinkLost,
    LinkTimeout,
    ReplyError,
    WrongInstrument,
)
from ledcal.instruments.transcript import Transcript

FIXED_WAIT_S = 2.0
"""Wall time that every instrument has to answer, beside what the command itself takes. [s]"""
_REOPEN_EVERY_S = 0.1  # wall time
_MARGIN = 1.5  # on the time that a command takes by the manual
_LONGEST_LINE = 65536


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


class Exchange(ABC):
    """What lies under a dialogue: one exchange at a time, in step; threads may share it.

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
        self._unanswered = 0  # identity queries that were sent and may still be answered
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
            self._await_late_answers()
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
        self._ask_identity()
        try:
            while not (line := self._read_line()).endswith(known):
                last = line
            self._unanswered -= 1
            return
        except LinkTimeout:
            if not last:
                raise
        # Asked again, what says the same twice says who it is.
        self._ask_identity()
        line = self._read_line()
        if line.endswith(known):
            self._unanswered -= 1
            return
        found = line.removesuffix(self._end).decode("ascii", "backslashreplace")
        if line != last:
            raise ReplyError(
                f"{self}: answer to {self._command}: {found!r}; it was {self.identity!r}"
            )
        raise WrongInstrument(
            str(self), self.identity, found, "connect the one that was there before"
        )

    def _ask_identity(self) -> None:
        self._send(self._framing.identity_query, 0.0)
        self._unanswered += 1

    def _await_late_answers(self) -> None:
        """Wait for the answers to the identity queries before, as long as the last may take.

        An instrument that stood still answers all of them, not always without a pause between.
        """
        known = self.identity.encode("ascii") + self._end
        with suppress(LinkTimeout):
            while self._unanswered > 0:
                if self._read_line().endswith(known):
                    self._unanswered -= 1
        self._unanswered = 0

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
