"""A ZIP file that is the same, byte for byte, for the same files, and is read without trust.

The files stand in it sorted, with one fixed time, and not compressed: another version of a
compressor would give the same files another hash, and nothing can grow when it is unpacked.
"""

import filecmp
import re
import struct
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from ledcal.rig.errors import RefusedInput

_EPOCH = (1980, 1, 1, 0, 0, 0)
_MODE = 0o100644
_UNIX = 3
_MOST_FILES = 100_000
_LONGEST_NAME = 200
_PART = r"[A-Za-z0-9_][A-Za-z0-9._-]*"
NAME = re.compile(rf"{_PART}(?:/{_PART}){{0,6}}")
"""Names that mean the same on every system, and lead out of no folder."""


def write_files(output: BinaryIO, files: Mapping[str, Path]) -> None:
    """Write files into a ZIP.

    Args:
        output: Empty.
        files: Where each is, by its name in the ZIP, which fits `NAME`.

    Raises:
        OSError: A file cannot be read, or the disk refuses.
    """
    with zipfile.ZipFile(output, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.create_system = _UNIX
            info.external_attr = _MODE << 16
            archive.writestr(info, files[name].read_bytes())


def unpack_files(path: Path, into: Path) -> list[str]:
    """Unpack such a ZIP, and return the names of its files.

    What is unpacked makes the same ZIP again: nothing can hide between, before or after the files.

    Args:
        path: Of the ZIP.
        into: An empty folder; nothing is written beside it.

    Raises:
        RefusedInput: It is damaged, or is not written as `write_files` writes.
        OSError: It cannot be read, or the disk refuses.
    """
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            names = _checked(archive, path.stat().st_size)
            for name in names:
                target = into / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(archive.read(name))
    except (
        *(zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError),
        *(struct.error, FileExistsError, NotADirectoryError, IsADirectoryError),
    ) as error:
        text = error.text if isinstance(error, RefusedInput) else f"is damaged: {error}"
        raise RefusedInput("ARCHIVE", text) from error
    with tempfile.TemporaryDirectory() as scratch:
        again = Path(scratch) / "again.zip"
        with again.open("wb") as output:
            write_files(output, {name: into / name for name in names})
        if not filecmp.cmp(again, path, shallow=False):
            raise RefusedInput("ARCHIVE", "holds more than its files: they do not make it again")
    return names


def _checked(archive: zipfile.ZipFile, size: int) -> list[str]:
    """Return the names, when all that is listed may be unpacked."""
    listed = archive.infolist()
    if len(listed) > _MOST_FILES:
        raise RefusedInput("ARCHIVE", f"lists {len(listed)} files; {_MOST_FILES} are taken")
    # Not compressed, so that entries which share their bytes are the only way to grow.
    if sum(one.file_size for one in listed) > size:
        raise RefusedInput("ARCHIVE", f"would grow beyond its {size} bytes")
    for one in listed:
        if not NAME.fullmatch(one.filename) or len(one.filename) > _LONGEST_NAME:
            raise RefusedInput("ARCHIVE", f"names {one.filename[:80]!r}, which is no plain name")
        if one.compress_type != zipfile.ZIP_STORED or one.external_attr != _MODE << 16:
            raise RefusedInput("ARCHIVE", f"{one.filename}: is compressed, or no plain file")
    if len({one.filename.casefold() for one in listed}) != len(listed):
        raise RefusedInput("ARCHIVE", "holds one name twice")
    return [one.filename for one in listed]
