"""Conditions of the room and of the panel's hardware."""

from ledcal.instruments.virtual.bench import Bench
from ledcal.instruments.virtual.conditions import Condition, attribute, boolean, number


def panel_conditions(bench: Bench) -> dict[str, Condition]:
    """Return what can be otherwise in the room and on the LED board."""
    world, heat = bench.world, bench.world.heat
    return {
        "ambient_w_m2": attribute(world, "ambient_w_m2", number),
        "ambient_degc": attribute(heat, "ambient_degc", number),
        "board_degc": attribute(heat, "board_degc", number),
        "fan_stalled": attribute(heat, "fan_stalled", boolean),
    }
