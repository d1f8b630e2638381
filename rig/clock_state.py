"""By what this computer's clock is set, and how far off it may be, as the kernel knows it."""

import ctypes
import struct
import sys
import time
from collections.abc import Callable

# struct timex up to its status, as C aligns it: modes, offset, freq, maxerror, esterror, status.
_TIMEX = "@Illlli"
_ROOM = 512
_UNSYNCHRONISED, _NANOSECONDS = 0x0040, 0x2000
_TIME_ERROR = 5
STEP_S = 1.0
"""The wall clock may run so far from the monotonic one between two looks. [s]

A time service that slews does it by 0.0005 of the time (adjtimex(2)); a step is seen, and so is a
computer that slept.
"""


class ClockWatch:
    """Tells when the wall clock has stepped, of which every time in a record is."""

    def __init__(
        self,
        wall_s: Callable[[], float] = time.time,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin to watch; the two clocks are this computer's."""
        self._clocks = wall_s, monotonic_s
        self._apart_s = wall_s() - monotonic_s()

    def stepped(self) -> str:
        """Return by how much the clock has stepped since the last look, in words; else ""."""
        wall_s, monotonic_s = self._clocks
        before_s, self._apart_s = self._apart_s, wall_s() - monotonic_s()
        step_s = self._apart_s - before_s
        if abs(step_s) <= STEP_S:
            return ""
        return (
            f"the computer's clock stepped by {step_s:+.1f} s: times before this event and after "
            "it differ by so much; no wait and no limit of the run follows that clock"
        )


def clock_words() -> str:
    """Return source and offset of the clock in words; never an error: the words say what is."""
    if sys.platform != "linux":
        return "source and offset not known on this system"
    room = ctypes.create_string_buffer(_ROOM)  # modes = 0: it only asks
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(room)
    except (OSError, AttributeError) as error:
        return f"source and offset not known: {error}"
    return words_of(state, room.raw)


def words_of(state: int, timex: bytes) -> str:
    """Return what the kernel's answer means.

    Args:
        state: What adjtimex returned, negative when it was refused.
        timex: The structure that it filled (adjtimex(2) of Linux).
    """
    if state < 0:
        return "source and offset not known: the system does not tell them"
    _, offset, _, most, _, status = struct.unpack_from(_TIMEX, timex)
    if state == _TIME_ERROR or status & _UNSYNCHRONISED:
        return "the computer's own, NOT synchronised: no time service sets it; offset not known"
    unit_s = 1e-9 if status & _NANOSECONDS else 1e-6
    return (
        f"synchronised by a time service; offset {offset * unit_s:+.6f} s, at most "
        f"{most * 1e-6:.3f} s off"
    )
