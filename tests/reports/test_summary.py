from dataclasses import replace

from ledcal.calibration.outcome import Verdict
from ledcal.calibration.record import Record
from ledcal.reports.summary import key_figures
from ledcal.reports.verification import verification


def test_the_figures_are_those_of_the_worst_points(record: Record) -> None:
    points = verification(record)
    points[4] = replace(points[4], value=0.93 * (points[4].nominal or 0.0), verdict=Verdict.FAIL)
    points[9] = replace(points[9], expanded_uncertainty=0.061 * (points[9].nominal or 0.0))
    passed, deviation, uncertainty = key_figures(points)
    assert (passed.figure, passed.remark) == ("14 of 15", "points PASS, on 5 channels")
    assert (deviation.figure, deviation.remark) == ("−7.0 %", "channel 2 at 50 %; limits ±10 %")
    assert uncertainty.figure == "6.1 %"
    assert uncertainty.remark == "U, k = 2, channel 4 at 25 %"


def test_nothing_verified_has_no_figures() -> None:
    assert key_figures([]) == []
