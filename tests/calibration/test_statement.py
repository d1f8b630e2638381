"""Statements come back as they were made; anything else is refused in words."""

import json

import pytest

from ledcal.calibration.errors import RecordError
from ledcal.calibration.statement import Statement, read_statement

STATEMENT = Statement(
    run="20260301T120000000Z-TEST-0001",
    record_sha256="ab" * 32,
    meaning="reviewed",
    name="Ann \N{RIGHT-TO-LEFT OVERRIDE}<b>",
    at="2026-03-01T12:00:00+00:00",
)


def test_it_comes_back() -> None:
    assert read_statement(STATEMENT.payload()) == STATEMENT


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"format": "ledcal-statement/2"}, "format 'ledcal-statement/2'"),
        ({"meaning": "liked"}, "its meaning or its record's hash"),
        ({"record_sha256": "AB" * 32}, "its meaning or its record's hash"),
        ({"name": 7}, "a field of it is no text"),
        ({"more": "x"}, "is no statement"),
    ],
)
def test_what_is_changed_is_refused(changed: dict[str, object], words: str) -> None:
    said = json.loads(STATEMENT.payload()) | changed
    with pytest.raises(RecordError, match=words):
        read_statement(json.dumps(said).encode())


@pytest.mark.parametrize("payload", [b"", b"[]", b"null", b"{}", b"\xff", b"[" * 100_000])
def test_what_is_no_statement_is_refused(payload: bytes) -> None:
    with pytest.raises(RecordError, match="is no statement"):
        read_statement(payload)
