import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledcal.calibration.errors import EvaluationError
from ledcal.calibration.estimate import Component, Estimate
from ledcal.calibration.hazard import Hazard
from ledcal.calibration.safety import (
    RiskGroup,
    Source,
    assess,
    group_limit,
    permitted_s,
    rectangular_source,
    risk_group,
)

ALPHA = 0.1


def _estimate(value: float, u: float) -> Estimate:
    component = Component(name="all", u_input=u, evaluation="B", common=True, source="test")
    return Estimate(value=value, unit="W/m2", components=(component,))


def _source(weak_visual_stimulus: bool = True, u_luminous_rel: float = 0.0) -> Source:
    return Source(
        alpha_rad=1.0,
        luminous_sr=0.5,
        u_luminous_rel=u_luminous_rel,
        weak_visual_stimulus=weak_visual_stimulus,
    )


# (18000 / E)^(4/3), worked by hand.
@pytest.mark.parametrize(("level", "time_s"), [(200, 403), (300, 235), (500, 119), (1000, 47)])
def test_the_permitted_times_of_the_cornea(level: float, time_s: float) -> None:
    assert round(permitted_s(Hazard.CORNEA_LENS, level, ALPHA)) == time_s


def test_the_permitted_times_of_the_others() -> None:
    assert permitted_s(Hazard.CORNEA_LENS, 100.0, ALPHA) == math.inf
    assert permitted_s(Hazard.CORNEA_LENS, 100.1, ALPHA) == 1000.0
    assert permitted_s(Hazard.BLUE_LIGHT, 100.0, ALPHA) == math.inf
    assert permitted_s(Hazard.BLUE_LIGHT, 1000.0, ALPHA) == 1000.0
    # 10 s at 20000·10^0.25 / 10 = 3557 W/m2; longer ones have no limit.
    assert permitted_s(Hazard.SKIN, 3500.0, ALPHA) == math.inf
    assert permitted_s(Hazard.SKIN, 20_000.0, ALPHA) == pytest.approx(1.0)
    assert permitted_s(Hazard.RETINAL_THERMAL, 500_000.0, ALPHA) == pytest.approx(1.0)
    assert permitted_s(Hazard.RETINAL_THERMAL, 280_000.0, ALPHA) == math.inf
    assert permitted_s(Hazard.RETINAL_THERMAL_WEAK, 60_000.0, ALPHA) == math.inf
    assert permitted_s(Hazard.RETINAL_THERMAL_WEAK, 60_001.0, ALPHA) == 10.0
    assert permitted_s(Hazard.RETINAL_THERMAL_WEAK, 0.0, ALPHA) == math.inf


@pytest.mark.parametrize(
    ("hazard", "level", "group"),
    [
        (Hazard.CORNEA_LENS, 100.0, RiskGroup.EXEMPT),
        (Hazard.CORNEA_LENS, 570.0, RiskGroup.RG1),
        (Hazard.CORNEA_LENS, 3200.0, RiskGroup.RG2),
        (Hazard.CORNEA_LENS, 3201.0, RiskGroup.RG3),
        (Hazard.BLUE_LIGHT, 101.0, RiskGroup.RG1),
        (Hazard.RETINAL_THERMAL, 280_000.0, RiskGroup.EXEMPT),
        (Hazard.RETINAL_THERMAL, 280_001.0, RiskGroup.RG2),
        (Hazard.RETINAL_THERMAL_WEAK, 60_001.0, RiskGroup.RG3),
        (Hazard.SKIN, 1e9, None),
    ],
)
def test_the_limits_of_the_risk_groups(
    hazard: Hazard, level: float, group: RiskGroup | None
) -> None:
    assert risk_group(hazard, level, ALPHA) is group


def test_the_worked_example_of_infrared_emitters() -> None:
    # OSRAM, "Eye safety of IREDs": 20 emitters of 160 mW/sr, L_IR = 58.7 mW/mm2/sr against the
    # limit 6000/0.011 = 545.5 mW/mm2/sr of a small source.
    assert 6000 / 0.011 / 1e3 == pytest.approx(545.5, abs=0.05)
    hazard = Hazard.RETINAL_THERMAL_WEAK
    assert risk_group(hazard, 58.7e3, 0.001) is RiskGroup.EXEMPT
    assert risk_group(hazard, 545.6e3, 0.001) is RiskGroup.RG3


