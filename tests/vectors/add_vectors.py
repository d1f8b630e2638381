"""Add the vectors that are not there yet; never change one that is (see README.md).

Run it from the root of the project: python tests/vectors/add_vectors.py
"""

import json
import struct
import sys
import zlib
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledcal.calibration.codec import decode, encode, key_id, lookup
from ledcal.calibration.errors import FileError
from ledcal.calibration.panel_calibration import ChannelTable, PanelCalibration

FOLDER = Path(__file__).parent
# RFC 8032, 7.1, test 1 and test 2
SECRET = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
FOREIGN = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
BOARD: dict[str, Any] = {
    "uid": "00112233445566778899aabbccddeeff",
    "product_code": 300,
    "hardware_revision": 2,
    "drive_epoch": 7,
    "distance_mm": 150,
    "geometry_id": 1,
    "n_channels": 1,
    "highest_sequence": 0,
    "file_in_use": None,
    "on_hours": 12,
    "allowed_flags": 0,
}


def channel(number: int, n_points: int, **fields: Any) -> ChannelTable:
    """One channel, knots spaced quadratically in drive."""
    drive = tuple(65535 * i * i // (n_points - 1) ** 2 for i in range(n_points))
    table = ChannelTable(
        channel=number,
        centroid_dnm=6300 + 500 * (number - 1),
        t_ref=25 * 256,
        t_min=10 * 256,
        t_max=60 * 256,
        u_rel=310,
        ceiling=9000,
        b1=12_600,
        b2=4_400,
        irradiance=tuple(code * 12000 // 65535 for code in drive),
        drive=drive,
    )
    return replace(table, **fields)


def panel(channels: tuple[ChannelTable, ...], **fields: Any) -> PanelCalibration:
    """A panel with these channels."""
    calibration = PanelCalibration(
        flags=0,
        uid=bytes.fromhex(BOARD["uid"]),
        serial="LT5-000123",
        product_code=300,
        hardware_revision=2,
        drive_epoch=7,
        sequence=4,
        issued_at=1_790_000_000,
        valid_until_hours=2000,
        hours_at_calibration=12,
        record_sha256=bytes(range(32)),
        distance_mm=150,
        geometry_id=1,
        channels=channels,
    )
    return replace(calibration, **fields)


def signed(calibration: PanelCalibration, secret: bytes = SECRET) -> bytes:
    """The file as the writer makes it."""
    key = Ed25519PrivateKey.from_private_bytes(secret)
    return encode(calibration, key_id=key_id(key.public_key().public_bytes_raw()), sign=key.sign)


def altered(
    file: bytes, at: int, pattern: str, value: int | bytes, *, sealed: bool = True
) -> bytes:
    """The file with one field changed, and CRC and signature made good again if sealed."""
    content = bytearray(file)
    struct.pack_into(pattern, content, at, value)
    if not sealed:
        return bytes(content)
    covered = bytes(content[:-68])
    message = covered + struct.pack("<I", zlib.crc32(covered))
    return message + Ed25519PrivateKey.from_private_bytes(SECRET).sign(message)


def resized(file: bytes, n_channels: int, n_points: int) -> bytes:
    """A signed file of these counts, right in all lengths, with empty channels."""
    length = (32 + 6 * n_points + 3) // 4 * 4
    content = file[:144] + bytes(n_channels * length + 68)
    for at, pattern, value in (
        (12, "<I", len(content)),
        (16, "<H", n_channels),
        (18, "<H", length),
        (62, "<H", n_points),
    ):
        content = altered(content, at, pattern, value)
    return content


def vectors() -> tuple[dict[str, bytes], list[dict[str, Any]]]:
    """Every file and every case, in the order of the loader's checks."""
    one = panel((channel(1, 3),))
    small = signed(one)
    five = tuple(channel(number, 16) for number in range(1, 6))
    cold = channel(1, 2, t_ref=-20 * 256, t_min=-40 * 256, t_max=0, b1=-20_000, b2=-9_000)
    files = {
        "small": small,
        "five": signed(panel(five)),
        "largest": signed(panel(tuple(channel(number, 16) for number in range(1, 9)))),
        "cold": signed(panel((cold,), serial="ABCDEFGHIJKLMNOP")),
        "simulated": signed(replace(one, flags=1)),
        "starts-above-zero": altered(small, 144 + 32, "<I", 50),
        "truncated": small[:-1],
        "extended": small + b"\0",
        "text-mode": small.replace(b"\r\n", b"\n") + b"\0",
        "major": altered(small, 8, "B", 2),
        "minor": altered(small, 9, "B", 1),
        "header-length": altered(small, 10, "<H", 148),
        "no-channel": altered(small, 16, "<H", 0),
        "one-point": altered(small, 62, "<H", 1),
        "channel-length": altered(small, 18, "<H", 50),
        "total-length": altered(small, 12, "<I", len(small) + 4),
        "serial-gap": altered(small, 55, "B", 0x41),
        "serial-empty": altered(small, 40, "<16s", bytes(16)),
        "reserved": altered(small, 128, "B", 1),
        "reserved-channel": altered(small, 144 + 24, "B", 1),
        "padding": altered(small, 144 + 50, "B", 1),
        "flag-unknown": altered(small, 20, "<I", 4),
        "damaged": altered(small, 96, "B", 0xFF, sealed=False),
        "foreign": signed(one, FOREIGN),
        "forged": small[:-1] + bytes([small[-1] ^ 0x10]),
        "channel-id": altered(small, 144, "B", 2),
        "model": altered(small, 145, "B", 2),
        "t-ref": altered(small, 148, "<h", 9 * 256),
        "ceiling-zero": altered(small, 156, "<I", 0),
        "ceiling-high": altered(small, 156, "<I", 12001),
        "irradiance-level": altered(small, 144 + 36, "<I", 0),
        "irradiance-last": altered(small, 144 + 40, "<I", 1_000_001),
        "drive-level": altered(small, 144 + 46, "<H", 0),
        "correction-small": altered(small, 160, "<i", -70_000),
        "correction-large": altered(small, 160, "<i", 130_000),
    }
    straight = altered(small, 164, "<i", 0)
    up_to_t_ref = altered(straight, 152, "<h", 6400)
    files |= {
        "text": b"# not a calibration file at all\n" * 40,
        "no-channel-announced": altered(altered(small, 16, "<H", 0), 12, "<I", 212),
        "nine-channels": resized(small, 9, 2),
        "seventeen-points": resized(small, 1, 17),
        "one-point-each": resized(small, 2, 1),
        # c(t) = 2 is reached at t_max, or at t_min, and nowhere else
        "correction-at-t-max": altered(straight, 160, "<i", 119_838),
        "correction-at-t-min": altered(up_to_t_ref, 160, "<i", -279_621),
    }
    wrong: dict[str, dict[str, Any]] = {
        "UID": {"uid": "00112233445566778899aabbccddeefe"},
        "PRODUCT": {"product_code": 301},
        "EPOCH": {"drive_epoch": 8},
        "GEOMETRY": {"geometry_id": 2},
        "BOARD": {"n_channels": 5},
        "SEQ": {"highest_sequence": 4},
        "HOURS": {"on_hours": 2001},
    }
    refused = {
        "SIZE": ["truncated", "extended", "text"],
        "MAGIC": ["text-mode"],
        "VERSION": ["major", "minor"],
        "LAYOUT": (
            "header-length no-channel no-channel-announced one-point channel-length total-length"
            " nine-channels seventeen-points one-point-each"
        ).split(),
        "RESERVED": ["serial-gap", "serial-empty", "reserved", "reserved-channel", "padding"],
        "FLAGS": ["flag-unknown", "simulated"],
        "CRC": ["damaged"],
        "KEY": ["foreign"],
        "SIGNATURE": ["forged"],
        "TABLE": (
            "channel-id model t-ref ceiling-zero ceiling-high"
            " irradiance-level irradiance-last drive-level"
        ).split(),
        "CORRECTION": (
            "correction-small correction-large correction-at-t-max correction-at-t-min"
        ).split(),
    }
    cases: list[dict[str, Any]] = [
        case("small", "OK", look_up=requests((0, 1, 2), (0, 1, 2999, 3000, 9000, 9001))),
        case("five", "OK", {"n_channels": 5}, look_up=requests((1, 5), (50, 4500, 9000))),
        case("largest", "OK", {"n_channels": 8}, look_up=requests((8, 9), (4500,))),
        case("cold", "OK", look_up=requests((1,), (1, 9000), (-10241, -10240, -7000, 0, 1))),
        case("simulated", "OK", {"allowed_flags": 1}, name="simulated on a bench"),
        case("starts-above-zero", "OK", look_up=requests((1,), (49, 50))),
        case("small", "OK", {"highest_sequence": 4, "file_in_use": "small"}, name="again"),
        case("small", "OK", {"on_hours": 2000}, name="last hour"),
    ]
    cases += [case(file, error) for error, names in refused.items() for file in names]
    cases += [case("small", error, board, name=f"wrong {error}") for error, board in wrong.items()]
    cases += [
        case("small", "PRODUCT", {"hardware_revision": 3}, name="wrong revision"),
        case("small", "GEOMETRY", {"distance_mm": 151}, name="wrong distance"),
        case("small", "SEQ", {"highest_sequence": 5, "file_in_use": "small"}, name="older"),
        case(
            "small",
            "SEQ",
            {"highest_sequence": 4, "file_in_use": "starts-above-zero"},
            name="same number, other bytes",
        ),
        case(
            "small",
            "SEQ",
            {"highest_sequence": 4, "file_in_use": "truncated"},
            name="same number, slot in use damaged",
        ),
        case("small", "HOURS", {"on_hours": 11}, name="before its first hour"),
    ]
    return files, cases


def case(
    file: str,
    error: str,
    board: dict[str, Any] | None = None,
    *,
    name: str | None = None,
    look_up: list[tuple[int, int, int]] | None = None,
) -> dict[str, Any]:
    """One entry of the index."""
    entry: dict[str, Any] = {"name": name or file, "file": file, "error": error}
    if board:
        entry["board"] = board
    if look_up:
        entry["look_up"] = look_up
    return entry


def requests(
    channels: tuple[int, ...],
    irradiances: tuple[int, ...],
    temperatures: tuple[int, ...] = (2559, 2560, 6400, 15360, 15361),
) -> list[tuple[int, int, int]]:
    """Every combination of channel, irradiance [0.01 W/m2] and temperature [1/256 degC]."""
    return list(product(channels, irradiances, temperatures))


def answer(calibration: PanelCalibration, number: int, irradiance: int, t: int) -> int | str:
    """The drive code, or the name of the error."""
    if not 1 <= number <= len(calibration.channels):
        return "CHANNEL"
    try:
        return lookup(calibration.channels[number - 1], irradiance, t)
    except FileError as error:
        return error.name


def main() -> None:
    """Write what is new; stop before anything that is there would change."""
    files, cases = vectors()
    for name, file in files.items():
        path = FOLDER / f"{name}.ledcal"
        if path.exists() and path.read_bytes() != file:
            sys.exit(f"{path}: would change; vectors are only added: choose another name")
        path.write_bytes(file)
    for entry in cases:
        if "look_up" in entry:
            calibration = decode(files[entry["file"]]).calibration
            entry["look_up"] = [
                [*request, answer(calibration, *request)] for request in entry["look_up"]
            ]
    path = FOLDER / "index.json"
    old = json.loads(path.read_text(encoding="utf-8"))["cases"] if path.exists() else []
    changed = [entry["name"] for entry in old if entry not in cases]
    if changed:
        sys.exit(f"{path}: would change {', '.join(changed)}; cases are only added")
    public = Ed25519PrivateKey.from_private_bytes(SECRET).public_key().public_bytes_raw()
    path.write_text(index_text(public.hex(), cases), encoding="utf-8")


def index_text(public_key: str, cases: list[dict[str, Any]]) -> str:
    """The index with one case a line, so that a difference shows what was added."""
    lines = ",\n".join(f"  {json.dumps(entry)}" for entry in cases)
    start = f'{{"public_key": "{public_key}",\n"board": {json.dumps(BOARD)},\n'
    return f'{start}"cases": [\n{lines}\n]}}\n'


if __name__ == "__main__":
    main()
