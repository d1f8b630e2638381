from dataclasses import replace
from typing import Any

import pytest

from ledcal.calibration.record import Measured, Record
from ledcal.reports.result_budgets import ResultBudget, result_budgets
from ledcal.reports.verification import verification


def of(result: Measured) -> ResultBudget:
    (only,) = result_budgets([result], {result.rule: "b"})
    return only


@pytest.fixture
def point(complete: Record) -> Measured:
    """6 mW/cm2 asked of channel 1."""
    return verification(complete)[2]


def test_a_budget_states_all_that_is_said_of_its_result(point: Measured) -> None:
    budget = of(point)
    assert (budget.channel, budget.measurand, budget.step) == (1, "Irradiance", "verify")
    assert (budget.value, budget.expanded_uncertainty, budget.unit) == ("5.99", "0.15", "mW/cm²")
    facts = dict(budget.facts)
    assert facts["u"] == "0.077 mW/cm²"
    assert (facts["k"], facts["ν"], facts["rule"]) == ("2", "∞", "b")
    assert facts["p<sub>c</sub>"] == "> 99.9 %"
    assert (facts["risk"], facts["TUR"]) == ("< 0.1 %", "3.9")
    assert "200 000 trials (seed 17)" in budget.check
    assert budget.check.endswith("validated")


def test_the_largest_contribution_comes_first_and_all_shares_make_the_whole(
    point: Measured,
) -> None:
    rows = of(point).rows
    assert rows[0].name == "power meter certificate"
    shares = [float(row.share) for row in rows]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(100.0, abs=0.3)


def test_a_contribution_is_in_the_unit_of_the_result(point: Measured) -> None:
    part: dict[str, Any] = {
        "name": "aperture area",
        "value": 70.908,
        "u_input": 0.142,
        "sensitivity": -0.21142692,
        "u": 0.030022623,
        "dof": 12.5,
        "evaluation": "B",
        "distribution": "rectangular",
        "common": True,
        "source": "certificate",
    }
    (row,) = of(replace(point, components=[part])).rows
    assert (row.value, row.u_input, row.sensitivity, row.u) == (
        "70.91",
        "0.14",
        "−0.0211",
        "0.0030",
    )
    assert (row.dof, row.evaluation, row.shared) == ("12.5", "B, rectangular", "yes")


def test_the_modes_of_one_certificate_are_one_row(point: Measured) -> None:
    part = {"evaluation": "B", "common": True, "source": "c", "dof": None, "u_input": 1.0}
    modes = [
        part | {"name": f"meter [{mode}]", "u": u, "sensitivity": u}
        for mode, u in ((1, 0.3), (2, 0.4))
    ]
    other = part | {"name": "meter [1]", "u": 0.1, "sensitivity": 0.1, "source": "another"}
    rows = of(replace(point, components=[*modes, other])).rows
    assert [(row.name, row.u, row.sensitivity) for row in rows] == [
        ("meter, 2 modes", "0.050", "–"),
        ("meter [1]", "0.010", "0.0100"),
    ]


def test_inputs_of_one_kind_are_one_row(point: Measured) -> None:
    part = {"name": "scatter", "evaluation": "A", "common": False, "source": "fit"}
    twins = [part | {"u": 0.3, "dof": 24.1}, part | {"u": 0.4, "dof": 26.0}]
    (row,) = of(replace(point, components=twins)).rows
    assert (row.name, row.u, row.dof) == ("scatter, 2 inputs", "0.050", "–")


def test_a_budget_of_an_old_record_leaves_open_what_it_lacks(record: Record) -> None:
    budget = of(verification(record)[0])
    assert [label for label, _ in budget.facts] == ["u", "k", "ν", "rule"]
    assert dict(budget.facts)["ν"] == "–"
    assert budget.check == ""
    first = budget.rows[0]
    assert (first.value, first.u_input, first.sensitivity, first.dof) == ("–", "–", "–", "–")
    assert first.evaluation == "B"


def test_what_contributes_little_or_nothing_is_told_apart(point: Measured) -> None:
    part = {"evaluation": "A", "common": False, "source": "readings", "dof": 4.0}
    small = part | {"name": "zero", "u": 1e-6 * point.u, "u_input": 0.0, "value": 1.5}
    none = part | {"name": "tilt", "u": 0.0, "value": 2.0}
    rows = of(replace(point, components=[none, small])).rows
    assert [(row.name, row.share) for row in rows] == [("zero", "< 0.1"), ("tilt", "0")]
    assert [(row.value, row.u_input) for row in rows] == [("1.5", "0"), ("2", "–")]


def test_a_result_without_uncertainty_shares_nothing(point: Measured) -> None:
    exact = replace(point, u=0.0, expanded_uncertainty=0.0)
    assert {row.share for row in of(exact).rows} == {"–"}


def test_budgets_are_numbered_in_order(complete: Record) -> None:
    points = verification(complete)
    budgets = result_budgets(points, {points[0].rule: "a"})
    assert [budget.number for budget in budgets] == list(range(1, 16))
