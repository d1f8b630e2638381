"""A panel's calibration file: the bytes of a `PanelCalibration`, and back.

The format and the order of the checks are those of `firmware/FORMAT.md`. The C loader beside that
page is the judge in the panel; this module is the second opinion, written apart from it, and gives
every refusal the same name. Signing and verifying are functions of the caller: no key is here.
"""

import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from ledcal.calibration.lookup import (
    MAX_POINTS,
    MIN_POINTS,
    U16_MAX,
    U32_MAX,
    check_fields,
    check_served,
    check_table,
    correction,
    lookup,
    refusal,
    require_range,
)
from ledcal.calibration.panel_calibration import ChannelTable, PanelCalibration

__all__ = [
    "DecodedFile",
    "check_signature",
    "correction",
    "decode",
    "encode",
    "key_id",
    "lookup",
    "unsigned_bytes",
]

MAGIC: Final = b"\x89LCAL\r\n\x1a"
SIGNATURE_LENGTH: Final = 64
MAX_CHANNELS: Final = 8
MODEL: Final = 1
"""A table with a quadratic temperature correction: the only model so far."""
KNOWN_FLAGS: Final = 0b11
MIN_SIZE: Final = 256
MAX_SIZE: Final = 1236

_HEADER: Final = struct.Struct("<8s2BHI2HI16s16sI2H2IQ2I8s32s8s2HI")
_CHANNEL: Final = struct.Struct("<2BH3hHI2i8s")
_CRC: Final = struct.Struct("<I")
_TAIL_LENGTH: Final = _CRC.size + SIGNATURE_LENGTH
_KEY_ID_AT: Final = 88


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedFile:
    """What a calibration file holds.

    Attributes:
        calibration: The content.
        key_id: First 8 bytes of the SHA-256 of the signer's public key.
        crc: CRC-32 of everything before it.
        signature: Ed25519 over everything before it, 64 bytes, not verified by decoding.
    """

    calibration: PanelCalibration
    key_id: bytes
    crc: int
    signature: bytes


def key_id(public_key: bytes) -> bytes:
    """Return the 8 bytes by which a file names the key that signed it."""
    return sha256(public_key).digest()[:8]


def encode(
    calibration: PanelCalibration, *, key_id: bytes, sign: Callable[[bytes], bytes]
) -> bytes:
    """Return the signed file.

    Args:
        calibration: The content.
        key_id: `key_id` of the public key that belongs to `sign`.
        sign: Returns the 64-byte Ed25519 signature of a message.

    Raises:
        FileError: The content is one that the loader would refuse, or a request up to the ceiling
            would leave the table at some temperature (RANGE).
    """
    unsigned = unsigned_bytes(calibration, key_id)
    signature = sign(unsigned)
    require_range("bytes of signature", len(signature), SIGNATURE_LENGTH, SIGNATURE_LENGTH)
    return unsigned + signature


def unsigned_bytes(calibration: PanelCalibration, key_id: bytes) -> bytes:
    """Return everything that is signed: header, channels and CRC.

    Raises:
        FileError: As `encode`.
    """
    _require_writable(calibration, key_id)
    n_channels, n_points = len(calibration.channels), len(calibration.channels[0].drive)
    length = _channel_length(n_points)
    header = _HEADER.pack(
        MAGIC, 1, 0, _HEADER.size,
        _HEADER.size + n_channels * length + _TAIL_LENGTH,
        n_channels, length, calibration.flags,
        calibration.uid, calibration.serial.encode("ascii"),
        calibration.product_code, calibration.hardware_revision, n_points,
        calibration.drive_epoch, calibration.sequence, calibration.issued_at,
        calibration.valid_until_hours, calibration.hours_at_calibration,
        key_id, calibration.record_sha256, bytes(8),
        calibration.distance_mm, calibration.geometry_id, 0,
    )  # fmt: skip
    covered = header + b"".join(_pack_channel(table) for table in calibration.channels)
    return covered + _CRC.pack(zlib.crc32(covered))


