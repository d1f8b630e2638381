import json

import numpy as np
import pytest

from ledcal.calibration.curve import Point, fit_channel
from ledcal.calibration.errors import FitError
from ledcal.calibration.estimate import Component, Estimate
from ledcal.calibration.table import U_REL_STEP, channel_table, served_estimate
from ledcal.rig.fit import FittedChannel, reference_condition
from ledcal.rig.product import read_product

PLAN = [(1.0, board_degc) for board_degc in (24.0, 29.0, 33.0, 36.0, 38.0)] + [
    (drive, 33.0) for drive in (0.08, 0.13, 0.2, 0.3, 0.43, 0.58, 0.78, 1.0)
]


def _point(drive: float, board_degc: float, scatter: float) -> Point:
    e = drive / (6.5e-3 + 9e-4 * drive) / (1 + 4e-3 * (board_degc - 40)) * (1 + 2e-4 * scatter)
    components = (
        Component(
            name="repeatability",
            u_input=2e-4 * e,
            evaluation="A",
            dof=2.0,
            common=False,
            source="test",
        ),
        Component(name="meter", u_input=0.012 * e, evaluation="B", common=True, source="test"),
    )
    return Point(
        drive=drive,
        board_degc=board_degc,
        irradiance=Estimate(value=e, unit="W/m2", components=components),
        u_drive=0.0,
        u_board_k=0.02,
    )


@pytest.fixture(scope="module")
def fitted() -> FittedChannel:
    product = read_product(None).settings
    rng = np.random.default_rng(1)
    points = tuple(_point(*place, scatter=float(rng.normal())) for place in PLAN)
    reference = reference_condition(product, 2, [point.board_degc for point in points])
    curve = fit_channel(2, points, reference, product.temperature.u_board_k)
    table = channel_table(curve, nominal_w_m2=100.0, ceiling_w_m2=103.0, centroid_nm=660.0)
    served = served_estimate(curve, table, 100.0)
    return FittedChannel(curve=curve, table=table, served=served, points=points, centroid_nm=660.0)


def test_the_event_is_json_with_the_judgement_of_the_fit(fitted: FittedChannel) -> None:
    event = json.loads(json.dumps(fitted.event(), allow_nan=False))
    judged = fitted.curve.statistics
    assert event["chi2"] == judged.chi2
    assert event["dof"] == judged.dof
    assert event["statistics"]["chi2_probability"] > 0.05
    assert not event["strained"]
    assert abs(event["statistics"]["largest_normalised_residual"]) < 3.5
    assert 0 < event["statistics"]["leave_one_out_rel"] < 5e-3
    assert 0 <= event["statistics"]["runs_probability"] <= 1
    assert set(event["coefficients"]) == set(event["coefficient_u"]) == set(fitted.curve.names)
    assert len(event["points"]) == len(PLAN)


def test_the_file_s_uncertainty_is_the_sum_of_the_budget_in_the_event(
    fitted: FittedChannel,
) -> None:
    event = fitted.event()
    parts = [part["contribution_rel"] for part in event["u_rel_budget"]]
    names = [part["name"] for part in event["u_rel_budget"]]
    assert {"meter", "board temperature", "integer look-up"} <= set(names)
    assert event["u_rel"] - U_REL_STEP <= 2 * np.hypot.reduce(parts) <= event["u_rel"]


def test_a_panel_that_stayed_too_cool_is_told_so() -> None:
    product = read_product(None).settings
    with pytest.raises(FitError, match=r"channel 3: .* from 23\.5 to 29\.4 degC, .* reaches 8 K"):
        reference_condition(product, 3, [23.5, 29.4])
    reference = reference_condition(product, 3, [23.5, 38.0])
    assert (reference.t_min_degc, reference.t_max_degc) == (15.5, 46.0)
