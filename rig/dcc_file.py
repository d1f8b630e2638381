"""The digital calibration certificate of a run's folder."""

from dataclasses import replace
from pathlib import Path

from ledcal.calibration.amendment import amended
from ledcal.calibration.errors import RecordError
from ledcal.calibration.record import Note
from ledcal.reports.dcc import dcc_xml
from ledcal.rig.closing import SEAL, record_bytes
from ledcal.rig.errors import RefusedInput
from ledcal.rig.folder import sha256_hex
from ledcal.rig.journal import read_journal
from ledcal.rig.revision import revision_of
from ledcal.rig.summary import record_of, signed_on


def dcc_of(folder: Path) -> bytes:
    """Return the digital calibration certificate of a closed run, with the statements on it.

    Of an amended run it is that of the newest revision: what was put right stands as a statement,
    and who reviewed or approved only an earlier revision is not named.

    Raises:
        RefusedInput: The run is not closed, or has nothing that a certificate could state.
    """
    record = record_of(folder)
    if not (folder / SEAL).exists():
        raise RefusedInput("NOT_CLOSED", f"{folder}: the run has no seal yet; nothing is exported")
    digest = sha256_hex(record_bytes(read_journal(folder)))
    amendments = revision_of(folder).plain
    now = amended(record, amendments)
    statements = [
        (one.statement, one.key_id)
        for one in signed_on(folder)
        if one.statement.meaning == "performed" or one.statement.revision == len(amendments)
    ]
    notes = [Note(code=f"amendment {one.number}", text=one.words) for one in amendments]
    if notes:
        began = record.run
        if began.operator != now["operator"]:
            # How the former one signed on says nothing of the one who is named now.
            began = replace(began, operator=now["operator"], performer={})
        record = replace(record, run=began, notes=[*record.notes, *notes])
    try:
        return dcc_xml(
            record,
            record_sha256=digest,
            statements=statements,
            customer=now["customer"],
            issued_at=amendments[-1].at if amendments else None,
        )
    except (RecordError, ValueError) as error:
        raise RefusedInput("DCC", f"{folder}: {error}") from error
