"""What a digital calibration certificate states, and in which order its elements stand."""

from dataclasses import replace
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from ledcal.calibration.errors import RecordError
from ledcal.calibration.outcome import Outcome, Verdict
from ledcal.calibration.record import Measured, Record
from ledcal.calibration.record_reader import read_record
from ledcal.calibration.statement import Statement
from ledcal.reports.dcc import dcc_xml
from ledcal.reports.dcc_elements import rounded
from ledcal.reports.stages import stages
from ledcal.reports.text import NOT_RECORDED

SHA256 = "5a" * 32
NAMES = {"dcc": "https://ptb.de/dcc", "si": "https://ptb.de/si"}
# Which children an element may have, in this order (DCC 3.3.0, D-SI 2.2); what may be repeated
# stands once. Elements that hold text or one kind of child are left out.
ORDER = {
    "digitalCalibrationCertificate": "administrativeData measurementResults comment",
    "software": "name release type description",
    "refTypeDefinition": "name description namespace link",
    "coreData": "countryCodeISO3166_1 usedLangCodeISO639_1 mandatoryLangCodeISO639_1 "
    "uniqueIdentifier identifications beginPerformanceDate endPerformanceDate "
    "performanceLocation issueDate",
    "item": "name installedSoftwares manufacturer model identifications",
    "identification": "issuer value name",
    "contact": "name location",
    "respPerson": "person description role mainSigner",
    "customer": "name location",
    "statement": "name traceable norm reference declaration conformity",
    "measurementResult": "name usedMethods usedSoftware measuringEquipments influenceConditions "
    "results",
    "usedMethod": "name description norm reference",
    "measuringEquipment": "name certificate manufacturer model identifications installedSoftware",
    "certificate": "referral referralID procedure value description inValidityRange traceable",
    "influenceCondition": "name status data",
    "result": "name data",
    "quantity": "name charsXMLList real realListXMLList measurementMetaData",
    "metaData": "name norm declaration conformityXMLList",
    "real": "value unit measurementUncertaintyUnivariate",
    "realListXMLList": "labelXMLList valueXMLList unitXMLList "
    "measurementUncertaintyUnivariateXMLList",
    "expandedMU": "valueExpandedMU coverageFactor coverageProbability",
    "expandedMUXMLList": "valueExpandedMUXMLList coverageFactorXMLList coverageProbabilityXMLList",
}


def made(record: Record, *statements: Statement) -> Element:
    signed = [(one, "00112233aabbccdd") for one in statements]
    return ElementTree.fromstring(dcc_xml(record, record_sha256=SHA256, statements=signed))


def texts(root: Element, path: str) -> list[str]:
    return [one.text or "" for one in root.iterfind(path, NAMES)]


def tag(one: Element) -> str:
    return one.tag.partition("}")[2]


def require_order(root: Element) -> None:
    for one in root.iter():
        children = [tag(child) for child in one]
        if tag(one) in ORDER:
            places = [ORDER[tag(one)].split().index(child) for child in children]
            assert places == sorted(places), f"{tag(one)}: {children}"


def statement(root: Element, name: str) -> Element:
    path = ".//dcc:statement"
    found = [
        one for one in root.iterfind(path, NAMES) if texts(one, "dcc:name/dcc:content")[0] == name
    ]
    assert len(found) == 1, name
    return found[0]


def lists(root: Element, name: str) -> Element:
    """The list of the result of this name."""
    for one in root.iterfind(".//dcc:result", NAMES):
        if texts(one, "dcc:name/dcc:content")[0] == name:
            found = one.find("dcc:data/dcc:list", NAMES)
            assert found is not None
            return found
    raise AssertionError(name)


def column(table: Element, name: str) -> Element:
    for one in table.iterfind("dcc:quantity", NAMES):
        if texts(one, "dcc:name/dcc:content")[0] == name:
            return one
    raise AssertionError(name)


def with_results(record: Record, *results: Measured) -> Record:
    return replace(record, measured=[*results])


