import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from ledcal.calibration.outcome import Outcome
from ledcal.calibration.record import PanelIdentity
from ledcal.rig.closing import finished
from ledcal.rig.earlier_runs import (
    Change,
    cut_off_words,
    earlier_runs_of,
    require_reason,
    require_repeatable,
    rework_words,
    serial_of_head,
    tries_since_pass,
)
from ledcal.rig.errors import OnHold, RefusedInput
from ledcal.rig.journal import Journal
from ledcal.rig.run import RUNS, Request

StartRun = Callable[..., tuple[Path, Journal]]
SERIAL = "ABC-1"
REASON = [{"code": "X", "text": "y"}]
Ended = Callable[..., None]


@pytest.fixture
def ended(begin_run: StartRun, identity: PanelIdentity) -> Ended:
    """Keep a run of a day that ended so, with a panel of this head."""

    def make(day: int, outcome: Outcome, head: str | None = None, **request: str) -> None:
        run = f"2026010{day}T000000000Z-{SERIAL}"
        _, journal = begin_run(run, serial=SERIAL, **request)
        if head is not None:
            journal.append("panel", asdict(identity) | {"uid": head, "serial": SERIAL})
        reasons = [] if outcome is Outcome.PASS else REASON
        journal.append("run_finished", finished(outcome, reasons))
        journal.close()

    return make


def test_a_panel_seen_before_needs_a_reason_but_not_in_a_demonstration(
    ended: Ended, data_folder: Path
) -> None:
    runs = data_folder / RUNS
    require_reason(earlier_runs_of(runs, SERIAL), Request(serial=SERIAL), "PROD")
    ended(1, Outcome.SETUP)
    earlier = earlier_runs_of(runs, SERIAL)
    for mode in ("ENG", "PROD"):
        with pytest.raises(RefusedInput, match="this would be attempt 2") as caught:
            require_reason(earlier, Request(serial=SERIAL), mode)
        assert "SETUP X, reason: not recorded" in caught.value.text
        with pytest.raises(RefusedInput):
            require_reason(earlier, Request(serial=SERIAL, reason="  "), mode)
        require_reason(earlier, Request(serial=SERIAL, reason="retest"), mode)
    require_reason(earlier, Request(serial=SERIAL), "DEMO")


def test_only_judgements_since_the_last_pass_count(ended: Ended, data_folder: Path) -> None:
    outcomes = "FAIL PASS FAIL SETUP STATION ABORTED INCONCLUSIVE FAIL".split()
    for day, outcome in enumerate(outcomes, start=1):
        ended(day, Outcome(outcome))
    earlier = earlier_runs_of(data_folder / RUNS, SERIAL)
    assert tries_since_pass(earlier) == 3
    assert tries_since_pass(earlier[:-1]) == 2
    assert len(earlier_runs_of(data_folder / RUNS, SERIAL, before=earlier[2].name)) == 2
    asked = Request(serial=SERIAL, reason="retest")
    require_reason(earlier[:-1], asked, "PROD")
    with pytest.raises(RefusedInput, match="judged 3 times without a PASS") as caught:
        require_reason(earlier, asked, "PROD")
    assert caught.value.code == "ENGINEER"
    answered = Request(serial=SERIAL, reason="retest", engineer="E. Ross")
    require_reason(earlier, answered, "PROD")


def test_a_run_that_cannot_be_read_was_aborted(data_folder: Path) -> None:
    (data_folder / RUNS / f"20260101T000000000Z-{SERIAL}").mkdir(parents=True)
    (one,) = earlier_runs_of(data_folder / RUNS, SERIAL)
    assert (one.outcome, one.head) == (Outcome.ABORTED, None)
    assert "cannot be read" in one.words
    assert cut_off_words([one]) is None


def test_another_head_behind_a_serial_is_a_revision(
    ended: Ended, data_folder: Path, identity: PanelIdentity
) -> None:
    def words(uid: str) -> str | None:
        now = PanelIdentity(**(asdict(identity) | {"uid": uid, "serial": SERIAL}))
        return rework_words(earlier_runs_of(data_folder / RUNS, SERIAL), now, "new board")

    first, second = "0" * 32, "1" * 32
    assert words(first) is None
    ended(1, Outcome.PASS, first)
    ended(2, Outcome.SETUP)
    assert words(first) is None
    said = words(second)
    assert said is not None
    assert f"was {first} (run 20260101T000000000Z-{SERIAL}), now it is {second}" in said
    assert "revision 2" in said
    assert "new board" in said
    ended(3, Outcome.PASS, second)
    # The old head again: no third revision, but not the one of yesterday either.
    again = words(first)
    assert again is not None
    assert "revision 2" in again


def test_a_killed_run_is_told_by_its_step(
    begin_run: StartRun, data_folder: Path, ended: Ended
) -> None:
    _, journal = begin_run(f"20260101T000000000Z-{SERIAL}", serial=SERIAL)
    journal.append("step_started", {"step": "warm_up"})
    journal.close()
    words = cut_off_words(earlier_runs_of(data_folder / RUNS, SERIAL))
    assert words is not None
    assert "was cut off in step warm_up; it had loaded nothing" in words
    ended(2, Outcome.SETUP)
    assert cut_off_words(earlier_runs_of(data_folder / RUNS, SERIAL)) is None


def test_a_head_is_found_under_its_other_serial(ended: Ended, data_folder: Path) -> None:
    ended(1, Outcome.PASS, "a" * 32)
    runs = data_folder / RUNS
    (runs / "20260102T000000000Z-DAMAGED").mkdir()
    (runs / "20260102T000000000Z-DAMAGED" / "journal.jsonl").write_bytes(b"{\n\xff\n")
    assert serial_of_head(runs, "a" * 32, SERIAL) is None
    assert serial_of_head(runs, "b" * 32, "OTHER") is None
    found = serial_of_head(runs, "a" * 32, "OTHER")
    assert found == f"panel {SERIAL} by run 20260101T000000000Z-{SERIAL}"


@pytest.mark.parametrize(("change_rel", "held"), [(0.029, False), (-0.031, True), (0.04, True)])
def test_a_change_beyond_the_limit_is_held_for_an_engineer(change_rel: float, held: bool) -> None:
    change = Change(run="r", channel=2, change_rel=change_rel, drive=0.5)
    if held:
        with pytest.raises(OnHold, match="nothing was loaded") as caught:
            require_repeatable(change, 0.03, "not recorded")
        assert (caught.value.code, caught.value.outcome) == ("HOLD", Outcome.INCONCLUSIVE)
        assert "released by engineer E. Ross" in require_repeatable(change, 0.03, "E. Ross")
    else:
        assert json.dumps(require_repeatable(change, 0.03, "not recorded"))


def test_what_is_no_number_is_held() -> None:
    change: Any = Change(run="r", channel=2, change_rel=float("nan"), drive=0.5)
    with pytest.raises(OnHold):
        require_repeatable(change, 0.03, "not recorded")
