"""What a person states of a record: performed, reviewed or approved (21 CFR 11.50).

A statement names run and record by its hash and is signed as a whole, so that it cannot be lifted
onto another record (11.70).
"""

import json
import re
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from ledcal.calibration.errors import RecordError

RECORD_TYPE = "application/vnd.ledcal.record+json"
STATEMENT_TYPE = "application/vnd.ledcal.statement+json"
STATEMENT_FORMAT = "ledcal-statement/1"
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
    """

    run: str
    record_sha256: str
    meaning: Meaning
    name: str
    at: str
    remark: str = ""

    def payload(self) -> bytes:
        """Return the bytes that are signed."""
        said = {"format": STATEMENT_FORMAT} | asdict(self)
        return json.dumps(said, sort_keys=True, ensure_ascii=False).encode()


def read_statement(payload: bytes) -> Statement:
    """Return the statement in the payload of an envelope.

    Raises:
        RecordError: It is none, or of another version.
    """
    try:
        said: dict[str, Any] = json.loads(payload)
        form = said.pop("format")
        statement = Statement(**said)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RecordError(f"is no statement: {error}") from error
    if form != STATEMENT_FORMAT:
        raise RecordError(f"is a statement of format {form!r}; known is {STATEMENT_FORMAT!r}")
    if not all(isinstance(value, str) for value in asdict(statement).values()):
        raise RecordError("is no statement: a field of it is no text")
    if statement.meaning not in MEANINGS or not _SHA256.fullmatch(statement.record_sha256):
        raise RecordError("is no statement: its meaning or its record's hash is none")
    return statement
