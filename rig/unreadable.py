"""Find what must not be opened: whoever reads a pipe waits for ever, and a device never ends."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from ledcal.rig.store.opened import STORE

LARGEST_BYTES = 1 << 30
"""Of a file that is read whole; a run writes some ten million. The store is not. [bytes]"""

_KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def unreadable(*places: Path) -> Iterator[tuple[Path, str]]:
    """Yield what is neither folder nor file, or too large for one, with the words to say so.

    A link is what it leads to; one that leads nowhere, or to a folder, is left to the reader.

    Args:
        places: Files and folders, with all that is in them; one that is not there has nothing.
    """
    for place in places:
        yield from _entry(place)
        for folder, _, names in os.walk(place):
            for name in sorted(names):
                yield from _entry(Path(folder) / name)


def _entry(path: Path) -> Iterator[tuple[Path, str]]:
    try:
        found = path.stat()
    except (OSError, ValueError):  # also of a name that no file can have
        return
    kind = _KINDS.get(stat.S_IFMT(found.st_mode))
    if kind is not None:
        yield path, f"is {kind} and no file: take it away and verify again; nothing was read"
    elif found.st_size > LARGEST_BYTES and stat.S_ISREG(found.st_mode):
        if not path.name.startswith(STORE):
            yield (
                path,
                f"has {found.st_size} bytes, more than {LARGEST_BYTES} that any file of a run "
                "has: take it away and verify again; nothing was read",
            )
