"""The statements of a digital calibration certificate that hold for the whole run."""

from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element

from ledcal.calibration.outcome import Outcome
from ledcal.calibration.record import Measured, Record
from ledcal.reports.dcc_elements import element, flag, string, words
from ledcal.reports.stages import Stage, stages
from ledcal.reports.text import NOT_RECORDED
from ledcal.reports.verification import verification

_CONFORMITY: dict[str, str] = {Outcome.PASS: "pass", Outcome.FAIL: "fail"}
"""By an outcome or by the verdict on a state: PASS and FAIL are the same words in both."""
SIMULATED = (
    "SIMULATED: no real instrument took part. Every value was made by the virtual bench; this is "
    "no calibration certificate of a real panel."
)


def statements_of(record: Record, record_sha256: str) -> Iterator[Element]:
    """Yield the statements on a run as a whole."""
    if record.run.simulated:
        yield element(
            "statement",
            words("name", "SIMULATED"),
            flag("traceable", False),
            words("declaration", SIMULATED),
        )
    if record.run.mode != "PROD":
        yield _declared("Mode", f"made in mode {record.run.mode}: not for the release of a panel")
    product = record.run.product
    yield element(
        "statement",
        words("name", "Conformity"),
        string("norm", "ILAC-G8:09/2019"),
        string(
            "reference",
            f"limits of product {product.get('model', NOT_RECORDED)} "
            f"{product.get('version', NOT_RECORDED)}, file SHA-256 "
            f"{product.get('file_sha256', NOT_RECORDED)}",
        ),
        words(
            "declaration",
            f"{record.outcome}: {record.outcome.meaning} Decision rule: "
            f"{record.run.decision_rule}",
        ),
        string("conformity", _CONFORMITY[record.outcome])
        if record.outcome in _CONFORMITY
        else None,
    )
    verified = verification(record)
    found, _, left = stages(record, verified)
    yield _state("asFound", found, record.measured_as_found, _file_found(record))
    yield _declared("Adjustment", _adjustment(record))
    yield _state("asLeft", left, verified)
    yield _declared(
        "Scope",
        "The results relate only to the item calibrated. Not to be reproduced except in full. Not "
        "an accredited calibration. No recalibration interval is recommended.",
    )
    yield _declared(
        "Record",
        f"This document was made from the record with SHA-256 {record_sha256}; the record and the "
        "statements on it are signed, and they decide where this document differs from them.",
    )
    for reason in record.reasons:
        yield _declared(f"Reason {reason['code']}", reason["text"])
    for note in record.notes:
        yield _declared(f"Deviation or note {note.code}", note.text)


def _declared(name: str, text: str) -> Element:
    return element("statement", words("name", name), words("declaration", text))


def _state(name: str, stage: Stage, results: Sequence[Measured], more: str = "") -> Element:
    """Return the statement on one state of the panel; it refers to its results by their id."""
    code = _CONFORMITY.get(stage.verdict)
    return element(
        "statement",
        words("name", stage.title),
        string("norm", "ILAC-G8:09/2019") if results else None,
        words("declaration", f"{stage.word}: {stage.remark}.{more}"),
        None if code is None else string("conformity", code),
        **({"refId": name} if results else {}),
    )


def _file_found(record: Record) -> str:
    found = record.as_found
    if found is None or not found.file_sha256:
        return ""
    return (
        f" The panel came with calibration file {found.file_sha256} (SHA-256), sequence "
        f"{found.sequence}."
    )


def _adjustment(record: Record) -> str:
    made = record.calibration_file
    if made is None:
        return "None: no calibration file was written."
    held = (
        "loaded into the panel and read back byte for byte"
        if made.state == "loaded"
        else "not proven to be in the panel"
    )
    return f"Calibration file {made.sha256} (SHA-256), sequence {made.sequence}: {held}."
