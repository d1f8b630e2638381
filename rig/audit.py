"""Draw a sample of closed runs and check that each has everything that it must have."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import select

from ledcal.calibration.amendment import amended
from ledcal.calibration.outcome import Outcome
from ledcal.calibration.record import Record
from ledcal.rig.closing import CERTIFICATE, RECORD, REPORT, SEAL, TRANSCRIPT
from ledcal.rig.errors import RefusedInput
from ledcal.rig.journal import JOURNAL
from ledcal.rig.log_book import LOG_PROOF
from ledcal.rig.proof import closed_folder
from ledcal.rig.revision import revision_of
from ledcal.rig.run import NOT_RECORDED
from ledcal.rig.store.opened import open_store_to_read, store_url
from ledcal.rig.store.schema import RUN
from ledcal.rig.summary import record_of
from ledcal.rig.verify import verify_run

_FILES = (JOURNAL, RECORD, CERTIFICATE, REPORT, TRANSCRIPT, LOG_PROOF, SEAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """One run of the sample.

    Attributes:
        run: Run id.
        missing: What it lacks, or what was altered; empty for a complete run.
    """

    run: str
    missing: tuple[str, ...]


def audit(data_folder: Path, sample: int, seed: int) -> list[Audited]:
    """Return what is missing in each run of a random sample.

    Args:
        data_folder: Where the runs are.
        sample: How many are drawn; all when there are fewer.
        seed: Draws the same runs again as long as none is added.

    Raises:
        RefusedInput: There is no record store, or the trusted keys are damaged.
        StationError: The store cannot be read.
    """
    with open_store_to_read(store_url(data_folder)) as store, store.reading() as connection:
        runs = sorted(connection.execute(select(RUN.c.run)).scalars())
    drawn = random.Random(seed).sample(runs, min(sample, len(runs)))
    return [
        Audited(run=run, missing=tuple(_missing(data_folder, closed_folder(data_folder, run))))
        for run in sorted(drawn)
    ]


def _missing(data_folder: Path, folder: Path) -> list[str]:
    if not folder.is_dir():
        return ["the run's folder is gone"]
    verified = verify_run(folder, data_folder)
    altered = [f"{one.file} {one.text}" for one in verified.findings]
    if verified.deleted:
        return altered  # deleted in due form: what had to stay is all there
    found = [f"{name} is not there" for name in _FILES if not (folder / name).is_file()]
    found += altered
    try:
        record = record_of(folder)
    except RefusedInput as error:
        return [*found, error.text]
    # Who performed it may have been put right since; what was measured cannot be.
    operator = amended(record, revision_of(folder).plain)["operator"]
    record = replace(record, run=replace(record.run, operator=operator))
    return found + [words for words, holds in _DEMANDS.items() if not holds(record)]


def _has_uncertainty(record: Record) -> bool:
    limited = [one for one in record.measured if (one.lower, one.upper) != (None, None)]
    return all(one.components and one.unit and one.k > 0 for one in limited)


def _has_certificates(record: Record) -> bool:
    wanted = ("number", "laboratory", "issued", "due", "file_sha256")
    return all(
        one.serial and all(one.certificate.get(key) for key in wanted)
        for one in record.instruments
    )


def _is_proven(record: Record) -> bool:
    """A run that passed has a file that the panel holds, and a verification by light."""
    if record.outcome is not Outcome.PASS:
        return True
    file = record.calibration_file
    verified = [one for one in record.measured if one.step == "verify"]
    return file is not None and file.state == "loaded" and bool(verified)


_DEMANDS: Mapping[str, Callable[[Record], bool]] = {
    "nobody is named as operator": lambda record: record.run.operator != NOT_RECORDED,
    "a limited result has no unit, no budget or no coverage factor": _has_uncertainty,
    "an instrument has no serial or an incomplete certificate": _has_certificates,
    "no software version is recorded": lambda record: bool(record.run.software),
    "an outcome other than PASS has no reason": lambda record: (
        record.outcome is Outcome.PASS or bool(record.reasons)
    ),
    "it passed without a file proven by light": _is_proven,
}
