"""What the host program is asked about the two slots, and the answers that it must give."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ledcal.calibration.firmware import Expectation
from ledcal.calibration.panel_calibration import PanelCalibration
from tests.loader.toolchain import board_command

Sign = Callable[[PanelCalibration], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotDialogue:
    """Commands and the one answer to each that has one.

    Attributes:
        commands: Lines for the host program.
        expected: What it must print.
        cuts: Power cuts among them.
    """

    commands: list[str]
    expected: list[str]
    cuts: int


def slot_dialogue(
    folder: Path,
    calibration: PanelCalibration,
    board: Expectation,
    sign: Sign,
    public_key: bytes,
) -> SlotDialogue:
    """Write the files that the commands name, and return the dialogue.

    Args:
        folder: Where the files go.
        calibration: Of sequence number 4, without flags.
        board: Accepts it, and never had a file before.
        sign: Makes a calibration into a file that the board trusts.
        public_key: The key that the board trusts.
    """
    # few temperatures: each one is tried whenever a file is opened, here 50 000 times
    channels = tuple(
        replace(table, t_min=table.t_ref - 2, t_max=table.t_ref + 2)
        for table in calibration.channels
    )
    quick = replace(calibration, channels=channels)

    def write(name: str, content: bytes) -> Path:
        path = folder / name
        path.write_bytes(content)
        return path

    def command(highest_sequence: int) -> str:
        fields = asdict(replace(board, highest_sequence=highest_sequence))
        return board_command(fields | {"uid": board.uid.hex()}, public_key)

    file = sign(quick)
    empty, old = write("empty", b""), write("old", file)
    newer = write("newer", sign(replace(quick, sequence=5, issued_at=1_800_000_000)))
    late = write("late", sign(replace(quick, sequence=6, hours_at_calibration=100)))
    twin = write("twin", sign(replace(quick, issued_at=1)))
    last_byte = write("last_byte", file[:-1] + bytes([file[-1] ^ 1]))
    large = write("large", sign(replace(quick, sequence=0x89AB_CDEF)))

    def size(said: str) -> str:
        return " 0" if said.endswith("-") else f" {len(file)}"

    commands, expected = [], []
    for highest, first, second, said in [
        (4, old, newer, "OK 5 1"),
        (4, newer, old, "OK 5 0"),
        (5, old, newer, "OK 5 1"),
        (5, old, empty, "SEQ 0 -"),
        (5, old, late, "HOURS 0 -"),  # the error of the slot that came further
        (5, late, old, "HOURS 0 -"),
        (6, newer, late, "HOURS 0 -"),
        (4, late, old, "OK 4 1"),
        (4, old, late, "OK 4 0"),
        (4, empty, old, "OK 4 1"),
        (4, old, empty, "OK 4 0"),
        (4, old, old, "OK 4 0"),
        (4, old, twin, "SEQ 0 -"),  # one of them was never accepted: stay dark
        (4, twin, old, "SEQ 0 -"),
        (4, old, last_byte, "SEQ 0 -"),
        (4, newer, large, f"OK {0x89AB_CDEF} 1"),
        (0, empty, empty, "SIZE 0 -"),
    ]:
        commands += [command(highest), f"boot {first} {second}"]
        expected.append(said + size(said))
    for first, second, fresh, said in [
        (empty, empty, old, "OK 4 0"),  # the first of its life
        (empty, empty, late, "HOURS 0 -"),
        (old, empty, newer, "OK 5 1"),
        (empty, old, newer, "OK 5 0"),
        (old, empty, old, "OK 4 1"),  # the same again
        (old, empty, twin, "SEQ 4 0"),  # another of the same number
        (newer, old, old, "SEQ 5 0"),
        (empty, old, late, "HOURS 4 1"),
        (old, empty, large, f"OK {0x89AB_CDEF} 1"),
    ]:
        commands += [command(0), f"install {first} {second} {fresh}"]
        expected.append(said + size(said))
    # two slots, three backgrounds, five half-written bytes
    cuts = 2 * 3 * 5 * (len(file) + 1)
    commands += [command(4), f"cuts {old} {newer}"]
    expected.append(str(cuts))
    return SlotDialogue(commands=commands, expected=expected, cuts=cuts)