def decode(file: bytes) -> DecodedFile:
    """Return what a file holds, after every check that needs neither a key nor a board.

    Call `check_signature` first where a key is at hand: that is the loader's order.

    Raises:
        FileError: SIZE, MAGIC, VERSION, LAYOUT, RESERVED, FLAGS, CRC, TABLE or CORRECTION.
    """
    _check_structure(file)
    (
        _, _, _, _, _, n_channels, length, flags, uid, serial, product_code, hardware_revision,
        n_points, drive_epoch, sequence, issued_at, valid_until_hours, hours_at_calibration,
        signer, record_sha256, _, distance_mm, geometry_id, _,
    ) = _HEADER.unpack_from(file)  # fmt: skip
    tables = tuple(
        _unpack_channel(file, _HEADER.size + index * length, index + 1, n_points)
        for index in range(n_channels)
    )
    return DecodedFile(
        calibration=PanelCalibration(
            flags=flags,
            uid=uid,
            serial=serial.rstrip(b"\0").decode("ascii"),
            product_code=product_code,
            hardware_revision=hardware_revision,
            drive_epoch=drive_epoch,
            sequence=sequence,
            issued_at=issued_at,
            valid_until_hours=valid_until_hours,
            hours_at_calibration=hours_at_calibration,
            record_sha256=record_sha256,
            distance_mm=distance_mm,
            geometry_id=geometry_id,
            channels=tables,
        ),
        key_id=signer,
        crc=_CRC.unpack_from(file, len(file) - _TAIL_LENGTH)[0],
        signature=file[-SIGNATURE_LENGTH:],
    )


def check_signature(
    file: bytes, public_keys: Sequence[bytes], verify: Callable[[bytes, bytes, bytes], bool]
) -> None:
    """Check that one of the trusted keys signed the file.

    Args:
        file: The whole file.
        public_keys: Raw Ed25519 public keys of 32 bytes.
        verify: Says whether (public key, signature, message) belong together.

    Raises:
        FileError: As `decode` up to CRC, then KEY or SIGNATURE.
    """
    _check_structure(file)
    signer = file[_KEY_ID_AT : _KEY_ID_AT + 8]
    trusted = {key_id(public_key): public_key for public_key in public_keys}
    if signer not in trusted:
        known = ", ".join(sorted(key.hex() for key in trusted)) or "none"
        raise refusal("KEY", f"signed by {signer.hex()}; trusted: {known}; add the key")
    if not verify(trusted[signer], file[-SIGNATURE_LENGTH:], file[:-SIGNATURE_LENGTH]):
        raise refusal(
            "SIGNATURE", f"not made by key {signer.hex()}; do not use this file: make it again"
        )


def _check_structure(file: bytes) -> None:
    """Check what comes before key and signature; no later read leaves the file."""
    if not MIN_SIZE <= len(file) <= MAX_SIZE:
        raise refusal("SIZE", f"{len(file)} bytes: a file has {MIN_SIZE} to {MAX_SIZE}")
    (
        magic, major, minor, header_length, total, n_channels, length, flags, _, serial, _, _,
        n_points, _, _, _, _, _, _, _, reserved_1, _, _, reserved_2,
    ) = _HEADER.unpack_from(file)  # fmt: skip
    if magic != MAGIC:
        raise refusal("MAGIC", "not a calibration file, or damaged by a text-mode transfer")
    if (major, minor) != (1, 0):
        raise refusal("VERSION", f"format {major}.{minor}: only 1.0 is known; update ledcal")
    if (
        header_length != _HEADER.size
        or not 1 <= n_channels <= MAX_CHANNELS
        or not MIN_POINTS <= n_points <= MAX_POINTS
        or length != _channel_length(n_points)
        or total != _HEADER.size + n_channels * length + _TAIL_LENGTH
    ):
        raise refusal(
            "LAYOUT",
            f"header of {header_length} bytes, {n_channels} channels of {length} bytes with "
            f"{n_points} points and {total} bytes in all contradict each other",
        )
    if total != len(file):
        raise refusal("SIZE", f"{len(file)} bytes received, {total} announced")
    text = serial.rstrip(b"\0")
    unused = reserved_1 + bytes([reserved_2 != 0])
    for at in range(_HEADER.size, len(file) - _TAIL_LENGTH, length):
        unused += file[at + 24 : at + 32] + file[at + _CHANNEL.size + 6 * n_points : at + length]
    if any(unused) or not _is_plain(text):
        raise refusal("RESERVED", "an unused byte is not zero, or the serial is not plain text")
    if flags & ~KNOWN_FLAGS:
        raise refusal("FLAGS", f"flags {flags:#010x}: only bits 0 and 1 are known")
    (crc,) = _CRC.unpack_from(file, len(file) - _TAIL_LENGTH)
    computed = zlib.crc32(file[:-_TAIL_LENGTH])
    if crc != computed:
        raise refusal("CRC", f"{crc:08x} stored, {computed:08x} computed: the file is damaged")


