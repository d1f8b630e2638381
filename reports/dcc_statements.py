"""The statements of a digital calibration certificate that hold for the whole run."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from ledcal.calibration.outcome import Outcome
from ledcal.calibration.record import Record
from ledcal.reports.dcc_elements import element, flag, string, words
from ledcal.reports.text import NOT_RECORDED

_CONFORMITY = {Outcome.PASS: "pass", Outcome.FAIL: "fail"}
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
    yield _declared("As found", _as_found(record))
    yield _declared("Adjustment", _adjustment(record))
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


def _as_found(record: Record) -> str:
    if record.panel is None:
        return NOT_RECORDED
    if record.panel.calibration == "OK":
        return "The panel carried a valid calibration; this document states no results with it."
    return (
        "The panel carried no valid calibration (its loader says "
        f"{record.panel.calibration}): there is nothing to be stated as found."
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
