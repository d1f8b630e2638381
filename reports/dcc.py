"""The digital calibration certificate: PTB's DCC 3.3.0 as a pure function of the record of a run.

Whatever the record does not have is stated as not recorded. The document is not signed itself: it
names the record by its hash, and the record is what people sign.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from ledcal.calibration.errors import RecordError
from ledcal.calibration.outcome import Outcome
from ledcal.calibration.record import Record
from ledcal.calibration.statement import Statement
from ledcal.reports.dcc_elements import (
    LANGUAGE,
    element,
    flag,
    release,
    string,
    words,
)
from ledcal.reports.dcc_results import identification, measurement_results, used_software
from ledcal.reports.text import NOT_RECORDED

SCHEMA_VERSION = "3.3.0"
_NO_COUNTRY = "ZZ"
"""The schema asks for a country; ISO 3166-1 leaves this code to its users for ever."""
_ENDED = (Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE)
_CONFORMITY = {Outcome.PASS: "pass", Outcome.FAIL: "fail"}
_SIMULATED = (
    "SIMULATED: no real instrument took part. Every value was made by the virtual bench; this is "
    "no calibration certificate of a real panel."
)
_REMARK = "urn:ledcal:remark"
_REF_TYPES = {
    "ledcal_lowerLimit": "lower tolerance limit of the results in the same list",
    "ledcal_upperLimit": "upper tolerance limit of the results in the same list",
    "ledcal_condition": "condition of each result in the same list",
}

ElementTree.register_namespace("ledcal", _REMARK)


def dcc_xml(
    record: Record,
    *,
    record_sha256: str,
    statements: Sequence[tuple[Statement, str]] = (),
) -> bytes:
    """Return the digital calibration certificate of a run as an XML document.

    Args:
        record: The record of a run that came to its end.
        record_sha256: SHA-256 of the record file that it is made from, in hex.
        statements: Who stands for the run, each with the id of the key that signed it.

    Raises:
        RecordError: The run was not ended, has no result, or holds a number or a unit that a
            certificate cannot state.
    """
    if record.outcome not in _ENDED:
        raise RecordError(
            f"the run ended {record.outcome}: only PASS, FAIL and INCONCLUSIVE have results that "
            "a calibration certificate could state"
        )
    root = element(
        "digitalCalibrationCertificate",
        _administrative_data(record, record_sha256, statements),
        measurement_results(record),
        _comment(record),
        schemaVersion=SCHEMA_VERSION,
    )
    if record.run.simulated:
        root.insert(0, ElementTree.Comment(f" {_SIMULATED} "))
    ElementTree.indent(root)
    document: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _administrative_data(
    record: Record, record_sha256: str, statements: Sequence[tuple[Statement, str]]
) -> Element:
    return element(
        "administrativeData",
        used_software("dccSoftware", record.run.software, only="ledcal"),
        element("refTypeDefinitions", *(_definition(*pair) for pair in _REF_TYPES.items())),
        _core_data(record, record_sha256),
        element("items", _item(record)),
        _laboratory(record),
        _persons(record, statements),
        element(
            "customer",
            words("name", f"customer {NOT_RECORDED}: internal release"),
            element("location", words("further", NOT_RECORDED)),
        ),
        element("statements", *_statements(record, record_sha256)),
    )


def _definition(kind: str, meaning: str) -> Element:
    return element(
        "refTypeDefinition",
        words("name", kind),
        words("description", meaning),
        string("namespace", "ledcal"),
        string("link", "urn:ledcal:ref-type"),
        refType=kind,
    )


def _core_data(record: Record, record_sha256: str) -> Element:
    return element(
        "coreData",
        string("countryCodeISO3166_1", record.run.laboratory.get("country_code", _NO_COUNTRY)),
        string("usedLangCodeISO639_1", LANGUAGE),
        string("mandatoryLangCodeISO639_1", LANGUAGE),
        string("uniqueIdentifier", record.run.run),
        element(
            "identifications",
            identification("calibrationLaboratory", record_sha256, "SHA-256 of the record"),
        ),
        string("beginPerformanceDate", _day(record.run.at)),
        string("endPerformanceDate", _day(record.finished_at)),
        string("performanceLocation", "laboratory"),
        string("issueDate", _day(record.finished_at)),
    )


def _day(at: str) -> str:
    """Return the UTC date of a time.

    Raises:
        RecordError: It is no time.
    """
    try:
        return datetime.fromisoformat(at).astimezone(UTC).date().isoformat()
    except ValueError as error:
        raise RecordError(f"{at!r} is no time: the certificate needs a date") from error


def _item(record: Record) -> Element:
    panel, product, made = record.panel, record.run.product, record.calibration_file
    model = product.get("model", NOT_RECORDED)
    return element(
        "item",
        words("name", product.get("title", f"LED panel {model}")),
        None
        if panel is None
        else element(
            "installedSoftwares",
            element(
                "software",
                words("name", "firmware of the panel"),
                string("release", release(panel.firmware)),
                string("type", "firmware"),
            ),
        ),
        element("manufacturer", words("name", NOT_RECORDED if panel is None else panel.maker)),
        string("model", model if panel is None else panel.model),
        element(
            "identifications",
            identification("manufacturer", record.run.serial, "serial"),
            None
            if panel is None
            else identification("manufacturer", panel.uid, "unique id of the LED head"),
            None
            if made is None
            else identification(
                "calibrationLaboratory", made.sha256, "SHA-256 of the calibration file made for it"
            ),
        ),
    )


def _laboratory(record: Record) -> Element:
    said, station = record.run.laboratory, record.run.station
    site = f"station {station.get('name', NOT_RECORDED)}, {station.get('site', NOT_RECORDED)}"
    address = "" if said else f"; name, address and country of the laboratory {NOT_RECORDED}"
    return element(
        "calibrationLaboratory",
        element(
            "contact",
            words("name", said.get("name", station.get("name", NOT_RECORDED))),
            element(
                "location",
                *(
                    string(tag, said[key])
                    for tag, key in (
                        ("street", "street"),
                        ("postCode", "post_code"),
                        ("city", "city"),
                        ("countryCode", "country_code"),
                    )
                    if key in said
                ),
                words("further", f"{site}{address}"),
            ),
        ),
    )


def _persons(record: Record, statements: Sequence[tuple[Statement, str]]) -> Element:
    """Return who performed, reviewed and approved; the operator where nobody has signed."""
    if not statements:
        performer = _person(record.run.operator, "performed", "signature not recorded", False)
        return element("respPersons", performer)
    return element(
        "respPersons",
        *(
            _person(
                one.name,
                one.meaning,
                f"{one.meaning} {one.at}; signed on the record with key {key_id}; {one.remark}",
                one.meaning == "approved",
            )
            for one, key_id in statements
        ),
    )


def _person(name: str, role: str, description: str, main: bool) -> Element:
    return element(
        "respPerson",
        element("person", words("name", name)),
        words("description", description),
        string("role", role),
        flag("mainSigner", main),
    )


def _statements(record: Record, record_sha256: str) -> Iterator[Element]:
    if record.run.simulated:
        yield element(
            "statement",
            words("name", "SIMULATED"),
            flag("traceable", False),
            words("declaration", _SIMULATED),
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


def _comment(record: Record) -> Element | None:
    """Return a remark for machines that read no statements: the schema lets any element stand."""
    if not record.run.simulated:
        return None
    remark = Element(f"{{{_REMARK}}}simulated")
    remark.text = _SIMULATED
    return element("comment", remark)
