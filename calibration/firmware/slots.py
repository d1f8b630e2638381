"""The two slots of a panel's flash, run by the firmware's own C code."""

from typing import Final

from ledcal.calibration.firmware._host import ffi, lib
from ledcal.calibration.firmware.loader import Expectation, LoadedFile, LoaderError, board_of

SLOT_SIZE: Final[int] = lib.LEDCAL_MAX_SIZE
ERASED: Final = bytes([0xFF]) * SLOT_SIZE


class Slots:
    """Two slots, erased at first, and the handle of the file in use, empty at first.

    Which slot holds the file in use, which may be written, and what is used after a boot is
    decided by `ledcal_slots.c`.
    """

    def __init__(self) -> None:
        """Erase both."""
        self._memory: Final = [ffi.new("uint8_t[]", ERASED) for _ in range(2)]
        self._slots: Final = ffi.new("const uint8_t *[2]", self._memory)
        self._handle = ffi.new("ledcal_t *")

    def erase(self) -> None:
        """Erase both slots; no file is in use."""
        for slot in range(2):
            self.write(slot, ERASED)
        self._handle = ffi.new("ledcal_t *")

    def write(self, slot: int, content: bytes) -> None:
        """Write a whole slot, as it is after erasing and programming.

        Raises:
            ValueError: The content does not have the size of a slot.
        """
        if len(content) != SLOT_SIZE:
            raise ValueError(f"{len(content)} bytes: a slot has {SLOT_SIZE}")
        self._memory[slot][0:SLOT_SIZE] = content

    def read(self, slot: int) -> bytes:
        """Return a whole slot."""
        return bytes(ffi.buffer(self._memory[slot], SLOT_SIZE))

    @property
    def in_use(self) -> LoadedFile | None:
        """The file in use, None when there is none."""
        size = lib.ledcal_size(self._handle)
        if size == 0:
            return None
        file = self.read(1 - self.spare)[:size]
        # A handle of its own: another file may be in use later.
        return LoadedFile(file, ffi.new("ledcal_t *", self._handle[0]), self._memory)

    @property
    def sequence(self) -> int:
        """Sequence number of the file in use, 0 when there is none."""
        return lib.ledcal_sequence(self._handle)

    @property
    def spare(self) -> int:
        """The slot that may be written now, 0 or 1; never the one in use."""
        return int(lib.ledcal_spare(self._slots, self._handle) == self._memory[1])

    def boot(self, board: Expectation) -> None:
        """Open the valid slot of the highest sequence number; none leaves no file in use."""
        expect, _ = board_of(board)
        lib.ledcal_boot(self._slots, expect, self._handle)

    def switch(self, received: int, board: Expectation) -> None:
        """Open the spare slot, which holds so many bytes, and use it from now on.

        Raises:
            LoaderError: It is refused; the file in use stays.
        """
        expect, _ = board_of(board)
        code = lib.ledcal_switch(self._slots, received, expect, self._handle)
        if code != lib.LEDCAL_OK:
            raise LoaderError(code, f"the loader refuses the {received} bytes in the spare slot")
