"""What became of a run that was made to be signed after review."""

from pathlib import Path
from typing import Any

from ledcal.calibration.record import Record
from ledcal.rig.errors import RefusedInput
from ledcal.rig.issue import Issue, is_awaiting, read_issue
from ledcal.rig.proof import proof_of
from ledcal.rig.trust import known_key


def signature_object(folder: Path, record: Record) -> dict[str, Any] | None:
    """Return the JSON object of the signature that a run waits for, None when it waits for none.

    `state` is "waiting", "signed" or "altered"; `text` is for a person.
    """
    if not is_awaiting(record):
        return None
    run = folder.resolve()
    data_folder = run.parents[1]  # as `new_run_folder` lays it out
    try:
        issue = read_issue(data_folder, run)
        words = "" if issue is None else _signed_words(issue, data_folder)
        proof = None if issue is None else proof_of(issue.file, record.run.serial, data_folder)
    except RefusedInput as error:
        return {"state": "altered", "text": f"signed, but {error.text}"}
    if issue is None:
        text = (
            "waits for its signature: after review, "
            f"`ledcal sign {run.name} --key FILE --operator ID`"
        )
        return {"state": "waiting", "text": text}
    return {
        "state": "signed",
        "text": f"{words}; {_proof_words(proof)}",
        "operator": issue.operator,
        "at": issue.at,
        "key_id": issue.key_id,
        "folder": str(issue.folder),
        "proof": None if proof is None else str(proof),
    }


def _signed_words(issue: Issue, data_folder: Path) -> str:
    known = known_key(data_folder, issue.key_id)
    ours = known is not None and known.public == issue.public_key
    whose = known.words if known is not None and ours else "not known here: `ledcal key trust` it"
    return (
        f"signed after review by {issue.operator} at {issue.at}, key {issue.key_id} ({whose}); "
        f"kept in {issue.folder}"
    )


def _proof_words(proof: Path | None) -> str:
    return "not proven by light" if proof is None else f"proven by light: {proof}"
