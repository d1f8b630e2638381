"""A closed run as one file that is always the same, byte for byte, and its way back to a folder.

The files stand in a ZIP, sorted, with one fixed time, and not compressed: another version of a
compressor would give the same run another hash.
"""

import hashlib
import re
import struct
import tempfile
import zipfile
from io import BufferedRandom
from pathlib import Path

from ledcal.rig.closing import SEAL, sealed_files
from ledcal.rig.errors import RefusedInput, StationError
from ledcal.rig.folder import synced

LARGEST_BUNDLE = 256 * 1024 * 1024
"""Bytes of a bundle; a run has about 6 million."""
_MOST_FILES = 500
_LONGEST_NAME = 200
_EPOCH = (1980, 1, 1, 0, 0, 0)
_MODE = 0o100644
_UNIX = 3
RUN_ID = re.compile(r"\d{8}T\d{9}Z-[A-Z0-9][A-Z0-9-]{0,15}")
_PART = r"[A-Za-z0-9_][A-Za-z0-9._-]*"
_NAME = re.compile(rf"(?P<run>{RUN_ID.pattern})(?:/{_PART}){{1,4}}")


def write_bundle(run: Path, output: BufferedRandom) -> str:
    """Write the bundle of a sealed run, and return its SHA-256 as hex digits.

    Args:
        run: The run's folder.
        output: Empty; can be read and sought.

    Raises:
        RefusedInput: The folder has something that no run leaves.
        StationError: The disk refuses.
    """
    name = run.resolve().name
    if not RUN_ID.fullmatch(name):
        raise RefusedInput("BUNDLE", f"{run}: is no folder of a run; its name is no run id")
    try:
        with zipfile.ZipFile(output, "w", zipfile.ZIP_STORED) as archive:
            for file in sorted([*sealed_files(run), SEAL]):
                path = run / file
                if not _NAME.fullmatch(f"{name}/{file}") or path.is_symlink():
                    raise RefusedInput("BUNDLE", f"{path}: is no file that a run leaves")
                info = zipfile.ZipInfo(f"{name}/{file}", _EPOCH)
                info.create_system = _UNIX
                info.external_attr = _MODE << 16
                archive.writestr(info, path.read_bytes())
        if output.tell() > LARGEST_BUNDLE:
            raise RefusedInput("BUNDLE", f"{run}: is larger than {LARGEST_BUNDLE} bytes")
        output.seek(0)
        return hashlib.file_digest(output, "sha256").hexdigest()
    except OSError as error:
        raise StationError("DISK", f"{run}: cannot be bundled: {error}") from error


def bundle_sha256(run: Path) -> str:
    """Return the name of a run's bundle.

    Raises:
        RefusedInput: The folder has something that no run leaves.
        StationError: The disk refuses.
    """
    with tempfile.TemporaryFile() as scratch:
        return write_bundle(run, scratch)


def unpack_bundle(bundle: Path, sha256: str, into: Path) -> Path:
    """Unpack a bundle and return the run's folder; all of it is on disk then.

    What is unpacked makes the same bundle again: nothing can hide in the file.

    Args:
        bundle: The file.
        sha256: What its name promises.
        into: An empty folder.

    Raises:
        RefusedInput: It is damaged, too large, or names a file that no run leaves.
        StationError: The disk refuses.
    """
    try:
        with bundle.open("rb") as file, zipfile.ZipFile(file) as archive:
            run = into / _checked(archive, bundle.stat().st_size)
            for info in archive.infolist():
                path = into / info.filename
                path.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(info) as source:
                    path.write_bytes(source.read())
    except (
        *(zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError),
        struct.error,
    ) as error:
        text = error.text if isinstance(error, RefusedInput) else f"is no bundle: {error}"
        raise RefusedInput("BUNDLE", text) from error
    except OSError as error:
        raise StationError("DISK", f"{into}: cannot be unpacked into: {error}") from error
    if bundle_sha256(run) != sha256:
        raise RefusedInput("BUNDLE", "is no bundle: its files do not make it again")
    synced(into)
    return run


def _checked(archive: zipfile.ZipFile, size: int) -> str:
    """Return the run's id, when all that the archive lists may be unpacked."""
    listed = archive.infolist()
    if not 0 < len(listed) <= _MOST_FILES:
        raise RefusedInput("BUNDLE", f"lists {len(listed)} files; 1 to {_MOST_FILES} are taken")
    # Not compressed, so that entries which share their bytes are the only way to grow.
    if sum(one.file_size for one in listed) > min(size, LARGEST_BUNDLE):
        raise RefusedInput("BUNDLE", f"would grow beyond its {size} bytes")
    runs, names = set(), set()
    for one in listed:
        found = _NAME.fullmatch(one.filename)
        if not found or len(one.filename) > _LONGEST_NAME:
            raise RefusedInput("BUNDLE", f"names {one.filename[:80]!r}, which no run leaves")
        if one.compress_type != zipfile.ZIP_STORED or one.external_attr != _MODE << 16:
            raise RefusedInput("BUNDLE", f"{one.filename}: is compressed, or no plain file")
        runs.add(found["run"])
        names.add(one.filename.casefold())
    if len(runs) != 1 or len(names) != len(listed):
        raise RefusedInput("BUNDLE", "holds more than one run, or one name twice")
    return str(runs.pop())
