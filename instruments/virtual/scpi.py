"""SCPI dialect core of the virtual instruments: error queue, status, IEEE 488.2 commands.

An instrument is a table from header patterns to methods; what a maker does differently (signs,
queue depth, texts) is a class attribute. Sources: SCPI-1999 volume 1 and IEEE 488.2.
"""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable, Mapping

from ledcal.instruments.virtual.scpi_grammar import (
    TEXTS,
    Call,
    ScpiError,
    error_text,
    header_pattern,
    split_block,
    split_outside,
)

_BARE = frozenset(
    ("*IDN?", "*CLS", "*ESE?", "*ESR?", "*SRE?", "*STB?", "*OPC", "*OPC?", "*WAI", "*TST?", "*TRG")
)
"""Common commands without a parameter (IEEE 488.2, 10)."""
LONGEST_SUFFIX = 9
"""Digits of a header's numeric suffix; an endless one is no header that an instrument knows."""

Reply = str | bytes | None
Handler = Callable[[Call], Reply | Awaitable[Reply]]


class ErrorQueue:
    """First in, first out; the last place of a full queue becomes -350."""

    def __init__(self, depth: int) -> None:
        """Start empty."""
        self._depth = depth
        self._entries: deque[tuple[int, str]] = deque()

    def __len__(self) -> int:
        """Return the number of entries."""
        return len(self._entries)

    def push(self, code: int, detail: str = "") -> None:
        """Append an error."""
        if len(self._entries) >= self._depth:
            self._entries[-1] = (-350, TEXTS[-350])
            return
        self._entries.append((code, error_text(code, detail)))

    def pop(self) -> tuple[int, str]:
        """Take the oldest error, or (0, "No error")."""
        return self._entries.popleft() if self._entries else (0, TEXTS[0])

    def clear(self) -> None:
        """Drop all entries."""
        self._entries.clear()


