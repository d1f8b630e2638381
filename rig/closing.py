"""Close a run: the journal becomes record, page and seal, whatever way the run ended."""

from pathlib import Path
from typing import Any

from ledcal.calibration.errors import RecordError
from ledcal.calibration.outcome import Outcome
from ledcal.calibration.record import RECORD_FORMAT, Record
from ledcal.calibration.record_reader import read_record
from ledcal.calibration.statement import Statement
from ledcal.reports.certificate import certificate_html
from ledcal.rig.errors import RefusedInput
from ledcal.rig.folder import canonical, sha256_hex, write_whole
from ledcal.rig.journal import JOURNAL, ROOM, Journal, read_journal, take_in_local_file
from ledcal.rig.key_file import prove, read_key_file
from ledcal.rig.keys import SigningKey, engineering_key, known_public_key
from ledcal.rig.log_book import LOG_PROOF, enter_run, enter_seal
from ledcal.rig.run import NOT_RECORDED
from ledcal.rig.settings import SettingsFile
from ledcal.rig.spectra_file import write_spectra
from ledcal.rig.statements import PERFORMED, RECORD_ENVELOPE, record_envelope, signed
from ledcal.rig.station import Station, beside
from ledcal.rig.step_report import close_report
from ledcal.rig.store.opened import store_url
from ledcal.rig.trust import known_key, require_in_use

RECORD = "record.json"
PANEL_FILE = "panel.ledcal"
CERTIFICATE = "certificate.html"
REPORT = "report.html"
TRANSCRIPT = "transcript.jsonl"
SEAL = "seal.json"
VISIT_STARTED = "visit_started"
SEAL_FORMAT = "ledcal-seal/1"


def key_of(station: SettingsFile[Station], kept_in: Path | None = None) -> SigningKey:
    """Return the key that signs what this station makes.

    Args:
        station: The station file.
        kept_in: Data folder that it is kept in, None for the one of the station file.

    Raises:
        RefusedInput: The PROD key cannot be used, is for engineering, or is retired; or it is kept
            where the key is not known.
        StationError: The engineering key cannot be made, or the PROD key does not answer.
    """
    key = _station_key(station)
    require_known(key, station, kept_in)
    return key


def require_known(key: SigningKey, station: SettingsFile[Station], kept_in: Path | None) -> None:
    """Refuse to keep what a key signs in another data folder, unless that knows the key.

    The key stays the station's also there: its panels load no file that another has signed.

    Raises:
        RefusedInput: It does not know it, or has retired it.
    """
    own = beside(station, station.settings.data_folder)
    if kept_in is None or kept_in.resolve() == own:
        return
    name = key.key_id.hex()
    known = known_key(kept_in, name)
    if known is None or known.public != key.public:
        raise RefusedInput(
            "KEY_UNKNOWN",
            f"{kept_in}: this data folder does not know key {name}, with which {station.path} "
            "signs, and could not verify the run; leave out --data, and LEDCAL_DATA, to use "
            f"{own}, or let it know the key first: `ledcal key trust FILE.pub --data DIR`, where "
            "FILE.pub is beside the key file, or is made by `ledcal introduce NAME --output "
            f"FILE.pub --data {own}`",
        )
    require_in_use(key.public, kept_in)


def _station_key(station: SettingsFile[Station]) -> SigningKey:
    said = station.settings
    data_folder = beside(station, said.data_folder)
    if said.mode != "PROD" or said.signing == "after review":
        return engineering_key(data_folder)
    assert said.signing_key is not None  # the station file is refused without it
    path = beside(station, said.signing_key)
    key = read_key_file(path)
    if key.purpose != "PROD" or key.public == known_public_key(data_folder):
        raise RefusedInput(
            "KEY", f"{path}: key {key.name!r} is for engineering; a PROD station needs a PROD key"
        )
    require_in_use(key.public, data_folder)
    prove(key)
    return key


