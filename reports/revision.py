"""The state of a record after its amendments, as the page prints it: each value with its mark."""

from collections.abc import Sequence
from dataclasses import dataclass

from ledcal.calibration.amendment import NOT_STATED, Amendment, Field, amended
from ledcal.calibration.record import Record
from ledcal.calibration.statement import Statement
from ledcal.reports.text import NOT_RECORDED, instant, legible

_LABELS: dict[Field, str] = {
    "operator": "performed by",
    "customer": "customer",
    "condition": "condition on receipt",
    "remark": "remark",
}

_LONGEST = 240
"""Characters of a value, so that its mark is never cut off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendmentRow:
    """An amendment as printed: its number, time, key, and each field with its old and new text."""

    number: int
    at: str
    name: str
    reason: str
    key_id: str
    changes: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """What the page prints of the revision that it shows.

    Attributes:
        number: How many amendments there are.
        rows: One for each.
        operator, customer, condition: With the mark of the amendment that they come from.
        operator_remark: How the operator is known; an amendment's is known by that only.
        customer_remark: What is said beside the customer.
        remark: Added by an amendment, empty for none.
        approved: Who approved this revision, None for nobody.
        not_authorised: Why nobody is named as authorising.
        issued_at: When the last amendment was made, empty where there is none.
        margin: What the margin of every page adds to the run's id.
        covers: For each statement the revision that it covers, in words; empty without amendments.
    """

    number: int
    rows: tuple[AmendmentRow, ...]
    operator: str
    operator_remark: str
    customer: str
    customer_remark: str
    condition: str
    remark: str
    approved: Statement | None
    not_authorised: str
    issued_at: str
    margin: str
    covers: tuple[tuple[str, str], ...]


def revision_of(
    record: Record,
    statements: Sequence[tuple[Statement, str]],
    amendments: Sequence[tuple[Amendment, str]],
) -> Revision:
    """Return a record's state after amendments that were believed, in order.

    Args:
        record: The record.
        statements: Who stands for the run, each with the id of the key that signed it.
        amendments: Each with the id of the key that signed it.
    """
    plain = [one for one, _ in amendments]
    now, number = amended(record, plain), len(plain)
    last = {change.field: one.number for one in plain for change in one.changes}

    def marked(field: Field, otherwise: str) -> str:
        text = otherwise if now[field] == NOT_STATED else now[field]
        if field not in last:
            return text
        return f"{legible(text, longest=_LONGEST)} (Amendment {last[field]})"

    approvals = [one for one, _ in statements if one.meaning == "approved"]
    approved = next((one for one in approvals if one.revision == number), None)
    reason = "no person has released this document"
    if approvals and approved is None:
        earlier = approvals[-1]
        reason = (
            f"{earlier.name} approved revision {earlier.revision}; no person has released this one"
        )
    return Revision(
        number=number,
        rows=tuple(_row(one, key_id) for one, key_id in amendments),
        operator=marked("operator", record.run.operator),
        operator_remark="named by an amendment"
        if "operator" in last
        else record.run.performer_words,
        customer=marked("customer", "internal release"),
        customer_remark=_customer_remark(record, by_amendment="customer" in last),
        condition=marked("condition", NOT_RECORDED),
        remark=marked("remark", "") if "remark" in last else "",
        approved=approved,
        not_authorised=reason,
        issued_at=instant(plain[-1].at) if plain else "",
        margin=f", revision {number}",
        covers=tuple(
            (f"{one.meaning} by {one.name}", f"revision {one.revision}")
            for one, _ in statements
            if number
        ),
    )


def _customer_remark(record: Record, *, by_amendment: bool) -> str:
    if by_amendment:
        return "named by an amendment"
    return "" if "customer" in record.run.item else "no customer is named in the record"


def _row(one: Amendment, key_id: str) -> AmendmentRow:
    return AmendmentRow(
        number=one.number,
        at=instant(one.at),
        name=one.name,
        reason=one.reason,
        key_id=key_id,
        changes=tuple((_LABELS[each.field], each.old, each.new) for each in one.changes),
    )
