"""A Cortex-M in an emulator: runs one function of a linked program and counts."""

import re
import struct
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from tests.loader.toolchain import run

# Only tox -e loader installs it, and it has no types.
unicorn: Any = import_module("unicorn")
arm_const: Any = import_module("unicorn.arm_const")

FLASH, RAM, RAM_SIZE = 0, 0x2000_0000, 0x1_0000
STACK_TOP: Final = RAM + RAM_SIZE
RETURN_TO: Final = 0xF000
UNUSED: Final = b"\xa5"
MODELS: Final = {"cortex-m0plus": arm_const.UC_CPU_ARM_CORTEX_M0,
                 "cortex-m4": arm_const.UC_CPU_ARM_CORTEX_M4}  # fmt: skip
ARGUMENTS: Final = (arm_const.UC_ARM_REG_R0, arm_const.UC_ARM_REG_R1, arm_const.UC_ARM_REG_R2,
                    arm_const.UC_ARM_REG_R3)  # fmt: skip


class Program:
    """A program linked for a Cortex-M, with its symbols."""

    def __init__(self, elf: Path) -> None:
        self.elf = elf
        self.symbols: dict[str, tuple[int, int]] = {}
        for line in run("arm-none-eabi-nm", "-S", elf).splitlines():
            words = line.split()
            if len(words) == 4:
                self.symbols[words[3]] = int(words[0], 16), int(words[1], 16)

    def size_of(self, name: str) -> int:
        """Return the bytes of a function."""
        return self.symbols[name][1]

    def image(self) -> bytes:
        """Return the flash from address 0 on."""
        binary = self.elf.with_suffix(".bin")
        run("arm-none-eabi-objcopy", "-O", "binary", "-R", ".bss", "-R", ".data", self.elf, binary)
        return bytes(0x100) + binary.read_bytes()


class Processor:
    """One processor with the program in its flash; each call starts with a fresh stack."""

    def __init__(self, program: Program, cpu: str) -> None:
        self.program = program
        self.emulator = unicorn.Uc(
            unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS
        )
        self.emulator.ctl_set_cpu_model(MODELS[cpu])
        self.emulator.mem_map(FLASH, 0x1_0000)
        self.emulator.mem_map(RAM, RAM_SIZE)
        self.emulator.mem_write(FLASH, program.image())
        self.free = RAM + 0x100

    def place(self, content: bytes) -> int:
        """Put bytes into RAM, return their address."""
        address = self.free
        self.emulator.mem_write(address, content)
        self.free += len(content) + 7 & ~7
        return address

    def read(self, address: int, size: int) -> bytes:
        """Return bytes of the memory."""
        return bytes(self.emulator.mem_read(address, size))

    def call(self, name: str, *arguments: int, count: bool = False) -> tuple[int, int, int]:
        """Call a function; return its answer, the instructions (0 if not counted), the stack."""
        room = STACK_TOP - self.free
        self.emulator.mem_write(self.free, UNUSED * room)
        stacked = struct.pack(f"<{len(arguments[4:])}I", *arguments[4:])
        top = STACK_TOP - (len(stacked) + 7 & ~7)
        self.emulator.mem_write(top, stacked)
        self.emulator.reg_write(arm_const.UC_ARM_REG_SP, top)
        self.emulator.reg_write(arm_const.UC_ARM_REG_LR, RETURN_TO | 1)
        for register, value in zip(ARGUMENTS, arguments, strict=False):
            self.emulator.reg_write(register, value & 0xFFFF_FFFF)
        instructions = 0

        def step(*_: object) -> None:
            nonlocal instructions
            instructions += 1

        hook = self.emulator.hook_add(unicorn.UC_HOOK_CODE, step) if count else None
        address, _ = self.program.symbols[name]
        self.emulator.emu_start(address | 1, RETURN_TO)
        if hook is not None:
            self.emulator.hook_del(hook)
        left = self.read(self.free, room)
        untouched = len(left) - len(left.lstrip(UNUSED))
        answer = struct.unpack("<i", struct.pack(
            "<I", self.emulator.reg_read(arm_const.UC_ARM_REG_R0) & 0xFFFF_FFFF))[0]  # fmt: skip
        return answer, instructions, room - untouched


def deepest_stack(program: Program, frames: dict[str, int], start: str) -> int:
    """Return the most stack from `start` on: the sum of frames along the worst chain of calls.

    Args:
        program: The linked program; its branches to other functions are the calls.
        frames: Bytes per function as the compiler tells (-fstack-usage).
        start: The first function.

    Raises:
        AssertionError: A call through a pointer, recursion, or a frame of unknown size.
    """
    calls = {name: set(targets) for name, targets in _calls(program)}

    def depth(name: str, above: tuple[str, ...]) -> int:
        assert name not in above, f"recursion: {' > '.join([*above, name])}"
        assert name in frames, f"{name}: frame unknown"
        deeper = (depth(callee, (*above, name)) for callee in calls.get(name, ()))
        return frames[name] + max(deeper, default=0)

    return depth(start, ())


def _calls(program: Program) -> Iterator[tuple[str, list[str]]]:
    for name, code in _functions(program):
        assert not re.search(r"\tblx\t(?!.*<)", code), f"{name} calls through a pointer"
        yield (
            name,
            [target for target in re.findall(r"\tb[a-z.]*\t.*<([^>+]+)>", code) if target != name],
        )


def frames_from_code(program: Program) -> dict[str, int]:
    """Return the bytes that each function pushes or reserves, read from its instructions.

    For the compiler's own library, of which no -fstack-usage is known.
    """
    frames = {}
    for name, code in _functions(program):
        pushed = sum(
            registers.count(",") + 1
            for registers in re.findall(r"\t(?:push|stmdb\tsp!,)\s\{([^}]*)\}", code)
        )
        reserved = sum(int(n) for n in re.findall(r"\tsubw?\tsp, (?:sp, )?#(\d+)", code))
        frames[name] = 4 * pushed + reserved
    return frames


def _functions(program: Program) -> Iterator[tuple[str, str]]:
    listing = run("arm-none-eabi-objdump", "-d", "--no-show-raw-insn", program.elf)
    for block in listing.split("\n\n"):
        heading = re.search(r"^[0-9a-f]+ <([^>]+)>:$", block, re.MULTILINE)
        if heading is not None:
            yield heading[1], block
