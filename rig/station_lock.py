"""One process of ledcal at a station: instruments on a network would serve two without a word."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ledcal.reports.text import legible
from ledcal.rig.errors import StationError


@contextmanager
def hold_station(station_file: Path) -> Iterator[None]:
    """Hold the station while the context lasts; the operating system lets go of a dead holder.

    Raises:
        StationError: Another process holds it, or the station file is gone.
    """
    try:
        fd = os.open(station_file, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise StationError("FILE", f"{station_file}: {error.strerror}") from error
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StationError(
                "STATION_IN_USE",
                f"the station {station_file} is in use by {_holder(fd)}; wait until that has "
                "ended, then start again",
            ) from None
        except OSError:
            # A file system without locks: the serial lines can still be opened by one only.
            pass
        yield
    finally:
        os.close(fd)


def _holder(fd: int) -> str:
    """Return who holds the lock on a file, as far as this machine tells."""
    status = os.fstat(fd)
    file = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    try:
        for line in Path("/proc/locks").read_text().splitlines():
            fields = line.split()
            if fields[1] == "FLOCK" and fields[5] == file:
                return _process(fields[4])
    except (OSError, IndexError):
        pass
    return "another process of ledcal"


def _process(pid: str) -> str:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
    except OSError:
        return f"process {pid}"
    words = " ".join(part.decode(errors="replace") for part in command if part)
    return f"process {pid} ({legible(words, longest=120)})"
