"""Find the log's checkpoint in what was kept outside: a certificate, a proof, a copied text."""

import html
import re
from collections.abc import Sequence
from pathlib import Path

from ledcal.rig.errors import RefusedInput
from ledcal.rig.verify_archive import is_data_folder

_LONGEST = 50_000_000
_NOTE = re.compile(
    r"(ledcal/[0-9a-f]{16})\n(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/]{43}=)\n"
    r"(— ledcal-log [A-Za-z0-9+/]+=*)"
)
_BREAK = re.compile(r"<(?:br|/p|/div|/dt|/dd|/li|/td|/tr)\b[^>]*>", re.I)
_TAG = re.compile(r"<[^>]*>")


def outside_checkpoints(files: Sequence[Path], paths: Sequence[Path]) -> dict[str, str]:
    """Return the signed notes that files tell, by file, for the data folder that is verified.

    Raises:
        RefusedInput: A file tells none, or there is no one data folder to hold them against.
    """
    if files and not (len(paths) == 1 and is_data_folder(paths[0])):
        raise RefusedInput("CHECKPOINT", "--checkpoint is for one data folder: name it alone")
    return {str(path): checkpoint_in(path) for path in files}


def checkpoint_in(path: Path) -> str:
    """Return the signed note of the last checkpoint that a file tells; nothing is believed yet.

    Args:
        path: A certificate as HTML, a `log.proof`, or a text with the four lines of a checkpoint
            as a certificate prints them.

    Raises:
        RefusedInput: The file cannot be read, or tells no checkpoint.
    """
    try:
        if path.stat().st_size > _LONGEST:
            raise RefusedInput("CHECKPOINT", f"{path}: is too large to be a certificate")
        text = path.read_bytes().decode("utf-8", errors="replace")
    except (OSError, ValueError) as error:  # the second: a name that no file can have
        words = getattr(error, "strerror", None) or error
        raise RefusedInput("CHECKPOINT", f"{path}: cannot be read: {words}") from error
    if "<html" in text[:1000].lower():
        text = html.unescape(_TAG.sub("", _BREAK.sub("\n", text)))
    lines = (line.strip() for line in text.split("\n"))
    found = _NOTE.findall("\n".join(line for line in lines if line))
    if not found:
        raise RefusedInput(
            "CHECKPOINT",
            f"{path}: tells no checkpoint; give a certificate.html, a log.proof, or a text with "
            "the four lines that a certificate prints: log, entries, root, signature",
        )
    origin, size, root, signature = max(found, key=lambda note: int(note[1]))
    return f"{origin}\n{size}\n{root}\n\n{signature}\n"
