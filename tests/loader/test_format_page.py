"""FORMAT.md says what the code does: its worked example is read out of the page."""

import re
from collections.abc import Callable
from importlib.resources import files
from typing import Final

import pytest

from ledcal.calibration import codec
from ledcal.calibration.firmware import ERROR_NAMES, Expectation, open_file

PAGE: Final = (files("ledcal.calibration.firmware") / "FORMAT.md").read_text(encoding="utf-8")
ROW: Final = re.compile(r"^\| (\d+) \| `([0-9A-F ]+)` \| (\S+) \| (.+) \|$", re.MULTILINE)
SIGNED: Final = {"t_ref", "t_min", "t_max", "b1", "b2"}


@pytest.fixture(scope="module")
def example() -> bytes:
    return b"".join(bytes.fromhex(digits) for _, digits, _, _ in ROW.findall(PAGE))


@pytest.fixture(scope="module")
def public_key() -> bytes:
    found = re.search(r"^`([0-9a-f]{64})`$", PAGE, re.MULTILINE)
    assert found is not None
    return bytes.fromhex(found[1])


@pytest.fixture(scope="module")
def board(example: bytes, public_key: bytes) -> Expectation:
    calibration = codec.decode(example).calibration
    return Expectation(
        uid=calibration.uid,
        product_code=calibration.product_code,
        hardware_revision=calibration.hardware_revision,
        drive_epoch=calibration.drive_epoch,
        distance_mm=calibration.distance_mm,
        geometry_id=calibration.geometry_id,
        n_channels=1,
        highest_sequence=0,
        file_in_use=None,
        on_hours=100,
        allowed_flags=0,
        public_keys=(public_key,),
    )


def test_the_rows_follow_each_other_and_show_their_values() -> None:
    offset = 0
    for at, digits, field, value in ROW.findall(PAGE):
        content = bytes.fromhex(digits)
        assert int(at) == offset, field
        if field == "serial":
            assert content.rstrip(b"\0").decode("ascii") == value.strip("`")
        elif value != "—":
            assert int.from_bytes(content, "little", signed=field in SIGNED) == int(value), field
        offset += len(content)
    assert offset == 256


def test_both_readers_accept_the_example(
    example: bytes,
    board: Expectation,
    public_key: bytes,
    python_name: Callable[[bytes, tuple[bytes, ...]], str],
) -> None:
    assert python_name(example, (public_key,)) == "OK"
    open_file(example, board).check()


def test_the_writer_writes_the_example_byte_by_byte(example: bytes) -> None:
    decoded = codec.decode(example)
    written = codec.unsigned_bytes(decoded.calibration, decoded.key_id)
    assert written == example[:-64]


def test_the_values_are_those_of_the_decoded_file(example: bytes) -> None:
    calibration = codec.decode(example).calibration
    (table,) = calibration.channels
    by_field = {field: value for _, _, field, value in ROW.findall(PAGE)}
    assert calibration.serial == by_field["serial"].strip("`")
    for field, read in {
        "product_code": calibration.product_code,
        "hardware_revision": calibration.hardware_revision,
        "drive_epoch": calibration.drive_epoch,
        "seq": calibration.sequence,
        "issued_at": calibration.issued_at,
        "valid_until_hours": calibration.valid_until_hours,
        "hours_at_cal": calibration.hours_at_calibration,
        "distance_mm": calibration.distance_mm,
        "geometry_id": calibration.geometry_id,
        "centroid": table.centroid_dnm,
        "t_ref": table.t_ref,
        "t_min": table.t_min,
        "t_max": table.t_max,
        "u_rel": table.u_rel,
        "ceiling": table.ceiling,
        "b1": table.b1,
        "b2": table.b2,
        "E[1]": table.irradiance[1],
        "D[1]": table.drive[1],
    }.items():
        assert int(by_field[field]) == read, field


def test_the_worked_look_ups_are_right(example: bytes, board: Expectation) -> None:
    (table,) = codec.decode(example).calibration.channels
    loaded = open_file(example, board)
    rows = re.findall(r"^\| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", PAGE, re.M)
    assert len(rows) == 3
    for e, t, dt, c, x, code in (map(int, row) for row in rows):
        assert t - table.t_ref == dt
        assert codec.correction(table, t) == c
        assert (e * c + (1 << 29)) >> 30 == x
        assert codec.lookup(table, e, t) == loaded.drive(1, e, t) == code


def test_the_page_lists_every_error_with_its_number() -> None:
    # the page writes a typographic minus
    listed = {
        int(n.replace("−", "-")): name for n, name in re.findall(r"\| (−?\d+) ([A-Z]+)(?= )", PAGE)
    }
    assert listed == ERROR_NAMES
