from dataclasses import replace

import pytest

from ledcal.calibration.outcome import Verdict
from ledcal.calibration.record import Measured, Record
from ledcal.reports.verification import verification, verification_row, verification_rows


@pytest.fixture
def point(record: Record) -> Measured:
    """15.0 W/m2 asked for, 15.3 W/m2 measured."""
    return replace(
        verification(record)[0],
        value=15.3,
        u=0.2,
        expanded_uncertainty=0.4,
        acceptance_lower=13.9,
        acceptance_upper=16.1,
    )


def test_a_point_of_the_verification_as_printed(point: Measured) -> None:
    row = verification_row(point)
    assert (row.asked, row.measured, row.expanded_uncertainty) == ("1.5", "1.530", "0.040")
    assert (row.deviation, row.u_rel) == ("+2.0", "2.7")
    assert (row.limits, row.acceptance) == ("±10", "±7.3")
    assert (row.share, row.board, row.verdict) == ("25", "39.1", Verdict.PASS)


def test_the_columns_of_the_verification_line_up(record: Record) -> None:
    points = verification(record)
    rows = verification_rows(points, range(1, 1 + len(points)))
    assert {len(row.measured.split(".")[-1]) for row in rows} == {3}
    assert [row.budget for row in rows] == list(range(1, 16))
    assert [row.channel for row in rows] == sorted(row.channel for row in rows)


def test_only_what_was_asked_in_irradiance_is_verification(
    record: Record, point: Measured
) -> None:
    others = [
        replace(point, step="irradiance"),
        replace(point, measurand="centroid"),
        replace(point, channel=None),
        replace(point, nominal=None),
        replace(point, unit="nm"),
    ]
    for other in others:
        assert verification(replace(record, measured=[other])) == []
    with pytest.raises(ValueError, match="no channel or no request"):
        verification_row(others[2])


def test_a_point_of_an_old_record_has_no_probability(record: Record, complete: Record) -> None:
    assert verification_row(verification(record)[0]).probability == "–"
    assert verification_row(verification(complete)[0]).probability == "> 99.9"