@pytest.mark.parametrize("kind", ["record", "complete"])
def test_order_of_elements_is_that_of_the_schema(
    kind: str, request: pytest.FixtureRequest
) -> None:
    record = request.getfixturevalue(kind)
    require_order(made(record))
    assert dcc_xml(record, record_sha256=SHA256) == dcc_xml(record, record_sha256=SHA256)


def test_results_as_left_have_request_value_u_k_limits_and_conformity(complete: Record) -> None:
    table = lists(made(complete), "Irradiance (verify)")
    verified = [m for m in complete.measured if m.step == "verify"]
    measured = column(table, "Irradiance")
    base = "si:realListXMLList/"
    values = texts(measured, f"{base}si:valueXMLList")[0].split()
    spread = f"{base}si:measurementUncertaintyUnivariateXMLList/si:expandedMUXMLList/"
    expanded = texts(measured, f"{spread}si:valueExpandedMUXMLList")[0].split()
    factors = texts(measured, f"{spread}si:coverageFactorXMLList")[0].split()
    assert len(values) == len(expanded) == len(factors) == 15
    assert texts(measured, f"{spread}si:coverageProbabilityXMLList") == ["0.9545"]
    for m, value, u, k in zip(verified, values, expanded, factors, strict=True):
        assert (value, u) == rounded(m.value, m.expanded_uncertainty)
        assert float(k) == m.k
        assert abs(float(value) - m.value) <= 0.051 * m.expanded_uncertainty
    assert texts(measured, f"{base}si:unitXMLList") == [r"\watt\metre\tothe{-2}"]
    labels = texts(measured, f"{base}si:labelXMLList")[0].split()
    assert labels == [f"channel_{m.channel}" for m in verified]
    for name, wanted in (
        ("Asked for", [m.nominal for m in verified]),
        ("Lower limit", [m.lower for m in verified]),
        ("Upper limit", [m.upper for m in verified]),
        ("Board", [m.where["board_degc"] for m in verified]),
    ):
        found = texts(column(table, name), f"{base}si:valueXMLList")[0].split()
        assert [float(text) for text in found] == pytest.approx(wanted, rel=1e-12)
        assert max(map(len, found)) <= 7
    path = "dcc:measurementMetaData/dcc:metaData/dcc:conformityXMLList"
    assert texts(measured, path)[0].split() == ["pass"] * 15


def test_adjusted_state_is_told_of_the_verification_only(complete: Record) -> None:
    parts = made(complete).findall(".//dcc:measurementResult", NAMES)
    status = [texts(part, ".//dcc:status") for part in parts]
    assert status == [["afterAdjustment"], []]
    found = statement(made(complete), "As found")
    said = texts(found, "dcc:declaration/dcc:content")[0]
    assert said.startswith("Not measured: no valid calibration in the panel")
    assert (found.get("refId"), texts(found, "dcc:conformity")) == (None, [])
    ambient = texts(parts[0], ".//dcc:influenceCondition/dcc:name/dcc:content")
    assert "Ambient temperature (blank)" in ambient


