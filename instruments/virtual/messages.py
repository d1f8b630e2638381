"""Cutting a stream of bytes into program messages."""

import re

LONGEST_MESSAGE = 65536
"""Bytes after which an instrument drops what it has and reports too much data."""

_BLOCK = re.compile(rb"[ ,]#([1-9])")


class MessageSplitter:
    """Program messages end with a newline, except inside an IEEE 488.2 definite block.

    The bytes of a block may be newlines: its announced length decides where the message ends.
    """

    def __init__(self) -> None:
        """Start between two messages."""
        self._buffer = b""
        self.overrun = False
        """A message was dropped because it was longer than the instrument's memory."""

    @property
    def unfinished(self) -> bool:
        """Whether a message has begun and not ended."""
        return bool(self._buffer)

    def feed(self, received: bytes) -> list[bytes]:
        """Take bytes and return the messages that they complete, without their terminators."""
        self._buffer += received
        messages = []
        while (found := self._end()) is not None:
            text, end = found
            message, self._buffer = self._buffer[:end], self._buffer[end + 1 :]
            # A carriage return belongs to the terminator, but not the last byte of a block.
            messages.append(message[:text] + message[text:].removesuffix(b"\r"))
        if len(self._buffer) > LONGEST_MESSAGE:
            self._buffer = b""
            self.overrun = True
        return messages

    def reset(self) -> None:
        """Forget an unfinished message."""
        self._buffer = b""

    def _end(self) -> tuple[int, int] | None:
        """Return where the first message's last text begins, and the newline that ends it."""
        start = 0
        while True:
            newline = self._buffer.find(b"\n", start)
            block = _BLOCK.search(self._buffer, start)
            if block is None or (0 <= newline < block.start()):
                return (start, newline) if newline >= 0 else None
            digits = int(block[1])
            size = self._buffer[block.end() : block.end() + digits]
            if size and not size.isdigit():
                # A length that is no number is no block: the message ends at its newline.
                start = block.end()
                continue
            if len(size) < digits:
                return None
            start = block.end() + digits + int(size)
            if start > len(self._buffer):
                return None
