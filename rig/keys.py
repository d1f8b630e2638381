"""Ed25519 keys that sign, and the one that a data folder makes on first use for ENG and DEMO."""

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from ledcal.calibration.codec import key_id
from ledcal.rig.errors import RefusedInput, StationError

ENGINEERING_KEY = "keys/engineering.pem"
SITE_TOKEN = "keys/site.token"
"""What a site gave to the station, so that it may upload."""


Purpose = Literal["PROD", "ENG", "RELEASE"]


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that signs; its private half may be in a token.

    Attributes:
        public: Its public half, 32 raw bytes.
        signer: Returns the signature of a message.
        name: What people call it.
        purpose: PROD, ENG for what is never production, or RELEASE for product files alone.
    """

    public: bytes
    signer: Callable[[bytes], bytes]
    name: str = "engineering"
    purpose: Purpose = "ENG"

    @property
    def key_id(self) -> bytes:
        """First 8 bytes of SHA-256 of the public key, as the calibration file carries it."""
        return key_id(self.public)

    def sign(self, message: bytes) -> bytes:
        """Return the signature over a message, 64 bytes.

        Raises:
            StationError: What signs does not answer, or its answer is no signature by this key.
        """
        signature = self.signer(message)
        if not signature_holds(self.public, signature, message):
            raise StationError(
                "SIGNING",
                f"key {self.name!r} ({self.key_id.hex()}): the answer of {len(signature)} bytes "
                "is no signature by this key; check which key the token or program uses",
            )
        return signature


def engineering_key(data_folder: Path) -> SigningKey:
    """Return the data folder's key for ENG and DEMO runs; it is made on first use.

    Raises:
        StationError: The folder cannot be written.
        RefusedInput: The key file is damaged or open to others.
    """
    path = data_folder / ENGINEERING_KEY
    if not path.exists():
        content, _ = new_private_pem()
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_once(path, content)
        except OSError as error:
            raise StationError("DATA_FOLDER", f"{path}: {error.strerror}") from error
    return read_signing_key(path)


def known_public_key(data_folder: Path) -> bytes | None:
    """Return the public half of the data folder's key, None where it has none or cannot use it."""
    try:
        return read_signing_key(data_folder / ENGINEERING_KEY).public
    except RefusedInput:
        return None


def read_signing_key(path: Path) -> SigningKey:
    """Return the private key in a PEM file that only its owner may read.

    Raises:
        RefusedInput: The file is missing, damaged, no Ed25519 key, or open to others.
    """
    require_owner_only(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RefusedInput("KEY", f"{path}: signing key: {error.strerror}") from error
    private = private_key_of(content, path)
    return SigningKey(private.public_key().public_bytes_raw(), private.sign)


def require_owner_only(path: Path) -> None:
    """Refuse a key file that anybody but its owner may read or write.

    Raises:
        RefusedInput: It is missing, or open to others.
    """
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise RefusedInput("KEY", f"{path}: signing key: {error.strerror}") from error
    if mode & 0o077:
        raise RefusedInput(
            "KEY", f"{path}: signing key: mode {mode & 0o777:o} lets others read it; chmod 600"
        )


def private_key_of(pem: bytes, path: Path) -> Ed25519PrivateKey:
    """Return the private key in a PEM text.

    Args:
        pem: PKCS 8, without a password.
        path: The file that it stands in.

    Raises:
        RefusedInput: It is damaged or no Ed25519 key; nothing of it is quoted.
    """
    try:
        private = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise RefusedInput("KEY", f"{path}: signing key: not an open PEM private key") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise RefusedInput("KEY", f"{path}: signing key: is not an Ed25519 key")
    return private


def new_private_pem() -> tuple[bytes, bytes]:
    """Make a key; return its private half as PEM and its public half as 32 raw bytes."""
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem, private.public_key().public_bytes_raw()


def signature_holds(public: bytes, signature: bytes, message: bytes) -> bool:
    """Tell whether an Ed25519 signature is that of the message by this key."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def write_once(path: Path, content: bytes) -> bool:
    """Write a new owner-only file and return True; a file that is there already stays.

    Raises:
        OSError: The disk refuses.
    """
    # mkstemp makes an owner-only file with a name that no killed run has left behind.
    fd, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)
    except FileExistsError:
        return False
    finally:
        temporary.unlink()
    return True
