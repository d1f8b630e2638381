"""Two slots: whatever happens while a file is written, the panel has the old file or the new."""

from collections.abc import Callable
from pathlib import Path

from tests.loader.slot_dialogue import SlotDialogue
from tests.loader.toolchain import answers


def test_the_highest_valid_number_wins_and_a_cut_leaves_the_old_file_or_the_new(
    slots: SlotDialogue, host: Path, proves: Callable[[str, int], None]
) -> None:
    assert answers([host], slots.commands) == slots.expected
    proves("power cuts", slots.cuts)
