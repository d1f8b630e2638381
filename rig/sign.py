"""Sign the file of a run after review: with a key that the station has no need of."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ledcal.rig.additions import SIGNED, enter_addition
from ledcal.rig.closing import PANEL_FILE
from ledcal.rig.errors import RefusedInput, StationError
from ledcal.rig.folder import sha256_hex, write_whole
from ledcal.rig.issue import ISSUE, is_awaiting, issue_bytes, issue_folder, read_issue
from ledcal.rig.key_file import read_key_file
from ledcal.rig.keys import SigningKey
from ledcal.rig.rebuild import rebuilt
from ledcal.rig.release import open_as_panel
from ledcal.rig.run import CALIBRATION, Request
from ledcal.rig.summary import record_of
from ledcal.rig.trust import known_key, require_in_use
from ledcal.rig.verify import verify_run


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A file that was signed after review.

    Attributes:
        path: Where it is kept.
        sha256: Of the file.
        key_id: Id of the key, 16 hex digits.
        known: Whether the data folder knows the key; only then is the file delivered.
    """

    path: Path
    sha256: str
    key_id: str
    known: bool


def sign_run(run: Path, key_file: Path, operator: str, data_folder: Path) -> Signed:
    """Sign the file of a run that waits for it; the run's folder is not touched.

    Args:
        run: The run's folder.
        key_file: PROD for a run of a PROD station, ENG for any other.
        operator: Who has reviewed it.
        data_folder: Where the file is kept, under `issued`.

    Raises:
        RefusedInput: The run was altered or does not wait for a signature, the key is for another
            purpose or retired, or the run's file was signed before.
        StationError: The key does not sign, or disk or record store refuse.
    """
    require_unaltered(run, data_folder)
    record = record_of(run)
    if not is_awaiting(record) or record.panel is None:
        ended = " ".join([record.outcome, *(reason["code"] for reason in record.reasons)])
        raise RefusedInput(
            "NOT_AWAITING",
            f"{run}: ended {ended}: it does not wait for a signature",
        )
    Request(serial=record.run.serial, operator=operator)  # refuses what no record could keep
    key = read_key_file(key_file)
    _require_purpose(key, record.run.mode, key_file)
    require_in_use(key.public, data_folder)
    before = read_issue(data_folder, run)
    if before is not None:
        raise RefusedInput(
            "SIGNED", f"{before.folder}: was signed by {before.operator!r} at {before.at} already"
        )
    content = (run / CALIBRATION).read_bytes()
    unsigned = rebuilt(content, key.key_id)
    file = unsigned + key.sign(unsigned)
    open_as_panel(file, record.panel, key.public)
    at = datetime.now(UTC).isoformat()
    issue = issue_bytes(run.resolve().name, content, file, key, operator, at)
    folder = issue_folder(data_folder, run)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StationError("DATA_FOLDER", f"{folder}: {error.strerror}") from error
    write_whole(folder / PANEL_FILE, file)
    # Last: without it the file beside it was not issued.
    write_whole(folder / ISSUE, issue)
    facts = {
        "key_id": key.key_id.hex(),
        "file_sha256": sha256_hex(file),
        "calibration_sha256": sha256_hex(content),
    }
    station = record.run.station["name"]
    files = [folder / PANEL_FILE, folder / ISSUE]
    enter_addition(run, data_folder, SIGNED, operator, facts, files, station=station)
    return Signed(
        path=folder / PANEL_FILE,
        sha256=sha256_hex(file),
        key_id=key.key_id.hex(),
        known=known_key(data_folder, key.key_id.hex()) is not None,
    )


def require_unaltered(run: Path, data_folder: Path) -> None:
    """Refuse a run that is not as it was sealed, or sealed by a key that nobody knows here.

    Raises:
        RefusedInput: Names what is wrong.
    """
    found = verify_run(run, data_folder)
    if found.findings:
        words = "; ".join(f"{one.file} {one.text}" for one in found.findings)
        raise RefusedInput("ALTERED", f"{run}: {words}")
    if found.key is None:
        raise RefusedInput(
            "UNKNOWN_KEY",
            f"{run}: sealed with key {found.key_id}, which {data_folder} does not know; "
            "`ledcal key trust` its public half, if it is one of yours",
        )


def _require_purpose(key: SigningKey, mode: str, path: Path) -> None:
    wanted = "PROD" if mode == "PROD" else "ENG"
    if key.purpose != wanted:
        raise RefusedInput(
            "KEY", f"{path}: key {key.name!r} is for {key.purpose}, the run was made in {mode}"
        )
