import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ledcal.calibration.channel_curve import (
    ChannelCurve,
    OwnErrors,
    ReferenceCondition,
    SharedError,
)
from ledcal.calibration.drive_shape import PhysicalShape
from ledcal.calibration.errors import FileError, FitError
from ledcal.calibration.estimate import Component
from ledcal.calibration.fit_statistics import FitStatistics
from ledcal.calibration.lookup import check_served, check_table, lookup
from ledcal.calibration.panel_calibration import ChannelTable
from ledcal.calibration.table import channel_table, served_estimate

CALM = FitStatistics(
    chi2=7.0,
    dof=7,
    chi2_probability=0.43,
    runs=7,
    runs_probability=0.5,
    largest_normalised=1.5,
    largest_point=3,
    leave_one_out_rel=3e-4,
    unchecked=0,
)
METER = Component(name="meter", u_input=0.0125, evaluation="B", common=True, source="test")


def _curve(
    p: tuple[float, float, float] = (6e-3, 5e-5, 8e-4), b: tuple[float, float] = (4.2e-3, 9e-6)
) -> ChannelCurve:
    p0, p1, p2 = p
    coefficients = (p0, p1, p2, 0.0, 0.0, *b)
    own = OwnErrors(
        name="fit",
        evaluation="A",
        source="test",
        dof=28.0,
        covariance=np.diag([1e-12, 1e-14, 1e-12, 0.0, 0.0, 1e-10, 1e-14]),
    )
    # A relative error of the meter lowers every coefficient of the denominator by as much.
    shift = np.array([-0.0125 * p0, -0.0125 * p1, -0.0125 * p2, 0.0, 0.0, 0.0, 0.0])
    return ChannelCurve(
        channel=1,
        shape=PhysicalShape(),
        coefficients=coefficients,
        own_errors=(own,),
        shared_errors=(SharedError(component=METER, shift=shift),),
        reference=ReferenceCondition(t_ref_degc=40.0, t_min_degc=20.0, t_max_degc=55.0),
        drive_min=0.08,
        drive_max=1.0,
        statistics=CALM,
        strained=False,
        residual_rel=(),
        u_board_k=0.2,
    )


def _table(curve: ChannelCurve, nominal_w_m2: float = 100.0) -> ChannelTable:
    return channel_table(
        curve, nominal_w_m2=nominal_w_m2, ceiling_w_m2=1.03 * nominal_w_m2, centroid_nm=855.26
    )


def test_the_table_is_in_the_units_of_the_file() -> None:
    table = _table(_curve())
    assert table.centroid_dnm == 8553
    assert (table.t_ref, table.t_min, table.t_max) == (10240, 5120, 14080)
    assert table.ceiling == 10300
    assert table.b1 == round(4.2e-3 * 2**22)
    assert table.b2 == round(9e-6 * 2**30)
    assert len(table.drive) == len(table.irradiance) == 16
    assert (table.drive[0], table.drive[-1]) == (math.ceil(0.08 * 65535), 65535)
    steps = [above - below for below, above in pairwise(table.drive)]
    assert steps == sorted(steps)


@pytest.mark.parametrize("board_degc", [20.0, 33.3, 40.0, 55.0])
def test_every_request_gives_what_the_curve_says(board_degc: float) -> None:
    """Every code of the file from 25 % of nominal to the ceiling, through the integers."""
    curve = _curve()
    table = _table(curve)
    temperature = round(board_degc * 256)
    requests = range(2500, table.ceiling + 1, 1)
    codes = [lookup(table, request, temperature) for request in requests]
    assert all(above >= below for below, above in pairwise(codes))
    given_w_m2 = np.array([curve.irradiance_w_m2(c / 65535, temperature / 256) for c in codes])
    worst = np.max(np.abs(given_w_m2 / (np.array(requests) / 100) - 1))
    assert worst < 0.0015


def test_the_stated_uncertainty_holds_that_of_the_curve_and_the_table() -> None:
    curve = _curve()
    table = _table(curve)
    drives = [lookup(table, 10000, degc * 256) / 65535 for degc in (20, 40, 55)]
    of_curve = max(
        curve.u_rel(drive, degc) for drive, degc in zip(drives, (20, 40, 55), strict=True)
    )
    assert 2 * of_curve <= table.u_rel * 1e-4 < 2 * of_curve * 1.1
    coarse = channel_table(
        curve, nominal_w_m2=100.0, ceiling_w_m2=103.0, centroid_nm=855.0, points=4
    )
    assert coarse.u_rel > table.u_rel + 10


def test_a_wrong_table_shows_in_the_stated_uncertainty() -> None:
    curve = _curve()
    table = _table(curve)
    wrong = replace(table, irradiance=tuple(round(e * 1.05) for e in table.irradiance))
    served = served_estimate(curve, wrong, 100.0)
    assert served.u / served.value > 0.025


def test_the_file_states_the_worst_request_with_all_its_components() -> None:
    """u_rel is k = 2 of a budget that keeps the certificate's name and the look-up's own part."""
    curve = _curve()
    table = _table(curve)
    served = served_estimate(curve, table, 100.0)
    assert table.u_rel == math.ceil(2 * served.u / served.value / 1e-4)
    by_name = {component.name: component.u / served.value for component in served.components}
    assert set(by_name) == {
        "fit",
        "meter",
        "board temperature",
        "integer look-up",
        "rounding of a request",
    }
    assert by_name["meter"] == pytest.approx(0.0125, rel=1e-3)
    assert by_name["rounding of a request"] == pytest.approx(0.5 / 2500 / math.sqrt(3))
    assert 0 < by_name["integer look-up"] < 0.0004


