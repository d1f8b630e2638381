"""Back up a data folder into one file, and restore it: nothing is kept that was not checked."""

import json
import shutil
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from ledcal.rig.errors import RefusedInput, StationError
from ledcal.rig.folder import canonical, sha256_hex
from ledcal.rig.key_file import public_key_toml
from ledcal.rig.keys import ENGINEERING_KEY, SITE_TOKEN, known_public_key
from ledcal.rig.logged import enter_action, require_log
from ledcal.rig.store.opened import STORE
from ledcal.rig.trust import TRUSTED
from ledcal.rig.verify import Verification
from ledcal.rig.verify_archive import is_data_folder, verify_data

MANIFEST = "backup.json"
BACKUP_FORMAT = "ledcal-backup/1"
BACKUP_MADE, RESTORE_TESTED = "backup made", "restore tested"
_SECRET = (ENGINEERING_KEY, SITE_TOKEN)
_PUBLIC_NAME = "engineering key of the data folder that was backed up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """A data folder as it was restored.

    Attributes:
        files: How many files there are.
        verifications: What `ledcal verify` says of it.
    """

    files: int
    verifications: list[Verification]


def back_up(data_folder: Path, output: Path) -> int:
    """Write a data folder into one ZIP file and return how many files it holds.

    The record store is copied as it is at one moment, also while a run is being closed. Private
    keys stay where they are: the public half goes along, so that the seals can be checked.

    Raises:
        RefusedInput: It is no data folder, or the output is there already.
        StationError: The disk refuses; no half a backup is left.
    """
    if not is_data_folder(data_folder):
        raise RefusedInput("DATA_FOLDER", f"{data_folder}: holds no runs and no record store")
    if output.exists():
        raise RefusedInput("BACKUP", f"{output}: is there already; choose another name")
    require_log(data_folder)
    part = output.with_name(f".{output.name}.part")
    hashes: dict[str, str] = {}
    try:
        with (
            tempfile.TemporaryDirectory(prefix="ledcal-") as scratch,
            zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive,
        ):
            for name, path in _sources(data_folder, Path(scratch)):
                content = path.read_bytes()
                hashes[name] = sha256_hex(content)
                archive.writestr(name, content)
            said = {
                "format": BACKUP_FORMAT,
                "at": datetime.now(UTC).isoformat(),
                "files": hashes,
            }
            archive.writestr(MANIFEST, canonical(said))
        part.replace(output)
    except (OSError, sqlite3.Error) as error:
        part.unlink(missing_ok=True)
        raise StationError("DISK", f"{output}: cannot be written: {error}") from error
    facts = {"files": len(hashes), "sha256": sha256_hex(output.read_bytes())}
    enter_action(data_folder, BACKUP_MADE, output.name, facts=facts)
    return len(hashes)


def restore_to_test(backup: Path, data_folder: Path, tested_for: Path) -> tuple[Restored, int]:
    """Restore a backup, enter into a log what was found; return that, and the entry's number.

    Args:
        backup: The backup.
        data_folder: A new one.
        tested_for: The data folder that was backed up; the test is entered into its log.

    Raises:
        RefusedInput: There is no such data folder, or as `restore`.
        StationError: The disk or the store refuses.
    """
    if not is_data_folder(tested_for):
        raise RefusedInput("DATA_FOLDER", f"{tested_for}: holds no runs and no record store")
    require_log(tested_for)
    restored = restore(backup, data_folder)
    wrong = [one for one in restored.verifications if one.findings]
    facts = {
        "sha256": sha256_hex(backup.read_bytes()),
        "files": restored.files,
        "checked": len(restored.verifications),
        "altered": [one.folder.name for one in wrong],
    }
    number = enter_action(tested_for, RESTORE_TESTED, backup.name, facts=facts).number
    return restored, number


def restore(backup: Path, data_folder: Path) -> Restored:
    """Restore a backup into a new data folder, and check all of it.

    Raises:
        RefusedInput: The file is missing, damaged or no backup; or the data folder is there.
        StationError: The disk refuses.
    """
    if data_folder.exists():
        raise RefusedInput(
            "DATA_FOLDER", f"{data_folder}: is there already; restore into a new folder"
        )
    if not backup.is_file():
        raise RefusedInput("BACKUP", f"{backup}: there is no such file")
    part = data_folder.with_name(f".{data_folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        with zipfile.ZipFile(backup) as archive:
            hashes = _manifest(archive, backup)
            for name, digest in hashes.items():
                content = archive.read(name)
                if sha256_hex(content) != digest:
                    raise _damaged(backup, f"{name} is not what was backed up")
                target = part / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
        part.rename(data_folder)
    except (zipfile.BadZipFile, KeyError, NotImplementedError, EOFError) as error:
        raise _damaged(backup, str(error)) from error
    except OSError as error:
        raise StationError("DISK", f"{data_folder}: cannot be restored: {error}") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return Restored(files=len(hashes), verifications=verify_data(data_folder))


def _sources(data_folder: Path, scratch: Path) -> Iterator[tuple[str, Path]]:
    """Yield name and path of each file that belongs into a backup."""
    for path in sorted(data_folder.rglob("*")):
        name = path.relative_to(data_folder).as_posix()
        whole = path.is_file() and not path.is_symlink()
        if not whole or name.startswith(STORE) or name in _SECRET or _is_passing(path):
            continue
        yield name, path
    public = known_public_key(data_folder)
    if public is not None:
        content = public_key_toml(_PUBLIC_NAME, "ENG", public)
        path = scratch / "key.toml"
        path.write_bytes(content)
        name = f"{TRUSTED}/{sha256_hex(public)[:16]}.toml"
        if not (data_folder / name).exists():
            yield name, path
    if (data_folder / STORE).is_file():
        copy = scratch / STORE
        # A plain copy of a database in use may be torn.
        with (
            closing(sqlite3.connect(f"file:{data_folder / STORE}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
        yield STORE, copy


def _is_passing(path: Path) -> bool:
    """Tell whether a file is one that a running process will take away again."""
    return path.name.endswith((".part", ".lock"))


def _manifest(archive: zipfile.ZipFile, backup: Path) -> dict[str, str]:
    try:
        said = json.loads(archive.read(MANIFEST))
        hashes = {str(name): str(digest) for name, digest in said["files"].items()}
        form = said["format"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _damaged(backup, f"{MANIFEST} cannot be read: {error}") from error
    if form != BACKUP_FORMAT:
        raise _damaged(backup, f"its format is {form!r}, this ledcal knows {BACKUP_FORMAT!r}")
    for name in hashes:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name:
            raise _damaged(backup, f"it names a file outside its folder: {name!r}")
    return hashes


def _damaged(backup: Path, words: str) -> RefusedInput:
    return RefusedInput("BACKUP", f"{backup}: {words}; take another copy of the backup")
