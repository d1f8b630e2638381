"""Two slots: whatever happens while a file is written, the panel has the old file or the new."""

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from ledcal.calibration.firmware import Expectation
from ledcal.calibration.panel_calibration import PanelCalibration
from tests.loader.toolchain import answers, board_command

Sign = Callable[[PanelCalibration], bytes]


@pytest.fixture
def command(board: Expectation, public_key: bytes) -> Callable[..., str]:
    """The board's line for the host program, with some of its fields changed."""

    def line(**other: Any) -> str:
        fields = asdict(replace(board, **other))
        return board_command(fields | {"uid": board.uid.hex()}, public_key)

    return line


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, bytes], Path]:
    def written(name: str, content: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return written


def test_a_power_cut_at_any_byte_leaves_the_old_file_or_the_new(
    calibration: PanelCalibration,
    sign: Sign,
    host: Path,
    command: Callable[..., str],
    write: Callable[[str, bytes], Path],
    proves: Callable[[str, int], None],
) -> None:
    # few temperatures: each one is tried whenever a file is opened, here 50 000 times
    channels = tuple(
        replace(table, t_min=table.t_ref - 2, t_max=table.t_ref + 2)
        for table in calibration.channels
    )
    quick = replace(calibration, channels=channels)
    file = sign(quick)
    old = write("old", file)
    new = write("new", sign(replace(quick, sequence=5, issued_at=1_800_000_000)))
    (tried,) = answers([host], [command(highest_sequence=4), f"cuts {old} {new}"])
    # two slots, three backgrounds, five half-written bytes
    assert int(tried) == 2 * 3 * 5 * (len(file) + 1)
    proves("power cuts", int(tried))


def test_the_highest_valid_number_wins_at_boot(
    calibration: PanelCalibration,
    file: bytes,
    sign: Sign,
    host: Path,
    command: Callable[..., str],
    write: Callable[[str, bytes], Path],
) -> None:
    empty, old = write("empty", b""), write("old", file)
    newer = write("newer", sign(replace(calibration, sequence=5)))
    late = write("late", sign(replace(calibration, sequence=6, hours_at_calibration=100)))
    twin = write("twin", sign(replace(calibration, issued_at=1)))
    for highest, slots, said in [
        (4, (old, newer), "OK 5"),
        (4, (newer, old), "OK 5"),
        (5, (old, newer), "OK 5"),
        (5, (old, empty), "SEQ 0"),
        (5, (old, late), "HOURS 0"),  # the error of the slot that came further
        (5, (late, old), "HOURS 0"),
        (6, (newer, late), "HOURS 0"),
        (4, (late, old), "OK 4"),
        (4, (old, late), "OK 4"),
        (4, (empty, old), "OK 4"),
        (4, (old, empty), "OK 4"),
        (4, (old, old), "OK 4"),
        (4, (old, twin), "SEQ 0"),  # one of them was never accepted: stay dark
        (4, (twin, old), "SEQ 0"),
        (0, (empty, empty), "SIZE 0"),
    ]:
        boot = f"boot {slots[0]} {slots[1]}"
        assert answers([host], [command(highest_sequence=highest), boot]) == [said], slots
