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


def test_the_first_version_covers_no_amendment() -> None:
    said = json.loads(STATEMENT.payload()) | {"format": "ledcal-statement/1"}
    del said["revision"], said["amendment_sha256"]
    assert read_statement(json.dumps(said).encode()) == STATEMENT


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"format": "ledcal-statement/3"}, "format 'ledcal-statement/3'.*install the ledcal"),
        ({"meaning": "liked"}, "meaning is 'liked', not one of performed, reviewed, approved"),
        ({"record_sha256": "AB" * 32}, "a hash in it is none"),
        ({"name": 7}, "name is 7, not text"),
        ({"more": "x"}, "it has more than one: more"),
        ({"revision": 1}, "revision 1 and amendment '' disagree"),
        ({"revision": -1, "amendment_sha256": "ab" * 32}, "revision -1"),
        ({"revision": True, "amendment_sha256": "ab" * 32}, "not an integer"),
        ({"amendment_sha256": "ab" * 32}, "revision 0 and amendment"),
        ({"format": "ledcal-statement/1"}, "ledcal-statement/1 knows no revision"),
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
