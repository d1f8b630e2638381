import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledcal.instruments.virtual.world import LONGEST_STEP_S, World

FULL = [65535] * 5


def let_pass(world: World, duration_s: float, step_s: float = LONGEST_STEP_S) -> None:
    for _ in range(round(duration_s / step_s)):
        world.step(step_s)


def test_a_seed_and_a_serial_make_one_panel() -> None:
    assert World(7, "A").emitters == World(7, "A").emitters
    assert World(7, "A").emitters != World(8, "A").emitters
    assert World(7, "A").emitters != World(7, "B").emitters


@settings(max_examples=10)
@given(st.integers(0, 1000))
def test_all_channels_warm_the_board_to_about_fifty_degrees(seed: int) -> None:
    world = World(seed)
    world.drive_code = FULL
    let_pass(world, 1500.0, 0.5)
    assert 47.0 < world.heat.board_degc < 53.0


@settings(max_examples=10)
@given(st.integers(0, 1000), st.integers(0, 4))
def test_one_channel_alone_stays_below_35_degrees(seed: int, index: int) -> None:
    world = World(seed)
    world.drive_code = [65535 if each == index else 0 for each in range(5)]
    let_pass(world, 1500.0, 0.5)
    assert 23.5 < world.heat.board_degc < 35.0


def test_irradiance_droops_while_the_board_warms() -> None:
    world = World(1)
    world.drive_code = FULL
    cold = [beam.irradiance_w_m2 for beam in world.light().beams]
    let_pass(world, 600.0)
    warm = [beam.irradiance_w_m2 for beam in world.light().beams]
    losses = [1.0 - after / before for before, after in zip(cold, warm, strict=True)]
    assert all(0.05 < loss < 0.25 for loss in losses)
    assert max(losses) == losses[0], "630 nm loses most"


@given(st.integers(0, 1000))
def test_the_supply_sags_when_all_channels_are_lit(seed: int) -> None:
    world = World(seed)
    together = sum(beam.irradiance_w_m2 for beam in world.beams(FULL, 40.0))
    alone = sum(emitter.irradiance_w_m2(1.0, 40.0) for emitter in world.emitters)
    assert 0.002 <= 1.0 - together / alone <= 0.008


def test_an_exposure_is_the_mean_of_its_span_only() -> None:
    world = World(1)
    world.drive_code = [0, 0, 0, 0, 65535]
    lit = world.light().beams[0].irradiance_w_m2
    exposure = world.expose(1.0)
    let_pass(world, 0.5)
    world.drive_code = [0] * 5
    let_pass(world, 2.0)
    light = world.gathered(exposure)
    assert exposure.span_s == pytest.approx(1.0)
    assert light.beams[0].irradiance_w_m2 == pytest.approx(lit / 2.0, rel=1e-3)
    assert light.beams[0].current == pytest.approx(1.0)


def test_an_exposure_that_ends_inside_a_step_takes_only_its_part() -> None:
    world = World(1)
    world.drive_code = FULL
    exposure = world.expose(0.03)
    let_pass(world, 0.1)
    assert exposure.span_s == pytest.approx(0.03)


def test_step_length_does_not_matter() -> None:
    worlds = [World(3), World(3)]
    for world, step_s in zip(worlds, (0.05, 0.01), strict=True):
        world.drive_code = FULL
        let_pass(world, 60.0, step_s)
    coarse, fine = (world.heat.board_degc for world in worlds)
    assert coarse == pytest.approx(fine, abs=0.02)


def test_a_dark_panel_leaves_the_room_s_light() -> None:
    world = World(1)
    assert world.light().beams == ()
    assert world.light().ambient_w_m2 == pytest.approx(0.1, rel=0.04)
