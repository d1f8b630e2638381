"""Flash, RAM, stack and instructions of the loader on Cortex-M, beside their limits.

What is measured is what the compiler and the linker make for an integrator: gcc -Os, unused
functions dropped, with the 64-bit multiplication of the compiler's library that the loader calls.
Instructions are counted by an emulator, not on a board.
"""

import struct
from collections.abc import Callable
from hashlib import sha256
from itertools import product
from pathlib import Path

import pytest

from ledcal.calibration import codec
from ledcal.calibration.firmware import Expectation
from ledcal.calibration.panel_calibration import PanelCalibration
from tests.loader.cortex_m import Processor, Program, deepest_stack, frames_from_code
from tests.loader.toolchain import FIRMWARE, HERE, LOADER, SLOTS, monocypher, run

Costs = Callable[[str, int, int | None, str], None]
CPUS = ("cortex-m0plus", "cortex-m4")
FLASH_LIMIT_B = 1638  # 1.6 KB
RAM_LIMIT_B = 8  # the handle
STACK_LIMIT_B = 2560  # 2.5 KB
LOOK_UP_LIMIT = 1500
NO_ED25519 = """
#include "ledcal_load.h"
ledcal_t cal; /* what an integrator keeps */
int ledcal_ed25519_verify(const uint8_t *signature, const uint8_t *public_key,
                          const uint8_t *message, uint32_t size)
{
    (void)signature, (void)public_key, (void)message, (void)size;
    return LEDCAL_SIGNATURE_VALID;
}
"""


@pytest.fixture
def no_ed25519(tmp_path: Path) -> Path:
    """The hook that calls every signature valid: it costs nearly nothing."""
    source = tmp_path / "no_ed25519.c"
    source.write_text(NO_ED25519)
    return source


def link(
    folder: Path, cpu: str, sources: list[Path], keep: list[str], options: list[str | Path]
) -> Path:
    """Compile and link as an integrator would, with the frames of the stack in *.su files."""
    compiler = ["arm-none-eabi-gcc", f"-mcpu={cpu}", "-mthumb", "-Os", "-std=c99"]
    objects: list[Path] = []
    for source in sources:
        objects.append(folder / f"{cpu}-{source.stem}.o")
        run(
            *compiler, *("-ffreestanding", "-ffunction-sections", "-fdata-sections"),
            *("-fstack-usage", "-I", FIRMWARE, *options, "-c", source, "-o", objects[-1]),
        )  # fmt: skip
    program = folder / f"{cpu}.elf"
    # flash from 0 and RAM from 0x20000000 on, as on most of these processors
    run(
        *compiler, *("-nostdlib", "-Wl,--gc-sections", "-Wl,-e,ledcal_open", "-Wl,-Ttext=0x100"),
        *("-Wl,-Tdata=0x20000000", "-Wl,-Tbss=0x20000080", *(f"-Wl,-u,{name}" for name in keep)),
        *objects, "-lgcc", "-o", program,
    )  # fmt: skip
    return program


def sizes(program: Path) -> tuple[int, int]:
    """Return the bytes of flash without the hook, and of static RAM."""
    text, data, bss = run("arm-none-eabi-size", program).splitlines()[1].split()[:3]
    flash = int(text) + int(data) - Program(program).size_of("ledcal_ed25519_verify")
    return flash, int(data) + int(bss)


@pytest.mark.parametrize("cpu", CPUS)
def test_flash_and_static_ram(cpu: str, tmp_path: Path, no_ed25519: Path, costs: Costs) -> None:
    keep = ["ledcal_drive", "ledcal_check", "cal"]
    flash, ram = sizes(link(tmp_path, cpu, [LOADER, no_ed25519], keep, []))
    named, _ = sizes(link(tmp_path, cpu, [LOADER, no_ed25519], [*keep, "ledcal_error_name"], []))
    slots = ["ledcal_boot", "ledcal_spare", "ledcal_switch"]
    with_slots, _ = sizes(link(tmp_path, cpu, [LOADER, SLOTS, no_ed25519], keep + slots, []))
    costs(f"{cpu}: flash of loader and look-up", flash, FLASH_LIMIT_B, "B")
    costs(f"{cpu}: flash of ledcal_error_name() besides", named - flash, None, "B")
    costs(f"{cpu}: flash of the two slots besides", with_slots - flash, None, "B")
    costs(f"{cpu}: static RAM", ram, RAM_LIMIT_B, "B")


