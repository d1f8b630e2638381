import pytest

from ledcal.calibration.estimate import Component, Estimate
from ledcal.rig.first_look import centroid_limits_nm, common_level, turned_limits
from ledcal.rig.product import Product, read_product
from ledcal.rig.station import PlaneSettings

PRODUCT = read_product(None).settings


def full(*ratios: float, product: Product = PRODUCT) -> dict[int, Estimate]:
    """Return irradiances at full drive by their ratios over nominal."""
    meter = Component(name="meter", u_input=0.01, evaluation="A", common=False, source="test")
    return {
        channel: Estimate(
            value=ratio * product.channels[channel].nominal_w_m2,
            unit="W/m2",
            components=(meter,),
        )
        for channel, ratio in enumerate(ratios, start=1)
    }


@pytest.mark.parametrize("factor", [0.75, 1.25])
def test_what_shifts_all_channels_shows_in_the_common_level(factor: float) -> None:
    ratios = [factor * ratio for ratio in (1.25, 1.30, 1.35, 1.28, 1.38)]
    level = common_level(PRODUCT, full(*ratios))
    assert level is not None
    assert PRODUCT.limits.mean_drive_ratio is not None
    lower, upper = PRODUCT.limits.mean_drive_ratio
    assert not lower <= level.value <= upper


@pytest.mark.parametrize("one", [0.05, 0.7, 1.0, 1.7, 5.0])
def test_one_channel_that_is_far_out_is_no_shift_of_all(one: float) -> None:
    level = common_level(PRODUCT, full(1.25, 1.30, one, 1.28, 1.38))
    assert level is not None
    assert level.value == pytest.approx(1.30, abs=0.04)


def test_too_few_channels_or_no_limits_tell_nothing() -> None:
    assert common_level(PRODUCT, full(2.0, 2.0)) is None
    limits = PRODUCT.limits.model_copy(update={"mean_drive_ratio": None})
    free = PRODUCT.model_copy(update={"limits": limits})
    assert common_level(free, full(2.0, 2.0, 2.0, 2.0, 2.0)) is None


def test_a_cold_channel_may_lie_a_little_beside_its_tolerance() -> None:
    assert centroid_limits_nm(PRODUCT, 3) == (798.0, 822.0)


@pytest.mark.parametrize(("turned", "right"), [(0.862, 1.003), (1.1, 0.93)])
def test_a_turned_panel_lies_beyond_the_limit_and_another_within(
    turned: float, right: float
) -> None:
    plane = PlaneSettings(
        distance_mm=150.0,
        u_distance_mm=0.3,
        distance_sensitivity_per_mm=0.006,
        u_cosine=0.004,
        spectrometer_ratio=right,
        u_spectrometer_ratio=0.01,
        turned_spectrometer_ratio=turned,
        description="centre",
    )
    lower, upper = turned_limits(plane)
    within = [
        (lower is None or lower <= ratio) and (upper is None or ratio <= upper)
        for ratio in (right, turned)
    ]
    assert within == [True, False]
