"""What the command line prints of a run, and the JSON objects for other programs."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from ledcal.calibration.errors import RecordError
from ledcal.calibration.outcome import Outcome
from ledcal.calibration.record import Measured, Record
from ledcal.calibration.record_reader import read_record
from ledcal.reports.stages import stages
from ledcal.reports.text import legible, legible_reason
from ledcal.reports.verification import verification
from ledcal.rig.awaited_signature import signature_object
from ledcal.rig.closing import (
    CERTIFICATE,
    PANEL_FILE,
    RECORD,
    REPORT,
    SEAL,
    TRANSCRIPT,
    data_folder_of,
)
from ledcal.rig.console import open_console
from ledcal.rig.deletion_check import kept_events
from ledcal.rig.errors import RefusedInput, RigError
from ledcal.rig.journal import read_journal
from ledcal.rig.known_record import require_known_record
from ledcal.rig.recompute import Recomputed
from ledcal.rig.revision import (
    revision_lines,
    revision_note,
    revision_object,
)
from ledcal.rig.run import CALIBRATION
from ledcal.rig.statements import Signed, statements_on
from ledcal.rig.trust import KnownKey, known_keys
from ledcal.rig.verify import Verification

SHAPES = {"PASS": "✔", "FAIL": "✘", "INCONCLUSIVE": "?", "ABORTED": "■"}
_PATHS = {
    "record": RECORD,
    "calibration": CALIBRATION,
    "file": PANEL_FILE,
    "certificate": CERTIFICATE,
    "report": REPORT,
    "transcript": TRANSCRIPT,
}
_W_M2_PER_MW_CM2 = 10.0
_LONGEST = 4096
"""Characters of a path, or of a line that names one, that are printed."""


def record_of(folder: Path) -> Record:
    """Return a run's record, read from its journal.

    Raises:
        RefusedInput: There is no readable journal.
    """
    try:
        require_known_record(folder)
        return read_record(kept_events(folder) or read_journal(folder))
    except (RecordError, KeyError, TypeError, ValueError) as error:
        raise RefusedInput("JOURNAL", f"{folder}: {error}") from error


def told(folder: Path) -> Record | RefusedInput:
    """Return a run's record, or why there is none: the run may have ended before its journal."""
    try:
        return record_of(folder)
    except RefusedInput as error:
        return error


UNSEALED = (
    "not sealed: the run goes on or was cut off, or nobody's rig wrote it; it proves nothing"
)
"""Said of a run without a seal: whoever can write a folder can make one that tells PASS."""


def outcome_object(folder: Path, record: Record) -> dict[str, Any]:
    """Return the JSON object of a run; paths of files that were not made are null."""
    return {
        "run": record.run.run,
        "serial": record.run.serial,
        "outcome": record.outcome.value,
        "exit_code": record.outcome.exit_code,
        "reasons": record.reasons,
        "signature": signature_object(folder, record),
        **revision_object(folder),
        "sealed": (folder / SEAL).exists(),
        "folder": str(folder.resolve()),
        "paths": _paths(folder),
    }


def history_object(serial: str, runs: Sequence[Path]) -> dict[str, Any]:
    """Return the JSON object of a panel's runs; one without a readable journal was aborted."""
    objects = []
    for folder in runs:
        found = told(folder)
        if isinstance(found, Record):
            objects.append(outcome_object(folder, found))
        else:
            known = {
                "run": folder.name,
                "serial": serial,
                "outcome": Outcome.ABORTED.value,
                "exit_code": Outcome.ABORTED.exit_code,
                "folder": str(folder.resolve()),
                "paths": _paths(folder),
            }
            objects.append(refusal_object(found) | known)
    return {"serial": serial, "runs": objects}


def _paths(folder: Path) -> dict[str, str | None]:
    paths = {name: folder / file for name, file in _PATHS.items()}
    return {name: str(path.resolve()) if path.exists() else None for name, path in paths.items()}


def refusal_object(error: RigError) -> dict[str, Any]:
    """Return the JSON object of a run that was refused before it began."""
    return {
        "run": None,
        "serial": None,
        "outcome": error.outcome.value,
        "exit_code": error.outcome.exit_code,
        "reasons": [{"code": error.code, "text": str(error)}],
        "signature": None,
        "revision": None,
        "amendments": [],
        "sealed": False,
        "folder": None,
        "paths": dict.fromkeys(_PATHS),
    }


