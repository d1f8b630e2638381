"""What was put right in a record after it was closed: who and where, never what was measured.

An amendment is a record of its own (ISO/IEC 17025, 7.8.8; 21 CFR 11.10(e)): it names the record
and the amendment before it by their hashes, keeps the old value beside the new one, and says why.
The record stays as it is.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from ledcal.calibration.errors import RecordError
from ledcal.calibration.form import built
from ledcal.calibration.record import Record

AMENDMENT_TYPE = "application/vnd.ledcal.amendment+json"
AMENDMENT_FORMAT = "ledcal-amendment/1"
Field = Literal["operator", "customer", "condition", "remark"]
FIELDS: tuple[Field, ...] = get_args(Field)
"""What may be amended: nothing that a result, a limit, a verdict or an identity hangs on."""
_OF_THE_ITEM: tuple[Field, ...] = ("customer", "condition")
NOT_STATED = "not recorded"
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field as it was and as it is now.

    Attributes:
        field: What was changed.
        old: Its value before, "not recorded" where there was none.
        new: Its value since.
    """

    field: Field
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """One amendment; the record with its first n amendments is revision n.

    Attributes:
        run: Run id.
        record_sha256: Of the record that is amended, hex digits.
        number: From 1, without gaps.
        previous_sha256: Of the file of the amendment before this one, hex digits; empty for the
            first.
        changes: What was changed, at least one.
        reason: Why.
        name: Who says so.
        at: When, UTC, ISO 8601.
    """

    run: str
    record_sha256: str
    number: int
    previous_sha256: str
    changes: list[Change]
    reason: str
    name: str
    at: str

    def payload(self) -> bytes:
        """Return the bytes that are signed."""
        said = {"format": AMENDMENT_FORMAT} | asdict(self)
        return json.dumps(said, sort_keys=True, ensure_ascii=False).encode()

    @property
    def words(self) -> str:
        """What was changed by whom and why, in one sentence."""
        changed = "; ".join(f"{one.field} was {one.old}, is {one.new}" for one in self.changes)
        return (
            f"Amendment {self.number} of {self.at[:10]} by {self.name}: {changed}; {self.reason}"
        )


def read_amendment(payload: bytes) -> Amendment:
    """Return the amendment in the payload of an envelope.

    Raises:
        RecordError: It is none, or of another version.
    """
    try:
        said: dict[str, Any] = json.loads(payload)
        form = said.pop("format")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RecordError(f"is no amendment: {error!r}") from error
    if form != AMENDMENT_FORMAT:
        raise RecordError(
            f"is an amendment of format {form!r}; this ledcal reads {AMENDMENT_FORMAT!r}: install "
            "the ledcal that wrote it, or a later one"
        )
    found = built(Amendment, said, "is no amendment: it")
    more = sorted(set(said) - set(Amendment.__dataclass_fields__))
    if more or not found.changes or not isinstance(found.number, int) or found.number < 1:
        raise RecordError(f"is no amendment: it changes nothing, or has more: {', '.join(more)}")
    hashes = (found.record_sha256, found.previous_sha256 or "0" * 64)
    if not all(_SHA256.fullmatch(one) for one in hashes):
        raise RecordError("is no amendment: a hash in it is none")
    return found


def stated(record: Record) -> dict[Field, str]:
    """Return what a record states of the fields that may be amended."""
    item = {name: record.run.item.get(name, NOT_STATED) for name in _OF_THE_ITEM}
    return dict.fromkeys(FIELDS, NOT_STATED) | {"operator": record.run.operator} | item


def amended(record: Record, amendments: Sequence[Amendment]) -> dict[Field, str]:
    """Return what is stated of the fields that may be amended, after these amendments."""
    changes = (change for one in amendments for change in one.changes)
    return stated(record) | {one.field: one.new for one in changes}


def contradiction(record: Record, amendments: Sequence[Amendment], one: Amendment) -> str | None:
    """Tell why an amendment cannot come after these ones, None when it can.

    The hashes are compared by who has the files.
    """
    if one.number != len(amendments) + 1:
        return f"is amendment {one.number}; the next one is {len(amendments) + 1}"
    before: Mapping[Field, str] = amended(record, amendments)
    for change in one.changes:
        if change.old != before[change.field]:
            return f"says that {change.field} was {change.old!r}; it was {before[change.field]!r}"
    return None
