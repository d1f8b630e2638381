from dataclasses import replace

import pytest

from ledcal.calibration.record import Measured, Record
from ledcal.reports.results import channel_names, result_row, rule_letters
from ledcal.reports.verification import verification, verification_row


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


@pytest.mark.parametrize(
    ("lower", "upper", "shown"),
    [
        (13.5, 16.5, "1.35 … 1.65"),
        (None, 16.5, "≤ 1.65"),
        (13.5, None, "≥ 1.35"),
        (None, None, "none"),
        (-2.0, 2.0, "±0.2"),
        (-2.0, 2.5, "−0.2 … 0.25"),
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


def test_channels_are_named_by_their_spectrum(record: Record) -> None:
    assert channel_names(record) == {
        1: "630 nm",
        2: "660 nm",
        3: "810 nm",
        4: "830 nm",
        5: "850 nm",
    }
    assert channel_names(replace(record, spectra=[]))[1] == ""


def test_each_rule_has_a_letter_of_its_own(point: Measured) -> None:
    other = replace(point, rule="simple acceptance")
    rules = rule_letters([point, other, point])
    assert list(rules.values()) == ["a", "b"]
    assert result_row(other, rules).rule == "b"


def test_a_result_states_k_probability_and_its_budget(complete: Record) -> None:
    result = verification(complete)[0]
    row = result_row(result, {result.rule: "a"}, budget=7)
    assert (row.k, row.probability, row.budget, row.statement) == ("2", "> 99.9", 7, "")
