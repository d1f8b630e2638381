"""As found, action taken, as left: what the front page tells, and the section behind it."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ledcal.calibration.as_found import AsFound
from ledcal.calibration.errors import RecordError
from ledcal.calibration.outcome import Verdict
from ledcal.calibration.record import Record
from ledcal.calibration.record_reader import read_record
from ledcal.reports.certificate import certificate_html
from ledcal.reports.stages import stages
from ledcal.reports.verification import verification

SHA256 = "5a" * 32
Events = list[dict[str, Any]]


@pytest.fixture
def recalibrated(recalibrated_events: Events) -> Record:
    return read_record(recalibrated_events)


def said(record: Record) -> str:
    source = certificate_html(record, record_sha256=SHA256)
    return " ".join(re.sub(r"<[^>]*>", " ", source).replace("&nbsp;", " ").split())


def test_the_front_tells_as_found_action_and_as_left(recalibrated: Record) -> None:
    found, action, left = stages(recalibrated, verification(recalibrated))
    assert (found.verdict, found.word, found.out) == ("FAIL", "Out of tolerance", True)
    assert found.remark.startswith("8 of 10 points PASS, on 5 channels; worst −14")
    assert "limits ±10 %. Treatments before this calibration" in found.remark
    assert action.word == "Adjusted"
    assert (left.verdict, left.word) == ("PASS", "In tolerance")
    assert left.remark.startswith("15 of 15 points PASS, on 5 channels; worst ")
    front, _, behind = said(recalibrated).partition("Laboratory, customer and item")
    assert found.remark in front
    assert left.remark in front
    assert "asked through the calibration that it came with (sequence 3, SHA-256 c8c8" in behind


def test_as_found_decides_nothing_and_is_no_result_of_the_run(
    recalibrated: Record, complete: Record
) -> None:
    timeless = [replace(m, at="") for m in recalibrated.measured]
    assert timeless == [replace(m, at="") for m in complete.measured]
    assert len(recalibrated.measured_as_found) == 10
    assert recalibrated.outcome == "PASS"
    assert "Calibration certificate" in said(recalibrated)


def test_every_result_as_found_has_its_budget(recalibrated: Record) -> None:
    source = certificate_html(recalibrated, record_sha256=SHA256)
    results = [*recalibrated.measured, *recalibrated.measured_as_found]
    assert source.count('<tbody id="budget-') == sum(bool(m.components) for m in results)


def with_found(record: Record, **changed: Any) -> Record:
    assert record.as_found is not None
    return replace(record, as_found=replace(record.as_found, **changed))


def nothing_measured(record: Record) -> Record:
    found = AsFound(
        verdict=None, reason="the panel carried no calibration", file_sha256="", sequence=0
    )
    return replace(record, as_found=found, measured_as_found=[])


def refused_in_part(record: Record) -> Record:
    return with_found(record, verdict=Verdict.INCONCLUSIVE, reason="channel 2 at 100 %: TEMP")


def broken_off(record: Record) -> Record:
    return replace(record, as_found=None)


def older(record: Record) -> Record:
    return replace(record, as_found=None, measured_as_found=[])


def of_a_proof(record: Record) -> Record:
    return replace(older(record), run=replace(record.run, proves="20260304T091200Z-X"))


def without_panel(record: Record) -> Record:
    return replace(older(record), panel=None)


@pytest.mark.parametrize(
    ("change", "word", "remark"),
    [
        (nothing_measured, "Not measured", "the panel carried no calibration"),
        (refused_in_part, "Not decided", "not measured: channel 2 at 100 %: TEMP"),
        (broken_off, "Not decided", "the run ended while it was measured"),
        (older, "Not measured", "loader says"),
        (of_a_proof, "Not measured", "this run proves an issued file as it is"),
        (without_panel, "Not measured", "the panel did not identify itself"),
    ],
)
def test_what_was_not_measured_is_said_with_the_reason(
    recalibrated: Record, change: Callable[[Record], Record], word: str, remark: str
) -> None:
    changed = change(recalibrated)
    stage = stages(changed, [])[0]
    assert stage.word == word
    assert remark in stage.remark
    assert remark in said(changed)
    assert not stage.out


@pytest.mark.parametrize(
    ("state", "word"),
    [("loaded", "Adjusted"), ("written", "Not adjusted"), ("erased", "Erased")],
)
def test_the_action_is_what_became_of_the_file(
    recalibrated: Record, state: str, word: str
) -> None:
    assert recalibrated.calibration_file is not None
    changed = replace(
        recalibrated, calibration_file=replace(recalibrated.calibration_file, state=state)
    )
    assert stages(changed, [])[1].word == word
    # What was taken out again is nowhere called the calibration that the panel holds.
    assert ("the calibration it now holds" in said(changed)) == (state == "loaded")


def test_as_left_is_as_good_as_its_worst_point(recalibrated: Record) -> None:
    points = verification(recalibrated)
    points[3] = replace(points[3], verdict=Verdict.INCONCLUSIVE)
    assert stages(recalibrated, points)[2].word == "Not decided"
    points[7] = replace(points[7], verdict=Verdict.FAIL)
    assert stages(recalibrated, points)[2].word == "Out of tolerance"
    unlimited = [replace(p, lower=None, upper=None) for p in verification(recalibrated)]
    assert stages(recalibrated, unlimited)[2].word == "Not decided"
    assert stages(recalibrated, [])[2].word == "Not verified"


def test_an_older_record_reads_and_has_a_page(record: Record) -> None:
    assert record.as_found is None
    assert record.measured_as_found == []
    assert "Customer internal release no customer is named" in said(record)
    assert "Method not recorded" in said(record)


@pytest.mark.parametrize("event", ["as_found", "measured_as_found"])
def test_a_verdict_that_is_none_is_refused(recalibrated_events: Events, event: str) -> None:
    broken = next(e for e in recalibrated_events if e["event"] == event)
    broken["verdict"] = "GOOD"
    with pytest.raises(RecordError, match=rf"event \d+ \({event}\): verdict is 'GOOD'"):
        read_record(recalibrated_events)


def test_who_whose_and_by_what_method(recalibrated: Record) -> None:
    words = said(recalibrated)
    for text in (
        "Laboratory of Light Long Lane 9, 89081 Ulm, DE",
        "Customer Park Clinic",
        "Condition on receipt no damage seen date of receipt: 2026-03-02",
        "Method ledcal panel calibration, revision 2 SHA-256 of the procedure’s files: 6b6b",
    ):
        assert text in words
    assert "no customer is named" not in words
