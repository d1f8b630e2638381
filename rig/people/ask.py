"""Ask a person for badge and PIN: at the terminal without echo, or through a pipe or a file.

Never by an argument or a variable of the environment: every process of the computer may read those
of others, and shells keep them.
"""

import getpass
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ledcal.rig.errors import RefusedInput

PIN_FILE = "LEDCAL_PIN_FILE"
_LONGEST_LINE = 200
_TERMINAL = Path("/dev/tty")


class Asker:
    """Asks one question after another."""

    def __init__(self, source: BinaryIO | None, *, lies_on_disk: bool = False) -> None:
        """Ask at the terminal, or read the answers, a line each, from a source."""
        self._source = source
        self.lies_on_disk = lies_on_disk

    @property
    def is_told(self) -> bool:
        """True when the answers come from another program, not from the terminal."""
        return self._source is not None

    def ask(self, question: str) -> str:
        """Return the answer; nobody sees it typed.

        Raises:
            RefusedInput: There is no terminal, or the source has no more lines.
        """
        if self._source is None:
            return _typed(question)
        line = self._source.readline(_LONGEST_LINE)
        if not line.endswith(b"\n") and not line.strip():
            raise RefusedInput(
                "SIGN_ON", f"{PIN_FILE}: has no line for {question!r}; it is one line an answer"
            )
        return line.rstrip(b"\r\n").decode("utf-8", "surrogateescape")

    def ask_new(self, question: str) -> str:
        """Return an answer that is to be remembered; at the terminal it is typed twice.

        Raises:
            RefusedInput: As `ask`, or the two differ.
        """
        answer = self.ask(question)
        if self._source is None and self.ask(f"{question}, once more") != answer:
            raise RefusedInput("PIN", f"{question}: the two were not the same; begin again")
        return answer


@contextmanager
def open_asker() -> Iterator[Asker]:
    """Ask at the terminal, or read what the variable `LEDCAL_PIN_FILE` names.

    That is a file that only its owner may read, or a pipe, as `/dev/fd/3` for a program that holds
    one open. No other process that is started from here is told of it.

    Raises:
        RefusedInput: It is neither, or open to others.
    """
    named = os.environ.pop(PIN_FILE, "")
    if not named:
        yield Asker(None)
        return
    path = Path(named)
    try:
        source = path.open("rb")
    except OSError as error:
        raise RefusedInput("SIGN_ON", f"{PIN_FILE}: {path}: {error.strerror}") from error
    with source:
        found = os.fstat(source.fileno())
        pipe = stat.S_ISFIFO(found.st_mode)
        if not (pipe or stat.S_ISREG(found.st_mode)):
            raise RefusedInput("SIGN_ON", f"{PIN_FILE}: {path} is neither a file nor a pipe")
        if found.st_mode & 0o077 or found.st_uid != os.geteuid():
            raise RefusedInput(
                "SIGN_ON", f"{PIN_FILE}: {path} is open to others or another's; chmod 600"
            )
        yield Asker(source, lies_on_disk=not pipe)


def _typed(question: str) -> str:
    try:
        # getpass alone would read standard input, with echo, where there is no terminal.
        with _TERMINAL.open("rb"):
            return getpass.getpass(f"{question}: ")
    except (OSError, EOFError) as error:
        raise RefusedInput(
            "SIGN_ON",
            f"{question}: must be asked for, and there is no terminal here; a program hands it "
            f"over through a pipe that {PIN_FILE} names",
        ) from error