def _require_writable(calibration: PanelCalibration, key_id: bytes) -> None:
    """Refuse, with field, value and limit, what the loader would refuse or a field cannot hold."""
    require_range("flags", calibration.flags, 0, KNOWN_FLAGS, "FLAGS")
    require_range("sequence", calibration.sequence, 1, U32_MAX, "SEQ")
    measured_h, valid_h = calibration.hours_at_calibration, calibration.valid_until_hours
    require_range("hours_at_calibration", measured_h, 0, U32_MAX, "HOURS")
    require_range("valid_until_hours", valid_h, measured_h, U32_MAX, "HOURS")
    require_range("product_code", calibration.product_code, 0, U32_MAX)
    require_range("hardware_revision", calibration.hardware_revision, 0, U16_MAX)
    require_range("drive_epoch", calibration.drive_epoch, 0, U32_MAX)
    require_range("issued_at", calibration.issued_at, 0, (1 << 64) - 1)
    require_range("distance_mm", calibration.distance_mm, 0, U16_MAX)
    require_range("geometry_id", calibration.geometry_id, 0, U16_MAX)
    require_range("bytes of uid", len(calibration.uid), 16, 16)
    require_range("bytes of record_sha256", len(calibration.record_sha256), 32, 32)
    require_range("bytes of key_id", len(key_id), 8, 8)
    if not calibration.serial.isascii() or not _is_plain(calibration.serial.encode("ascii")):
        raise refusal(
            "RESERVED", f"serial {calibration.serial!r}: must be 1 to 16 printable ASCII letters"
        )
    require_range("number of channels", len(calibration.channels), 1, MAX_CHANNELS, "LAYOUT")
    n_points = len(calibration.channels[0].drive)
    require_range("points of channel 1", n_points, MIN_POINTS, MAX_POINTS, "LAYOUT")
    for number, table in enumerate(calibration.channels, start=1):
        check_fields(table, number, n_points)
        check_table(table, number)
        check_served(table)


def _is_plain(serial: bytes) -> bool:
    """Say whether a serial is one to sixteen printable ASCII characters."""
    return 1 <= len(serial) <= 16 and all(0x20 <= letter <= 0x7E for letter in serial)


def _channel_length(n_points: int) -> int:
    """Bytes of one channel: 32, four and two for each point, up to a multiple of four."""
    return (_CHANNEL.size + 6 * n_points + 3) // 4 * 4


def _pack_channel(table: ChannelTable) -> bytes:
    n_points = len(table.drive)
    packed = _CHANNEL.pack(
        table.channel, MODEL, table.centroid_dnm, table.t_ref, table.t_min, table.t_max,
        table.u_rel, table.ceiling, table.b1, table.b2, bytes(8),
    ) + struct.pack(f"<{n_points}I{n_points}H", *table.irradiance, *table.drive)  # fmt: skip
    return packed.ljust(_channel_length(n_points), b"\0")


def _unpack_channel(file: bytes, at: int, number: int, n_points: int) -> ChannelTable:
    (
        channel, model, centroid_dnm, t_ref, t_min, t_max, u_rel, ceiling, b1, b2, _,
    ) = _CHANNEL.unpack_from(file, at)  # fmt: skip
    knots = struct.unpack_from(f"<{n_points}I{n_points}H", file, at + _CHANNEL.size)
    require_range(f"channel {number}: model", model, MODEL, MODEL, "TABLE")
    table = ChannelTable(
        channel=channel,
        centroid_dnm=centroid_dnm,
        t_ref=t_ref,
        t_min=t_min,
        t_max=t_max,
        u_rel=u_rel,
        ceiling=ceiling,
        b1=b1,
        b2=b2,
        irradiance=knots[:n_points],
        drive=knots[n_points:],
    )
    check_table(table, number)
    return table
