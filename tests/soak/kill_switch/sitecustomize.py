"""Kill a run right after a chosen event of its journal; Python imports this at its start.

The folder is put on PYTHONPATH by a test, and `LEDCAL_KILL` is JSON: `at` is the number of an
event or a text in its line, `victim` is `child`, `command` or `both`, `note` a file. In the child
of a run this waits until that event is durable, writes the process ids of child and command into
the file, and sends SIGKILL. Nothing of ledcal knows of it.
"""

import json
import os
import signal
import sys
from pathlib import Path

_WANTED = os.environ.get("LEDCAL_KILL", "")


def _arm(note: Path, at: int | str, victim: str) -> None:
    durable = os.fdatasync
    struck = False

    def synchronise(fd: int) -> None:
        nonlocal struck
        durable(fd)
        journal = Path(os.readlink(f"/proc/self/fd/{fd}"))
        if struck or journal.name != "journal.jsonl":
            return
        lines = journal.read_bytes().split(b"\n")[:-1]
        struck = len(lines) == at if isinstance(at, int) else at.encode() in lines[-1]
        if not struck:
            return
        own, parent = os.getpid(), os.getppid()
        note.write_text(f"{own} {parent}\n", encoding="ascii")
        if victim in ("command", "both"):
            os.kill(parent, signal.SIGKILL)
        if victim in ("child", "both"):
            os.kill(own, signal.SIGKILL)

    os.fdatasync = synchronise  # type: ignore[assignment]


if _WANTED and any(word.startswith("--ledcal-supervisor") for word in sys.orig_argv):
    _said = json.loads(_WANTED)
    _arm(Path(_said["note"]), _said["at"], _said["victim"])
