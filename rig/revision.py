"""How a run stands after its amendments, for `show`, `history` and `report`."""

from pathlib import Path
from typing import Any

from ledcal.calibration.errors import RecordError
from ledcal.reports.text import legible
from ledcal.rig.additions import chain_of
from ledcal.rig.amendments import Chain
from ledcal.rig.closing import data_folder_of
from ledcal.rig.log_book import read_proof
from ledcal.rig.trust import known_keys

_NONE = Chain(amendments=(), broken=())
_LONGEST = 4096


def revision_of(folder: Path) -> Chain:
    """Return the amendments of a run that are believed; `ledcal verify` names the others.

    Raises:
        RefusedInput: A trusted key is in a damaged file.
    """
    data_folder = data_folder_of(folder)
    try:
        return chain_of(folder, data_folder, [one.public for one in known_keys(data_folder)])
    except (RecordError, OSError):
        return _NONE


def revision_object(folder: Path) -> dict[str, Any]:
    """Return what the JSON object of a run tells of its amendments."""
    chain = revision_of(folder)
    return {
        "revision": len(chain.amendments),
        "amendments": [
            {
                "number": one.number,
                "at": one.at,
                "name": one.name,
                "reason": one.reason,
                "changes": {
                    each.field: {"old": each.old, "new": each.new} for each in one.changes
                },
            }
            for one in chain.plain
        ],
    }


def revision_lines(folder: Path) -> list[str]:
    """Return one line for each amendment, and one that names what is not believed."""
    chain = revision_of(folder)
    lines = [legible(one.words, longest=_LONGEST) for one in chain.plain]
    if chain.broken:
        lines.append(f"{len(chain.broken)} more that are not believed: `ledcal verify` the run")
    return lines


def revision_note(folder: Path) -> str:
    """Return how often a run was amended, for a line of the history; empty for never."""
    chain = revision_of(folder)
    if chain.broken:
        return "  amendments that are not believed: `ledcal verify` it"
    return f"  revision {len(chain.amendments)}" if chain.amendments else ""


def checkpoint_of(folder: Path) -> str | None:
    """Return the checkpoint that a run's page tells, None for a run without one."""
    try:
        return read_proof(folder).note
    except RecordError:
        return None
