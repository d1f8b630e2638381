"""Files that a run leaves: whole or not at all."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import rfc8785

from ledcal.rig.errors import StationError

RUN_BYTES = 32_000_000
"""Room that a run needs at its beginning, several times what it writes. [bytes]"""
CLOSING_BYTES = 4_000_000
"""Room for record, page, report and seal. [bytes]"""


def canonical(value: Mapping[str, Any]) -> bytes:
    """Return canonical JSON (RFC 8785): one byte string per content."""
    return rfc8785.dumps(dict(value))


def sha256_hex(content: bytes) -> str:
    """Return SHA-256 as hex digits."""
    return hashlib.sha256(content).hexdigest()


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that after a crash it is there whole or not at all.

    Raises:
        StationError: The disk refuses.
    """
    if not path.name:  # "/" or "."
        raise StationError("DISK", f"{path}: is a folder; name the file in it")
    temporary = path.with_name(f".{path.name}.part")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise StationError("DISK", f"{path}: cannot be written: {error.strerror}") from error


def require_room(folder: Path, needed_bytes: int) -> None:
    """Refuse to go on where the disk has no room for what is yet to be written.

    Raises:
        StationError: There is less than that, or the folder is gone.
    """
    try:
        _probe(folder)
        free_bytes = shutil.disk_usage(folder).free
    except OSError as error:
        raise StationError("DISK", f"{folder}: {error.strerror}") from error
    if free_bytes < needed_bytes:
        raise StationError(
            "DISK",
            f"{folder}: only {free_bytes / 1e6:.1f} MB are free, {needed_bytes / 1e6:.0f} MB are "
            "needed; make room",
        )


def synced(folder: Path) -> None:
    """Wait until the disk has all files of a folder, and the folder itself.

    Raises:
        StationError: The disk refuses.
    """
    try:
        for path in [*folder.rglob("*"), folder]:
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
    except OSError as error:
        raise StationError("DISK", f"{folder}: cannot be kept: {error.strerror}") from error


def require_writable(folder: Path) -> None:
    """Make the data folder and prove that it can be written, before any light.

    Raises:
        StationError: It cannot.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _probe(folder)
    except OSError as error:
        raise StationError(
            "DATA_FOLDER", f"{folder}: the data folder cannot be written: {error.strerror}"
        ) from error


def _probe(folder: Path) -> None:
    """Write a file without a name of its own: two runs may begin at once."""
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"writable")
        file.flush()
        os.fsync(file.fileno())
