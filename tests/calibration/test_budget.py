"""Budgets: the second implementation agrees with the first, and the rows add up."""

import math
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledcal.calibration.budget import budget, recorded_estimate
from ledcal.calibration.estimate import Component, Estimate
from ledcal.calibration.outcome import Verdict
from ledcal.calibration.record import Measured

parts = st.lists(
    st.tuples(st.floats(1e-3, 1e3), st.floats(0.01, 10), st.sampled_from([1, 4, 9.5, math.inf])),
    min_size=1,
    max_size=6,
)


def _component(name: str, u: float, sensitivity: float = 1.0, dof: float = math.inf) -> Component:
    return Component(
        name=name,
        u_input=u,
        sensitivity=sensitivity,
        dof=dof,
        evaluation="B",
        common="[" in name,
        source="C-1",
    )


@given(parts)
@settings(deadline=None, max_examples=50)
def test_gtc_and_the_estimate_agree(figures: list[tuple[float, float, float]]) -> None:
    components = tuple(_component(f"x{n}", *of) for n, of in enumerate(figures))
    estimate = Estimate(value=3.0, unit="W/m2", components=components)
    found = budget(estimate)
    assert found.u == pytest.approx(estimate.u, rel=1e-9)
    if estimate.dof < 1e5:
        assert found.dof == pytest.approx(estimate.dof, rel=1e-6)
    # Both are rounded to 0.01, once in a while to either side.
    assert found.coverage_factor == pytest.approx(estimate.coverage_factor, abs=0.0101)
    if estimate.u > 0:
        assert sum(row.share for row in found.rows) == pytest.approx(1.0)
        assert math.hypot(*(row.contribution for row in found.rows)) == pytest.approx(found.u)


def test_gum_h1_has_its_degrees_of_freedom_and_coverage_factor() -> None:
    # JCGM 100:2008 H.1.6: u 32 nm, veff 16, U99 = 2.92 · 32 nm = 93 nm; not rounded, 92 nm.
    components = (
        _component("standard", 25.0, 1.0, 18.0),
        _component("difference", 9.7, 1.0, 25.6),
        _component("expansion", 2.9, 1.0, 50.0),
        _component("temperature", 16.6, 1.0, 2.0),
    )
    found = budget(Estimate(value=50_000_838.0, unit="nm", components=components), 0.99)
    assert found.u == pytest.approx(31.7, abs=0.05)
    assert int(found.dof) == 16
    assert found.expanded_uncertainty == pytest.approx(92, abs=0.6)


def test_the_modes_of_a_certificate_are_one_row_and_the_largest_is_first() -> None:
    components = (
        _component("area", 0.5),
        _component("meter certificate [1]", 1.0, 3.0),
        _component("meter certificate [2]", 1.0, -4.0),
    )
    found = budget(Estimate(value=1.0, unit="1", components=components))
    assert [row.component for row in found.rows] == ["meter certificate", "area"]
    assert found.rows[0].contribution == 5.0
    assert (found.rows[0].u_input, found.rows[0].sensitivity) == (1.0, 5.0)
    assert found.rows[1].value is None


def test_without_inputs_there_is_no_uncertainty() -> None:
    found = budget(Estimate(value=1.0, unit="1", components=()))
    assert not found.rows
    assert found.u == 0.0
    assert found.coverage_factor == 2.0


def _recorded(estimate: Estimate, parts: list[dict[str, Any]]) -> Measured:
    return Measured(
        step="verify", measurand="irradiance", channel=1, where={}, value=estimate.value,
        u=estimate.u, k=estimate.coverage_factor, unit=estimate.unit,
        expanded_uncertainty=estimate.expanded_uncertainty, nominal=None, lower=None, upper=None,
        acceptance_lower=None, acceptance_upper=None, rule="", verdict=Verdict.PASS,
        components=parts, at="2026-03-01T12:00:00Z",
    )  # fmt: skip


def test_a_recorded_result_is_computed_again_to_the_same_digits() -> None:
    components = (
        _component("area", 0.5, -1.7, 6.0),
        _component("zero", 0.25),
    )
    estimate = Estimate(value=3.0, unit="W/m2", components=components)
    parts = [asdict(one) | {"u": one.u} for one in components]
    for part in parts:
        part["dof"] = None if math.isinf(part["dof"]) else part["dof"]
    assert recorded_estimate(_recorded(estimate, parts)) == estimate
    old = [{k: part[k] for k in ("name", "u", "evaluation", "common", "source")} for part in parts]
    assert recorded_estimate(_recorded(estimate, old)).u == estimate.u
