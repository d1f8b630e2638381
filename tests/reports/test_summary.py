from dataclasses import replace

from ledcal.calibration.outcome import Verdict
from ledcal.calibration.record import Record
from ledcal.reports.summary import key_figures
from ledcal.reports.verification import verification


def test_the_figures_are_those_of_the_worst_points(record: Record) -> None:
    points = verification(record)
    points[4] = replace(points[4], value=0.93 * (points[4].nominal or 0.0), verdict=Verdict.FAIL)
    points[9] = replace(points[9], expanded_uncertainty=0.061 * (points[9].nominal or 0.0))
    deviation, uncertainty = key_figures(points)
    assert deviation.figure == "−7.0 %"
    assert deviation.remark.startswith("channel 2 at 50 %; limits ±10 %, accepted ±")
    assert uncertainty.figure == "6.1 %"
    assert uncertainty.remark == "U, k = 2, channel 4 at 25 %"


def test_the_smallest_tur_counts_with_the_largest_risk(complete: Record) -> None:
    points = verification(complete)
    points[2] = replace(points[2], tur=2.2, specific_risk=0.0141)
    ratio = key_figures(points)[2]
    assert ratio.figure == "2.2"
    assert ratio.remark == "smallest TUR; risk of a wrong verdict ≤ 1.5 %"


def test_nothing_verified_has_no_figures() -> None:
    assert key_figures([]) == []
