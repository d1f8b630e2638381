from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ledcal.calibration import codec
from ledcal.calibration.errors import FileError
from ledcal.calibration.firmware import ERROR_NAMES
from ledcal.calibration.lookup import refusal
from ledcal.calibration.panel_calibration import ChannelTable, PanelCalibration

KEY_ID = bytes(range(8))

TABLE = ChannelTable(
    channel=1,
    centroid_dnm=6300,
    t_ref=25 * 256,
    t_min=10 * 256,
    t_max=60 * 256,
    u_rel=310,
    ceiling=9000,
    b1=12_600,
    b2=4_400,
    irradiance=(100, 3000, 12000),
    drive=(500, 16384, 65535),
)
CALIBRATION = PanelCalibration(
    flags=0,
    uid=bytes(range(16)),
    serial="LT5-000123",
    product_code=300,
    hardware_revision=2,
    drive_epoch=7,
    sequence=4,
    issued_at=1_790_000_000,
    valid_until_hours=2000,
    hours_at_calibration=12,
    record_sha256=bytes(32),
    distance_mm=150,
    geometry_id=1,
    channels=(TABLE, replace(TABLE, channel=2)),
)


def sign(message: bytes) -> bytes:
    """A stand-in for Ed25519 of the right length: the codec leaves signing to its caller."""
    return message[:64]


def encode(calibration: PanelCalibration) -> bytes:
    return codec.encode(calibration, key_id=KEY_ID, sign=sign)


def refused(call: Callable[[], object]) -> FileError:
    with pytest.raises(FileError) as caught:
        call()
    return caught.value


def test_decoding_gives_back_what_was_encoded() -> None:
    file = encode(CALIBRATION)
    decoded = codec.decode(file)
    assert decoded.calibration == CALIBRATION
    assert decoded.key_id == KEY_ID
    assert decoded.signature == sign(file)
    assert file[-68:-64] == decoded.crc.to_bytes(4, "little")
    # 144 for the header, 2 x (32 + 6 x 3, padded) and 68 for CRC and signature
    assert len(file) == 144 + 2 * 52 + 68


@pytest.mark.parametrize(
    ("fields", "name", "says"),
    [
        ({"flags": 4}, "FLAGS", "flags 4: must be 0 to 3"),
        ({"flags": -1}, "FLAGS", "must be 0 to 3"),
        ({"sequence": 0}, "SEQ", "sequence 0: must be 1 to 4294967295"),
        ({"sequence": 1 << 32}, "SEQ", "must be 1 to"),
        ({"hours_at_calibration": 2001}, "HOURS", "valid_until_hours 2000: must be 2001 to"),
        ({"valid_until_hours": 1 << 32}, "HOURS", "valid_until_hours"),
        ({"serial": ""}, "RESERVED", "serial ''"),
        ({"serial": "A" * 17}, "RESERVED", "1 to 16 printable ASCII"),
        ({"serial": "LT5\n"}, "RESERVED", "1 to 16 printable ASCII"),
        ({"serial": "LT5µ"}, "RESERVED", "1 to 16 printable ASCII"),
        ({"serial": "A\0B"}, "RESERVED", "1 to 16 printable ASCII"),
        ({"uid": bytes(15)}, "ARG", "bytes of uid 15: must be 16 to 16"),
        ({"record_sha256": b""}, "ARG", "bytes of record_sha256 0"),
        ({"product_code": 1 << 32}, "ARG", "product_code"),
        ({"hardware_revision": 1 << 16}, "ARG", "hardware_revision 65536: must be 0 to 65535"),
        ({"drive_epoch": -1}, "ARG", "drive_epoch -1"),
        ({"issued_at": -1}, "ARG", "issued_at -1"),
        ({"distance_mm": 1 << 16}, "ARG", "distance_mm"),
        ({"geometry_id": -1}, "ARG", "geometry_id"),
        ({"channels": ()}, "LAYOUT", "number of channels 0: must be 1 to 8"),
        ({"channels": (TABLE,) * 9}, "LAYOUT", "number of channels 9"),
        ({"channels": (TABLE, TABLE)}, "TABLE", "channel 2: id 1: must be 2 to 2"),
    ],
)
def test_the_writer_names_field_value_and_limit(
    fields: dict[str, Any], name: str, says: str
) -> None:
    error = refused(lambda: encode(replace(CALIBRATION, **fields)))
    assert error.name == name
    assert says in str(error)