def refusal_text(error: RigError) -> str:
    """Return a refusal for a person; a file's keys and values may hold anything."""
    lines = [legible(line, longest=_LONGEST) for line in str(error).split("\n") if line.strip()]
    return f"{error.outcome}: " + "\n".join(lines)


def print_json(value: Mapping[str, Any]) -> None:
    """Print one JSON object; control characters in it are escaped, as JSON asks."""
    print(json.dumps(value, indent=2, allow_nan=False))


def verdict_text(record: Record) -> Text:
    """Return the verdict as a word with a shape, so that it does not hang on colour."""
    shape = SHAPES.get(record.outcome.value, "▲")
    colour = {"PASS": "bold blue", "FAIL": "bold red"}.get(record.outcome.value, "bold yellow")
    return Text(f"{shape} {record.outcome.value}", style=colour)


def print_record(folder: Path, record: Record) -> None:
    """Print a run for a person."""
    console = open_console()
    console.print(verdict_text(record))
    console.print(Text(record.outcome.meaning))
    for reason in record.reasons:
        text = legible_reason(reason["text"])
        console.print(Text(f"  {legible(reason['code'])}: {text}"))
    run = record.run
    marked = " (simulated bench)" if run.simulated else ""
    console.print(Text(f"run       {legible(run.run)}{marked}"))
    console.print(Text(f"panel     {legible(run.serial)}, {legible(run.product['model'])}"))
    known = f" ({legible(run.performer_words)})" if run.performer_words else ""
    console.print(Text(f"operator  {legible(run.operator)}{known}; reason: {legible(run.reason)}"))
    times = f"{legible(run.at)} to {legible(record.finished_at)}"
    console.print(Text(f"from      {times}, attempt {run.attempt}"))
    if not (folder / SEAL).exists():
        console.print(Text(f"seal      {UNSEALED}", style="bold yellow"))
    for note in record.notes:
        console.print(Text(f"note      {legible(note.code)}: {legible(note.text)}"))
    for line in revision_lines(folder):
        console.print(Text(f"amended   {line}"))
    steps = ", ".join(f"{one.step} {one.result}" for one in record.steps)
    console.print(Text(f"steps     {legible(steps) if steps else 'none'}"))
    for line in _stage_lines(record):
        console.print(Text(line))
    verified = [one for one in record.measured if one.step == "verify"]
    if verified:
        console.print(_verified_table(verified))
    signature = signature_object(folder, record)
    if signature is not None:
        console.print(Text(f"signature {legible(signature['text'], longest=_LONGEST)}"))
    console.print(Text(f"folder    {folder.resolve()}"))


def _stage_lines(record: Record) -> list[str]:
    """Return as found, action taken and as left in the words of the page."""
    try:
        told_stages = stages(record, verification(record))
    except ValueError as error:
        return [f"as found  cannot be told: {legible(str(error))}; `ledcal verify` the run"]
    return [
        f"{one.title.lower().removesuffix(' taken'):<10}"
        + (f"{SHAPES[one.verdict]} " if one.verdict else "")
        + legible(f"{one.word}: {one.remark}", longest=_LONGEST)
        for one in told_stages
    ]


def print_history(serial: str, runs: Sequence[Path]) -> None:
    """Print one line for each run of a panel, the oldest first."""
    console = open_console()
    if not runs:
        console.print(Text(f"{legible(serial)}: no run in this data folder"))
    for folder in runs:
        found = told(folder)
        if isinstance(found, Record):
            codes = "; ".join(legible(reason["code"]) for reason in found.reasons)
            signature = signature_object(folder, found)
            state = (
                "" if signature is None else f"  {legible(signature['text'], longest=_LONGEST)}"
            )
            seal = "" if (folder / SEAL).exists() else f"  {UNSEALED}"
            words = (verdict_text(found), f"  {codes}{state}{revision_note(folder)}{seal}")
        else:
            words = (Text("■ ABORTED", style="bold yellow"), f"  {legible(found.text)}")
        console.print(Text.assemble(f"{folder.name}  ", *words))


