"""See that a run is of a version that this ledcal reads, before its journal is taken for one."""

import json
from pathlib import Path

from ledcal.calibration.errors import RecordError
from ledcal.calibration.record import RECORD_FORMAT
from ledcal.calibration.record_reader import require_known
from ledcal.rig.closing import RECORD

_KNOWN_END = f'"format":"{RECORD_FORMAT}"}}'.encode()
"""How each known record ends: its keys are sorted (RFC 8785), so that it need not be parsed."""


def require_known_record(run: Path) -> None:
    """Refuse the folder of a run whose record was written by a ledcal yet to come.

    One without a record, or with a damaged one, is told by its journal; `ledcal verify` names it.

    Raises:
        RecordError: The record is of a version that is not known.
    """
    try:
        content = (run / RECORD).read_bytes()
        if content.endswith(_KNOWN_END):
            return
        form = json.loads(content)["format"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return
    require_known(form)


def version_words(run: Path) -> str | None:
    """Return why a run is of no version that is known, None when it is."""
    try:
        require_known_record(run)
    except RecordError as error:
        return str(error)
    return None
