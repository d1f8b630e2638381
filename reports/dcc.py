"""The digital calibration certificate: PTB's DCC 3.3.0 as a pure function of the record of a run.

Whatever the record does not have is stated as not recorded. The document is not signed itself: it
names the record by its hash, and the record is what people sign.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from ledcal.calibration.errors import RecordError
from ledcal.calibration.outcome import Outcome
from ledcal.calibration.record import Record
from ledcal.calibration.statement import Statement
from ledcal.reports.dcc_context import identification, used_software
from ledcal.reports.dcc_elements import (
    LANGUAGE,
    element,
    flag,
    release,
    string,
    words,
)
from ledcal.reports.dcc_results import measurement_results
from ledcal.reports.dcc_statements import SIMULATED, statements_of
from ledcal.reports.text import NOT_RECORDED

SCHEMA_VERSION = "3.3.0"
_NO_COUNTRY = "ZZ"
"""The schema asks for a country; ISO 3166-1 leaves this code to its users for ever."""
_ENDED = (Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE)
_REMARK = "urn:ledcal:remark"
_REF_TYPES = {
    "ledcal_lowerLimit": "lower tolerance limit of the results in the same list",
    "ledcal_upperLimit": "upper tolerance limit of the results in the same list",
    "ledcal_condition": "condition of each result in the same list",
    "ledcal_asFound": "results of the panel as it came, before it was adjusted",
    "ledcal_asLeft": "results of the panel as it leaves, after it was adjusted",
}

ElementTree.register_namespace("ledcal", _REMARK)


def dcc_xml(
    record: Record,
    *,
    record_sha256: str,
    statements: Sequence[tuple[Statement, str]] = (),
    customer: str = NOT_RECORDED,
    issued_at: str | None = None,
) -> bytes:
    """Return the digital calibration certificate of a run as an XML document.

    Args:
        record: The record of a run that came to its end.
        record_sha256: SHA-256 of the record file that it is made from, in hex.
        statements: Who stands for the run, each with the id of the key that signed it.
        customer: For whom, as an amendment of the record has it.
        issued_at: When the newest amendment was made, None for a record without one.

    Raises:
        RecordError: The run was not ended, has no result, or holds a number or a unit that a
            certificate cannot state.
    """
    if record.outcome not in _ENDED:
        raise RecordError(
            f"the run ended {record.outcome}: only PASS, FAIL and INCONCLUSIVE have results that "
            "a calibration certificate could state"
        )
    results = measurement_results(record)  # first: it refuses what is no number
    root = element(
        "digitalCalibrationCertificate",
        _administrative_data(record, record_sha256, statements, customer, issued_at),
        results,
        _comment(record),
        schemaVersion=SCHEMA_VERSION,
    )
    if record.run.simulated:
        root.insert(0, ElementTree.Comment(f" {SIMULATED} "))
    ElementTree.indent(root)
    document: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _administrative_data(
    record: Record,
    record_sha256: str,
    statements: Sequence[tuple[Statement, str]],
    customer: str,
    issued_at: str | None,
) -> Element:
    return element(
        "administrativeData",
        used_software("dccSoftware", record.run.software, only="ledcal"),
        element("refTypeDefinitions", *(_definition(*pair) for pair in _REF_TYPES.items())),
        _core_data(record, record_sha256, issued_at or record.finished_at),
        element("items", _item(record)),
        _laboratory(record),
        _persons(record, statements),
        element(
            "customer",
            words("name", f"customer {NOT_RECORDED}: internal release")
            if customer == NOT_RECORDED
            else words("name", customer),
            element("location", words("further", NOT_RECORDED)),
        ),
        element("statements", *statements_of(record, record_sha256)),
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


def _core_data(record: Record, record_sha256: str, issued_at: str) -> Element:
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
        string("issueDate", _day(issued_at)),
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
    """Return who performed, reviewed and approved; also a performer who has not signed."""
    operator, known = record.run.operator, record.run.performer_words
    signed = any(one.meaning == "performed" and one.name == operator for one, _ in statements)
    people = [
        _person(
            one.name,
            _role(record, one),
            f"{one.meaning} {one.at}; signed on the record with key {key_id}; {one.remark}",
            one.meaning == "approved",
        )
        for one, key_id in statements
    ]
    if not signed and not (statements and operator == NOT_RECORDED):
        remark = f"{known}; signature {NOT_RECORDED}" if known else f"signature {NOT_RECORDED}"
        people.insert(0, _person(operator, _performed(record), remark, False))
    return element("respPersons", *people)


def _role(record: Record, one: Statement) -> str:
    """Return what a person did; an amendment may name another performer than the one signed."""
    if one.meaning != "performed":
        return one.meaning
    same = one.name == record.run.operator
    return _performed(record) if same else "performed as first recorded, amended since"


def _performed(record: Record) -> str:
    """Return that somebody performed the run, and in which role the run knew that person."""
    role = record.run.performer.get("role")
    return f"performed, {role}" if role else "performed"


def _person(name: str, role: str, description: str, main: bool) -> Element:
    return element(
        "respPerson",
        element("person", words("name", name)),
        words("description", description),
        string("role", role),
        flag("mainSigner", main),
    )


def _comment(record: Record) -> Element | None:
    """Return a remark for machines that read no statements: the schema lets any element stand."""
    if not record.run.simulated:
        return None
    remark = Element(f"{{{_REMARK}}}simulated")
    remark.text = SIMULATED
    return element("comment", remark)
