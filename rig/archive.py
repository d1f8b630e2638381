"""Everything of one panel in one file that can be checked without ledcal."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ledcal.calibration.codec import key_id
from ledcal.calibration.errors import RecordError
from ledcal.calibration.json_schema import SCHEMAS
from ledcal.calibration.log_proof import read_log_proof
from ledcal.calibration.record import Record
from ledcal.reports.archive_page import ArchivedFolder, archive_html
from ledcal.rig.archive_check import pem
from ledcal.rig.archive_file import NAME, write_files
from ledcal.rig.archive_forms import forms_of
from ledcal.rig.archive_log import LOG_CHECKPOINT, log_of
from ledcal.rig.archive_text import place_of, readme_text, what_is
from ledcal.rig.closing import SEAL
from ledcal.rig.deletion_check import DELETION
from ledcal.rig.errors import RefusedInput, StationError
from ledcal.rig.folder import canonical, sha256_hex
from ledcal.rig.journal import JOURNAL, read_journal
from ledcal.rig.key_file import public_key_toml
from ledcal.rig.keys import SITE_TOKEN, SigningKey, engineering_key
from ledcal.rig.panel_lock import LOCKS, RELEASED
from ledcal.rig.proof import CLOSED
from ledcal.rig.run import RUNS, require_serial, runs_of
from ledcal.rig.schema_text import schema_text
from ledcal.rig.summary import UNSEALED, told
from ledcal.rig.trust import TRUSTED, KnownKey, known_keys

ARCHIVE_FORMAT = "ledcal-archive/1"
ABOUT = "archive.json"
SUMS = "SHA256SUMS"
SUMS_SIGNATURE = "SHA256SUMS.sig"
_OWN_NAME = "engineering key of the data folder that was archived"
_NO_EVIDENCE = ("keys", "incoming")
_PASSING = (".part", ".lock", ".room")
_SECRETS = (b"PRIVATE KEY-----", b'"ledcal-key/1"')


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """One folder that is kept of the panel: its kind, its path, and its record if it has one."""

    kind: str
    path: Path
    record: Record | None
    words: str


def write_archive(serial: str, output: Path, data_folder: Path) -> int:
    """Write all that a data folder has of one panel into a ZIP, and return how many files it is.

    Runs, visits, statements, issued files and whatever else is kept under a run id of the panel;
    the same in other forms; what the log says, with proofs; the public keys. A private key or a
    token cannot be in it. The same data folder gives the same bytes.

    Args:
        serial: Of the panel.
        output: The file; must be new.
        data_folder: Where the panel's runs are; its own key signs the archive.

    Raises:
        RefusedInput: There is no such panel, the output is there already, or a file must not go
            out or has a name that no run leaves.
        StationError: Disk, key or record store refuse; no half an archive is left.
    """
    require_serial(serial)
    if output.exists():
        raise RefusedInput("ARCHIVE", f"{output}: is there already; choose another name")
    kept = _kept(serial, data_folder)
    if not any(one.kind == RUNS for one in kept):
        raise RefusedInput("SERIAL", f"{serial!r}: has no run in {data_folder}")
    key = engineering_key(data_folder)
    part = output.with_name(f".{output.name}.part")
    try:
        with TemporaryDirectory(prefix="ledcal-") as scratch, part.open("wb") as file:
            gathered = _Gathered(Path(scratch), _tokens(data_folder))
            _gather(gathered, serial, kept, data_folder, key)
            write_files(file, gathered.files)
            file.flush()
            os.fsync(file.fileno())
        part.replace(output)
    except OSError as error:
        raise StationError("DISK", f"{output}: cannot be written: {error}") from error
    finally:
        part.unlink(missing_ok=True)
    return len(gathered.files)


class _Gathered:
    """The files of an archive, copied aside: what is hashed is what is written."""

    def __init__(self, folder: Path, tokens: tuple[bytes, ...]) -> None:
        self._folder = folder
        self._secrets = (*_SECRETS, *tokens)
        self.files: dict[str, Path] = {}
        self.sums: dict[str, str] = {}

    def add(self, name: str, content: bytes) -> None:
        """Take a file up; one that has a secret, or a name that leads elsewhere, is refused."""
        if not NAME.fullmatch(name):
            raise RefusedInput(
                "ARCHIVE", f"{name!r}: is no file that ledcal leaves; move it away first"
            )
        if any(one in content for one in self._secrets):
            raise RefusedInput(
                "SECRET", f"{name}: holds a private key or a token; take it out of the folder"
            )
        path = self._folder / str(len(self.files))
        path.write_bytes(content)
        self.files[name], self.sums[name] = path, sha256_hex(content)

    def names_key(self, one: KnownKey) -> bool:
        """Tell whether a file names this key: by its id, or as it is; a deletion names two."""
        words = (one.key_id.encode(), one.public.hex().encode())
        return any(word in content for content in map(_read, self.files.items()) for word in words)


def _read(file: tuple[str, Path]) -> bytes:
    """Return a file of an archive as it is, but of the proof of a deletion the entry in it."""
    name, content = file[0], file[1].read_bytes()
    if name.rpartition("/")[2] != DELETION:
        return content
    try:
        return read_log_proof(content.decode()).entry
    except (RecordError, UnicodeDecodeError):
        return content  # named by the check of the run


def _gather(
    gathered: _Gathered, serial: str, kept: list[_Kept], data_folder: Path, key: SigningKey
) -> None:
    for one in kept:
        for path in _files(one.path):
            inner = path.relative_to(one.path).as_posix()
            gathered.add(f"{one.kind}/{one.path.name}/{inner}", path.read_bytes())
        if one.record is not None:
            for name, content in forms_of(one.path, one.record, data_folder):
                gathered.add(f"forms/{one.path.name}/{name}", content)
    for path in sorted((data_folder / LOCKS / RELEASED).glob(f"*Z-{serial}.json")):
        gathered.add(f"{LOCKS}/{RELEASED}/{path.name}", path.read_bytes())
    for what in SCHEMAS:
        gathered.add(f"schema/ledcal-{what}.schema.json", schema_text(what).encode())
    publics = [one for one in known_keys(data_folder) if one.own or gathered.names_key(one)]
    for name, content in log_of(_subjects(serial, kept, publics), data_folder, key):
        gathered.add(name, content)
    for one_key in publics:
        whose = _OWN_NAME if one_key.own else one_key.name
        toml = public_key_toml(whose, one_key.purpose, one_key.public, one_key.retired)
        gathered.add(f"{TRUSTED}/{one_key.key_id}.toml", toml)
        gathered.add(f"keys/{one_key.key_id}.pem", pem(one_key.public))
    _describe(gathered, serial, kept, key)
    sums = "".join(f"{gathered.sums[name]}  {name}\n" for name in sorted(gathered.sums)).encode()
    gathered.add(SUMS, sums)
    gathered.add(SUMS_SIGNATURE, key.sign(sums))


def _describe(gathered: _Gathered, serial: str, kept: list[_Kept], key: SigningKey) -> None:
    """Add the files that tell of the others."""
    software = f"ledcal {version('ledcal')}"
    signer = key_id(key.public).hex()
    entries = [name for name in gathered.files if name.endswith(".proof") and name[:4] == "log/"]
    note = gathered.files.get(LOG_CHECKPOINT)
    page = archive_html(
        serial=serial,
        simulated=any(one.record is not None and one.record.run.simulated for one in kept),
        software=software,
        folders=[
            _archived(one, gathered)
            for one in kept
            if one.kind == RUNS or (one.path / JOURNAL).exists()
        ],
        entries=entries,
        checkpoint="" if note is None else note.read_text(),
        key_id=signer,
    )
    about = {
        "format": ARCHIVE_FORMAT,
        "serial": serial,
        "software": software,
        "public_key": key.public.hex(),
    }
    script = files("ledcal.rig").joinpath("archive_check.py").read_bytes()
    gathered.add("index.html", page.encode())
    gathered.add("README.txt", readme_text(serial, signer, software).encode())
    gathered.add("check.py", script)
    gathered.add(ABOUT, canonical(about))


def _kept(serial: str, data_folder: Path) -> list[_Kept]:
    """Return every folder that is named by a run id of the panel, by kind and then by time."""
    found = []
    for kind in sorted(path for path in data_folder.glob("*") if path.is_dir()):
        if kind.name in _NO_EVIDENCE:
            continue
        for path in runs_of(kind, serial):
            if not path.is_dir():
                continue
            what = told(path)
            record = what if isinstance(what, Record) else None
            words = "" if record is not None else str(what)
            if record is not None and kind.name in CLOSED and not (path / SEAL).exists():
                words = UNSEALED
            found.append(_Kept(kind=kind.name, path=path, record=record, words=words))
    return found


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder but those that a running or killed run has for itself.

    Raises:
        RefusedInput: One leads out of the folder.
    """
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            raise RefusedInput("ARCHIVE", f"{path}: leads elsewhere; take it out of the folder")
        if path.is_file() and not path.name.endswith(_PASSING):
            yield path


