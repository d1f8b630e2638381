import json
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledcal.calibration.errors import RecordError
from ledcal.rig.closing import record_bytes
from ledcal.rig.errors import StationError
from ledcal.rig.journal import JOURNAL, Journal, parse_event, read_journal

_text = st.text(st.characters(exclude_categories=()))
_facts = st.dictionaries(
    _text.filter(lambda key: key not in ("n", "at", "event")),
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats() | _text,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_text, inner, max_size=3),
        max_leaves=6,
    ),
    max_size=4,
)


def write(folder: Path, *texts: str) -> Path:
    journal = Journal.create(folder)
    for text in texts:
        journal.append("note", {"code": "C", "text": text})
    journal.close()
    return folder / JOURNAL


def test_events_are_numbered_and_have_their_time(tmp_path: Path) -> None:
    write(tmp_path, "a", "b")
    first, second = read_journal(tmp_path)
    assert (first["n"], second["n"]) == (1, 2)
    assert first["event"] == "note"
    assert first["at"].endswith("+00:00")
    assert first["at"] <= second["at"]


@pytest.mark.parametrize(
    "text",
    ["\u2028\u2029\x85\x0b\x1c", "\0", "\n\r\n", "µ" * 10_000, '"}\n{"n": 7}', "\U0001f4a1"],
)
def test_any_text_comes_back(tmp_path: Path, text: str) -> None:
    write(tmp_path, text, "after")
    assert [event["text"] for event in read_journal(tmp_path)] == [text, "after"]


def test_half_a_surrogate_pair_is_kept_as_its_escape(tmp_path: Path) -> None:
    """An argument that is no UTF-8; the canonical record has no way to keep it as it is."""
    write(tmp_path, os.fsdecode(b"op\xff"))
    events = read_journal(tmp_path)
    assert events[0]["text"] == r"op\udcff"
    assert json.loads(record_bytes(events))["events"] == events


def test_what_is_no_number_is_null(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path)
    journal.append("x", {"a": float("nan"), "b": [float("inf"), {"c": (-float("inf"), 1.5)}]})
    journal.close()
    (event,) = read_journal(tmp_path)
    assert event["a"] is None
    assert event["b"] == [None, {"c": [None, 1.5]}]


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(facts=st.lists(_facts, max_size=3))
def test_a_journal_can_always_become_a_record(tmp_path: Path, facts: list[dict[str, Any]]) -> None:
    (tmp_path / JOURNAL).unlink(missing_ok=True)
    journal = Journal.create(tmp_path)
    for one in facts:
        journal.append("x", one)
    journal.close()
    events = read_journal(tmp_path)
    assert len(events) == len(facts)
    # A float beyond 2**53 is written without its point.
    assert json.loads(record_bytes(events), parse_int=float)["events"] == events


def test_a_kill_at_any_byte_leaves_the_whole_events(tmp_path: Path) -> None:
    path = write(tmp_path, "first", "second µ\u2028")
    content = path.read_bytes()
    ends = [n + 1 for n, byte in enumerate(content) if byte == ord("\n")]
    for cut in (*range(3), *range(ends[0] - 1, len(content) + 1)):
        path.write_bytes(content[:cut])
        assert len(read_journal(tmp_path)) == sum(end <= cut for end in ends)


def test_a_journal_goes_on_behind_the_tear(tmp_path: Path) -> None:
    path = write(tmp_path, "first", "second")
    content = path.read_bytes()
    first = content.index(b"\n") + 1
    for cut in range(first, len(content), 3):
        path.write_bytes(content[:cut])
        journal = Journal.reopen(tmp_path)
        journal.append("note", {"code": "C", "text": "third"})
        journal.close()
        assert [(e["n"], e["text"]) for e in read_journal(tmp_path)] == [
            (1, "first"),
            (2, "third"),
        ]


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"n": 3}',
        b'{"n": "2"}',
        b"{}",
        b'{"n": 2',
        b"\xff",
        b"[" * 99_999,
    ],
    ids=repr,
)
def test_a_damaged_line_is_named(tmp_path: Path, damage: bytes) -> None:
    path = write(tmp_path, "a", "b", "c")
    lines = path.read_bytes().split(b"\n")
    lines[1] = damage
    path.write_bytes(b"\n".join(lines))
    with pytest.raises(RecordError) as caught:
        read_journal(tmp_path)
    assert str(caught.value).startswith(f"{path}:2: ")
    with pytest.raises(RecordError):
        Journal.reopen(tmp_path)
    assert path.read_bytes() == b"\n".join(lines)


@settings(deadline=None)
@given(line=st.binary())
def test_a_line_is_an_event_or_refused(line: bytes) -> None:
    try:
        event = parse_event(line)
    except ValueError:
        return
    assert isinstance(event, dict)


def test_a_missing_journal_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="cannot be read: No such file"):
        read_journal(tmp_path)


def test_a_journal_that_cannot_be_made_is_the_stations_fault(tmp_path: Path) -> None:
    with pytest.raises(StationError, match="cannot be made"):
        Journal.create(tmp_path / "absent")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_is_the_stations_fault(tmp_path: Path) -> None:
    (tmp_path / JOURNAL).symlink_to("/dev/full")
    journal = Journal.create(tmp_path)
    with pytest.raises(StationError, match="No space left") as caught:
        journal.append("x", {})
    assert caught.value.code == "DISK"
    journal.close()


@contextmanager
def disk_of(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond a size, in bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_an_event_that_found_no_room_is_not_half_there(tmp_path: Path) -> None:
    """A disk takes the part of a line that still fits, and only then says that it is full."""
    journal = Journal.create(tmp_path)
    journal.append("note", {"text": "first"})
    size = (tmp_path / JOURNAL).stat().st_size
    with disk_of(size + 20), pytest.raises(StationError):
        journal.append("note", {"text": "lost"})
    assert (tmp_path / JOURNAL).stat().st_size == size
    journal.append("note", {"text": "second"})
    journal.close()
    assert [(e["n"], e["text"]) for e in read_journal(tmp_path)] == [(1, "first"), (2, "second")]