def test_the_knots_are_fitted_to_the_straight_pieces_of_the_look_up() -> None:
    """Moving the inner knots off the curve halves what the chords leave at the upper end."""
    curve = _curve((4e-3, 5e-5, 4e-3))
    table = channel_table(
        curve, nominal_w_m2=100.0, ceiling_w_m2=103.0, centroid_nm=855.0, points=6
    )
    on_curve = tuple(
        round(100 * curve.irradiance_w_m2(code / 65535, 40.0)) for code in table.drive
    )
    assert (on_curve[0], on_curve[-1]) == (table.irradiance[0], table.irradiance[-1])

    def worst(made: ChannelTable) -> float:
        requests = np.arange(4000, 10000, 5)
        codes = [lookup(made, int(request), made.t_ref) for request in requests]
        given, _ = curve.evaluate(np.array(codes) / 65535, np.full(len(codes), 40.0))
        return float(np.max(np.abs(given / (requests / 100) - 1)))

    assert worst(table) < 0.7 * worst(replace(table, irradiance=on_curve))


@settings(max_examples=40)
@given(
    p0=st.floats(2e-3, 8e-3),
    p1=st.floats(0, 3e-4),
    p2=st.floats(0, 2e-3),
    b1=st.floats(-2e-3, 9e-3),
    b2=st.floats(-1e-5, 4e-5),
)
def test_every_admissible_curve_makes_a_table_that_the_loader_accepts(
    p0: float, p1: float, p2: float, b1: float, b2: float
) -> None:
    curve = _curve((p0, p1, p2), (b1, b2))
    assume(min(curve.correction(t) for t in (20.0, 40.0, 55.0)) > 0.55)
    nominal_w_m2 = (
        0.75
        * curve.irradiance_w_m2(1.0, 40.0)
        / max(curve.correction(t) for t in np.linspace(20.0, 55.0, 36).tolist())
    )
    assume(4 * 1.3 * curve.irradiance_w_m2(0.08, 40.0) < nominal_w_m2)
    table = _table(curve, nominal_w_m2)
    check_table(table, 1)
    check_served(table)
    assert table.ceiling * 0.01 >= nominal_w_m2 - 0.01


def test_the_ceiling_is_what_can_be_had_when_hot() -> None:
    curve = _curve()
    hot_w_m2 = curve.irradiance_w_m2(1.0, 55.0)
    table = channel_table(
        curve, nominal_w_m2=0.9 * hot_w_m2, ceiling_w_m2=200.0, centroid_nm=855.0
    )
    assert table.ceiling * 0.01 == pytest.approx(hot_w_m2, abs=0.02)
    assert lookup(table, table.ceiling, table.t_max) > 65500


def test_a_panel_without_headroom_is_refused() -> None:
    with pytest.raises(FitError, match=r"channel 1: headroom: .* nominal is 150 W/m2"):
        _table(_curve(), 150.0)


def test_a_product_ceiling_below_nominal_is_refused() -> None:
    with pytest.raises(FitError, match=r"headroom: at most 99\.00 W/m2"):
        channel_table(_curve(), nominal_w_m2=100.0, ceiling_w_m2=99.0, centroid_nm=855.0)


def test_a_lowest_drive_that_is_too_bright_is_refused() -> None:
    with pytest.raises(FitError, match=r"low end: the lowest measured drive 0\.3"):
        _table(replace(_curve(), drive_min=0.3))


@pytest.mark.parametrize("spare", [0.0, 1e-5, 1e-4, 1e-3])
def test_a_lowest_drive_just_at_a_quarter_of_nominal_serves_it(spare: float) -> None:
    curve = _curve()
    nominal_w_m2 = 4 * curve.irradiance_w_m2(0.08, 20.0) * (1 + spare)
    table = _table(curve, nominal_w_m2)
    lowest = math.ceil(25 * nominal_w_m2)
    assert table.drive[0] <= lookup(table, lowest, table.t_min) < 1.01 * table.drive[0]
    with pytest.raises(FitError, match="low end"):
        _table(curve, nominal_w_m2 * 0.998)


def test_an_irradiance_of_whole_steps_keeps_its_last_step() -> None:
    table = channel_table(_curve(), nominal_w_m2=60.16, ceiling_w_m2=60.16, centroid_nm=855.0)
    assert table.ceiling == 6016


@pytest.mark.parametrize("points", [1, 17])
def test_more_knots_than_the_file_holds_are_refused(points: int) -> None:
    with pytest.raises(FitError, match=f"{points} knots; the file holds 2 to 16"):
        channel_table(
            _curve(), nominal_w_m2=100.0, ceiling_w_m2=103.0, centroid_nm=855.0, points=points
        )


def test_a_correction_beyond_the_file_is_refused() -> None:
    with pytest.raises(FitError, match="does not fit into the file: CORRECTION"):
        _table(_curve(b=(0.035, 0.0025)), 60.0)


def test_a_request_below_the_lowest_knot_is_dark() -> None:
    table = _table(_curve())
    with pytest.raises(FileError, match="RANGE"):
        lookup(table, 100, table.t_ref)