@pytest.mark.parametrize(
    ("fields", "name", "says"),
    [
        ({"drive": (0,), "irradiance": (0,)}, "LAYOUT", "points of channel 1 1: must be 2 to 16"),
        ({"irradiance": (1, 2)}, "LAYOUT", "points of irradiance 2: must be 3 to 3"),
        ({"drive": (500, 500, 600)}, "TABLE", "drive 500 follows 500"),
        ({"drive": (-1, 500, 600)}, "ARG", "first drive -1"),
        ({"drive": (0, 500, 65536)}, "ARG", "last drive 65536: must be 0 to 65535"),
        ({"irradiance": (0, 3000, 3000), "ceiling": 100}, "TABLE", "3000 follows 3000"),
        ({"irradiance": (-1, 3000, 12000)}, "ARG", "first irradiance -1"),
        ({"irradiance": (0, 3000, 1_000_001)}, "TABLE", "must be 1 to 1000000"),
        ({"ceiling": 0}, "TABLE", "ceiling 0: must be 1 to 12000"),
        ({"ceiling": 12001}, "TABLE", "ceiling 12001: must be 1 to 12000"),
        ({"t_ref": 9 * 256}, "TABLE", "t_ref 2304: must be 2560 to 15360"),
        ({"t_max": 1 << 15}, "ARG", "t_max 32768"),
        ({"centroid_dnm": 1 << 16}, "ARG", "centroid_dnm"),
        ({"u_rel": -1}, "ARG", "u_rel -1"),
        ({"b1": 1 << 31}, "ARG", "b1"),
        ({"b2": -(1 << 31) - 1}, "ARG", "b2"),
        ({"b1": -70_000}, "CORRECTION", "must be 0.5 to below 2"),
        ({"b1": 130_000}, "CORRECTION", "must be 0.5 to below 2"),
        # c(60 degC) = 1.11: more than 108.1 W/m2 would need more than the table's 120 W/m2
        ({"ceiling": 11000}, "RANGE", "ceiling 110.0 W/m2 needs more than"),
    ],
)
def test_the_writer_refuses_a_table_that_would_not_serve(
    fields: dict[str, Any], name: str, says: str
) -> None:
    channels = (replace(TABLE, **fields),)
    error = refused(lambda: encode(replace(CALIBRATION, channels=channels)))
    assert error.name == name
    assert says in str(error)


def test_a_ceiling_just_served_when_hot_is_written() -> None:
    largest = max(codec.correction(TABLE, t) for t in range(TABLE.t_min, TABLE.t_max + 1))
    served = (TABLE.irradiance[-1] << 30) // largest
    just = replace(CALIBRATION, channels=(replace(TABLE, ceiling=served),))
    above = replace(CALIBRATION, channels=(replace(TABLE, ceiling=served + 1),))
    assert codec.decode(encode(just)).calibration == just
    assert refused(lambda: encode(above)).name == "RANGE"


def test_a_signature_of_the_wrong_length_is_refused() -> None:
    error = refused(
        lambda: codec.encode(CALIBRATION, key_id=KEY_ID, sign=lambda message: bytes(63))
    )
    assert "bytes of signature 63" in str(error)
    assert refused(lambda: codec.unsigned_bytes(CALIBRATION, bytes(7))).name == "ARG"


def test_the_signature_is_checked_with_the_key_that_the_file_names() -> None:
    public_key = bytes(range(32))
    file = codec.encode(CALIBRATION, key_id=codec.key_id(public_key), sign=sign)
    asked = []

    def verify(key: bytes, signature: bytes, message: bytes) -> bool:
        asked.append((key, signature, message))
        return signature == sign(message)

    codec.check_signature(file, [bytes(32), public_key], verify)
    assert asked == [(public_key, file[-64:], file[:-64])]
    forged = file[:-1] + bytes([file[-1] ^ 1])
    assert refused(lambda: codec.check_signature(forged, [public_key], verify)).code == -10
    foreign = refused(lambda: codec.check_signature(file, [bytes(32)], verify))
    assert (foreign.code, foreign.name) == (-9, "KEY")
    assert codec.key_id(public_key).hex() in str(foreign)
    damaged = file[:100] + b"\xff" + file[101:]
    assert refused(lambda: codec.check_signature(damaged, [public_key], verify)).name == "CRC"


@pytest.mark.parametrize(
    ("irradiance", "degc", "answer"),
    [
        (0, 25, 0),
        (0, -100, 0),  # dark is dark at any temperature
        (100, 25, 500),
        (3000, 25, 16384),
        (1550, 25, 8442),  # half way between two knots: 500 + 15884 / 2
        (9001, 25, "CEILING"),
        (9001, -100, "CEILING"),
        (3000, 9, "TEMP"),
        (3000, 61, "TEMP"),
        (99, 25, "RANGE"),
        (-1, 25, "ARG"),
    ],
)
def test_look_up(irradiance: int, degc: int, answer: int | str) -> None:
    if isinstance(answer, int):
        assert codec.lookup(TABLE, irradiance, degc * 256) == answer
    else:
        error = refused(lambda: codec.lookup(TABLE, irradiance, degc * 256))
        assert error.name == answer


def test_the_correction_rounds_down_below_zero() -> None:
    table = replace(TABLE, b1=0, b2=-1)
    # floor(-1 / 65536) = -1, and -1 times dt
    assert codec.correction(table, table.t_ref + 1) == (1 << 30) - 1
    assert codec.correction(table, table.t_ref - 1) == 1 << 30


def test_every_refusal_has_the_loaders_number() -> None:
    for code, name in ERROR_NAMES.items():
        assert refusal(name, "").code == code