def expect_bytes(board: Expectation) -> bytes:
    """The structure ledcal_expect_t as these processors lay it out."""
    keys = b"".join(sha256(key).digest()[:8] + key for key in board.public_keys)
    return struct.pack(
        "<16s7I4HI160s",
        board.uid, board.product_code, board.drive_epoch, board.highest_sequence, board.on_hours,
        board.allowed_flags, 0, 0,
        board.hardware_revision, board.distance_mm, board.geometry_id, board.n_channels,
        len(board.public_keys), keys,
    )  # fmt: skip


@pytest.mark.parametrize("cpu", CPUS)
def test_stack_with_ed25519(
    cpu: str, file: bytes, board: Expectation, tmp_path: Path, no_ed25519: Path, costs: Costs
) -> None:
    folder = monocypher()
    options: list[str | Path] = []
    sources, name = [LOADER, no_ed25519], "without Ed25519: Monocypher is not at hand"
    if folder is not None:
        name = "with Monocypher's Ed25519"
        options = ["-DLEDCAL_MONOCYPHER", "-DWITH_MEMORY", "-I", folder, "-I", HERE / "monocypher"]
        sources = [LOADER, FIRMWARE / "examples" / "ed25519.c", folder / "monocypher.c"]
        sources.append(HERE / "monocypher" / "monocypher-ed25519.c")
    program = Program(link(tmp_path, cpu, sources, ["ledcal_drive"], options))
    frames = frames_from_code(program)
    for usage in tmp_path.glob("*.su"):
        for line in usage.read_text().splitlines():
            where, size, kind = line.split("\t")
            assert kind == "static", line
            function = where.rpartition(":")[2]
            frames[function] = max(int(size), frames.get(function, 0))
    worst = deepest_stack(program, frames, "ledcal_open")
    processor = Processor(program, cpu)
    arguments = [processor.place(file), len(file), processor.place(expect_bytes(board))]
    answer, _, used = processor.call("ledcal_open", *arguments, processor.place(bytes(8)))
    assert answer == 0
    assert used <= worst
    costs(f"{cpu}: stack {name}, worst chain of calls", worst, STACK_LIMIT_B, "B")
    costs(f"{cpu}: stack {name}, as run in the emulator", used, STACK_LIMIT_B, "B")
    alone = deepest_stack(program, frames, "ledcal_drive")
    costs(f"{cpu}: stack of the look-up", alone, STACK_LIMIT_B, "B")


@pytest.mark.parametrize("cpu", CPUS)
def test_instructions_of_a_look_up(
    cpu: str,
    vectors: dict[str, object],
    calibration: PanelCalibration,
    sign: Callable[[PanelCalibration], bytes],
    board: Expectation,
    tmp_path: Path,
    no_ed25519: Path,
    costs: Costs,
) -> None:
    largest = codec.decode((HERE.parent / "vectors" / "largest.ledcal").read_bytes())
    file = sign(largest.calibration)
    fields = largest.calibration
    board = Expectation(
        uid=fields.uid, product_code=fields.product_code, drive_epoch=fields.drive_epoch,
        hardware_revision=fields.hardware_revision, distance_mm=fields.distance_mm,
        geometry_id=fields.geometry_id, n_channels=8, highest_sequence=0, file_in_use=None,
        on_hours=fields.hours_at_calibration, allowed_flags=0, public_keys=board.public_keys,
    )  # fmt: skip
    program = Program(link(tmp_path, cpu, [LOADER, no_ed25519], ["ledcal_drive"], []))
    processor = Processor(program, cpu)
    handle, code = processor.place(bytes(8)), processor.place(bytes(4))
    arguments = [processor.place(file), len(file), processor.place(expect_bytes(board))]
    assert processor.call("ledcal_open", *arguments, handle)[0] == 0
    worst = 0
    for table in (fields.channels[0], fields.channels[-1]):
        knots = [e + step for e in table.irradiance for step in (-1, 0, 1)]
        requests = [e for e in (*knots, table.ceiling) if 0 < e <= table.ceiling]
        for irradiance, t in product(requests, (table.t_min, table.t_ref, table.t_max)):
            arguments = [handle, table.channel, irradiance, t, code]
            err, instructions, _ = processor.call("ledcal_drive", *arguments, count=True)
            answer = int.from_bytes(processor.read(code, 2), "little")
            assert (err, answer) == (0, codec.lookup(table, irradiance, t))
            worst = max(worst, instructions)
    costs(f"{cpu}: instructions of the longest look-up", worst, LOOK_UP_LIMIT, "")
