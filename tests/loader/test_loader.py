from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledcal.calibration import codec
from ledcal.calibration.firmware import (
    ERROR_NAMES,
    Expectation,
    LoaderError,
    crc32,
    error_name,
    open_file,
    round_irradiance,
    round_temperature,
)
from ledcal.calibration.firmware._host import ffi, lib
from ledcal.calibration.panel_calibration import PanelCalibration

OTHER_KEYS = tuple(
    Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32).public_key().public_bytes_raw()
    for n in range(1, 5)
)
Sign = Callable[[PanelCalibration], bytes]
Judge = Callable[[bytes, Expectation], str]
Proves = Callable[[str, int], None]


def test_accepts_the_file_for_its_board(file: bytes, board: Expectation) -> None:
    loaded = open_file(file, board)
    loaded.check()
    assert loaded.file == file
    assert loaded.sequence == 4
    # the knot at 30 W/m2 and the reference temperature
    assert loaded.drive(1, 3000, 25 * 256) == 16384


@pytest.mark.parametrize(
    ("other", "name"),
    [
        ({"uid": bytes(16)}, "UID"),
        ({"product_code": 301}, "PRODUCT"),
        ({"hardware_revision": 3}, "PRODUCT"),
        ({"drive_epoch": 8}, "EPOCH"),
        ({"distance_mm": 151}, "GEOMETRY"),
        ({"geometry_id": 2}, "GEOMETRY"),
        ({"n_channels": 5}, "BOARD"),
        ({"highest_sequence": 5}, "SEQ"),
        ({"on_hours": 11}, "HOURS"),
        ({"on_hours": 2001}, "HOURS"),
        ({"public_keys": OTHER_KEYS}, "KEY"),
        ({"public_keys": ()}, "KEY"),
        ({"on_hours": 12}, "OK"),
        ({"on_hours": 2000}, "OK"),
        ({"highest_sequence": 3}, "OK"),
    ],
)
def test_each_thing_the_board_knows_has_its_own_error(
    other: dict[str, Any],
    name: str,
    file: bytes,
    board: Expectation,
    c_name: Judge,
    proves: Proves,
) -> None:
    assert c_name(file, replace(board, **other)) == name
    proves("wrong board, key or number: its own error", int(name != "OK"))


@pytest.mark.parametrize("flags", [1, 2, 3])
def test_production_refuses_marked_files(
    flags: int,
    calibration: PanelCalibration,
    board: Expectation,
    sign: Sign,
    c_name: Judge,
    proves: Proves,
) -> None:
    marked = sign(replace(calibration, flags=flags))
    assert c_name(marked, board) == "FLAGS"
    assert c_name(marked, replace(board, allowed_flags=3 ^ flags)) == "FLAGS"
    assert c_name(marked, replace(board, allowed_flags=flags)) == "OK"
    proves("wrong board, key or number: its own error", 2)


def test_unknown_flags_are_refused_whatever_is_allowed(
    file: bytes,
    board: Expectation,
    seal: Callable[[bytes], bytes],
    c_name: Judge,
    proves: Proves,
) -> None:
    for bit in range(2, 32):
        unknown = seal(file[:20] + (1 << bit).to_bytes(4, "little") + file[24:])
        assert c_name(unknown, replace(board, allowed_flags=0xFFFF_FFFF)) == "FLAGS"
    proves("wrong board, key or number: its own error", 30)


def test_installs_the_identical_file_again_but_no_other_of_its_number(
    calibration: PanelCalibration, file: bytes, board: Expectation, sign: Sign, c_name: Judge
) -> None:
    installed = replace(board, highest_sequence=4, file_in_use=file)
    assert c_name(file, installed) == "OK"
    assert c_name(sign(replace(calibration, issued_at=1)), installed) == "SEQ"
    assert c_name(sign(replace(calibration, sequence=3)), installed) == "SEQ"
    assert c_name(sign(replace(calibration, sequence=5)), installed) == "OK"
    assert c_name(file, replace(installed, file_in_use=file[:-1])) == "SEQ"
    assert c_name(file, replace(board, highest_sequence=4)) == "SEQ"