def print_verifications(found: Sequence[Verification], *, as_json: bool) -> None:
    """Print what was altered in which run, or that nothing was."""
    if as_json:
        objects = [
            {
                "path": str(one.folder),
                "unaltered": not one.findings,
                "checked": one.checked,
                "key_id": one.key_id,
                "key_known": one.key is not None,
                "deleted": one.deleted or None,
                "not_sealed": list(one.unsealed),
                "key": None if one.key is None else key_object(one.key),
                "findings": [{"file": f.file, "text": f.text} for f in one.findings],
            }
            for one in found
        ]
        print_json({"unaltered": all(not one.findings for one in found), "paths": objects})
        return
    console = open_console()
    for one in found:
        folder = legible(str(one.folder), longest=_LONGEST)
        if one.findings:
            console.print(Text(f"✘ {folder}: altered", style="bold red"))
        else:
            said = "deleted, its record was not altered" if one.deleted else "nothing was altered"
            console.print(Text(f"✔ {folder}: {said}", style="bold blue"))
            console.print(Text(f"  {legible(one.deleted) if one.deleted else _checked(one)}"))
        if one.unsealed:
            names = legible(", ".join(one.unsealed), longest=_LONGEST)
            console.print(Text(f"  not sealed, and so not checked: {names}", style="bold yellow"))
        for finding in one.findings:
            console.print(Text(f"  {legible(finding.file)}: {legible(finding.text)}"))


def _checked(found: Verification) -> str:
    """Return how much was compared, and by whose word; a log has no key of its own."""
    if not found.key_id:
        return f"{found.checked} entries of the log, and that the runs are those it knows"
    whose = "not known here: compare its id" if found.key is None else found.key.words
    return f"{found.checked} files, key {found.key_id} ({legible(whose)})"


def key_object(key: KnownKey) -> dict[str, Any]:
    """Return the JSON object of a key that the data folder knows."""
    return {
        "key_id": key.key_id,
        "name": key.name,
        "purpose": key.purpose,
        "own": key.own,
        "retired": None if key.retired is None else key.retired.isoformat(),
        "public_key": key.public.hex(),
    }


def signed_on(folder: Path) -> list[Signed]:
    """Return the statements on a run that are believed; `ledcal verify` names the others."""
    data_folder = data_folder_of(folder)
    try:
        record = (folder / RECORD).read_bytes()
    except OSError:
        return []
    publics = [one.public for one in known_keys(data_folder)]
    found = statements_on(folder, data_folder, record, publics)
    return [one for one in found if isinstance(one, Signed)]


def _verified_table(verified: Sequence[Measured]) -> Table:
    table = Table(title="Verification: asked through the firmware, measured at the plane")
    for name in ("channel", "asked mW/cm²", "measured mW/cm²", "U (k = 2)", "limits", "verdict"):
        table.add_column(name, justify="right")
    for one in verified:
        table.add_row(
            str(one.channel),
            _mw_cm2(one.nominal),
            _mw_cm2(one.value),
            _mw_cm2(one.expanded_uncertainty),
            f"{_mw_cm2(one.lower)} … {_mw_cm2(one.upper)}",
            f"{SHAPES.get(one.verdict.value, '')} {one.verdict.value}",
        )
    return table


def _mw_cm2(irradiance_w_m2: float | None) -> str:
    return "open" if irradiance_w_m2 is None else f"{irradiance_w_m2 / _W_M2_PER_MW_CM2:.3f}"


def print_recomputed(found: Sequence[Recomputed]) -> None:
    """Print each result that was computed again, and what came out otherwise."""
    console = open_console()
    for one in found:
        result = one.result
        channel = "" if result.channel is None else f"channel {result.channel}: "
        k = f"k = {result.k:.4g}, {legible(result.rule)}"
        shape = "✘" if one.differing else "✔"
        console.print(Text(f"{shape} {channel}{legible(result.measurand)}: {k}"))
        for text in one.differing:
            console.print(Text(f"    {legible(text)}"))
    same = sum(not one.differing for one in found)
    console.print(Text(f"{same} of {len(found)} results give the same digits"))
