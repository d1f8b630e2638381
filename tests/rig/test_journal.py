import json
import os
import resource
import tempfile
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
from ledcal.rig.journal import (
    JOURNAL,
    ROOM,
    ROOM_BYTES,
    Journal,
    local_file,
    parse_event,
    read_journal,
    take_in_local_file,
)

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


@pytest.fixture
def local(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where local files of a refused journal go."""
    folder = tmp_path_factory.mktemp("local")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_is_the_stations_fault(tmp_path: Path, local: Path) -> None:
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


def test_an_event_that_found_no_room_is_not_half_there(tmp_path: Path, local: Path) -> None:
    """A disk takes the part of a line that still fits, and only then says that it is full."""
    journal = Journal.create(tmp_path)
    journal.append("note", {"text": "first"})
    size = (tmp_path / JOURNAL).stat().st_size
    with disk_of(size + 20), pytest.raises(StationError):
        journal.append("run_finished", {"text": "PASS" * 20})
    assert (tmp_path / JOURNAL).stat().st_size == size
    journal.append("run_finished", {"text": "STATION"})
    journal.close()
    events = read_journal(tmp_path)
    assert [(e["n"], e["text"]) for e in events] == [(1, "first"), (2, "STATION")]
    assert not list(local.iterdir())


def test_what_a_folder_refuses_goes_to_a_local_file_and_back(tmp_path: Path, local: Path) -> None:
    """A share that is gone takes nothing, but for the moment it is the bytes that count."""
    share = tmp_path / "runs"
    share.mkdir()
    journal = Journal.create(share)
    journal.append("note", {"text": "first"})
    share.rename(tmp_path / "gone")
    with pytest.raises(StationError, match="No such file"):
        journal.append("note", {"text": "second"})
    journal.append("run_finished", {"text": "end"})
    journal.close()
    (tmp_path / "gone").rename(share)
    assert len(read_journal(share)) == 1
    assert local_file(share).stat().st_mode & 0o077 == 0
    take_in_local_file(share)
    assert [event["text"] for event in read_journal(share)] == ["first", "second", "end"]
    assert not list(local.iterdir())
    take_in_local_file(share)


def test_another_journal_in_the_place_of_this_one_is_no_place_to_write(
    tmp_path: Path, local: Path
) -> None:
    journal = Journal.create(tmp_path)
    (tmp_path / JOURNAL).unlink()
    (tmp_path / JOURNAL).write_text("somebody else's\n")
    with pytest.raises(StationError):
        journal.append("note", {})
    journal.close()
    assert (tmp_path / JOURNAL).read_text() == "somebody else's\n"


def test_room_is_kept_for_the_end_and_given_up_with_it(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path)
    assert (tmp_path / ROOM).stat().st_size == ROOM_BYTES
    journal.close()
    assert [path.name for path in tmp_path.iterdir()] == [JOURNAL]


@pytest.mark.parametrize(
    ("call", "kept"), [("fdatasync", ["first", "second"]), ("write", ["second"])]
)
def test_an_interrupt_in_the_middle_of_an_event_leaves_the_numbers_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, kept: list[str]
) -> None:
    """A signal that ends a run may come between a line's last byte and its number, or in it."""

    def interrupted(fd: int, line: bytes = b"") -> int:
        if line:
            os.pwrite(fd, line[: len(line) // 2], 0)
        raise KeyboardInterrupt

    journal = Journal.create(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(os, call, interrupted)
        with pytest.raises(KeyboardInterrupt):
            journal.append("first", {})
    journal.append("second", {})
    journal.close()
    assert [event["event"] for event in read_journal(tmp_path)] == kept
