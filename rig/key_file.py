"""Key files: a key that signs by itself or by a program, as a token does; and its public half."""

import re
import subprocess
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

import tomli_w
from annotated_types import Len
from pydantic import AwareDatetime, StringConstraints, model_validator

from ledcal.calibration.codec import SIGNATURE_LENGTH, key_id
from ledcal.rig.errors import RefusedInput, StationError
from ledcal.rig.folder import write_whole
from ledcal.rig.keys import (
    Purpose,
    SigningKey,
    new_private_pem,
    private_key_of,
    require_owner_only,
    write_once,
)
from ledcal.rig.settings import BadKey, Settings, read_settings
from ledcal.rig.station import Text

COMMAND_LIMIT_S = 60.0
"""How long a signing program may take: a person may have to touch a token. [s]"""
_PROOF = b"ledcal-key-proof/1\n"
_TAIL = 300
_PUBLIC_KEY = re.compile(r"[0-9a-f]{64}")
PublicKey = Annotated[str, StringConstraints(pattern=rf"^{_PUBLIC_KEY.pattern}$")]
KeyId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]


class KeySettings(Settings):
    """A whole key file."""

    values_are_secret: ClassVar[bool] = True
    format: Literal["ledcal-key/1"]
    name: Text
    purpose: Purpose
    public_key: PublicKey
    private_key: str | None = None
    command: Annotated[list[Text], Len(1, 50)] | None = None

    @model_validator(mode="after")
    def _one_way_to_sign(self) -> Self:
        if (self.private_key is None) == (self.command is None):
            raise BadKey(("public_key",), "", "a key file has either private_key or command")
        return self


class PublicKeySettings(Settings):
    """The public half of a key, as others come to trust it."""

    format: Literal["ledcal-public-key/1"]
    name: Text
    purpose: Purpose
    key_id: KeyId
    public_key: PublicKey
    retired: AwareDatetime | None = None

    @model_validator(mode="after")
    def _is_its_id(self) -> Self:
        if self.key_id != (found := key_id(bytes.fromhex(self.public_key)).hex()):
            raise BadKey(("key_id",), self.key_id, f"the public_key has the id {found}")
        return self


def read_key_file(path: Path) -> SigningKey:
    """Return the key in a key file that only its owner may read.

    Raises:
        RefusedInput: The file is refused; no value of it is quoted.
    """
    require_owner_only(path)
    said = read_settings(path, KeySettings).settings
    public = bytes.fromhex(said.public_key)
    if said.command is not None:
        signer = _by_command(said.command, path)
    else:
        assert said.private_key is not None  # one of them is there
        private = private_key_of(said.private_key.encode(), path)
        if private.public_key().public_bytes_raw() != public:
            raise RefusedInput(
                "KEY", f"{path}: public_key: is not that of private_key; restore the file"
            )
        signer = private.sign
    return SigningKey(public, signer, said.name, said.purpose)


def prove(key: SigningKey) -> None:
    """See that a key answers before it is needed, as a token may have been pulled.

    Raises:
        StationError: It does not.
    """
    key.sign(_PROOF)


def new_key_file(path: Path, name: str, purpose: Purpose) -> SigningKey:
    """Make a key; write its file, owner-only, and `<file>.pub` for others.

    Raises:
        RefusedInput: One of the files is there already, or the name is refused.
        StationError: The disk refuses.
    """
    pem, public = new_private_pem()
    return _write(path, name, purpose, public, {"private_key": pem.decode()})


def new_command_key_file(
    path: Path, name: str, purpose: Purpose, command: Sequence[str], public_key: str
) -> SigningKey:
    """Write the file of a key whose private half a program uses, once the program has signed.

    Args:
        path: The new file; the program is started in its folder.
        name: What people call the key.
        purpose: PROD or ENG.
        command: The program with its arguments; it reads a message and writes the signature.
        public_key: 64 hex digits.

    Raises:
        RefusedInput: As `new_key_file`.
        StationError: The program does not sign for this public key, or the disk refuses.
    """
    if not _PUBLIC_KEY.fullmatch(public_key):
        raise RefusedInput("KEY", f"public key {public_key!r}: is not 64 hex digits, lower case")
    public = bytes.fromhex(public_key)
    if command:
        prove(SigningKey(public, _by_command(command, path), name, purpose))
    return _write(path, name, purpose, public, {"command": list(command)})


def public_file(path: Path) -> Path:
    """Return where the public half of a key file is written."""
    return path.with_name(f"{path.name}.pub")


def public_key_toml(
    name: str, purpose: Purpose, public: bytes, retired: datetime | None = None
) -> bytes:
    """Return the text of a public key's file."""
    said: dict[str, object] = {
        "format": "ledcal-public-key/1",
        "name": name,
        "purpose": purpose,
        "key_id": key_id(public).hex(),
        "public_key": public.hex(),
    }
    if retired is not None:
        said["retired"] = retired
    return tomli_w.dumps(said).encode()


def _write(
    path: Path, name: str, purpose: Purpose, public: bytes, way: dict[str, object]
) -> SigningKey:
    said = {
        "format": "ledcal-key/1",
        "name": name,
        "purpose": purpose,
        "public_key": public.hex(),
        **way,
    }
    if path.is_dir():
        raise RefusedInput("KEY", f"{path}: is a folder; name a file by --output")
    others = public_file(path)
    for one in (path, others):
        if one.exists():
            raise RefusedInput("KEY", f"{one}: is there already; choose another --output")
    try:
        made = write_once(path, tomli_w.dumps(said, multiline_strings=True).encode())
    except OSError as error:
        raise StationError("DISK", f"{path}: cannot be written: {error.strerror}") from error
    if not made:
        raise RefusedInput("KEY", f"{path}: is there already; choose another --output")
    try:
        key = read_key_file(path)
    except RefusedInput:
        path.unlink()
        raise
    try:
        write_whole(others, public_key_toml(name, purpose, public))
    except StationError:
        path.unlink()  # nobody could be told of the key
        raise
    return key


def _by_command(command: Sequence[str], path: Path) -> Callable[[bytes], bytes]:
    """Return a function that lets a program sign; it runs in the key file's folder."""
    where = f"{path}: signing program {command[0]!r}"

    def sign(message: bytes) -> bytes:
        try:
            done = subprocess.run(
                command,
                input=message,
                capture_output=True,
                timeout=COMMAND_LIMIT_S,
                cwd=path.resolve().parent,
            )
        except subprocess.TimeoutExpired as error:
            raise StationError(
                "SIGNING",
                f"{where}: gave no signature in {COMMAND_LIMIT_S:.0f} s; look at the token",
            ) from error
        except (OSError, ValueError) as error:
            raise StationError("SIGNING", f"{where}: cannot be started: {error}") from error
        if done.returncode:
            words = done.stderr.decode(errors="replace")[-_TAIL:].strip()
            raise StationError(
                "SIGNING", f"{where}: ended with {done.returncode}: {words or 'no words'}"
            )
        if len(done.stdout) != SIGNATURE_LENGTH:
            raise StationError(
                "SIGNING",
                f"{where}: wrote {len(done.stdout)} bytes; a raw Ed25519 signature has "
                f"{SIGNATURE_LENGTH}",
            )
        return done.stdout

    return sign
