"""Proofs by light of files that were issued before: a file signed after review has none yet."""

from pathlib import Path

from ledcal.calibration.errors import RecordError
from ledcal.calibration.outcome import Outcome
from ledcal.calibration.record_reader import read_record
from ledcal.rig.folder import sha256_hex
from ledcal.rig.journal import read_journal
from ledcal.rig.run import RUNS, runs_of
from ledcal.rig.verify import verify_run

PROOFS = "proofs"
CLOSED = (RUNS, PROOFS)
"""Folders of a data folder in which there are folders that are closed, logged and sealed."""


def closed_folder(data_folder: Path, run: str) -> Path:
    """Return the folder of a run or proof by its id, whether it is there or not."""
    there = [data_folder / kind / run for kind in CLOSED]
    return next((folder for folder in there if folder.exists()), there[0])


def closed_folders(data_folder: Path) -> list[Path]:
    """Return the folders of all runs and proofs, sorted by id."""
    found = (one for kind in CLOSED for one in (data_folder / kind).glob("*") if one.is_dir())
    return sorted(found, key=lambda one: one.name)


def proof_of(file: bytes, serial: str, data_folder: Path) -> Path | None:
    """Return the newest sealed proof that a panel carrying this file gave what it was asked for.

    A proof that was altered, or sealed by a key that nobody knows here, is none.
    """
    digest = sha256_hex(file)
    for folder in reversed(runs_of(data_folder / PROOFS, serial)):
        try:
            record = read_record(read_journal(folder))
        except (RecordError, KeyError, TypeError, ValueError):
            continue  # killed before it had a journal that can be read
        held = record.calibration_file
        if record.outcome is not Outcome.PASS or held is None:
            continue
        if (held.state, held.sha256) == ("loaded", digest):
            found = verify_run(folder, data_folder)
            if not found.findings and found.key is not None:
                return folder
    return None