def test_trusts_every_key_of_a_full_table(
    file: bytes, board: Expectation, public_key: bytes, c_name: Judge
) -> None:
    assert c_name(file, replace(board, public_keys=(*OTHER_KEYS[:3], public_key))) == "OK"
    assert c_name(file, replace(board, public_keys=(*OTHER_KEYS, public_key))) == "ARG"


def test_another_key_under_the_same_id_does_not_verify(
    file: bytes, board: Expectation, public_key: bytes, proves: Proves
) -> None:
    expect = ffi.new(
        "ledcal_expect_t *",
        {"n_keys": 1, "keys": [{"id": codec.key_id(public_key), "public_key": OTHER_KEYS[0]}]},
    )
    pinned = ffi.from_buffer("uint8_t[]", file)
    handle = ffi.new("ledcal_t *")
    assert error_name(lib.ledcal_open(pinned, len(file), expect, handle)) == "SIGNATURE"
    proves("wrong board, key or number: its own error", 1)


@pytest.mark.parametrize(
    ("other", "says"),
    [
        ({"uid": bytes(15)}, "must have 16 bytes"),
        ({"public_keys": (bytes(31),)}, "must have 32 raw bytes"),
        ({"product_code": 1 << 32}, "does not fit"),
        ({"geometry_id": -1}, "does not fit"),
    ],
)
def test_a_board_that_c_cannot_hold_is_the_callers_mistake(
    other: dict[str, Any], says: str, file: bytes, board: Expectation
) -> None:
    with pytest.raises(LoaderError, match=says) as caught:
        open_file(file, replace(board, **other))
    assert caught.value.name == "ARG"


@pytest.mark.parametrize(
    ("at", "content", "name"),
    [
        (144, b"\2", "TABLE"),  # the id of channel 1
        (145, b"\2", "TABLE"),  # model
        (145, b"\0", "TABLE"),
        (148, (9 * 256).to_bytes(2, "little"), "TABLE"),  # t_ref below t_min
        (152, (24 * 256).to_bytes(2, "little"), "TABLE"),  # t_max below t_ref
        (156, (0).to_bytes(4, "little"), "TABLE"),  # ceiling
        (156, (12001).to_bytes(4, "little"), "TABLE"),
        (180, (0).to_bytes(4, "little"), "TABLE"),  # E[1] level with E[0]
        (184, (3000).to_bytes(4, "little"), "TABLE"),  # E[2] level with E[1]
        (184, (1_000_001).to_bytes(4, "little"), "TABLE"),
        (190, (0).to_bytes(2, "little"), "TABLE"),  # D[1] level with D[0]
        (192, (16383).to_bytes(2, "little"), "TABLE"),  # D[2] below D[1]
        (160, (-70_000).to_bytes(4, "little", signed=True), "CORRECTION"),
        (160, (130_000).to_bytes(4, "little", signed=True), "CORRECTION"),
        (164, (0x7FFF_FFFF).to_bytes(4, "little"), "CORRECTION"),
        (164, (-0x8000_0000).to_bytes(4, "little", signed=True), "CORRECTION"),
        (144 + 52, b"\1", "TABLE"),  # the id of channel 2
    ],
)
def test_refuses_signed_nonsense(
    at: int,
    content: bytes,
    name: str,
    file: bytes,
    board: Expectation,
    seal: Callable[[bytes], bytes],
    c_name: Judge,
    python_name: Callable[[bytes, tuple[bytes, ...]], str],
    proves: Proves,
) -> None:
    nonsense = seal(file[:at] + content + file[at + len(content) :])
    assert c_name(nonsense, board) == name
    assert python_name(nonsense, board.public_keys) == name
    proves("signed nonsense", 1)


