"""Ed25519 keys: the station's own for PROD, one made on first use for ENG and DEMO."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from ledcal.calibration.codec import key_id
from ledcal.rig.errors import RefusedInput, StationError

ENGINEERING_KEY = "keys/engineering.pem"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key with its public half as raw bytes."""

    private: Ed25519PrivateKey
    public: bytes

    @property
    def key_id(self) -> bytes:
        """First 8 bytes of SHA-256 of the public key, as the calibration file carries it."""
        return key_id(self.public)

    def sign(self, message: bytes) -> bytes:
        """Return the signature over a message, 64 bytes."""
        return self.private.sign(message)


def engineering_key(data_folder: Path) -> SigningKey:
    """Return the data folder's key for ENG and DEMO runs; it is made on first use.

    Raises:
        StationError: The folder cannot be written.
        RefusedInput: The key file is damaged or open to others.
    """
    path = data_folder / ENGINEERING_KEY
    if not path.exists():
        content = Ed25519PrivateKey.generate().private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write_once(path, content)
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
    try:
        mode = path.stat().st_mode
        content = path.read_bytes()
    except OSError as error:
        raise RefusedInput("KEY", f"{path}: signing key: {error.strerror}") from error
    if mode & 0o077:
        raise RefusedInput(
            "KEY", f"{path}: signing key: mode {mode & 0o777:o} lets others read it; chmod 600"
        )
    try:
        private = load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise RefusedInput("KEY", f"{path}: signing key: not an open PEM private key") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise RefusedInput("KEY", f"{path}: signing key: is not an Ed25519 key")
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return SigningKey(private, public)


def signature_holds(public: bytes, signature: bytes, message: bytes) -> bool:
    """Tell whether an Ed25519 signature is that of the message by this key."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _write_once(path: Path, content: bytes) -> None:
    """Write a new owner-only file; when two runs race, the first one's key stays."""
    # mkstemp makes an owner-only file with a name that no killed run has left behind.
    fd, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    with os.fdopen(fd, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
