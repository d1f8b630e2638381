"""How fast a virtual bench may run."""

from ledcal.rig.virtual_bench import DEMO_SPEED, SLOWEST_DEMO_SPEED, demo_speed


def test_the_speed_of_a_demo_stays_within_its_bounds_however_busy_the_computer_is() -> None:
    assert SLOWEST_DEMO_SPEED <= demo_speed() <= DEMO_SPEED
