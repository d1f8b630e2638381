"""The measurement results of a digital calibration certificate: conditions, results, conformity.

Results of one measurand are one list with a column for each quantity, as the good practice of
GEMIMEG-II has it: what was asked for, what was measured, the limits, the conditions.
"""

import math
from collections.abc import Sequence
from itertools import groupby
from xml.etree.ElementTree import Element

from ledcal.calibration.decision import Statement
from ledcal.calibration.errors import RecordError
from ledcal.calibration.outcome import Verdict
from ledcal.calibration.record import Measured, Record
from ledcal.reports.conformity import judged
from ledcal.reports.dcc_context import equipment, influence_conditions, used_methods, used_software
from ledcal.reports.dcc_elements import (
    element,
    real_list,
    shown,
    string,
    unit_of,
    unit_of_name,
    words,
)
from ledcal.reports.number import decimal, last_place
from ledcal.reports.quantity import measurand_words
from ledcal.reports.verification import verification

CONFORMITY = {
    Statement.PASS: "pass",
    Statement.CONDITIONAL_PASS: "conditionalPass",
    Statement.CONDITIONAL_FAIL: "conditionalFail",
    Statement.FAIL: "fail",
}
"""The schema's word for each statement of ILAC-G8 that says something."""
_STATUS = {"asFound": "beforeAdjustment", "asLeft": "afterAdjustment"}
"""The schema's word for each state of the panel; it has a place at the conditions only."""
_CONDITION_STEPS = ("blank", "warm_up")


def measurement_results(record: Record) -> Element:
    """Return all measurement results of a run.

    Raises:
        RecordError: There is none, or one of them cannot be written in D-SI.
    """
    verified, found = verification(record), record.measured_as_found
    conditions = [m for m in record.measured if m.step in _CONDITION_STEPS and m.channel is None]
    others = [m for m in record.measured if m not in verified and m not in conditions]
    parts = []
    if found:
        parts.append(
            _part(
                record,
                "As found: irradiance before adjustment, asked for through the panel's firmware",
                found,
                conditions,
                state="asFound",
            )
        )
    if verified:
        parts.append(
            _part(
                record,
                "As left: irradiance after adjustment, asked for through the panel's firmware",
                verified,
                conditions,
                state="asLeft",
            )
        )
    if others:
        parts.append(
            _part(record, "Results on the way to the adjustment", others, conditions, state=None)
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
    state: str | None,
) -> Element:
    """Return results of one state of the panel; a statement refers to them by that state."""
    ordered = sorted(results, key=_kind)
    return element(
        "measurementResult",
        words("name", name),
        used_methods(record),
        used_software("usedSoftware", record.run.software),
        element("measuringEquipments", *(equipment(i, record) for i in record.instruments))
        if record.instruments
        else None,
        influence_conditions(record, conditions, _STATUS.get(state or "")),
        element("results", *(_result([*group]) for _, group in groupby(ordered, key=_kind))),
        **({} if state is None else {"id": state, "refType": f"ledcal_{state}"}),
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
        _column(
            "Asked for",
            "basic_nominalValue",
            [_exact(m, m.nominal) for m in results],
            unit,
            labels,
        ),
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
        _column(
            "Lower limit", "ledcal_lowerLimit", [_exact(m, m.lower) for m in results], unit, labels
        ),
        _column(
            "Upper limit", "ledcal_upperLimit", [_exact(m, m.upper) for m in results], unit, labels
        ),
        *(_condition(key, [m.where.get(key) for m in results], labels) for key in first.where),
    ]
    return element(
        "result",
        words("name", f"{name} ({first.step.replace('_', ' ')})"),
        element("data", element("list", *columns)),
    )


def _exact(result: Measured, bound: float | None) -> float | None:
    """Return a limit without the noise of binary arithmetic: two digits more than the result.

    Limits are exact; this is how the certificate's page prints them, too.
    """
    if bound is None or not math.isfinite(bound) or not 0 < result.expanded_uncertainty < math.inf:
        return bound
    place = last_place(decimal(result.expanded_uncertainty)) - 2
    return float(round(decimal(bound), -place))


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
