"""Files just within a rule of the format and just beyond it, made from the vectors.

Their signatures are not valid: they are for a host program that is told to call them so.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ledcal.calibration.codec import decode
from ledcal.calibration.errors import FileError
from ledcal.calibration.lookup import lookup

U8, U16, I16, U32, I32 = "<B", "<H", "<h", "<I", "<i"
CHANNEL = 144  # offset of the first; the two-point vector's knots stand at 176 and 184
T_REF, T_MIN, T_MAX, CEILING, B1, B2, E, D = 148, 150, 152, 156, 160, 164, 176, 184


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One file and what the loader must say.

    Attributes:
        file: Its bytes, with a good CRC.
        error: The answer to opening it.
        board: What the board knows other than usual.
        first: Commands for the host program before it is opened.
        look_up: Rows of channel, irradiance, temperature and the answer.
    """

    file: bytes
    error: str
    board: dict[str, Any] = field(default_factory=dict)
    first: tuple[str, ...] = ()
    look_up: tuple[tuple[int | str, ...], ...] = ()


def changed(file: bytes, *changes: tuple[int, str, int]) -> bytes:
    """Return the file with values at offsets, and its CRC repaired."""
    content = bytearray(file)
    for at, kind, value in changes:
        struct.pack_into(kind, content, at, value)
    content[-68:-64] = struct.pack("<I", zlib.crc32(content[:-68]))
    return bytes(content)


def edges(vectors: Path) -> Iterator[Edge]:
    """Yield every edge; the last file is a good one for the usual board."""
    small = changed((vectors / "small.ledcal").read_bytes())
    two = changed(small)[:144] + struct.pack(
        "<2BH3hHI2i8s2I2H", 1, 1, 6600, 6400, 2560, 15360, 300, 9000, 0, 0, bytes(8), 0, 12000,
        0, 60000,
    ) + bytes(68)  # fmt: skip
    two = changed(two, (12, U32, 256), (18, U16, 44), (62, U16, 2))
    five = changed((vectors / "five.ledcal").read_bytes())
    yield from _header(two, small)
    yield from _second_channel(five)
    yield from _channel(two)
    yield from _tables(two)
    yield Edge(file=two, error="OK")


def _header(two: bytes, small: bytes) -> Iterator[Edge]:
    for at in (*range(128, 136), *range(140, 144), *range(168, 176)):
        for value in (1, 128):
            yield Edge(file=changed(two, (at, U8, value)), error="RESERVED")
    for first, second in ((128, 132), (128, 140), (132, 140)):  # equal bits must not cancel out
        pair = changed(two, (first, U32, 5), (second, U32, 5))
        yield Edge(file=pair, error="RESERVED")
    for words in ((0,), (4,), (0, 4)):  # the same in the header and in the channel
        for value in (5, 0x0500_0000):
            both = [(start + word, U32, value) for start in (128, 168) for word in words]
            yield Edge(file=changed(two, *both), error="RESERVED")
            also = changed(two, *both, (140, U32, value))
            yield Edge(file=also, error="RESERVED")
    for at in (len(small) - 70, len(small) - 69):  # padding of an odd number of points
        yield Edge(file=changed(small, (at, U8, 1)), error="RESERVED")
    for serial, error in [
        (b" ~", "OK"), (b"\x1f", "RESERVED"), (b"\x7f", "RESERVED"), (b"A" * 16, "OK"),
        (b"A" * 15 + b"\x80", "RESERVED"), (b"A" * 14 + b"\0B", "RESERVED"),
    ]:  # fmt: skip
        letters = [(40 + n, U8, letter) for n, letter in enumerate(serial.ljust(16, b"\0"))]
        yield Edge(file=changed(two, *letters), error=error)
    round_code = changed(two, (56, U32, 0x1200))
    yield Edge(file=round_code, error="OK", board={"product_code": 0x1200})
    yield Edge(file=changed(two, (95, U8, two[95] ^ 1)), error="KEY")
    yield Edge(file=two, error="KEY", first=("keys 0",))
    yield Edge(file=two, error="OK", first=("keys 4",))
    for field_name, at, kind in [
        ("product_code", 56, U32), ("hardware_revision", 60, U16), ("drive_epoch", 64, U32),
        ("distance_mm", 136, U16), ("geometry_id", 138, U16),
    ]:  # fmt: skip
        name = {"product_code": "PRODUCT", "hardware_revision": "PRODUCT", "drive_epoch": "EPOCH"}
        for byte in range(struct.calcsize(kind)):
            other = changed(two, (at + byte, U8, two[at + byte] ^ 0x40))
            yield Edge(file=other, error=name.get(field_name, "GEOMETRY"))


def _second_channel(five: bytes) -> Iterator[Edge]:
    length = struct.unpack_from(U16, five, 18)[0]
    second = CHANNEL + length
    board = {"n_channels": 5}
    yield Edge(file=five, error="OK", board=board)
    yield Edge(file=changed(five, (second + 31, U8, 1)), error="RESERVED", board=board)
    yield Edge(file=changed(five, (second, U8, 3)), error="TABLE", board=board)
    last = CHANNEL + 4 * length
    yield Edge(file=changed(five, (last + 24, U8, 1)), error="RESERVED", board=board)
    yield Edge(file=changed(five, (last + 12, U32, 0)), error="TABLE", board=board)


