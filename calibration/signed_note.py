"""Signed notes and checkpoints of the log, as C2SP writes them (signed-note, tlog-checkpoint).

A checkpoint is three lines that a person can copy: whose log it is, how many entries it has, and
their root hash. A note is a text with signatures below it. Both are read by other people's tools.
"""

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from ledcal.calibration.errors import RecordError

_ED25519 = b"\x01"
_NAME = re.compile(r"[^\s+]+")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_MARK = "\N{EM DASH} "
_ID_LENGTH, _SIGNATURE_LENGTH, _ROOT_LENGTH = 4, 64, 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What a log was at one moment.

    Attributes:
        origin: Name of the log, one line.
        size: How many entries it has.
        root: Its root hash, 32 bytes.
    """

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Return the note's text: origin, size and root, each on a line."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteSignature:
    """One signature below a note.

    Attributes:
        name: Of the signer's key.
        key_hash: Four bytes that tell keys of one name apart.
        signature: 64 bytes.
    """

    name: str
    key_hash: bytes
    signature: bytes


def key_hash(name: str, public: bytes) -> bytes:
    """Return the four bytes that stand for a signer's Ed25519 key in a note (C2SP signed-note)."""
    return sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:_ID_LENGTH]


def verifier_key(name: str, public: bytes) -> str:
    """Return a signer's public key as other tools for signed notes take it."""
    encoded = base64.b64encode(_ED25519 + public).decode()
    return f"{name}+{key_hash(name, public).hex()}+{encoded}"


def sign_note(text: str, name: str, public: bytes, sign: Callable[[bytes], bytes]) -> str:
    """Return the text with a signature below it.

    Args:
        text: Ends with a newline and has no empty line at its end.
        name: Of the signer's key: no white space and no plus sign.
        public: The key, 32 raw bytes.
        sign: Returns the Ed25519 signature of a message.

    Raises:
        RecordError: Text or name cannot stand in a note.
    """
    if not text.endswith("\n") or _controls(text):
        raise RecordError(f"{text!r} cannot be the text of a note")
    if not _NAME.fullmatch(name):
        raise RecordError(f"key name {name!r}: has white space or a plus sign")
    signature = key_hash(name, public) + sign(text.encode())
    return f"{text}\n{_MARK}{name} {base64.b64encode(signature).decode()}\n"


def read_note(note: str) -> tuple[str, list[NoteSignature]]:
    """Return text and signatures of a note; nothing is believed yet.

    Raises:
        RecordError: It is no signed note.
    """
    text, empty, below = note.rpartition("\n\n")
    if not empty or not below.endswith("\n") or _controls(note):
        raise RecordError("is no signed note: it has no signature below an empty line")
    return text + "\n", [_signature(line) for line in below[:-1].split("\n")]


def note_holds(
    note: str, name: str, public: bytes, holds: Callable[[bytes, bytes, bytes], bool]
) -> bool:
    """Tell whether a note bears a signature by this key that holds.

    Args:
        note: The whole note.
        name: Of the key.
        public: The key, 32 raw bytes.
        holds: Takes public key, signature and message.

    Raises:
        RecordError: It is no signed note.
    """
    text, signatures = read_note(note)
    wanted = key_hash(name, public)
    return any(
        holds(public, one.signature, text.encode())
        for one in signatures
        if (one.name, one.key_hash) == (name, wanted)
    )


def read_checkpoint(text: str) -> Checkpoint:
    """Return the checkpoint that the text of a note tells.

    Raises:
        RecordError: It is no checkpoint.
    """
    lines = text.split("\n")
    try:
        origin, size, encoded = lines[:3]
        digest = base64.b64decode(encoded, validate=True)
    except (ValueError, binascii.Error) as error:
        raise RecordError("is no checkpoint: origin, size and root are not there") from error
    # One text per checkpoint: no sign, no leading zero.
    if not origin or len(digest) != _ROOT_LENGTH or not re.fullmatch(r"0|[1-9][0-9]*", size):
        raise RecordError(f"is no checkpoint: origin {origin!r}, size {size!r}, root {encoded!r}")
    return Checkpoint(origin=origin, size=int(size), root=digest)


def _signature(line: str) -> NoteSignature:
    name, space, encoded = line.removeprefix(_MARK).partition(" ")
    try:
        decoded = base64.b64decode(encoded, validate=True)
    except (ValueError, binascii.Error) as error:
        raise RecordError(f"is no signed note: {line!r} is no signature") from error
    known = line.startswith(_MARK) and space and _NAME.fullmatch(name)
    if not known or len(decoded) != _ID_LENGTH + _SIGNATURE_LENGTH:
        raise RecordError(f"is no signed note: {line!r} is no Ed25519 signature")
    return NoteSignature(name=name, key_hash=decoded[:_ID_LENGTH], signature=decoded[_ID_LENGTH:])


def _controls(text: str) -> bool:
    return _CONTROL.search(text) is not None
