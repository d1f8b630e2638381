"""The scorer of the check-list can fail: what is taken away is absent."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ledcal.rig.closing import CERTIFICATE, close_run
from ledcal.rig.keys import engineering_key
from tests.audit.__main__ import all_scores, rows
from tests.audit.evidence import Evidence
from tests.audit.item import ITEMS, Item, need, score
from tests.reports.conftest import complete_events

__all__ = ["complete_events"]

Events = list[dict[str, Any]]


@pytest.fixture
def run(complete_events: Events, tmp_path: Path) -> Path:
    """A closed run with a whole certificate, without light, and the page of one that failed."""
    data = tmp_path / "kept"
    key = engineering_key(data)
    began = complete_events[0]
    budget = next(one["components"] for one in complete_events if one.get("components"))
    for one in complete_events:
        if one["event"] == "measured":
            one["components"] = one["components"] or budget
    folder = data
    for number, outcome in enumerate(("FAIL", "PASS")):
        events = json.loads(json.dumps(complete_events))
        events[0]["run"] = began["run"] if number else f"20260101T000000000Z-{began['serial']}"
        events[-1] |= {
            "outcome": outcome,
            "reasons": [] if number else [{"code": "X", "text": "y"}],
        }
        folder = data / "runs" / events[0]["run"]
        folder.mkdir(parents=True)
        (folder / "journal.jsonl").write_text("".join(json.dumps(e) + "\n" for e in events))
        for one in events:
            if one["event"] == "instrument":
                (folder / f"certificate-{one['role']}.toml").write_text("")
        close_run(folder, key)
    return folder


def judged(
    run: Path,
    scratch: Path,
    number: int,
    page: str,
    change: Callable[[Events], None] | None = None,
) -> tuple[bool, str]:
    scratch.mkdir()
    evidence = Evidence(run, scratch, page)
    if change is not None:
        change(evidence.events)
    found = score(ITEMS[number], evidence)
    return found.present, found.text


def without(pattern: str) -> Callable[[str], str]:
    return lambda page: re.sub(pattern, "", page)


PAGES: dict[int, Callable[[str], str]] = {
    4: without(r"internal release|[Nn]o customer"),
    7: without(r"\+00:00"),
    8: without(r"<th[^>]*>Unit</th>"),
    9: without(r"95 %|95&nbsp;%|95\u00a0%"),
    10: without(r"150[ \u00a0]mm"),
    11: without(r"[Tt]raceability"),
    13: without(r"ILAC-G8"),
    14: without(r"<strong[^>]*>PASS</strong>"),
    16: without(r"only to"),
    20: without(r"aria-label=\"[^\"]*\"|<title.*?</title>"),
}


def forget(kind: str, **fields: Any) -> Callable[[Events], None]:
    """Change fields of every event of a kind, or take the events out."""

    def change(events: Events) -> None:
        for one in [one for one in events if one["event"] == kind]:
            if fields:
                one.update(fields)
            else:
                events.remove(one)

    return change


EVENTS: list[tuple[int, Callable[[Events], None]]] = [
    (7, forget("measured", at="2026-03-04T09:12:00")),
    (8, forget("measured", unit="")),
    (9, forget("measured", components=[])),
    (9, forget("measured", expanded_uncertainty=float("nan"))),
    (10, forget("measured")),
    (11, forget("instrument", serial="QX-99999")),
    (11, forget("instrument")),
    (13, forget("measured", specific_risk=None)),
    (13, forget("measured", verdict="FAIL")),
    (14, forget("run_finished", outcome="FAIL")),
    (20, forget("curve")),
]


def test_what_is_taken_away_is_absent(run: Path, tmp_path: Path) -> None:
    page = (run / CERTIFICATE).read_text(encoding="utf-8")
    for number in {*PAGES, *(number for number, _ in EVENTS)}:
        present, words = judged(run, tmp_path / f"w{number}", number, page)
        assert present, (number, words)
    for number, mutate in PAGES.items():
        assert mutate(page) != page, number
        found, _ = judged(run, tmp_path / f"p{number}", number, mutate(page))
        assert not found, f"item {number} is called present on a page that lacks it"
    for place, (number, change) in enumerate(EVENTS):
        found, _ = judged(run, tmp_path / f"e{place}", number, page, change)
        assert not found, f"item {number} is called present in record {place} that lacks it"


class Nothing(Evidence):
    """A folder without a run, and a ledcal without a command."""

    def has_command(self, *words: str) -> bool:
        return False


def test_the_check_list_is_whole_and_a_check_that_breaks_is_absent() -> None:
    assert sorted(ITEMS) == list(range(1, 41))

    def broken(evidence: Evidence) -> str:
        raise KeyError("gone")

    def lacking(evidence: Evidence) -> str:
        need([], "there is nothing")
        return "nowhere"

    evidence = Nothing.__new__(Nothing)
    assert not score(Item(1, "x", "y", broken), evidence).present
    assert score(Item(1, "x", "y", lacking), evidence).text == "there is nothing"
    # Without anything to look at, nothing is present.
    scores = all_scores(evidence)
    assert [one.item.number for one in scores if one.present] in ([], [37])
    assert {row[2] for row in rows(scores)} <= {"ABSENT", "PRESENT"}


def test_what_is_no_run_is_not_copied(tmp_path: Path) -> None:
    (tmp_path / "seal.json").touch()
    for place in (tmp_path, tmp_path / "gone"):
        with pytest.raises(ValueError, match="is no folder of a closed run"):
            Evidence(place, tmp_path / "scratch")
    assert not (tmp_path / "scratch").exists()