def close_run(folder: Path, key: SigningKey) -> Record:
    """Write record, page and seal of a run that has ended; a sealed run is left as it is.

    A journal without an end is given one first: ABORTED. The run is in the log before its page is
    made, so that the page can tell the log's checkpoint.

    Raises:
        RecordError: The journal cannot be read.
        StationError: The disk or the record store refuses.
    """
    take_in_local_file(folder)
    events = read_journal(folder)
    if (folder / SEAL).exists():
        return read_record(events)
    if not events:
        raise RecordError(f"{folder / JOURNAL}: the run was killed before its first event")
    if not any(event.get("event") == "run_finished" for event in events):
        append_abort(folder, "NOT_FINISHED", "the run was killed before its end")
        events = read_journal(folder)
    (folder / ROOM).unlink(missing_ok=True)
    record = read_record(events)
    content = record_bytes(events)
    write_whole(folder / RECORD, content)
    write_whole(folder / RECORD_ENVELOPE, record_envelope(content, key))
    write_spectra(folder, record)
    close_report(folder / REPORT, sha256_hex(content))
    statements = _performed(record, content)
    for statement in statements:
        write_whole(folder / PERFORMED, signed(statement, key))
    later = (LOG_PROOF, CERTIFICATE)  # there already when an earlier closing was cut off
    files = {name: _sha256(folder, name) for name in sealed_files(folder) if name not in later}
    url = store_url(data_folder_of(folder))
    proof = enter_run(folder, record, files, key, url)
    page = certificate_html(
        record,
        record_sha256=sha256_hex(content),
        checkpoint=proof.note,
        statements=[(one, key.key_id.hex()) for one in statements],
    )
    write_whole(folder / CERTIFICATE, page.encode())
    seal = seal_bytes(folder, key)
    enter_seal(folder, seal, record, key, url)
    write_whole(folder / SEAL, seal)
    return record


def _performed(record: Record, content: bytes) -> list[Statement]:
    """Return the operator's statement, made by the station; none where nobody is named."""
    if record.run.operator == NOT_RECORDED:
        return []
    known = record.run.performer_words
    statement = Statement(
        run=record.run.run,
        record_sha256=sha256_hex(content),
        meaning="performed",
        name=record.run.operator,
        at=record.finished_at,
        remark="; ".join(["stated by the station in the operator's name", *filter(None, [known])]),
    )
    return [statement]


def append_abort(folder: Path, code: str, text: str) -> None:
    """Write the end of a run that could not write it itself."""
    journal = Journal.reopen(folder)
    journal.append("run_finished", finished(Outcome.ABORTED, [{"code": code, "text": text}]))
    journal.close()


def finished(outcome: Outcome, reasons: list[dict[str, str]]) -> dict[str, Any]:
    """Return the facts of the event `run_finished`."""
    return {"outcome": outcome.value, "exit_code": outcome.exit_code, "reasons": reasons}


def record_bytes(events: list[dict[str, Any]]) -> bytes:
    """Return the record: the closed journal in canonical form."""
    return canonical({"format": RECORD_FORMAT, "events": events})


def seal_bytes(folder: Path, key: SigningKey) -> bytes:
    """Return the seal: the hash of every file of the run, signed."""
    body = {
        "format": SEAL_FORMAT,
        "run": folder.name,
        "files": {name: _sha256(folder, name) for name in sealed_files(folder)},
        "public_key": key.public.hex(),
    }
    return canonical(body | {"signature": key.sign(canonical(body)).hex()})


def data_folder_of(run: Path) -> Path:
    """Return the data folder that a run's folder is in."""
    return run.resolve().parent.parent


def _sha256(folder: Path, name: str) -> str:
    return sha256_hex((folder / name).read_bytes())


def sealed_files(folder: Path) -> list[str]:
    """Return the names of all below a run's folder that is no folder, but the seal, sorted."""
    paths = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    names = (path.relative_to(folder).as_posix() for path in paths)
    return sorted(name for name in names if name != SEAL)