def test_a_panel_counts_with_the_upper_end_of_its_interval() -> None:
    levels = {
        Hazard.CORNEA_LENS: _estimate(560.0, 10.0),  # RG1 by its value, RG2 by 580 W/m2
        Hazard.RETINAL_THERMAL: _estimate(300.0, 0.0),
        Hazard.RETINAL_THERMAL_WEAK: _estimate(150.0, 0.0),
        Hazard.BLUE_LIGHT: _estimate(0.18, 0.0),
        Hazard.SKIN: _estimate(740.0, 10.0),
    }
    safety = assess(levels, _source())
    cornea = safety.exposures[0]
    assert safety.group is RiskGroup.RG2
    assert cornea.permitted_s == pytest.approx((18_000 / 560) ** (4 / 3))
    assert cornea.permitted_least_s == pytest.approx((18_000 / 580) ** (4 / 3))
    assert safety.permitted_least_s == cornea.permitted_least_s
    others = {one.hazard: one.group for one in safety.exposures[1:]}
    assert others[Hazard.SKIN] is None
    assert {g for h, g in others.items() if h is not Hazard.SKIN} == {RiskGroup.EXEMPT}


def test_radiance_is_irradiance_over_the_luminous_solid_angle() -> None:
    levels = dict.fromkeys(Hazard, _estimate(10.0, 0.1))
    safety = assess(levels, _source(u_luminous_rel=0.1))
    burn = next(one for one in safety.exposures if one.hazard is Hazard.RETINAL_THERMAL)
    assert burn.level.value == 20.0
    assert burn.level.unit == "W/m2/sr"
    assert burn.level.u == pytest.approx(math.hypot(0.2, 2.0))


def test_visible_light_in_every_mode_lifts_the_weak_stimulus() -> None:
    levels = dict.fromkeys(Hazard, _estimate(10.0, 0.1))
    del levels[Hazard.RETINAL_THERMAL_WEAK]
    hazards = [one.hazard for one in assess(levels, _source(False)).exposures]
    assert Hazard.RETINAL_THERMAL_WEAK not in hazards
    with pytest.raises(EvaluationError, match="no weighted irradiance"):
        assess(levels, _source(True))


@given(
    hazard=st.sampled_from(Hazard),
    level=st.floats(0.0, 1e9),
    more=st.floats(0.0, 1e9),
    alpha=st.floats(1e-3, 2.0),
)
def test_more_light_is_never_safer(
    hazard: Hazard, level: float, more: float, alpha: float
) -> None:
    less_s, more_s = (permitted_s(hazard, each, alpha) for each in (level, level + more))
    assert more_s <= less_s
    low, high = (risk_group(hazard, each, alpha) for each in (level, level + more))
    if low is not None and high is not None:
        assert low.rank <= high.rank


def test_what_is_not_finite_is_refused() -> None:
    with pytest.raises(EvaluationError, match="not finite"):
        permitted_s(Hazard.SKIN, math.nan, ALPHA)
    with pytest.raises(EvaluationError, match="not finite"):
        risk_group(Hazard.SKIN, math.inf, ALPHA)
    with pytest.raises(EvaluationError, match="alpha_rad"):
        Source(alpha_rad=0.0, luminous_sr=1.0, u_luminous_rel=0.0, weak_visual_stimulus=True)
    with pytest.raises(EvaluationError, match="u_luminous_rel"):
        Source(alpha_rad=1.0, luminous_sr=1.0, u_luminous_rel=-1.0, weak_visual_stimulus=True)


@pytest.mark.parametrize("hazard", list(Hazard))
@pytest.mark.parametrize("group", list(RiskGroup))
def test_the_limit_of_a_group_is_where_the_group_ends(hazard: Hazard, group: RiskGroup) -> None:
    limit = group_limit(hazard, group, alpha_rad=0.05)
    if limit is None:
        assert hazard is Hazard.SKIN or group is RiskGroup.RG3
        return
    found = risk_group(hazard, limit, 0.05)
    above = risk_group(hazard, limit * 1.0001, 0.05)
    assert found is not None
    assert above is not None
    assert found.rank <= group.rank < above.rank


def test_a_rectangle_far_away_is_its_area_over_the_square_of_the_distance() -> None:
    source = rectangular_source(
        width_mm=20.0,
        height_mm=30.0,
        distance_mm=10_000.0,
        luminous_fraction=0.5,
        u_luminous_rel=0.1,
        weak_visual_stimulus=False,
    )
    assert source.luminous_sr == pytest.approx(0.5 * 20.0 * 30.0 / 10_000.0**2, rel=1e-5)
    assert source.alpha_rad == pytest.approx(25.0 / 10_000.0, rel=1e-5)


def test_a_rectangle_close_by_fills_half_the_sky() -> None:
    source = rectangular_source(
        width_mm=1e7,
        height_mm=1e7,
        distance_mm=1.0,
        luminous_fraction=1.0,
        u_luminous_rel=0.0,
        weak_visual_stimulus=False,
    )
    assert source.luminous_sr == pytest.approx(math.pi, rel=1e-5)
