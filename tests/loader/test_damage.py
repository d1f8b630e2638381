import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace

from ledcal.calibration.firmware import Expectation

CJudge = Callable[[bytes, Expectation], str]
PythonJudge = Callable[[bytes, tuple[bytes, ...]], str]
Proves = Callable[[str, int], None]


def flips(content: bytes) -> Iterator[bytes]:
    for bit in range(8 * len(content)):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        yield bytes(flipped)


def test_every_single_bit_flip_is_refused_under_one_name(
    file: bytes, board: Expectation, c_name: CJudge, python_name: PythonJudge, proves: Proves
) -> None:
    names = {}
    # which flags are allowed is the board's affair: Python does not know it
    board = replace(board, allowed_flags=3)
    for at, damaged in enumerate(flips(file)):
        names[at] = c_name(damaged, board)
        assert names[at] == python_name(damaged, board.public_keys), f"bit {at}"
    assert len(names) == 8 * len(file)
    assert "OK" not in names.values()
    proves("single-bit flips", len(names))


def test_a_production_board_accepts_no_single_bit_flip(
    file: bytes, board: Expectation, c_name: CJudge
) -> None:
    assert all(c_name(damaged, board) != "OK" for damaged in flips(file))


def test_a_flip_with_the_crc_repaired_is_refused_under_one_name(
    file: bytes, board: Expectation, c_name: CJudge, python_name: PythonJudge, proves: Proves
) -> None:
    seen = set()
    board = replace(board, allowed_flags=3)
    for at, damaged in enumerate(flips(file[:-68])):
        forged = damaged + struct.pack("<I", zlib.crc32(damaged)) + file[-64:]
        name = c_name(forged, board)
        assert name == python_name(forged, board.public_keys), f"bit {at}"
        seen.add(name)
    assert seen == {
        "MAGIC", "VERSION", "LAYOUT", "RESERVED", "FLAGS", "KEY", "SIGNATURE",
    }  # fmt: skip
    proves("flips with the CRC repaired", 8 * len(file[:-68]))


def test_every_truncation_is_refused(
    file: bytes, board: Expectation, c_name: CJudge, python_name: PythonJudge, proves: Proves
) -> None:
    for size in range(len(file)):
        assert c_name(file[:size], board) == "SIZE"
        assert python_name(file[:size], board.public_keys) == "SIZE"
    proves("truncations", len(file))


def test_extensions_are_refused(
    file: bytes, board: Expectation, c_name: CJudge, python_name: PythonJudge, proves: Proves
) -> None:
    tails = [fill * length for length in range(1, 2049) for fill in (b"\0", b"\xff", b"\n")]
    tails += [file, file[-64:], file[-68:]]
    for tail in tails:
        assert c_name(file + tail, board) == "SIZE"
        assert python_name(file + tail, board.public_keys) == "SIZE"
    proves("extensions", len(tails))


def test_a_text_mode_transfer_is_called_by_its_name(
    file: bytes, board: Expectation, c_name: CJudge, python_name: PythonJudge
) -> None:
    for transfer in (file.replace(b"\r\n", b"\n"), file.replace(b"\n", b"\r\n")):
        assert c_name(transfer, board) == "MAGIC"
        assert python_name(transfer, board.public_keys) == "MAGIC"


def test_an_erased_or_zeroed_slot_is_no_file(
    board: Expectation, c_name: CJudge, python_name: PythonJudge
) -> None:
    for slot in (b"\xff" * 1236, bytes(1236)):
        assert c_name(slot, board) == "MAGIC"
        assert python_name(slot, board.public_keys) == "MAGIC"
