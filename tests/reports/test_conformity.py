from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledcal.calibration.outcome import Verdict
from ledcal.calibration.record import Measured, Record
from ledcal.reports.conformity import (
    coverage,
    degrees,
    effective_degrees,
    judged,
    probability,
    risk_words,
    statement,
)
from ledcal.reports.verification import verification


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


def test_without_limits_only_a_failure_counts(point: Measured) -> None:
    free = replace(point, lower=None, upper=None)
    assert not judged(free)
    assert judged(replace(free, verdict=Verdict.FAIL))
    assert judged(replace(free, upper=16.5))


def test_the_coverage_factor_is_read_from_the_results(point: Measured) -> None:
    assert coverage([]) == ""
    assert coverage([point, replace(point, k=2.000000006)]) == "2"
    assert coverage([point]) == "2"
    assert coverage([point, replace(point, k=2.13)]) == ""


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (1.0, "> 99.9"),
        (0.99901, "> 99.9"),
        (0.999, "99.9"),
        (0.8845, "88.4"),
        (0.5, "50.0"),
        (0.001, "0.1"),
        (0.000999, "< 0.1"),
        (0.0, "< 0.1"),
    ],
)
def test_a_probability_in_print(value: float | None, shown: str) -> None:
    assert probability(value) == shown


@given(st.floats(0.0, 1.0))
def test_no_probability_reads_as_certain(value: float) -> None:
    shown = probability(value)
    if shown.startswith((">", "<")):
        assert not 0.001 <= value <= 0.999
    else:
        assert abs(float(shown) - 100 * value) <= 0.0501


@pytest.mark.parametrize(
    ("dof", "shown"),
    [(None, "∞"), (4.0, "4"), (2.0258, "2.03"), (1000.0, "1000"), (4.4e8, "> 1000")],
)
def test_degrees_of_freedom_in_print(dof: float | None, shown: str) -> None:
    assert degrees(dof) == shown


def test_an_old_record_tells_nothing_of_degrees_of_freedom(
    record: Record, complete: Record
) -> None:
    assert effective_degrees(record.measured[0]) == "–"
    assert effective_degrees(complete.measured[0]) == "∞"


def test_only_a_non_binary_rule_has_words_of_its_own(point: Measured) -> None:
    open_point = replace(point, verdict=Verdict.INCONCLUSIVE, statement="conditional pass")
    assert statement(replace(open_point, rule_kind="non-binary")) == "conditional pass"
    assert statement(replace(open_point, rule_kind="guard band")) == ""
    assert statement(replace(open_point, rule_kind="non-binary", verdict=Verdict.PASS)) == ""
    assert statement(replace(open_point, rule_kind="non-binary", statement=None)) == ""


def test_ratio_and_risk_are_said_once_for_all(point: Measured) -> None:
    first = replace(point, tur=3.71, specific_risk=1e-9)
    second = replace(point, tur=5.2, specific_risk=0.0231)
    assert risk_words([point]) == ""
    assert risk_words([first]) == (
        "Test uncertainty ratio (TUR) 3.7; specific risk of a wrong verdict at most 0.1 %."
    )
    assert risk_words([first, second, point]) == (
        "Test uncertainty ratio (TUR) 3.7 to 5.2; specific risk of a wrong verdict at most 2.4 %."
    )
