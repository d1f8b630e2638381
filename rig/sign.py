"""Sign the file of a run after review: with a key that the station has no need of."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ledcal.rig.additions import SIGNED, enter_addition
from ledcal.rig.closing import PANEL_FILE, data_folder_of
from ledcal.rig.errors import RefusedInput, StationError
from ledcal.rig.folder import sha256_hex, write_whole
from ledcal.rig.issue import ISSUE, Issue, is_awaiting, issue_bytes, issue_folder, read_issue
from ledcal.rig.key_file import read_key_file
from ledcal.rig.keys import Purpose, SigningKey
from ledcal.rig.log_reading import entries, reading_log
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
    require_purpose(key.purpose, record.run.mode, f"{key_file}: key {key.name!r}")
    known = known_key(data_folder, key.key_id.hex())
    if known is not None:
        require_purpose(
            known.purpose, record.run.mode, f"{key_file}: key {key.name!r}, {known.words},"
        )
    require_in_use(key.public, data_folder)
    content = _calibration_of(run)
    issue = read_issue(data_folder, run)
    if issue is not None and (issue.public_key != key.public or _is_entered(run, issue)):
        raise RefusedInput(
            "SIGNED",
            f"{issue.folder}: was signed by {issue.operator!r} at {issue.at} already, with key "
            f"{issue.key_id}",
        )
    if issue is None:
        unsigned = rebuilt(content, key.key_id)
        file = unsigned + key.sign(unsigned)
        open_as_panel(file, record.panel, key.public)
        _keep(run, content, file, key, operator, data_folder)
        issue = read_issue(data_folder, run)
        assert issue is not None  # it was just kept
    facts = {
        "key_id": issue.key_id,
        "file_sha256": sha256_hex(issue.file),
        "calibration_sha256": sha256_hex(content),
    }
    files = [issue.folder / PANEL_FILE, issue.folder / ISSUE]
    # Of one whose entering was cut off: who signed it, which may not be who asks now.
    station = record.run.station["name"]
    enter_addition(run, data_folder, SIGNED, issue.operator, facts, files, station=station)
    return Signed(
        path=issue.folder / PANEL_FILE,
        sha256=sha256_hex(issue.file),
        key_id=issue.key_id,
        known=known_key(data_folder, issue.key_id) is not None,
    )


def _keep(
    run: Path, content: bytes, file: bytes, key: SigningKey, operator: str, data_folder: Path
) -> None:
    """Keep a file that was signed, and then the statement without which it was not issued."""
    at = datetime.now(UTC).isoformat()
    issue = issue_bytes(run.resolve().name, content, file, key, operator, at)
    folder = issue_folder(data_folder, run)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StationError("DATA_FOLDER", f"{folder}: {error.strerror}") from error
    write_whole(folder / PANEL_FILE, file)
    write_whole(folder / ISSUE, issue)


def _is_entered(run: Path, issue: Issue) -> bool:
    """Tell whether the log knows of a signature; the power may have failed between the two."""
    with reading_log(data_folder_of(run)) as connection:
        told = () if connection is None else entries(connection, [SIGNED], run.resolve().name)
        return any(one.facts.get("file_sha256") == sha256_hex(issue.file) for one in told)


def _calibration_of(run: Path) -> bytes:
    try:
        return (run / CALIBRATION).read_bytes()
    except OSError as error:
        raise RefusedInput(
            "CALIBRATION", f"{run / CALIBRATION}: {error.strerror}: there is nothing to sign"
        ) from error


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


def require_purpose(purpose: Purpose, mode: str, whose: str) -> None:
    """Refuse a key for another purpose than that of a run's mode.

    Args:
        purpose: What the key is for, by its file or by what the data folder knows of it.
        mode: In which the run was made.
        whose: The key, for a person.

    Raises:
        RefusedInput: It is for another.
    """
    if purpose != ("PROD" if mode == "PROD" else "ENG"):
        raise RefusedInput("KEY", f"{whose} is for {purpose}, the run was made in {mode}")
