import json

import pytest

from ledcal.calibration.estimate import Component, Estimate
from ledcal.calibration.hazard import Hazard
from ledcal.calibration.safety import Source, assess
from ledcal.rig.light_safety import safety_facts, source_of
from ledcal.rig.product import read_product


def _estimate(value: float) -> Estimate:
    component = Component(
        name="all", u_input=0.01 * value, evaluation="B", common=True, source="test"
    )
    return Estimate(value=value, unit="W/m2", components=(component,))


def test_the_facts_are_json_with_null_for_a_time_without_limit() -> None:
    source = Source(alpha_rad=1.0, luminous_sr=0.2, u_luminous_rel=0.1, weak_visual_stimulus=True)
    levels = dict.fromkeys(Hazard, _estimate(0.1)) | {Hazard.CORNEA_LENS: _estimate(300.0)}
    product = read_product(None).settings
    facts = json.loads(json.dumps(safety_facts(assess(levels, source), product), allow_nan=False))
    assert facts["group"] == facts["declared_group"] == "RG1"
    cornea, *others = facts["exposures"]
    assert cornea["hazard"] == "infrared, cornea and lens"
    # (18000/300)^(4/3), and at the upper end of the interval, 306 W/m2.
    assert cornea["permitted_s"] == pytest.approx(234.9, abs=0.1)
    assert (
        facts["permitted_least_s"] == cornea["permitted_least_s"] == pytest.approx(228.8, abs=0.1)
    )
    assert [one["permitted_s"] for one in others] == [None] * 4
    assert [one["group"] for one in others] == ["exempt"] * 3 + [None]


def test_an_eye_sees_the_product_that_ships_as_its_geometry_says() -> None:
    source = source_of(read_product(None).settings)
    assert source.weak_visual_stimulus
    # 2·atan(100/150) and 2·atan(150/150), their mean.
    assert source.alpha_rad == pytest.approx((1.1760 + 1.5708) / 2, abs=1e-4)
    # 150 lenses of 8 mm, each under the angle of its place: 0.175 sr, summed lens by lens.
    assert source.luminous_sr == pytest.approx(0.175, rel=0.02)
