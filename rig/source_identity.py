"""Which source is running: a version may be built from any tree, a hash from one only."""

import hashlib
from functools import cache
from importlib.resources import files
from pathlib import Path

_LAYERS = ("calibration", "fixtures", "instruments", "reports", "rig")
_KINDS = (".py", ".c", ".h", ".html", ".css", ".toml", ".ini")


@cache
def source_sha256() -> str:
    """Return one SHA-256 over all source files of ledcal that are installed, as hex digits.

    It is that of lines with the SHA-256 and the path of each file, in the order of their paths, as
    `sha256sum` prints them in the folder that is imported as `ledcal`.
    """
    found: dict[str, Path] = {}
    for layer in _LAYERS:
        folder = Path(str(files(f"ledcal.{layer}")))
        for path in folder.rglob("*"):
            if path.suffix in _KINDS and path.is_file():
                found[f"{layer}/{path.relative_to(folder).as_posix()}"] = path
    lines = [
        f"{hashlib.sha256(found[name].read_bytes()).hexdigest()}  {name}\n"
        for name in sorted(found)
    ]
    return hashlib.sha256("".join(lines).encode()).hexdigest()
