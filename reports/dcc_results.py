"""The measurement results of a digital calibration certificate: conditions, results, conformity.

Results of one measurand are one list with a column for each quantity, as the good practice of
GEMIMEG-II has it: what was asked for, what was measured, the limits, the conditions.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from itertools import groupby
from xml.etree.ElementTree import Element

from ledcal.calibration.decision import Statement
from ledcal.calibration.errors import RecordError
from ledcal.calibration.outcome import Verdict
from ledcal.calibration.record import Instrument, Measured, Record
from ledcal.reports.conformity import judged
from ledcal.reports.dcc_elements import (
    element,
    flag,
    real,
    real_list,
    release,
    shown,
    string,
    unit_of,
    unit_of_name,
    words,
)
from ledcal.reports.quantity import measurand_words
from ledcal.reports.text import NOT_RECORDED
from ledcal.reports.verification import verification

CONFORMITY = {
    Statement.PASS: "pass",
    Statement.CONDITIONAL_PASS: "conditionalPass",
    Statement.CONDITIONAL_FAIL: "conditionalFail",
    Statement.FAIL: "fail",
}
"""The schema's word for each statement of ILAC-G8 that says something."""
_CONDITION_STEPS = ("blank", "warm_up")
_METHOD = (
    "Irradiance at the reference plane by an optical power meter, corrected for the spectrum that "
    "a spectroradiometer measures at the same time; blank readings before and after each are "
    "subtracted. The panel's calibration curves over drive and board temperature are fitted, "
    "written as a signed file and loaded into the panel; then the panel is asked for irradiances "
    "through its own firmware and what it gives is measured."
)


def measurement_results(record: Record) -> Element:
    """Return all measurement results of a run.

    Raises:
        RecordError: There is none, or one of them cannot be written in D-SI.
    """
    verified = verification(record)
    conditions = [m for m in record.measured if m.step in _CONDITION_STEPS and m.channel is None]
    others = [m for m in record.measured if m not in verified and m not in conditions]
    parts = []
    if verified:
        parts.append(
            _part(
                record,
                "As left: irradiance after adjustment, asked for through the panel's firmware",
                verified,
                conditions,
                status="afterAdjustment",
            )
        )
    if others:
        parts.append(
            _part(record, "Results on the way to the adjustment", others, conditions, status=None)
        )
    if not parts:
        raise RecordError("the run has no result that a calibration certificate could state")
    return element("measurementResults", *parts)


def _part(
    record: Record,
    name: str,
    results: Sequence[Measured],
    conditions: Sequence[Measured],
    *,
    status: str | None,
) -> Element:
    ordered = sorted(results, key=_kind)
    return element(
        "measurementResult",
        words("name", name),
        _used_methods(record),
        used_software("usedSoftware", record.run.software),
        element("measuringEquipments", *(_equipment(i, record) for i in record.instruments))
        if record.instruments
        else None,
        _influence_conditions(record, conditions, status),
        element("results", *(_result([*group]) for _, group in groupby(ordered, key=_kind))),
    )


def used_software(tag: str, software: Mapping[str, str], *, only: str | None = None) -> Element:
    """Return the software of a run, or one of it; where it ran stands beside ledcal's name."""
    place = software.get("platform", NOT_RECORDED)
    return element(
        tag,
        *(
            element(
                "software",
                words("name", name),
                string("release", release(version)),
                string("type", "application" if name == "ledcal" else "library"),
                words("description", f"ran on {place}") if name == "ledcal" else None,
            )
            for name, version in software.items()
            if name != "platform" and only in (None, name)
        ),
    )


def _used_methods(record: Record) -> Element:
    version = record.run.software.get("ledcal", NOT_RECORDED)
    return element(
        "usedMethods",
        element(
            "usedMethod",
            words("name", "Calibration of an LED panel by ledcal's procedure"),
            words("description", _METHOD),
            string("reference", f"ledcal {version}, fixtures/procedure"),
        ),
        element(
            "usedMethod",
            words("name", "Measurement uncertainty"),
            words(
                "description",
                "Each expanded uncertainty is the standard uncertainty times the coverage factor "
                "k that is stated with it, for a coverage probability of 95.45 % of a "
                "t-distribution with the effective degrees of freedom.",
            ),
            string("norm", "JCGM 100:2008"),
        ),
        element(
            "usedMethod",
            words("name", "Decision rule"),
            words("description", record.run.decision_rule),
            string("norm", "ILAC-G8:09/2019"),
            string("norm", "JCGM 106:2012"),
        ),
    )


def _equipment(instrument: Instrument, record: Record) -> Element:
    said = instrument.certificate
    traceability = said.get("traceability", NOT_RECORDED)
    issued, due = said.get("issued", NOT_RECORDED), said.get("due", NOT_RECORDED)
    in_date = _in_date(due, record.run.at)
    return element(
        "measuringEquipment",
        words("name", measurand_words(instrument.role)),
        element(
            "certificate",
            words("referral", f"certificate of {said.get('laboratory', NOT_RECORDED)}"),
            string("referralID", said.get("number", NOT_RECORDED)),
            string("procedure", "SHA-256 of the certificate's file at the station"),
            string("value", said.get("file_sha256", NOT_RECORDED)),
            words("description", f"issued {issued}, due {due}; {traceability}"),
            None if in_date is None else flag("inValidityRange", in_date),
            flag("traceable", False) if record.run.simulated else None,
        ),
        element("manufacturer", words("name", instrument.maker)),
        string("model", instrument.model),
        element("identifications", identification("manufacturer", instrument.serial, "serial")),
        element(
            "installedSoftware",
            element(
                "software",
                words("name", f"firmware of {instrument.model}"),
                string("release", release(instrument.firmware)),
                string("type", "firmware"),
            ),
        ),
    )


