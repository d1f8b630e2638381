from dataclasses import replace

from ledcal.calibration.record import Record
from ledcal.reports.monte_carlo import check_words
from ledcal.reports.verification import verification


def test_what_was_checked_is_said_by_share_and_channel(complete: Record) -> None:
    assert check_words(verification(complete)) == (
        "5 of 15 points (channels 1, 2, 3, 4, 5 at 100 %), 200 000 trials each: validated"
    )


def test_an_interval_that_does_not_hold_is_named(complete: Record) -> None:
    points = verification(complete)
    checked = [m for m in points if m.monte_carlo]
    refuted = replace(
        checked[0], monte_carlo=(checked[0].monte_carlo or {}) | {"validated": False}
    )
    words = "2 of 2 points, 200 000 trials each: not validated (channel 1 at 100 %)"
    assert check_words([refuted, checked[1]]) == f"{words}; the others validated"
    assert check_words([refuted]).endswith("each: not validated (channel 1 at 100 %)")


def test_without_a_check_nothing_is_said(record: Record) -> None:
    assert check_words(verification(record)) == ""