@pytest.mark.parametrize(
    ("request_", "name"),
    [
        ((0, 0, 6400), "CHANNEL"),
        ((3, 1, 6400), "CHANNEL"),
        ((65537, 1, 6400), "CHANNEL"),
        ((-1, 1, 6400), "CHANNEL"),
        ((1, 9001, 6400), "CEILING"),
        ((1, 1 << 32, 6400), "CEILING"),
        ((1, 1, 10 * 256 - 1), "TEMP"),
        ((1, 1, 60 * 256 + 1), "TEMP"),
        ((1, 1, 1 << 15), "TEMP"),
        ((2, 99, 20 * 256), "RANGE"),
        ((1, -1, 6400), "ARG"),
    ],
)
def test_refuses_requests_outside_the_file(
    request_: tuple[int, int, int], name: str, file: bytes, board: Expectation
) -> None:
    with pytest.raises(LoaderError) as caught:
        open_file(file, board).drive(*request_)
    assert caught.value.name == name
    assert ERROR_NAMES[caught.value.code] == name


def test_dark_is_allowed_at_any_temperature(file: bytes, board: Expectation) -> None:
    assert open_file(file, board).drive(2, 0, -(1 << 15)) == 0


def test_a_refused_file_leaves_an_empty_handle_and_code_0(file: bytes) -> None:
    handle = ffi.new("ledcal_t *", {"n_channels": 9})
    code = ffi.new("uint16_t *", None)
    expect = ffi.new("ledcal_expect_t *")
    pinned = ffi.from_buffer("uint8_t[]", file)
    assert error_name(lib.ledcal_open(pinned, len(file), expect, handle)) == "KEY"
    assert bytes(ffi.buffer(handle, 12)) == bytes(12)
    assert error_name(lib.ledcal_drive(handle, 1, 100, 6400, code)) == "ARG"
    assert code[0] == 0
    assert error_name(lib.ledcal_check(handle)) == "ARG"


def test_null_pointers_are_the_callers_mistake(file: bytes) -> None:
    handle, expect = ffi.new("ledcal_t *"), ffi.new("ledcal_expect_t *")
    pinned, null = ffi.from_buffer("uint8_t[]", file), ffi.NULL
    size = len(file)
    assert error_name(lib.ledcal_open(null, size, expect, handle)) == "ARG"
    assert error_name(lib.ledcal_open(pinned, size, null, handle)) == "ARG"
    assert error_name(lib.ledcal_open(pinned, size, expect, null)) == "ARG"
    assert error_name(lib.ledcal_drive(handle, 1, 1, 1, null)) == "ARG"
    assert error_name(lib.ledcal_check(null)) == "ARG"


def test_crc_gives_the_known_answer() -> None:
    # the check value of CRC-32/ISO-HDLC in the catalogue of CRC algorithms
    assert crc32(b"123456789") == 0xCBF43926
    assert crc32(b"") == 0


def test_names_and_numbers_are_those_of_the_format() -> None:
    assert list(ERROR_NAMES) == list(range(0, -24, -1))
    assert (ERROR_NAMES[0], ERROR_NAMES[-8], ERROR_NAMES[-23]) == ("OK", "CRC", "TEMP")
    for beyond in (1, -24, -(1 << 31)):
        with pytest.raises(ValueError, match="unknown"):
            error_name(beyond)


def test_rounds_half_up_as_the_number_was_written() -> None:
    # 0.285 is stored a little below; who wrote 0.285 W/m2 asked for 28.5 steps
    assert [round_irradiance(w_m2) for w_m2 in (0.0, 0.004, 0.005, 0.285, 90.0)] == [
        0, 0, 1, 29, 9000,
    ]  # fmt: skip
    assert [round_temperature(step / 512) for step in (-3, -1, 0, 1, 3, 12800)] == [
        -1, 0, 0, 1, 2, 6400,
    ]  # fmt: skip


@pytest.mark.parametrize("w_m2", [float("nan"), float("inf"), -0.01])
def test_no_request_is_made_of_what_is_none(w_m2: float) -> None:
    with pytest.raises(LoaderError, match="finite") as caught:
        round_irradiance(w_m2)
    assert caught.value.name == "ARG"


@pytest.mark.parametrize("degc", [float("nan"), float("inf"), float("-inf")])
def test_no_temperature_is_made_of_what_is_none(degc: float) -> None:
    with pytest.raises(LoaderError, match="finite") as caught:
        round_temperature(degc)
    assert caught.value.name == "TEMP"
