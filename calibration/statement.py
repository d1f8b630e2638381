"""What a person states of a record: performed, reviewed or approved (21 CFR 11.50).

A statement names run and record by its hash and is signed as a whole, so that it cannot be lifted
onto another record (11.70).
"""

import json
import re
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from ledcal.calibration.errors import RecordError
from ledcal.calibration.form import built

RECORD_TYPE = "application/vnd.ledcal.record+json"
STATEMENT_TYPE = "application/vnd.ledcal.statement+json"
STATEMENT_FORMATS = ("ledcal-statement/1", "ledcal-statement/2")
"""Every one that is read, the newest last; the first one knows no amendments."""
Meaning = Literal["performed", "reviewed", "approved"]
MEANINGS: tuple[Meaning, ...] = get_args(Meaning)
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement.

    Attributes:
        run: Run id.
        record_sha256: Of the record that it is about, hex digits.
        meaning: What the signature means.
        name: Who states it.
        at: When, UTC, ISO 8601.
        remark: What else was said, empty for nothing.
        revision: How many amendments of the record it covers.
        amendment_sha256: Of the file of the last amendment that it covers, empty for none.
    """

    run: str
    record_sha256: str
    meaning: Meaning
    name: str
    at: str
    remark: str = ""
    revision: int = 0
    amendment_sha256: str = ""

    def payload(self) -> bytes:
        """Return the bytes that are signed."""
        said = {"format": STATEMENT_FORMATS[-1]} | asdict(self)
        return json.dumps(said, sort_keys=True, ensure_ascii=False).encode()


def read_statement(payload: bytes) -> Statement:
    """Return the statement in the payload of an envelope.

    Raises:
        RecordError: It is none, or of a version that this ledcal does not know.
    """
    try:
        said: dict[str, Any] = json.loads(payload)
        form = said.pop("format")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RecordError(f"is no statement: {error!r}") from error
    if form not in STATEMENT_FORMATS:
        raise RecordError(
            f"is a statement of format {form!r}; this ledcal reads "
            f"{' and '.join(STATEMENT_FORMATS)}: install the ledcal that wrote it, or a later one"
        )
    statement = built(Statement, said, "is no statement: it")
    more = sorted(set(said) - set(Statement.__dataclass_fields__))
    if more:
        raise RecordError(f"is no statement: it has more than one: {', '.join(more)}")
    revision, last = statement.revision, statement.amendment_sha256
    if not _SHA256.fullmatch(statement.record_sha256) or not _SHA256.fullmatch(last or "0" * 64):
        raise RecordError("is no statement: a hash in it is none")
    if not isinstance(revision, int) or revision < 0 or (revision > 0) != bool(last):
        raise RecordError(f"is no statement: revision {revision} and amendment {last!r} disagree")
    if form == STATEMENT_FORMATS[0] and "revision" in said:
        raise RecordError(f"is no statement: {form} knows no revision")
    return statement