class ScpiInstrument(ABC):
    """Message in, reply out; subclasses add their table in `commands`."""

    queue_depth = 20
    signed = False
    """Replies of whole numbers carry a plus sign (Keysight) or not (Thorlabs)."""

    def __init__(self) -> None:
        """Power on: bit 7 of the event status register is set (IEEE 488.2, 11.5.1.1.4)."""
        self.errors = ErrorQueue(self.queue_depth)
        self.event_status = 0x80
        self.event_enable = 0
        self.service_enable = 0
        self._answered = False
        table: dict[str, Handler] = {
            "*IDN?": lambda _: self.identity(),
            "*CLS": self._clear_status,
            "*ESR?": self._read_event_status,
            "*ESE": self._set_event_enable,
            "*ESE?": lambda _: self.integer(self.event_enable),
            "*SRE": self._set_service_enable,
            "*SRE?": lambda _: self.integer(self.service_enable),
            "*STB?": lambda _: self.integer(self.status_byte()),
            "*OPC": self._operation_complete,
            "*OPC?": lambda _: "1",
            "*WAI": lambda _: None,
            "SYSTem:ERRor[:NEXT]?": self._next_error,
        }
        self._handlers = table | dict(self.commands())
        self._table = [
            (header_pattern(header), self._handlers[header]) for header in self._handlers
        ]

    @abstractmethod
    def identity(self) -> str:
        """Return the answer to *IDN?: maker, model, serial, firmware."""

    @abstractmethod
    def commands(self) -> Mapping[str, Handler]:
        """Return the instrument's own table."""

    def switch_on(self) -> None:
        """Start after power has failed; a maker's own settings are started by its class."""
        self.errors.clear()
        self.event_status = 0x80
        self.event_enable = self.service_enable = 0

    def headers(self) -> list[str]:
        """Return every header that the instrument knows."""
        return list(self._handlers)

    def integer(self, value: int) -> str:
        """Write a whole number in the maker's way."""
        return f"{value:+d}" if self.signed else str(value)

    def status_byte(self) -> int:
        """Return the status byte: bit 2 error queue, 4 message available, 5 events, 6 service."""
        byte = 0x04 if len(self.errors) else 0
        byte |= 0x10 if self._answered else 0
        byte |= 0x20 if self.event_status & self.event_enable else 0
        byte |= self.summary_bits()
        return byte | (0x40 if byte & self.service_enable & ~0x40 else 0)

    def summary_bits(self) -> int:
        """Return what the maker's own registers add to the status byte."""
        return 0

    def clear_registers(self) -> None:  # noqa: B027 - most makers have none
        """Clear what *CLS clears beside the error queue and the event status register."""

    def report(self, code: int, detail: str = "") -> None:
        """Put an error into the queue and set its class's bit (IEEE 488.2, 11.5.1.1)."""
        self.errors.push(code, detail)
        if -200 < code <= -100:
            self.event_status |= 0x20
        elif -300 < code <= -200:
            self.event_status |= 0x10
        elif -400 < code <= -300 or code > 0:
            # A positive number is the instrument's own (SCPI-1999 volume 2, 21.8.2).
            self.event_status |= 0x08
        else:
            self.event_status |= 0x04

    async def execute(self, message: bytes) -> bytes | None:
        """Execute one program message; return its reply without terminator, or None."""
        text, block = split_block(message)
        if not text.isascii():
            # SCPI-1999 volume 2, 21.8.9: -101, a character that no program message has.
            self.report(-101)
            return None
        replies: list[bytes] = []
        path = ""
        for unit in split_outside(text, ";"):
            unit = unit.strip()
            if not unit:
                continue
            header, *more = unit.split(maxsplit=1)
            if not header.startswith("*"):
                # A header continues the path of the one before it; a colon returns to the root.
                header = header[1:] if header.startswith(":") else path + header
                path = header[: header.rfind(":") + 1]
            # Message available: an answer of this message waits to be sent (488.2, 11.2.1.2).
            self._answered = bool(replies)
            reply = await self._program_unit(header, "".join(more), block)
            if reply is not None:
                replies.append(reply.encode("ascii") if isinstance(reply, str) else reply)
        self._answered = False
        return b";".join(replies) if replies else None

    async def _program_unit(
        self, header: str, rest: str, block: bytes | None
    ) -> str | bytes | None:
        for pattern, handler in self._table:
            match = pattern.fullmatch(header)
            if match is None:
                continue
            digits = match.groups("")
            if any(len(text) > LONGEST_SUFFIX for text in digits):
                break
            suffixes = tuple(int(text) if text else 1 for text in digits)
            arguments = tuple(part.strip() for part in split_outside(rest, ",")) if rest else ()
            try:
                if arguments and header.upper() in _BARE:
                    raise ScpiError(-108)
                reply = handler(Call(arguments, suffixes, block))
                return await reply if isinstance(reply, Awaitable) else reply
            except ScpiError as error:
                self.report(error.code, error.detail)
                return None
        self.report(-113)
        return None

    def _clear_status(self, _: Call) -> None:
        self.errors.clear()
        self.event_status = 0
        self.clear_registers()

    def _read_event_status(self, _: Call) -> str:
        value, self.event_status = self.event_status, 0
        return self.integer(value)

    def _set_event_enable(self, call: Call) -> None:
        self.event_enable = _register(call)

    def _set_service_enable(self, call: Call) -> None:
        self.service_enable = _register(call)

    def _operation_complete(self, _: Call) -> None:
        self.event_status |= 0x01

    def _next_error(self, _: Call) -> str:
        code, text = self.errors.pop()
        return f'{self.integer(code)},"{text}"'


def _register(call: Call) -> int:
    # "Rounded to an integer" (IEEE 488.2, 10.10.2 and 10.34.2).
    value = round(call.number())
    if not 0 <= value <= 255:
        raise ScpiError(-222)
    return value
