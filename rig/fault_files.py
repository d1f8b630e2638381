"""Fault files for the virtual bench: those that are shipped, by name, and those of a user.

What a file may say is known to the virtual bench alone, which reads and refuses it.
"""

import tomllib
from importlib.resources import files
from pathlib import Path

from ledcal.rig.errors import RefusedInput

_SHIPPED = "ledcal.rig.faults"


def find_fault_file(asked: str) -> Path:
    """Return a fault file by its path, or a shipped one by its name.

    Raises:
        RefusedInput: It is neither; the shipped ones are named.
    """
    path = Path(asked)
    if path.is_file():
        return path.resolve()
    shipped = _shipped()
    if asked not in shipped:
        raise RefusedInput(
            "FAULTS",
            f"{asked}: is neither a file nor a shipped fault file; shipped are: "
            f"{', '.join(shipped)}",
        )
    return shipped[asked]


def list_fault_files() -> str:
    """Return a line for each shipped fault file: name and title."""
    titles = {
        name: tomllib.loads(path.read_text(encoding="utf-8"))["title"]
        for name, path in _shipped().items()
    }
    width = max(map(len, titles))
    return "\n".join(f"{name:<{width}}  {title}" for name, title in titles.items())


def _shipped() -> dict[str, Path]:
    folder = Path(str(files(_SHIPPED)))
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}
