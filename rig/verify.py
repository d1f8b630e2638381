"""Check that nothing in the folder of a run or a visit was altered, added or taken away."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ledcal.calibration.codec import decode, key_id
from ledcal.calibration.errors import FileError, RecordError
from ledcal.rig.additions import addition_words
from ledcal.rig.amendments import AMENDMENTS
from ledcal.rig.closing import (
    PANEL_FILE,
    RECORD,
    SEAL,
    SEAL_FORMAT,
    VISIT_STARTED,
    record_bytes,
    sealed_files,
)
from ledcal.rig.deletion_check import DELETION, KEPT, kept_findings, read_deletion
from ledcal.rig.errors import RefusedInput
from ledcal.rig.firmware_view import open_on_its_board
from ledcal.rig.folder import canonical, sha256_hex
from ledcal.rig.issue import ISSUED, read_issue
from ledcal.rig.journal import JOURNAL, read_journal
from ledcal.rig.keys import ENGINEERING_KEY, signature_holds
from ledcal.rig.known_record import version_words
from ledcal.rig.log_book import LOG_PROOF, proof_words
from ledcal.rig.rebuild import difference, rebuilt
from ledcal.rig.run import CALIBRATION
from ledcal.rig.statements import RECORD_ENVELOPE, STATEMENTS, envelope_words
from ledcal.rig.trust import TRUSTED, KnownKey, known_key, known_keys
from ledcal.rig.unreadable import unreadable

_RUN_NAME = re.compile(r"[0-9]{8}T[0-9]{9}Z-")
"""How the name of a run's folder begins, also of one from which all was taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is not as it was sealed: the file's name and what is wrong with it."""

    file: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What was found in one run folder.

    Attributes:
        folder: The folder.
        findings: Empty when nothing was altered.
        checked: How many files were compared with the seal.
        key_id: Id of the key that made the seal, 16 hex digits, empty without a readable seal.
        key: The same key as the data folder knows it, None when it does not.
        deleted: By whom and why the run was deleted but for its record, empty when it was not.
        unsealed: Runs of a data folder that were not checked, since nobody has sealed them.
    """

    folder: Path
    findings: tuple[Finding, ...]
    checked: int
    key_id: str
    key: KnownKey | None = None
    deleted: str = ""
    unsealed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Seal:
    run: str
    files: dict[str, str]
    public_key: bytes


def verify_path(path: Path, data_folder: Path) -> Verification:
    """Return what is not as it was sealed: a run's folder, or the run that a file belongs to.

    Raises:
        RefusedInput: There is no such folder or file, nor a run that may have lost it, or it is
            of no run; or the trusted keys are damaged.
    """
    # os.path says False of a name that no file can have; Path.is_dir raises an error.
    if os.path.isdir(path):
        _require_run(path, path)
        return verify_run(path, data_folder)
    if os.path.exists(path):
        _require_run(path.parent, path)
        return verify_run(path.parent, data_folder)
    found = verify_run(path.parent, data_folder) if (path.parent / SEAL).exists() else None
    if found is None or not found.findings:  # nothing was lost that could have had this name
        raise RefusedInput("RUN", f"{str(path)!r}: there is no such run folder or file")
    return found


def _require_run(folder: Path, path: Path) -> None:
    """Refuse what nobody sealed, instead of calling it altered."""
    named_so = _RUN_NAME.match(folder.resolve().name)
    if not named_so and not any((folder / name).exists() for name in (SEAL, JOURNAL, RECORD)):
        raise RefusedInput(
            "RUN",
            f"{path}: is in no run's folder, and not checked: name the run that it is from, a "
            "data folder or an archive; `ledcal inspect` tells whose a calibration file is, and a "
            "page alone is held against a log by `ledcal verify DATA --checkpoint PAGE`",
        )


def verify_run(folder: Path, data_folder: Path) -> Verification:
    """Return what is not as it was sealed in a run's folder; damaged input is a finding too.

    Raises:
        RefusedInput: The key that made the seal is among the trusted ones in a damaged file.
    """
    if unread := tuple(_unreadable(folder, data_folder)):
        return Verification(folder=folder, findings=unread, checked=0, key_id="")
    try:
        seal = _read_seal(folder)
    except _Broken as broken:
        finding = Finding(file=SEAL, text=str(broken))
        return Verification(folder=folder, findings=(finding,), checked=0, key_id="")
    deletion, findings = None, []
    try:
        deletion = read_deletion(folder, data_folder)
    except RecordError as error:
        findings.append(Finding(file=DELETION, text=str(error)))
    findings += _files(folder, seal, deleted=deletion is not None)
    if deletion is not None and not findings:
        findings = [Finding(file=file, text=text) for file, text in kept_findings(folder)]
    elif not findings:
        findings = [*_content(folder, seal, data_folder), *_issued(folder, data_folder)]
    signer = key_id(seal.public_key).hex()
    known = known_key(data_folder, signer)
    return Verification(
        folder=folder,
        findings=tuple(findings),
        checked=len(seal.files),
        key_id=signer,
        key=known if known is not None and known.public == seal.public_key else None,
        deleted="" if deletion is None else deletion.words,
    )


def _unreadable(folder: Path, data_folder: Path) -> Iterator[Finding]:
    """Name what would be opened before the seal is believed, or past it, and must not be."""
    beside = [
        data_folder / kind / folder.resolve().name for kind in (STATEMENTS, AMENDMENTS, ISSUED)
    ]
    keys = (data_folder / TRUSTED, data_folder / ENGINEERING_KEY)
    for path, words in unreadable(folder / SEAL, folder / DELETION, *beside, *keys):
        inside = path.parent == folder
        yield Finding(file=path.name if inside else str(path), text=words)


