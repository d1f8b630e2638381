"""A file that was signed after review: beside the sealed run, with who signed it and when."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledcal.calibration.codec import key_id
from ledcal.calibration.errors import FileError
from ledcal.calibration.record import Record
from ledcal.rig.closing import PANEL_FILE
from ledcal.rig.errors import RefusedInput
from ledcal.rig.firmware_view import open_on_its_board
from ledcal.rig.folder import canonical, sha256_hex
from ledcal.rig.keys import SigningKey, signature_holds
from ledcal.rig.rebuild import difference, rebuilt
from ledcal.rig.run import CALIBRATION

ISSUED = "issued"
ISSUE = "issue.json"
ISSUE_FORMAT = "ledcal-issue/1"
AWAITING_SIGNATURE = "AWAITING_SIGNATURE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """A file as it was signed after review.

    Attributes:
        folder: Where it is kept.
        file: Its bytes.
        public_key: Of the key that signed it, 32 raw bytes.
        operator: Who signed it.
        at: When, UTC, ISO 8601.
    """

    folder: Path
    file: bytes
    public_key: bytes
    operator: str
    at: str

    @property
    def key_id(self) -> str:
        """Id of the key, 16 hex digits."""
        return key_id(self.public_key).hex()


def is_awaiting(record: Record) -> bool:
    """Tell whether a run was made to be signed after review, and ended for no other reason."""
    return [reason["code"] for reason in record.reasons] == [AWAITING_SIGNATURE]


def issue_folder(data_folder: Path, run: Path) -> Path:
    """Return where the file of a run is kept that was signed after review."""
    return data_folder / ISSUED / run.resolve().name


def issue_bytes(
    run: str, content: bytes, file: bytes, key: SigningKey, operator: str, at: str
) -> bytes:
    """Return `issue.json`: what was signed, by whom and when, signed with the same key."""
    body = {
        "format": ISSUE_FORMAT,
        "run": run,
        "calibration_sha256": sha256_hex(content),
        "file_sha256": sha256_hex(file),
        "key_id": key.key_id.hex(),
        "public_key": key.public.hex(),
        "operator": operator,
        "at": at,
    }
    return canonical(body | {"signature": key.sign(canonical(body)).hex()})


def read_issue(data_folder: Path, run: Path) -> Issue | None:
    """Return a run's file as it was signed after review, None when it was not.

    The file is made again from the run's `calibration.json` and compared.

    Raises:
        RefusedInput: It was altered, or does not belong to this run.
    """
    folder = issue_folder(data_folder, run)
    if not (folder / ISSUE).exists():
        return None
    try:
        content = (folder / ISSUE).read_bytes()
        file = (folder / PANEL_FILE).read_bytes()
        calibration = (run / CALIBRATION).read_bytes()
    except OSError as error:
        raise _altered(folder, f"{error.filename}: cannot be read: {error.strerror}") from error
    said, public_key = _signed(folder, content)
    expected = {
        "run": run.resolve().name,
        "calibration_sha256": sha256_hex(calibration),
        "file_sha256": sha256_hex(file),
        "key_id": key_id(public_key).hex(),
    }
    for name, value in expected.items():
        if said.get(name) != value:
            raise _altered(folder, f"{ISSUE} says {name} {said.get(name)}, it is {value}")
    try:
        open_on_its_board(file, public_key)
    except FileError as error:
        raise _altered(folder, f"{PANEL_FILE} is refused: {error}") from error
    found = difference(file, rebuilt(calibration, key_id(public_key)))
    if found is not None:
        raise _altered(folder, f"{PANEL_FILE} is not what {CALIBRATION} makes: it {found}")
    return Issue(
        folder=folder,
        file=file,
        public_key=public_key,
        operator=str(said.get("operator")),
        at=str(said.get("at")),
    )


def _signed(folder: Path, content: bytes) -> tuple[dict[str, Any], bytes]:
    """Return what an `issue.json` says, and the key whose signature it bears."""
    try:
        said = json.loads(content)
        whole = canonical(said)
        signature = bytes.fromhex(said.pop("signature"))
        public_key = bytes.fromhex(said["public_key"])
        body = canonical(said)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _altered(folder, f"{ISSUE} is damaged: {error}") from error
    if whole != content or said.get("format") != ISSUE_FORMAT:
        raise _altered(folder, f"{ISSUE} is damaged: it is not in canonical form")
    if not signature_holds(public_key, signature, body):
        raise _altered(folder, f"{ISSUE} was altered: its signature does not hold")
    return said, public_key


def _altered(folder: Path, words: str) -> RefusedInput:
    return RefusedInput("ISSUE", f"{folder}: {words}; restore it from a copy")