def test_as_found_and_as_left_each_have_results_and_a_statement(
    recalibrated_events: list[dict[str, Any]],
) -> None:
    record = read_record(recalibrated_events)
    root = made(record)
    require_order(root)
    parts = {part.get("id"): part for part in root.iterfind(".//dcc:measurementResult", NAMES)}
    assert list(parts) == ["asFound", "asLeft", None]
    defined = {one.get("refType") for one in root.iterfind(".//dcc:refTypeDefinition", NAMES)}
    for state, status, count, name, verdict in (
        ("asFound", "beforeAdjustment", 10, "As found", "fail"),
        ("asLeft", "afterAdjustment", 15, "As left", "pass"),
    ):
        part = parts[state]
        assert part.get("refType") == f"ledcal_{state}"
        assert part.get("refType") in defined
        assert texts(part, ".//dcc:status") == [status]
        said = statement(root, name)
        assert said.get("refId") == state
        assert texts(said, "dcc:conformity") == [verdict]
        (codes,) = texts(part, ".//dcc:conformityXMLList")
        assert len(codes.split()) == count
    found = column(lists(root, "Irradiance (as found)"), "Irradiance")
    values = texts(found, "si:realListXMLList/si:valueXMLList")[0].split()
    assert values == [
        rounded(m.value, m.expanded_uncertainty)[0] for m in record.measured_as_found
    ]
    (words,) = texts(statement(root, "As found"), "dcc:declaration/dcc:content")
    assert words.startswith(stages(record, [])[0].word)
    assert "8 of 10 points PASS" in words
    assert "c8" * 32 in words
    left_only = made(replace(record, measured_as_found=[], as_found=None))
    assert statement(left_only, "As found").get("refId") is None
    held = made(replace(with_results(record), outcome=Outcome.INCONCLUSIVE))
    assert [one.get("id") for one in held.iterfind(".//dcc:measurementResult", NAMES)] == [
        "asFound"
    ]
    assert statement(held, "As left").get("refId") is None


def test_performer_has_the_role_that_the_run_knew(complete: Record) -> None:
    known = {"signed_on": "badge and PIN", "role": "technician", "log_entry": "5"}
    record = replace(complete, run=replace(complete.run, performer=known))
    assert texts(made(record), ".//dcc:role") == ["performed, technician"]
    described = texts(made(record), ".//dcc:respPerson/dcc:description/dcc:content")
    assert described == ["technician, badge and PIN, log entry 5; signature not recorded"]
    facts: dict[str, Any] = {"run": record.run.run, "record_sha256": SHA256, "at": "2026-03-05"}
    by_operator = Statement(meaning="performed", name=record.run.operator, **facts)
    approved = Statement(meaning="approved", name=record.run.operator, **facts)
    other = Statement(meaning="performed", name="B", **facts)
    assert texts(made(record, by_operator, approved, other), ".//dcc:role") == [
        "performed, technician",
        "approved",
        "performed as first recorded, amended since",
    ]
    # Who performed is named whoever else has signed; nobody is made up where nobody was named.
    assert texts(made(record, approved), ".//dcc:role") == ["performed, technician", "approved"]
    nobody = replace(complete, run=replace(complete.run, operator=NOT_RECORDED))
    assert texts(made(nobody, approved), ".//dcc:role") == ["approved"]


def test_no_statement_has_no_word_in_the_schema_but_in_the_text(complete: Record) -> None:
    first, second = [m for m in complete.measured if m.step == "verify"][:2]
    open_one = replace(first, verdict=Verdict.INCONCLUSIVE, statement="no statement")
    record = replace(
        with_results(complete, open_one, second), outcome=Outcome.INCONCLUSIVE, reasons=[]
    )
    root = made(record)
    assert not texts(root, ".//dcc:conformityXMLList")
    assert not texts(root, ".//dcc:conformity")
    said = " ".join(texts(root, ".//dcc:metaData/dcc:declaration/dcc:content"))
    assert "channel 1: no statement, channel 1: pass" in said
    older = replace(open_one, statement=None)
    assert "channel 1: no statement" in " ".join(
        texts(made(with_results(record, older)), ".//dcc:metaData/dcc:declaration/dcc:content")
    )


def test_conditional_statements_have_the_words_of_the_schema(complete: Record) -> None:
    results = [m for m in complete.measured if m.step == "verify"][:4]
    words = ["pass", "conditional pass", "conditional fail", "fail"]
    changed = [replace(m, statement=word) for m, word in zip(results, words, strict=True)]
    root = made(replace(with_results(complete, *changed), outcome=Outcome.FAIL))
    codes = texts(root, ".//dcc:conformityXMLList")
    assert codes == ["pass conditionalPass conditionalFail fail"]
    assert texts(statement(root, "Conformity"), "dcc:conformity") == ["fail"]


