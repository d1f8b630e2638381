"""The panel's own C loader, compiled for the host: the same code that the firmware runs.

Only this package of `ledcal.calibration` is open to the virtual panel, so it imports nothing of
the rest. Integers are the file's: irradiance in 0.01 W/m2, temperature in 1/256 degC.
"""

from __future__ import annotations  # CData exists for type checkers only

import math
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ledcal.calibration.firmware._host import ffi, lib

if TYPE_CHECKING:
    from ledcal.calibration.firmware._host import CData

SIGNATURE_LENGTH: Final = 64
PUBLIC_KEY_LENGTH: Final = 32
UID_LENGTH: Final = 16
LAST_ERROR = -23


def error_name(code: int) -> str:
    """Return the loader's name of an error: "CRC" for -8.

    Raises:
        ValueError: The loader has no such error.
    """
    name = lib.ledcal_error_name(code)
    if name == ffi.NULL:
        raise ValueError(f"loader error {code}: unknown; the numbers are 0 to {LAST_ERROR}")
    return ffi.string(name).decode("ascii")


ERROR_NAMES: Final = {code: error_name(code) for code in range(0, LAST_ERROR - 1, -1)}


class LoaderError(ValueError):
    """The loader refuses a file or a request.

    Attributes:
        code: The loader's number, -1 to -23.
        name: The loader's name of it, "CRC" for example.
    """

    def __init__(self, code: int, detail: str) -> None:
        """Keep the loader's code and name beside the words for a person."""
        self.code = code
        self.name = ERROR_NAMES[code]
        super().__init__(f"{self.name} ({code}): {detail}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What the board knows about itself when it opens a file.

    Attributes:
        uid: The LED head's unique id, 16 bytes.
        product_code, hardware_revision, drive_epoch: As the panel answers `SYST:HW?`.
        distance_mm, geometry_id: As the panel answers `SYST:GEOM?`.
        n_channels: LED channels on the board.
        highest_sequence: Highest sequence number ever accepted, 0 when none.
        file_in_use: The file in use, which may be installed again; None when there is none.
        on_hours: LED-on hours, whole. [h]
        allowed_flags: Flags that the firmware accepts; a production head: 0.
        public_keys: Raw Ed25519 public keys of 32 bytes that the firmware trusts, up to 4.
    """

    uid: bytes
    product_code: int
    hardware_revision: int
    drive_epoch: int
    distance_mm: int
    geometry_id: int
    n_channels: int
    highest_sequence: int
    file_in_use: bytes | None
    on_hours: int
    allowed_flags: int
    public_keys: tuple[bytes, ...]


class LoadedFile:
    """A file that the loader accepted; it answers requests as the firmware does."""

    def __init__(self, file: bytes, handle: CData, pinned: object) -> None:
        """Keep the bytes alive: the loader reads them where they lie. Use `open_file`."""
        self.file: Final = file
        self._handle = handle
        self._pinned = pinned

    @property
    def sequence(self) -> int:
        """Sequence number of the file."""
        return lib.ledcal_sequence(self._handle)

    def check(self) -> None:
        """Check the CRC again, as the firmware does before each session.

        Raises:
            LoaderError: CRC.
        """
        code = lib.ledcal_check(self._handle)
        if code != lib.LEDCAL_OK:
            raise LoaderError(code, "the file changed in memory; keep dark and load it again")

    def drive(self, channel: int, irradiance: int, temperature: int) -> int:
        """Return the drive code for a request.

        Args:
            channel: LED channel, from 1.
            irradiance: Request. [0.01 W/m2]
            temperature: Head temperature. [1/256 degC]

        Raises:
            LoaderError: CHANNEL, CEILING, RANGE or TEMP; the code to set is then 0.
        """
        request = f"channel {channel}, {irradiance / 100} W/m2 at {temperature / 256} degC"
        # What C's parameter cannot hold lies beyond every file's limits too.
        if not 0 <= channel <= 0xFFFF:
            raise LoaderError(lib.LEDCAL_CHANNEL, request)
        if irradiance < 0:
            raise LoaderError(lib.LEDCAL_ARG, f"{request}: a request is 0 or more")
        if irradiance > 0xFFFF_FFFF:
            raise LoaderError(lib.LEDCAL_CEILING, request)
        if not -0x8000 <= temperature <= 0x7FFF:
            raise LoaderError(lib.LEDCAL_TEMP, request)
        drive_code = ffi.new("uint16_t *")
        code = lib.ledcal_drive(self._handle, channel, irradiance, temperature, drive_code)
        if code != lib.LEDCAL_OK:
            raise LoaderError(code, f"{request} is outside what the file covers; keep dark")
        return int(drive_code[0])


def open_file(file: bytes, expectation: Expectation) -> LoadedFile:
    """Open a calibration file exactly as the panel's firmware does.

    Raises:
        LoaderError: The first check of `firmware/FORMAT.md` that fails.
    """
    expect, keep = board_of(expectation)
    handle = ffi.new("ledcal_t *")
    pinned = ffi.from_buffer("uint8_t[]", file)
    code = lib.ledcal_open(pinned, len(file), expect, handle)
    del keep
    if code != lib.LEDCAL_OK:
        raise LoaderError(code, f"the loader refuses this file of {len(file)} bytes")
    return LoadedFile(file, handle, pinned)


def crc32(content: bytes) -> int:
    """Return the loader's CRC-32 of some bytes."""
    return lib.ledcal_crc32(ffi.from_buffer("uint8_t[]", content), len(content))


def round_irradiance(w_m2: float) -> int:
    """Round a request half up to the file's unit. [0.01 W/m2]

    Raises:
        LoaderError: ARG, when it is not a number of 0 or more.
    """
    if not (math.isfinite(w_m2) and w_m2 >= 0):
        raise LoaderError(lib.LEDCAL_ARG, f"request {w_m2} W/m2: must be finite, 0 or more")
    return _half_up(w_m2, 100)


def round_temperature(degc: float) -> int:
    """Round a head temperature half up to the file's unit. [1/256 degC]

    Raises:
        LoaderError: TEMP, when it is not a number.
    """
    if not math.isfinite(degc):
        raise LoaderError(lib.LEDCAL_TEMP, f"head temperature {degc} degC: must be finite")
    return _half_up(degc, 256)


def _half_up(number: float, per_unit: int) -> int:
    """Round the decimal number that a person or a message wrote, not its binary neighbour."""
    exact = Decimal(repr(float(number))) * per_unit + Decimal("0.5")
    return int(exact.to_integral_value(ROUND_FLOOR))


def board_of(expectation: Expectation) -> tuple[CData, CData | None]:
    """Return the C structure and the buffer that it points into.

    C would take a key or uid of the wrong length and fill it up with zeros: refuse it here.
    """
    keys = expectation.public_keys
    if len(expectation.uid) != UID_LENGTH:
        raise _wrong(f"head uid {expectation.uid.hex()}: must have {UID_LENGTH} bytes")
    if len(keys) > lib.LEDCAL_MAX_KEYS:
        raise _wrong(f"{len(keys)} public keys: at most {lib.LEDCAL_MAX_KEYS}")
    for key in keys:
        if len(key) != PUBLIC_KEY_LENGTH:
            raise _wrong(f"public key {key.hex()}: must have {PUBLIC_KEY_LENGTH} raw bytes")
    in_use = None
    fields: dict[str, object] = {
        "uid": expectation.uid,
        "product_code": expectation.product_code,
        "hardware_revision": expectation.hardware_revision,
        "drive_epoch": expectation.drive_epoch,
        "distance_mm": expectation.distance_mm,
        "geometry_id": expectation.geometry_id,
        "n_channels": expectation.n_channels,
        "seq_highest": expectation.highest_sequence,
        "on_hours": expectation.on_hours,
        "allowed_flags": expectation.allowed_flags,
        "n_keys": len(keys),
        "keys": [{"id": sha256(key).digest()[:8], "public_key": key} for key in keys],
    }
    if expectation.file_in_use is not None:
        in_use = ffi.from_buffer("uint8_t[]", expectation.file_in_use)
        fields |= {"file_in_use": in_use, "file_in_use_size": len(expectation.file_in_use)}
    try:
        return ffi.new("ledcal_expect_t *", fields), in_use
    except OverflowError as error:
        raise _wrong(f"a number of the board does not fit its field: {error}") from error


def _wrong(detail: str) -> LoaderError:
    return LoaderError(lib.LEDCAL_ARG, detail)


@ffi.def_extern(error=0)
def ledcal_ed25519_verify(signature: CData, public_key: CData, message: CData, size: int) -> int:
    """Answer the loader's hook; whatever is not proven valid is refused."""
    try:
        Ed25519PublicKey.from_public_bytes(
            bytes(ffi.buffer(public_key, PUBLIC_KEY_LENGTH))
        ).verify(bytes(ffi.buffer(signature, SIGNATURE_LENGTH)), bytes(ffi.buffer(message, size)))
    except (InvalidSignature, ValueError):
        return 0
    return lib.LEDCAL_SIGNATURE_VALID