def identification(issuer: str, value: str, name: str) -> Element:
    """Return one identification: who gave it, what it is, and what it is called."""
    return element(
        "identification",
        string("issuer", issuer),
        string("value", value),
        words("name", name),
    )


def _in_date(due: str, run_at: str) -> bool | None:
    try:
        return datetime.fromisoformat(run_at).date() <= date.fromisoformat(due)
    except ValueError:
        return None


def _influence_conditions(
    record: Record, conditions: Sequence[Measured], status: str | None
) -> Element:
    plane = "; ".join(f"{key.replace('_', ' ')} {text}" for key, text in record.run.plane.items())
    return element(
        "influenceConditions",
        element(
            "influenceCondition",
            words("name", "Reference plane"),
            string("status", status) if status else None,
            element("data", words("text", plane)),
        ),
        *(
            element(
                "influenceCondition",
                words("name", f"{measurand_words(one.measurand)} ({one.step.replace('_', ' ')})"),
                element(
                    "data",
                    element(
                        "quantity",
                        real(one.value, unit_of(one.unit), one.expanded_uncertainty, one.k),
                    ),
                ),
            )
            for one in conditions
        ),
    )


def _kind(result: Measured) -> tuple[str, str, str, str, tuple[bool, ...]]:
    """Return what results of one list have in common."""
    stated = tuple(x is not None for x in (result.nominal, result.lower, result.upper))
    return result.step, result.measurand, result.unit, result.rule, stated


def _result(results: Sequence[Measured]) -> Element:
    first = results[0]
    name = measurand_words(first.measurand)
    unit = unit_of(first.unit)
    labels = ["panel" if m.channel is None else f"channel_{m.channel}" for m in results]
    columns = [
        _column("Asked for", "basic_nominalValue", [m.nominal for m in results], unit, labels),
        element(
            "quantity",
            words("name", name),
            real_list(
                [m.value for m in results],
                unit,
                labels=labels,
                expanded=[m.expanded_uncertainty for m in results],
                factors=[m.k for m in results],
            ),
            _conformity(results),
            refType="basic_measuredValue",
        ),
        _column("Lower limit", "ledcal_lowerLimit", [m.lower for m in results], unit, labels),
        _column("Upper limit", "ledcal_upperLimit", [m.upper for m in results], unit, labels),
        *(_condition(key, [m.where.get(key) for m in results], labels) for key in first.where),
    ]
    return element(
        "result",
        words("name", f"{name} ({first.step.replace('_', ' ')})"),
        element("data", element("list", *columns)),
    )


def _column(
    name: str, kind: str, values: Sequence[float | None], unit: str, labels: Sequence[str]
) -> Element | None:
    stated = [value for value in values if value is not None]
    if len(stated) < len(values):
        return None
    numbers = real_list(stated, unit, labels=labels)
    return element("quantity", words("name", name), numbers, refType=kind)


def _condition(
    key: str, values: Sequence[float | str | None], labels: Sequence[str]
) -> Element | None:
    """Return a condition of each result as a column, none where it is not stated for all."""
    label, unit = unit_of_name(key)
    name = measurand_words(label)
    numbers = [value for value in values if isinstance(value, int | float)]
    if len(numbers) == len(values):
        return _column(name, "ledcal_condition", numbers, unit, labels)
    if any(value is None for value in values):
        return None
    # The items of such a list are separated by blanks.
    texts = ["_".join(shown(str(value)).split()) for value in values]
    chars = element("charsXMLList")
    chars.text = " ".join(texts)
    return element("quantity", words("name", name), chars, refType="ledcal_condition")


def _conformity(results: Sequence[Measured]) -> Element | None:
    """Return what is said of conformity, result by result; none where nothing is judged.

    The schema has no word for "no statement": then the words alone say what is claimed of which.
    """
    if not all(map(judged, results)):
        return None
    said = [_said(result) for result in results]
    listed = None
    if None not in (codes := [CONFORMITY.get(one) for one in said]):
        listed = element("conformityXMLList")
        listed.text = " ".join(code for code in codes if code is not None)
    spoken = ", ".join(
        f"{'panel' if m.channel is None else f'channel {m.channel}'}: {one.value}"
        for m, one in zip(results, said, strict=True)
    )
    return element(
        "measurementMetaData",
        element(
            "metaData",
            words("name", "Conformity with the limits"),
            string("norm", "ILAC-G8:09/2019"),
            words("declaration", f"Rule: {results[0].rule}. {spoken}"),
            listed,
            refType="basic_conformity",
        ),
    )


def _said(result: Measured) -> Statement:
    """Return the statement on a result; records of ledcal 0.1 have the verdict only."""
    if result.statement is not None:
        known = (one for one in Statement if one.value == result.statement)
        return next(known, Statement.NO_STATEMENT)
    said = {Verdict.PASS: Statement.PASS, Verdict.FAIL: Statement.FAIL}
    return said.get(result.verdict, Statement.NO_STATEMENT)
