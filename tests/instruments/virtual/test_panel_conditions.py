from typing import Any

import numpy as np
import pytest

from ledcal.instruments.virtual.heat import HeatNetwork
from ledcal.instruments.virtual.world import LONGEST_STEP_S, World

FULL = [65535] * 5


def let_pass(world: World, duration_s: float) -> None:
    for _ in range(round(duration_s / LONGEST_STEP_S)):
        world.step(LONGEST_STEP_S)


def test_nearer_is_brighter_in_all_channels_alike_and_no_warmer() -> None:
    far, near = World(1), World(1)
    near.distance_mm = 100.0
    for world in (far, near):
        world.drive_code = FULL
        let_pass(world, 20.0)
    ratios = [
        b.irradiance_w_m2 / a.irradiance_w_m2
        for a, b in zip(far.light().beams, near.light().beams, strict=True)
    ]
    assert ratios == pytest.approx([1.255] * 5, abs=0.002)
    assert near.heat.board_degc == pytest.approx(far.heat.board_degc, abs=1e-6)


def test_a_knock_waits_for_light_and_then_swings_for_its_time() -> None:
    world = World(1)
    world.knock_s = 2.0
    let_pass(world, 5.0)
    world.drive_code = FULL
    seen = []
    for _ in range(60):
        world.step(LONGEST_STEP_S)
        seen.append(world.nearness())
    assert max(seen) - min(seen) > 0.08
    assert seen[-1] == pytest.approx(1.0)


def test_flicker_shows_in_short_exposures_and_not_in_whole_periods() -> None:
    world = World(1)
    world.ambient_w_m2, world.flicker = 0.4, 1.0
    short, long = world.expose(0.002), world.expose(0.1)
    let_pass(world, 0.2)
    assert world.gathered(long).ambient_w_m2 == pytest.approx(0.4, rel=0.04)
    assert world.gathered(short).ambient_w_m2 > 0.55


def test_swapped_channels_keep_their_labels_and_shine_as_the_other() -> None:
    world, as_built = World(1), World(1)
    world.swap_channels((3, 4))
    assert [one.nominal_nm for one in world.emitters] == [
        one.nominal_nm for one in as_built.emitters
    ]
    assert world.band(3, 65535, 40.0).centroid_nm == pytest.approx(
        as_built.band(4, 65535, 40.0).centroid_nm
    )
    world.swap_channels((3, 4))
    assert world.emitters == as_built.emitters


def test_a_cut_string_takes_its_share_of_light_and_current() -> None:
    world, as_built = World(1), World(1)
    world.cut_string(5)
    for name in ("raw_irradiance_w_m2", "current_a", "electrical_w"):
        left = getattr(world.emitters[4], name) / getattr(as_built.emitters[4], name)
        assert left == pytest.approx(5 / 6)


def test_a_loose_board_heats_faster_and_never_settles_early() -> None:
    pressed, loose = (
        HeatNetwork(
            board_k_per_w=0.05,
            heatsink_k_per_w=0.2,
            ambient_degc=23.0,
            board_degc=23.0,
            heatsink_degc=23.0,
            board_loose=off,
        )
        for off in (False, True)
    )
    for _ in range(200):
        pressed.step(100.0, LONGEST_STEP_S)
        loose.step(100.0, LONGEST_STEP_S)
    assert loose.board_degc - 23.0 > 1.5 * (pressed.board_degc - 23.0)
    assert np.isfinite(loose.board_degc)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("channels_swapped", [3, 3], "no pair"),
        ("channels_swapped", [3, 9], "no channel from 1 to 5"),
        ("string_cut", 0, "no channel from 1 to 5"),
        ("aged", 2, "no channel with the share"),
        ("aged", [6, 0.9], "no channel from 1 to 5"),
        ("aged", [2, 1.5], "outside 0 to 1"),
        ("flicker", 1.5, "outside 0 to 1"),
        ("distance_mm", 0, "not above 0"),
        ("meter_range_w", 0.1, "none of"),
        ("detached_thermocouple", "board", "none of 'ambient'"),
    ],
)
def test_a_value_that_cannot_be_is_refused(truth: Any, name: str, value: Any, said: str) -> None:
    assert said in truth.set(name, value)["error"]