def test_what_was_simulated_says_so_thrice(complete: Record) -> None:
    content = dcc_xml(complete, record_sha256=SHA256)
    assert b"<!-- SIMULATED" in content
    root = ElementTree.fromstring(content)
    assert texts(statement(root, "SIMULATED"), "dcc:traceable") == ["false"]
    assert root.findtext("dcc:comment/{urn:ledcal:remark}simulated", "", NAMES)
    real = replace(complete, run=replace(complete.run, simulated=False, mode="PROD"))
    assert b"SIMULATED" not in dcc_xml(real, record_sha256=SHA256)
    assert not texts(made(real), ".//dcc:traceable")


def test_an_amended_run_is_issued_with_its_last_amendment(complete: Record) -> None:
    content = dcc_xml(complete, record_sha256=SHA256, issued_at="2031-02-03T23:30:00-02:00")
    assert b"<dcc:issueDate>2031-02-04</dcc:issueDate>" in content
    assert b"<dcc:endPerformanceDate>2031" not in content


def test_laboratory_is_that_of_the_station_file_or_not_recorded(complete: Record) -> None:
    root = made(complete)
    assert texts(root, ".//dcc:countryCodeISO3166_1") == ["ZZ"]
    where = "dcc:administrativeData/dcc:calibrationLaboratory/dcc:contact/dcc:location"
    assert "not recorded" in texts(root, f"{where}/dcc:further/dcc:content")[0]
    said = {"name": "Lab & Söhne", "country_code": "DE", "city": "Jena", "post_code": "07743"}
    root = made(replace(complete, run=replace(complete.run, laboratory=said)))
    assert texts(root, ".//dcc:countryCodeISO3166_1") == ["DE"]
    assert texts(root, f"{where}/dcc:city") == ["Jena"]
    assert texts(root, f"{where}/dcc:postCode") == ["07743"]
    assert "not recorded" not in texts(root, f"{where}/dcc:further/dcc:content")[0]


def test_people_are_those_who_signed(complete: Record) -> None:
    facts: dict[str, Any] = {"run": complete.run.run, "record_sha256": SHA256, "at": "2026-03-05"}
    performed = Statement(meaning="performed", name="m.keller", **facts)
    approved = Statement(meaning="approved", name="B", **facts)
    root = made(complete, performed, approved)
    assert texts(root, ".//dcc:person/dcc:name/dcc:content") == ["m.keller", "B"]
    assert texts(root, ".//dcc:role") == ["performed", "approved"]
    assert texts(root, ".//dcc:mainSigner") == ["false", "true"]
    assert texts(made(complete), ".//dcc:person/dcc:name/dcc:content") == ["m.keller"]


def test_a_run_without_an_end_or_a_result_is_refused(killed: Record, complete: Record) -> None:
    with pytest.raises(RecordError, match="ABORTED"):
        made(killed)
    with pytest.raises(RecordError, match="no result"):
        made(with_results(complete))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"value": float("nan")}, "is no number"),
        ({"expanded_uncertainty": float("inf")}, "is no number"),
        ({"nominal": float("-inf")}, "is no number"),
        ({"unit": "furlong"}, "no D-SI form"),
    ],
)
def test_what_cannot_be_stated_is_refused(
    complete: Record, changed: dict[str, Any], words: str
) -> None:
    result = next(m for m in complete.measured if m.step == "verify")
    with pytest.raises(RecordError, match=words):
        made(with_results(complete, replace(result, **changed)))


@pytest.mark.parametrize(
    ("value", "u", "stated"),
    [
        (15.001034520904549, 0.4021308297366449, ("15.00", "0.40")),
        (2111.6864776410143, 425.8901768496674, ("2110", "430")),
        (-7.408e-05, 0.00102479, ("-0.0001", "0.0010")),
        (1.0, 0.0, ("1.0", "0")),
        (27.500000000000004, None, ("27.500000000000004", None)),
        (5e-08, 1.23e-12, ("0.0000000500000", "0.0000000000012")),
    ],
)
def test_digits_end_where_the_uncertainty_does(
    value: float, u: float | None, stated: tuple[str, str | None]
) -> None:
    assert rounded(value, u) == stated
