"""A calibration file as the panel's firmware sees it: opened by the C loader that panels run."""

import zlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledcal.calibration.codec import decode, key_id
from ledcal.calibration.errors import FileError
from ledcal.calibration.firmware import Expectation, LoadedFile, LoaderError, open_file
from ledcal.calibration.panel_calibration import FLAG_ENGINEERING, FLAG_SIMULATED

ALL_FLAGS = FLAG_SIMULATED | FLAG_ENGINEERING
_KEY_ID_AT, _TRAILER = 88, 4 + 64
"""Where the key id stands, and the length of CRC and signature (FORMAT.md)."""


def open_unverified(file: bytes) -> LoadedFile:
    """Open a file whose key nobody knows here, for a look at what it says; it is not believed.

    The firmware opens only what is signed: a copy is signed with a key that is forgotten at once.

    Raises:
        FileError: The loader refuses it for anything else; the name is the loader's.
    """
    decode(file)
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    copy = file[:_KEY_ID_AT] + key_id(public) + file[_KEY_ID_AT + 8 : -_TRAILER]
    copy += zlib.crc32(copy).to_bytes(4, "little")
    return open_on_its_board(copy + private.sign(copy), public)


def open_on_its_board(file: bytes, public_key: bytes) -> LoadedFile:
    """Open a file on the board that it names, with firmware that trusts a key.

    For a look at a file without its panel: whether a panel is that board is asked when the file
    is loaded.

    Raises:
        FileError: The loader refuses it; the name is the loader's.
    """
    said = decode(file).calibration
    board = Expectation(
        uid=said.uid,
        product_code=said.product_code,
        hardware_revision=said.hardware_revision,
        drive_epoch=said.drive_epoch,
        distance_mm=said.distance_mm,
        geometry_id=said.geometry_id,
        n_channels=len(said.channels),
        highest_sequence=0,
        file_in_use=None,
        on_hours=said.hours_at_calibration,
        allowed_flags=ALL_FLAGS,
        public_keys=(public_key,),
    )
    try:
        return open_file(file, board)
    except LoaderError as error:
        raise FileError(error.code, error.name, str(error).partition(": ")[2]) from error