def _archived(one: _Kept, gathered: _Gathered) -> ArchivedFolder:
    """Return a folder as the front page shows it, with what belongs to it elsewhere."""
    run = one.path.name
    mine = [
        name
        for name in gathered.files
        if name.startswith((f"{one.kind}/{run}/", f"forms/{run}/"))
        or (one.kind == RUNS and f"/{run}/" in name)
    ]
    first, last = _ends(one.path)
    outcome = one.record.outcome.value if one.record is not None else last.get("outcome", "")
    reasons = one.record.reasons if one.record is not None else last.get("reasons", [])
    words = "; ".join(f"{reason['code']}: {reason['text']}" for reason in reasons)
    return ArchivedFolder(
        folder=f"{one.kind}/{run}",
        kind=one.kind,
        run=run,
        outcome=str(outcome),
        words=words or (one.words if not outcome else ""),
        operator=str(first.get("operator", "")),
        started_at=str(first.get("at", "")),
        files=[(name, what_is(name)) for name in sorted(mine, key=place_of)],
    )


def _ends(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return first and last event of a journal, empty where there is none that can be read."""
    try:
        events = read_journal(folder)
    except (RecordError, ValueError, OSError):
        events = []
    return (events[0], events[-1]) if events else ({}, {})


def _subjects(serial: str, kept: list[_Kept], publics: list[KnownKey]) -> set[str]:
    """Return what the log's entries on this panel are about."""
    found = {serial, *(one.path.name for one in kept), *(one.key_id for one in publics)}
    for record in (one.record for one in kept if one.record is not None):
        found.add(record.run.product["file_sha256"])
        for one in record.instruments:
            found |= {one.serial, one.certificate.get("number", one.serial)}
    return found


def _tokens(data_folder: Path) -> tuple[bytes, ...]:
    """Return the secrets of the data folder that have no form of their own."""
    path = data_folder / SITE_TOKEN
    token = path.read_bytes().strip() if path.is_file() else b""
    return (token,) if token else ()
