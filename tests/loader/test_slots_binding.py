"""The two slots as the virtual panel uses them: memory in Python, every choice in C."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from ledcal.calibration.firmware import ERASED, SLOT_SIZE, Expectation, LoaderError, Slots
from ledcal.calibration.panel_calibration import PanelCalibration

Sign = Callable[[PanelCalibration], bytes]


def install(slots: Slots, file: bytes, board: Expectation) -> None:
    slots.write(slots.spare, file + ERASED[len(file) :])
    slots.switch(len(file), board)


def test_a_file_is_installed_and_found_again_at_boot(
    file: bytes, board: Expectation, calibration: PanelCalibration, sign: Sign
) -> None:
    slots = Slots()
    assert (slots.in_use, slots.sequence, slots.spare) == (None, 0, 0)
    install(slots, file, board)
    first = slots.in_use
    assert first is not None
    assert (first.file, slots.sequence, slots.spare) == (file, 4, 1)
    newer = sign(replace(calibration, sequence=5))
    install(slots, newer, replace(board, highest_sequence=4))
    assert (slots.sequence, slots.spare) == (5, 0)
    # who holds the file before it still reads that one
    assert (first.file, first.sequence) == (file, 4)
    slots.boot(replace(board, highest_sequence=5))
    assert slots.in_use is not None
    assert slots.in_use.file == newer
    slots.erase()
    assert slots.in_use is None
    assert (slots.sequence, slots.read(0), slots.read(1)) == (0, ERASED, ERASED)


def test_a_refused_file_leaves_the_one_in_use(file: bytes, board: Expectation) -> None:
    slots = Slots()
    install(slots, file, board)
    slots.write(slots.spare, file + ERASED[len(file) :])
    with pytest.raises(LoaderError, match="SIZE"):
        slots.switch(len(file) - 1, replace(board, highest_sequence=4))
    assert slots.in_use is not None
    assert slots.in_use.file == file


def test_a_length_that_flips_in_flash_leads_no_reading_behind_the_slot(
    file: bytes, board: Expectation
) -> None:
    slots = Slots()
    install(slots, file, board)
    flipped = bytearray(slots.read(1 - slots.spare))
    flipped[12:16] = (0xFFFF_FFF0).to_bytes(4, "little")
    slots.write(1 - slots.spare, bytes(flipped))
    assert slots.in_use is not None
    assert len(slots.in_use.file) == len(file)


def test_two_files_of_one_number_are_refused_at_boot(
    file: bytes, board: Expectation, calibration: PanelCalibration, sign: Sign
) -> None:
    slots = Slots()
    for slot, content in enumerate((file, sign(replace(calibration, issued_at=1)))):
        slots.write(slot, content + ERASED[len(content) :])
    slots.boot(replace(board, highest_sequence=4))
    assert slots.in_use is None


def test_a_slot_is_written_whole() -> None:
    with pytest.raises(ValueError, match=f"a slot has {SLOT_SIZE}"):
        Slots().write(0, b"short")