class _Broken(Exception):
    """The seal itself cannot be believed."""


def _read_seal(folder: Path) -> _Seal:
    if _is_link(folder, SEAL):
        raise _Broken("is a link now: what it leads to can be changed without the folder")
    try:
        content = (folder / SEAL).read_bytes()
    except FileNotFoundError:
        raise _Broken("is missing: the run was never closed, or its seal was removed") from None
    except OSError as error:
        raise _Broken(f"cannot be read: {error.strerror}") from error
    try:
        said = json.loads(content)
        signature = bytes.fromhex(said.pop("signature"))
        files = {str(name): str(digest) for name, digest in said["files"].items()}
        seal = _Seal(str(said["run"]), files, bytes.fromhex(said["public_key"]))
        whole = canonical(said | {"signature": signature.hex()})
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _Broken(f"is damaged: {error}") from error
    if whole != content or said.get("format") != SEAL_FORMAT:
        raise _Broken("is damaged: it is not in canonical form")
    if not signature_holds(seal.public_key, signature, canonical(said)):
        raise _Broken("was altered: its signature does not hold")
    return seal


def _files(folder: Path, seal: _Seal, *, deleted: bool) -> Iterator[Finding]:
    if seal.run != folder.resolve().name:
        yield Finding(file=SEAL, text=f"belongs to run {seal.run}, not to this folder")
    present = sealed_files(folder)
    for name, digest in sorted(seal.files.items()):
        if deleted and name not in KEPT:
            if name in present:
                yield Finding(file=name, text="is still there: `ledcal delete` was cut off")
            continue
        if unread := [words for _, words in unreadable(folder / name)]:
            yield Finding(file=name, text=unread[0])
            continue
        if name not in present or not (folder / name).is_file():
            yield Finding(file=name, text="is missing")
            continue
        if _is_link(folder, name):
            text = "is a link now: what it leads to can be changed without the folder"
            yield Finding(file=name, text=text)
            continue
        try:
            found = sha256_hex((folder / name).read_bytes())
        except OSError as error:
            yield Finding(file=name, text=f"cannot be read: {error.strerror}")
            continue
        if found != digest:
            yield Finding(file=name, text=f"was altered: SHA-256 {found}, sealed as {digest}")
    left = {DELETION} if deleted else set()
    for name in sorted(set(present) - set(seal.files) - left):
        yield Finding(file=name, text="was added after the run was sealed")


def _is_link(folder: Path, name: str) -> bool:
    """Tell whether a file, or a folder on the way to it from the run's, is a link."""
    path = folder / name
    ways = [path, *path.parents][: len(Path(name).parts)]
    return any(one.is_symlink() for one in ways)


def _content(folder: Path, seal: _Seal, data_folder: Path) -> Iterator[Finding]:
    """Check that the files, untouched as they are, belong together."""
    try:
        if (unknown := version_words(folder)) is not None:
            yield Finding(file=RECORD, text=unknown)
            return
        events = read_journal(folder)
        if events[:1] and events[0].get("event") == VISIT_STARTED:
            return  # a panel alone was visited: there is no light, no record and no file
        if record_bytes(events) != (folder / RECORD).read_bytes():
            yield Finding(file=RECORD, text=f"does not tell what {JOURNAL} tells")
    except (ValueError, OSError) as error:  # also what JSON can hold and a record cannot
        yield Finding(file=JOURNAL, text=str(error))
    known = [seal.public_key, *(one.public for one in known_keys(data_folder))]
    record = (folder / RECORD).read_bytes()
    if RECORD_ENVELOPE in seal.files:
        wrong = envelope_words((folder / RECORD_ENVELOPE).read_bytes(), record, known)
        if wrong is not None:
            yield Finding(file=RECORD_ENVELOPE, text=wrong)
    for name, words in addition_words(folder, data_folder, record, known):
        yield Finding(file=name, text=words)
    if LOG_PROOF in seal.files:
        for words in proof_words(folder, known):
            yield Finding(file=LOG_PROOF, text=words)
    if PANEL_FILE not in seal.files:
        return
    file = (folder / PANEL_FILE).read_bytes()
    try:
        open_on_its_board(file, seal.public_key)
    except FileError as error:
        yield Finding(file=PANEL_FILE, text=f"is refused: {error}")
        return
    decoded = decode(file)
    calibration = folder / CALIBRATION
    content = calibration.read_bytes() if calibration.exists() else b""
    if decoded.calibration.record_sha256.hex() != sha256_hex(content):
        yield Finding(file=CALIBRATION, text=f"is not the record that {PANEL_FILE} names")
        return
    yield from _rebuild(file, content, decoded.key_id)


def _issued(folder: Path, data_folder: Path) -> Iterator[Finding]:
    """Check the file that was signed after review, which is kept beside the runs."""
    try:
        read_issue(data_folder, folder)
    except RefusedInput as error:
        yield Finding(file=f"{ISSUED}/{folder.resolve().name}", text=error.text)


def _rebuild(file: bytes, content: bytes, signer: bytes) -> Iterator[Finding]:
    """Make the file again from its record, and compare all of it that is not the signature."""
    try:
        found = difference(file, rebuilt(content, signer))
    except RefusedInput as error:
        yield Finding(file=CALIBRATION, text=error.text.removeprefix(f"{CALIBRATION}: "))
        return
    if found is not None:
        yield Finding(file=PANEL_FILE, text=f"is not what {CALIBRATION} makes: it {found}")
