"""SCPI dialect core of the virtual instruments: headers, error queue, status, IEEE 488.2 commands.

Grammar: SCPI-1999 volume 1 and IEEE 488.2. An instrument is a table from header patterns to
methods; what a maker does differently (signs, queue depth, texts) is a class attribute.
"""

import re
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

TEXTS = {
    0: "No error",
    -104: "Data type error",
    -108: "Parameter not allowed",
    -109: "Missing parameter",
    -113: "Undefined header",
    -114: "Header suffix out of range",
    -161: "Invalid block data",
    -221: "Settings conflict",
    -222: "Data out of range",
    -223: "Too much data",
    -224: "Illegal parameter value",
    -230: "Data corrupt or stale",
    -240: "Hardware error",
    -310: "System error",
    -340: "Calibration failed",
    -350: "Queue overflow",
}


class ScpiError(Exception):
    """A command that the instrument refuses; goes into its error queue.

    Attributes:
        code: SCPI error number.
        detail: Device-dependent text after the standard one, or nothing.
    """

    def __init__(self, code: int, detail: str = "") -> None:
        """Keep number and detail."""
        super().__init__(error_text(code, detail))
        self.code = code
        self.detail = detail


def error_text(code: int, detail: str = "") -> str:
    """Return the text of an error: the standard's, then `; detail` (SCPI-1999 vol 1, 21.8.2)."""
    return TEXTS[code] + (f"; {detail}" if detail else "")


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


@dataclass(frozen=True, slots=True)
class Call:
    """One matched program unit.

    Attributes:
        arguments: Text parameters, split at the commas outside quotes, blocks and lists.
        suffixes: Numeric suffixes of the header in order, 1 where none was sent.
        block: Bytes of an IEEE 488.2 definite block, where the message had one.
    """

    arguments: tuple[str, ...]
    suffixes: tuple[int, ...]
    block: bytes | None = None

    def only(self) -> str:
        """Return the only argument.

        Raises:
            ScpiError: there is none, or more than one.
        """
        if not self.arguments:
            raise ScpiError(-109)
        if len(self.arguments) > 1:
            raise ScpiError(-108)
        return self.arguments[0]

    def number(self) -> float:
        """Return the only argument as a finite decimal number."""
        return decimal(self.only())

    def boolean(self) -> bool:
        """Return the only argument as ON|OFF|1|0."""
        word = self.only().upper()
        if word not in ("ON", "OFF", "1", "0"):
            raise ScpiError(-224)
        return word in ("ON", "1")


Reply = str | bytes | None
Handler = Callable[[Call], Reply | Awaitable[Reply]]

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def decimal(text: str) -> float:
    """Parse an NRf number.

    Raises:
        ScpiError: it is not one.
    """
    if not _NUMBER.fullmatch(text.strip()):
        raise ScpiError(-104)
    value = float(text)
    if abs(value) > 9.9e37:
        raise ScpiError(-222)
    return value


def whole(text: str) -> int:
    """Parse a whole number.

    Raises:
        ScpiError: it is not one.
    """
    value = decimal(text)
    if value != int(value):
        raise ScpiError(-104)
    return int(value)


def header_pattern(pattern: str) -> re.Pattern[str]:
    """Compile a manual's header, `SENSe#:POWer[:DC]:RANGe?` say, into a matcher.

    Capitals are the short form and only short or long form is taken; `[...]` may be left out;
    `#` is a numeric suffix, captured, default 1.
    """
    out = []
    position = 0
    for token in re.finditer(r"[A-Za-z]+|#|\[|\]|.", pattern):
        text = token.group()
        position = token.end()
        if text == "[":
            out.append("(?:")
        elif text == "]":
            out.append(")?")
        elif text == "#":
            out.append(r"(\d*)")
        elif text.isalpha():
            short = "".join(letter for letter in text if letter.isupper())
            rest = text[len(short) :]
            out.append(f"{short}(?:{rest.upper()})?" if rest else short)
        else:
            out.append(re.escape(text))
    assert position == len(pattern)
    return re.compile("".join(out), re.IGNORECASE)


def split_outside(text: str, separator: str) -> list[str]:
    """Split at a separator that is not inside quotes or parentheses."""
    parts, depth, quote, current = [], 0, "", ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        elif letter == "(":
            depth += 1
        elif letter == ")":
            depth -= 1
        elif letter == separator and depth <= 0:
            parts.append(current)
            current = ""
            continue
        current += letter
    return [*parts, current]


class ScpiInstrument:
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
        table |= self.commands()
        self._table = [(header_pattern(header), handler) for header, handler in table.items()]

    def identity(self) -> str:
        """Return the answer to *IDN?: maker, model, serial, firmware."""
        raise NotImplementedError

    def commands(self) -> Mapping[str, Handler]:
        """Return the instrument's own table."""
        raise NotImplementedError

    def integer(self, value: int) -> str:
        """Write a whole number in the maker's way."""
        return f"{value:+d}" if self.signed else str(value)

    def status_byte(self) -> int:
        """Return the status byte: bit 2 error queue, bit 5 event summary, bit 6 service."""
        byte = 0x04 if len(self.errors) else 0
        byte |= 0x20 if self.event_status & self.event_enable else 0
        return byte | (0x40 if byte & self.service_enable else 0)

    def report(self, code: int, detail: str = "") -> None:
        """Put an error into the queue and set its class's bit (IEEE 488.2, 11.5.1.1)."""
        self.errors.push(code, detail)
        if -200 < code <= -100:
            self.event_status |= 0x20
        elif -300 < code <= -200:
            self.event_status |= 0x10
        elif -400 < code <= -300:
            self.event_status |= 0x08
        else:
            self.event_status |= 0x04

    async def execute(self, message: bytes) -> bytes | None:
        """Execute one program message; return its reply without terminator, or None."""
        text, block = split_block(message)
        replies: list[bytes] = []
        path = ""
        for unit in split_outside(text, ";"):
            unit = unit.strip()
            if not unit:
                continue
            header, _, rest = unit.partition(" ")
            if not header.startswith("*"):
                # A header continues the path of the one before it; a colon returns to the root.
                header = header[1:] if header.startswith(":") else path + header
                path = header[: header.rfind(":") + 1]
            reply = await self._unit(header, rest.strip(), block)
            if reply is not None:
                replies.append(reply.encode("ascii") if isinstance(reply, str) else reply)
        return b";".join(replies) if replies else None

    async def _unit(self, header: str, rest: str, block: bytes | None) -> str | bytes | None:
        for pattern, handler in self._table:
            match = pattern.fullmatch(header)
            if match is None:
                continue
            suffixes = tuple(int(text) if text else 1 for text in match.groups())
            arguments = tuple(part.strip() for part in split_outside(rest, ",")) if rest else ()
            try:
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
    value = whole(call.only())
    if not 0 <= value <= 255:
        raise ScpiError(-222)
    return value


def definite_block(content: bytes) -> bytes:
    """Wrap bytes as an IEEE 488.2 definite-length block; an empty one is `#10`."""
    length = str(len(content))
    return f"#{len(length)}{length}".encode() + content


def split_block(message: bytes) -> tuple[str, bytes | None]:
    """Split a program message into its text and the definite block at its end, if any."""
    start = re.search(rb"[ ,]#[1-9]", message)
    if start is None:
        return message.decode("latin-1"), None
    at = start.start() + 1
    digits = int(message[at + 1 : at + 2])
    body = at + 2 + digits
    size = message[at + 2 : body]
    if not size.isdigit():
        return message.decode("latin-1"), None
    return message[:at].decode("latin-1"), message[body : body + int(size)]
