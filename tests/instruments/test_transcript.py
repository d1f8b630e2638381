"""The transcript loses nothing."""

import json
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledcal.instruments.transcript import Transcript


def _octets(line: str) -> bytes:
    text: str = json.loads(line)["data"]
    return text.encode("ascii").decode("unicode_escape").encode("latin-1")


@given(messages=st.lists(st.binary(max_size=40), max_size=5))
def test_every_byte_comes_back(
    messages: list[bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("transcript") / "t.jsonl"
    transcript = Transcript(path)
    for message in messages:
        transcript.record("panel", "out", message)
    transcript.close()
    assert [_octets(line) for line in path.read_text("ascii").splitlines()] == messages


def test_line_has_time_instrument_and_direction(tmp_path: Path) -> None:
    transcript = Transcript(tmp_path / "t.jsonl")
    before = datetime.now(UTC)
    transcript.record("power meter", "in", b"\x06OK\n")
    # Read before it is closed: each line is handed over at once.
    entry = json.loads((tmp_path / "t.jsonl").read_text("ascii"))
    transcript.close()
    assert before <= datetime.fromisoformat(entry.pop("at")) <= datetime.now(UTC)
    assert entry == {"instrument": "power meter", "dir": "in", "data": "\\x06OK\\n"}


def test_it_is_only_ever_appended_to(tmp_path: Path) -> None:
    for message in (b"first", b"second"):
        transcript = Transcript(tmp_path / "t.jsonl")
        transcript.record("panel", "out", message)
        transcript.close()
    lines = (tmp_path / "t.jsonl").read_text("ascii").splitlines()
    assert [_octets(line) for line in lines] == [b"first", b"second"]


def test_threads_do_not_tear_lines(tmp_path: Path) -> None:
    transcript = Transcript(tmp_path / "t.jsonl")

    def write() -> None:
        for _ in range(100):
            transcript.record("panel", "out", b"x" * 200)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    transcript.close()
    lines = (tmp_path / "t.jsonl").read_text("ascii").splitlines()
    assert [_octets(line) for line in lines] == [b"x" * 200] * 400
