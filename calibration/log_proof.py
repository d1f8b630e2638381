"""The proof that an entry is in the log, as a text that needs nobody's software (C2SP tlog-proof).

It holds the entry itself, its place, the hashes up to the root and the signed checkpoint that
states the root: a log that was rewritten later does not fit it any more.
"""

import base64
import binascii
import re
from dataclasses import dataclass

from ledcal.calibration.errors import RecordError
from ledcal.calibration.merkle import inclusion_holds, leaf_hash
from ledcal.calibration.signed_note import Checkpoint, read_checkpoint, read_note

_HEAD = "c2sp.org/tlog-proof@v1"
_HASH_LENGTH = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class LogProof:
    """That an entry is in the log.

    Attributes:
        entry: Its bytes.
        number: Its place, from 0.
        hashes: From it to the root.
        note: The signed checkpoint.
    """

    entry: bytes
    number: int
    hashes: tuple[bytes, ...]
    note: str

    def text(self) -> str:
        """Return the proof as a file holds it."""
        lines = [
            *(_HEAD, f"extra {_encoded(self.entry)}", f"index {self.number}"),
            *map(_encoded, self.hashes),
        ]
        return "\n".join(lines) + "\n\n" + self.note

    @property
    def checkpoint(self) -> Checkpoint:
        """What the note says of the log; its signature is not checked here.

        Raises:
            RecordError: It is no checkpoint.
        """
        return read_checkpoint(read_note(self.note)[0])

    def holds(self) -> bool:
        """Tell whether the entry is where it is said to be in the log of the checkpoint.

        Raises:
            RecordError: The note is no checkpoint.
        """
        said = self.checkpoint
        return inclusion_holds(
            self.number, said.size, leaf_hash(self.entry), self.hashes, said.root
        )


def read_log_proof(text: str) -> LogProof:
    """Return a proof from its text; nothing is believed yet.

    Raises:
        RecordError: It is no such proof.
    """
    head, empty, note = text.partition("\n\n")
    try:
        name, extra, index, *hashes = head.split("\n")
        entry = base64.b64decode(extra.removeprefix("extra "), validate=True)
        decoded = tuple(base64.b64decode(line, validate=True) for line in hashes)
    except (ValueError, binascii.Error) as error:
        raise RecordError(f"is no proof of the log: {error}") from error
    number = re.fullmatch(r"index (0|[1-9][0-9]{0,18})", index)
    known = name == _HEAD and extra.startswith("extra ") and empty and number
    if not known or any(len(one) != _HASH_LENGTH for one in decoded):
        raise RecordError(f"is no proof of the log: it does not have the form {_HEAD}")
    assert number is not None
    return LogProof(entry=entry, number=int(number[1]), hashes=decoded, note=note)


def _encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()
