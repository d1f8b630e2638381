"""By what this computer's clock is set, and how far off it may be, as the kernel knows it."""

import ctypes
import struct
import sys

# struct timex up to its status, as C aligns it: modes, offset, freq, maxerror, esterror, status.
_TIMEX = "@Illlli"
_ROOM = 512
_UNSYNCHRONISED, _NANOSECONDS = 0x0040, 0x2000
_TIME_ERROR = 5


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
