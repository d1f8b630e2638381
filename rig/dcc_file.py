"""The digital calibration certificate of a run's folder."""

from pathlib import Path

from ledcal.calibration.errors import RecordError
from ledcal.reports.dcc import dcc_xml
from ledcal.rig.closing import SEAL, record_bytes
from ledcal.rig.errors import RefusedInput
from ledcal.rig.folder import sha256_hex
from ledcal.rig.journal import read_journal
from ledcal.rig.summary import record_of, signed_on


def dcc_of(folder: Path) -> bytes:
    """Return the digital calibration certificate of a closed run, with the statements on it.

    Raises:
        RefusedInput: The run is not closed, or has nothing that a certificate could state.
    """
    record = record_of(folder)
    if not (folder / SEAL).exists():
        raise RefusedInput("NOT_CLOSED", f"{folder}: the run has no seal yet; nothing is exported")
    digest = sha256_hex(record_bytes(read_journal(folder)))
    statements = [(one.statement, one.key_id) for one in signed_on(folder)]
    try:
        return dcc_xml(record, record_sha256=digest, statements=statements)
    except RecordError as error:
        raise RefusedInput("DCC", f"{folder}: {error}") from error
