"""Check an archive of a panel: the file, every run in it, and what it says of the log."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from ledcal.calibration.codec import key_id
from ledcal.calibration.errors import RecordError
from ledcal.calibration.log_proof import LogProof, read_log_proof
from ledcal.calibration.signed_note import note_holds
from ledcal.rig.archive import ABOUT, ARCHIVE_FORMAT, SUMS, SUMS_SIGNATURE
from ledcal.rig.archive_file import unpack_files
from ledcal.rig.archive_log import LOG_CHECKPOINT
from ledcal.rig.closing import SEAL
from ledcal.rig.deletion_check import DELETION
from ledcal.rig.errors import RefusedInput, StationError
from ledcal.rig.folder import sha256_hex
from ledcal.rig.keys import signature_holds
from ledcal.rig.log_book import LOG_PROOF, RUN_CLOSED
from ledcal.rig.store.log import LOG_KEY_NAME
from ledcal.rig.trust import KnownKey, known_key, known_keys
from ledcal.rig.verify import Finding, Verification, verify_run

_BEGIN = b"PK\x03\x04"
_LINE = re.compile(r"(?P<digest>[0-9a-f]{64})  (?P<name>\S+)")


def is_archive(path: Path) -> bool:
    """Tell whether a path is meant to be an archive: by its name, or by how it begins."""
    try:
        with path.open("rb") as file:
            return path.suffix == ".zip" or file.read(len(_BEGIN)) == _BEGIN
    except OSError:
        return False


def verify_archive(path: Path, data_folder: Path) -> list[Verification]:
    """Return what was found in an archive: of the whole first, then of each closed run in it.

    What is in the archive is checked with the keys that came with it; whether those keys are
    known is for the data folder to say.

    Args:
        path: Of the archive; damaged and hostile ones are findings too.
        data_folder: Whose keys are known.

    Raises:
        RefusedInput: The trusted keys of the data folder are damaged.
        StationError: The disk refuses.
    """
    with TemporaryDirectory(prefix="ledcal-") as scratch:
        root = Path(scratch)
        try:
            names = unpack_files(path, root)
            said = _said(root)
        except RefusedInput as error:
            return [_only(path, error.text)]
        except OSError as error:
            raise StationError("DISK", f"{path}: cannot be unpacked: {error}") from error
        findings = [*_files(root, names, said)]
        closed = sorted(seal.parent for seal in root.glob(f"*/*/{SEAL}"))
        runs = []
        if not findings:
            try:
                findings = [*_log(root, closed)]
                runs = [_run(path, root, one, data_folder) for one in closed]
            except RefusedInput as error:  # a key that came with it is damaged
                findings = [Finding(file=path.name, text=error.text)]
        whole = Verification(
            folder=path,
            findings=tuple(findings),
            checked=len(names),
            key_id=key_id(said.public).hex(),
            key=_known(data_folder, said.public),
        )
        return [whole, *runs]


@dataclass(frozen=True, slots=True)
class _Said:
    """What an archive says of itself: hashes of its files, and who signed them."""

    sums: dict[str, str]
    public: bytes
    words: str


def _only(path: Path, words: str) -> Verification:
    text = f"{words}; take another copy (a backup is checked by `ledcal restore`)"
    finding = Finding(file=path.name, text=text)
    return Verification(folder=path, findings=(finding,), checked=0, key_id="")


def _said(root: Path) -> _Said:
    """Return what an archive says of itself; its signature is told, not raised.

    Raises:
        RefusedInput: It lacks a part without which it is none.
    """
    try:
        about = json.loads((root / ABOUT).read_bytes())
        form, public = about["format"], bytes.fromhex(about["public_key"])
        sums = (root / SUMS).read_bytes()
        signature = (root / SUMS_SIGNATURE).read_bytes()
        lines = [_LINE.fullmatch(line) for line in sums.decode().splitlines()]
    except OSError as error:
        name = Path(str(error.filename)).name
        raise RefusedInput("ARCHIVE", f"is no archive of a panel: it has no {name}") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise RefusedInput("ARCHIVE", f"is damaged: {error}") from error
    if form != ARCHIVE_FORMAT:
        raise RefusedInput("ARCHIVE", f"has format {form!r}, known is {ARCHIVE_FORMAT!r}")
    known = {found["name"]: found["digest"] for found in lines if found is not None}
    if len(known) != len(lines):
        raise RefusedInput("ARCHIVE", f"is damaged: {SUMS} has a line that is no hash of a file")
    words = "" if signature_holds(public, signature, sums) else "its signature does not hold"
    return _Said(known, public, words)


def _files(root: Path, names: list[str], said: _Said) -> Iterator[Finding]:
    if said.words:
        yield Finding(file=SUMS, text=said.words)
    present = set(names) - {SUMS, SUMS_SIGNATURE}
    for name, digest in sorted(said.sums.items()):
        if name not in present:
            yield Finding(file=name, text="is missing")
        elif sha256_hex((root / name).read_bytes()) != digest:
            yield Finding(file=name, text="was altered")
    for name in sorted(present - set(said.sums)):
        yield Finding(file=name, text="was added after the archive was signed")


def _log(root: Path, closed: list[Path]) -> Iterator[Finding]:
    """Check that every entry is in one log, and that the runs are those that it tells of."""
    publics = [one.public for one in known_keys(root)]
    note = (root / LOG_CHECKPOINT).read_text() if (root / LOG_CHECKPOINT).is_file() else ""
    entries: dict[int, bytes] = {}
    seals = {folder.name for folder in closed}
    for path in sorted(root.glob("log/*.proof")):
        name = path.relative_to(root).as_posix()
        try:
            proof = read_log_proof(path.read_text())
            if proof.note != note or not _believed(proof, publics):
                yield Finding(file=name, text=f"does not lead to {LOG_CHECKPOINT}")
            entries[proof.number] = proof.entry
            entry = json.loads(proof.entry)
            kind, subject = entry["kind"], entry["subject"]
        except (RecordError, ValueError, KeyError, TypeError, RecursionError) as error:
            yield Finding(file=name, text=f"cannot be read: {error}")
            continue
        if kind == RUN_CLOSED and subject not in seals:
            yield Finding(file=name, text=f"tells of run {subject}, which is not here with a seal")
    for path in (folder / name for folder in closed for name in (LOG_PROOF, DELETION)):
        if not path.is_file():
            continue  # a visit is in no log; the seal names its absence where there was one
        where = path.relative_to(root).as_posix()
        try:
            earlier = read_log_proof(path.read_text())
        except (RecordError, ValueError) as error:
            yield Finding(file=where, text=str(error))
            continue
        if entries.get(earlier.number) != earlier.entry:
            yield Finding(file=where, text=f"the log has another entry {earlier.number} now")


def _believed(proof: LogProof, publics: list[bytes]) -> bool:
    return proof.holds() and any(
        note_holds(proof.note, LOG_KEY_NAME, one, signature_holds) for one in publics
    )


def _run(path: Path, root: Path, folder: Path, data_folder: Path) -> Verification:
    """Return what is wrong with one run, and whether the data folder knows who sealed it."""
    found = verify_run(folder, root)
    known = None if found.key is None else _known(data_folder, found.key.public)
    return replace(found, folder=path / folder.relative_to(root), key=known)


def _known(data_folder: Path, public: bytes) -> KnownKey | None:
    known = known_key(data_folder, key_id(public).hex())
    return known if known is not None and known.public == public else None
