import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq

from ledcal.calibration.conformity import (
    GammaPrior,
    NormalPrior,
    acceptance_fraction,
    conformance_probability,
    global_risk,
    uncertainty_ratio,
)
from ledcal.calibration.errors import EvaluationError


def test_the_ball_bearings_of_jcgm_106_9_5_4() -> None:
    # Radial error motion at most 2 um; gamma prior of mean 1 um and standard deviation 0.5 um;
    # measured with u = 0.25 um.
    process = GammaPrior(mean=1.0, sd=0.5)
    at_limit = global_risk(process, 0.25, (None, 2.0), (None, 2.0))
    assert at_limit.nonconforming == pytest.approx(0.0424, abs=5e-5)
    assert at_limit.false_accept == pytest.approx(0.0080, abs=5e-5)

    def excess(limit: float) -> float:
        return global_risk(process, 0.25, (None, 2.0), (None, limit)).false_accept - 1e-3

    assert brentq(excess, 1.0, 2.0) == pytest.approx(1.672, abs=5e-4)


def test_the_risks_agree_with_drawn_units_and_measurements() -> None:
    rng = np.random.default_rng(106)
    true = rng.normal(0.0, 0.12, 1_000_000)
    shown = true + rng.normal(0.0, 0.04, true.size)
    conforms, accepted = np.abs(true) <= 0.2, np.abs(shown) <= 0.18
    risk = global_risk(NormalPrior(mean=0.0, sd=0.12), 0.04, (-0.2, 0.2), (-0.18, 0.18))
    assert risk.nonconforming == pytest.approx(float(np.mean(~conforms)), abs=1e-3)
    assert risk.false_accept == pytest.approx(float(np.mean(~conforms & accepted)), abs=4e-4)
    assert risk.false_reject == pytest.approx(float(np.mean(conforms & ~accepted)), abs=1e-3)


def test_without_uncertainty_nothing_is_decided_wrongly() -> None:
    risk = global_risk(NormalPrior(mean=0.0, sd=1.0), 0.0, (-1.0, 1.0), (-1.0, 1.0))
    assert (risk.false_accept, risk.false_reject) == (0.0, 0.0)
    assert risk.nonconforming == pytest.approx(math.erfc(1 / math.sqrt(2)), rel=1e-9)


def test_crossed_acceptance_limits_accept_nothing() -> None:
    risk = global_risk(NormalPrior(mean=0.0, sd=0.1), 1.0, (-1.0, 1.0), (0.5, -0.5))
    assert risk.false_accept == 0.0
    assert risk.false_reject == pytest.approx(1.0)


def test_the_conformance_probability_of_known_cases() -> None:
    assert conformance_probability(0.0, 1.0, None, 1.959964) == pytest.approx(0.975, abs=1e-7)
    assert conformance_probability(0.0, 1.0, -2.0, 2.0) == pytest.approx(0.954499736, abs=1e-9)
    assert conformance_probability(5.0, 0.0, 5.0, None) == 1.0
    assert conformance_probability(4.9, 0.0, 5.0, None) == 0.0


@pytest.mark.parametrize(("value", "u"), [(math.nan, 1.0), (0.0, -1.0), (0.0, math.inf)])
def test_what_is_no_result_has_no_probability(value: float, u: float) -> None:
    with pytest.raises(EvaluationError):
        conformance_probability(value, u, 0.0, 1.0)


def test_the_ratio_of_tolerance_and_uncertainty() -> None:
    assert uncertainty_ratio(90.0, 110.0, 2.5) == 4.0
    assert uncertainty_ratio(None, 110.0, 2.5) is None
    assert uncertainty_ratio(90.0, 110.0, 0.0) is None


def test_the_published_guard_band_recipes() -> None:
    assert acceptance_fraction(4.0, "root sum square") == pytest.approx(0.968246, abs=1e-6)
    assert acceptance_fraction(4.0, "RP-10") == 1.0
    assert acceptance_fraction(2.0, "RP-10") == 0.75
    assert acceptance_fraction(2.0, "w = U") == 0.5
    # Dobbert: no guard band is needed above a ratio of about 4.6.
    assert acceptance_fraction(4.0, "managed risk") == pytest.approx(0.98672, abs=1e-5)
    assert acceptance_fraction(5.0, "managed risk") == 1.0
    with pytest.raises(EvaluationError, match="accepts nothing"):
        acceptance_fraction(0.9, "w = U")


@given(tur=st.floats(1.0, 10.0), sd=st.floats(0.1, 5.0))
def test_managed_risk_keeps_false_accepts_below_2_percent_for_every_process(
    tur: float, sd: float
) -> None:
    u, limit = 1.0 / (2 * tur), acceptance_fraction(tur, "managed risk")
    risk = global_risk(NormalPrior(mean=0.0, sd=sd), u, (-1.0, 1.0), (-limit, limit))
    assert risk.false_accept <= 0.0205  # the formula is a fit, good to its last digit


@given(mean=st.floats(-3.0, 3.0), sd=st.floats(0.05, 3.0), u=st.floats(0.0, 2.0))
def test_the_whole_production_is_accounted_for(mean: float, sd: float, u: float) -> None:
    process = NormalPrior(mean=mean, sd=sd)
    all_in = global_risk(process, u, (None, None), (None, None))
    assert all_in.nonconforming == 0.0
    none_in = global_risk(process, u, (100.0, None), (None, None))
    assert none_in.nonconforming == pytest.approx(1.0, abs=1e-9)
    assert none_in.false_accept == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("sd", [0.0, -1.0, math.nan])
def test_a_prior_without_spread_is_refused(sd: float) -> None:
    with pytest.raises(EvaluationError, match="process prior"):
        NormalPrior(mean=0.0, sd=sd)
    with pytest.raises(EvaluationError, match="process prior"):
        GammaPrior(mean=1.0, sd=sd)
    with pytest.raises(EvaluationError, match="above 0"):
        GammaPrior(mean=-1.0, sd=1.0)


def test_few_degrees_of_freedom_leave_more_doubt() -> None:
    # Student's t of 2 degrees of freedom: 4.303 standard uncertainties hold 95 %.
    assert conformance_probability(0.0, 1.0, -4.302653, 4.302653, dof=2) == pytest.approx(0.95)
