from dataclasses import replace

import pytest

from ledcal.calibration.outcome import Verdict
from ledcal.calibration.record import Measured, Record
from ledcal.reports.results import (
    channel_names,
    coverage,
    judged,
    result_row,
    rule_letters,
    verification,
    verification_row,
    verification_rows,
)


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
    rows = verification_rows(verification(record))
    assert {len(row.measured.split(".")[-1]) for row in rows} == {3}
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


@pytest.mark.parametrize(
    ("lower", "upper", "shown"),
    [
        (13.5, 16.5, "1.35 … 1.65"),
        (None, 16.5, "≤ 1.65"),
        (13.5, None, "≥ 1.35"),
        (None, None, "none"),
        (-2.0, 2.0, "−0.2 … 0.2"),
    ],
)
def test_limits_in_print(
    point: Measured, lower: float | None, upper: float | None, shown: str
) -> None:
    assert result_row(replace(point, lower=lower, upper=upper), {point.rule: "a"}).limits == shown


def test_simple_acceptance_shows_the_same_limits_twice(point: Measured) -> None:
    plain = replace(point, acceptance_lower=point.lower, acceptance_upper=point.upper)
    assert result_row(plain, {point.rule: "a"}).acceptance == "1.35 … 1.65"
    assert verification_row(plain).acceptance == "±10"


def test_without_limits_only_a_failure_counts(point: Measured) -> None:
    free = replace(point, lower=None, upper=None)
    assert not judged(free)
    assert judged(replace(free, verdict=Verdict.FAIL))
    assert judged(replace(free, upper=16.5))


def test_channels_are_named_by_their_spectrum(record: Record) -> None:
    assert channel_names(record) == {
        1: "630 nm",
        2: "660 nm",
        3: "810 nm",
        4: "830 nm",
        5: "850 nm",
    }
    assert channel_names(replace(record, spectra=[]))[1] == ""


def test_the_coverage_factor_is_read_from_the_results(point: Measured) -> None:
    assert coverage([point]) == "k = 2"
    assert coverage([point, replace(point, k=2.13)]) == "k = 2 or 2.13"


def test_each_rule_has_a_letter_of_its_own(point: Measured) -> None:
    other = replace(point, rule="simple acceptance")
    rules = rule_letters([point, other, point])
    assert list(rules.values()) == ["a", "b"]
    assert result_row(other, rules).rule == "b"