def _channel(two: bytes) -> Iterator[Edge]:
    for at, kind, value, error in [
        (E + 4, U32, 1_000_000, "OK"), (E + 4, U32, 1_000_001, "TABLE"),
        (E, U32, 11_999, "OK"), (E, U32, 12_000, "TABLE"), (E, U32, 0xFFFF_FFFF, "TABLE"),
        (D, U16, 59_999, "OK"), (D, U16, 60_000, "TABLE"), (D, U16, 60_001, "TABLE"),
        (CEILING, U32, 1, "OK"), (CEILING, U32, 0, "TABLE"),
        (CEILING, U32, 12_000, "OK"), (CEILING, U32, 12_001, "TABLE"),
        (T_MIN, I16, 6400, "OK"), (T_MIN, I16, 6401, "TABLE"),
        (T_MAX, I16, 6400, "OK"), (T_MAX, I16, 6399, "TABLE"),
        (CHANNEL, U8, 0, "TABLE"), (CHANNEL, U8, 2, "TABLE"),
        (CHANNEL + 1, U8, 0, "TABLE"), (CHANNEL + 1, U8, 2, "TABLE"),
    ]:  # fmt: skip
        yield Edge(file=changed(two, (at, kind, value)), error=error)
    near = ((T_MIN, I16, 6399), (T_MAX, I16, 6401))
    below, above = (near[0], (T_MAX, I16, 6400)), ((T_MIN, I16, 6400), near[1])
    half, one = 1 << 29, 1 << 30
    for limits, b1, b2, error in [
        # c(t_ref + 1) = 1 + b1 and c(t_ref - 1) = 1 - b1, in units of 2^-30
        (above, one - 1, 0, "OK"), (above, one, 0, "CORRECTION"),
        (above, -half, 0, "OK"), (above, -half - 1, 0, "CORRECTION"),
        (below, 1 - one, 0, "OK"), (below, -one, 0, "CORRECTION"),
        (below, half, 0, "OK"), (below, half + 1, 0, "CORRECTION"),
        # floor(b2 / 2^16) and floor(-b2 / 2^16)
        (above, one - 1, 65535, "OK"), (above, one - 1, 65536, "CORRECTION"),
        (above, -half, -1, "CORRECTION"), (below, half, -1, "OK"), (below, half, 1, "OK"),
        (above, one, -1, "OK"), (below, half + 1, 1, "OK"),
    ]:  # fmt: skip
        file = changed(two, *limits, (B1, I32, b1), (B2, I32, b2), (CEILING, U32, 12_000))
        t = 6401 if limits is above else 6399
        yield Edge(file=file, error=error, look_up=_answers(file, t) if error == "OK" else ())


def _answers(file: bytes, *temperatures: int) -> tuple[tuple[int | str, ...], ...]:
    """What Python says to many requests on channel 1."""
    (table,) = decode(file).calibration.channels
    last = table.irradiance[-1]
    requests = sorted(
        {*range(min(last, 60) + 2), last // 3, last // 2, last // 2 + 1, last - 1, last}
        | {1 << 19, (1 << 19) + 1}
    )
    rows: list[tuple[int | str, ...]] = []
    for irradiance in requests:
        for t in temperatures:
            try:
                rows.append((1, irradiance, t, lookup(table, irradiance, t)))
            except FileError as error:
                rows.append((1, irradiance, t, error.name))
    return tuple(rows)


def _tables(two: bytes) -> Iterator[Edge]:
    for knots, codes, ceiling in [
        ((0, 1), (0, 1), 1), ((0, 1), (0, 65535), 1), ((0, 2), (0, 1), 2), ((0, 3), (7, 8), 3),
        ((0, 40), (0, 17), 40), ((5, 40), (100, 60001), 40), ((0, 33), (0, 40000), 33),
        ((0, 1_000_000), (0, 65535), 1_000_000), ((524_287, 1_000_000), (1, 2), 1_000_000),
    ]:  # fmt: skip
        plain = changed(
            two, *((E + 4 * n, U32, knot) for n, knot in enumerate(knots)),
            *((D + 2 * n, U16, code) for n, code in enumerate(codes)), (CEILING, U32, ceiling),
            (T_MIN, I16, 6300), (T_MAX, I16, 6500), (B1, I32, 0), (B2, I32, 0),
        )  # fmt: skip
        yield Edge(file=plain, error="OK", look_up=_answers(plain, 6299, 6300, 6400, 6500, 6501))
        # up to the ceiling the table may still be left when the file was not written by the codec
        steep = changed(plain, (B1, I32, 1_000_003), (B2, I32, -70_001))
        yield Edge(file=steep, error="OK", look_up=_answers(steep, 6300, 6400, 6401, 6500))
