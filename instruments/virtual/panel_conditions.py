"""Conditions of the room and of the panel's hardware."""

from typing import Any

from ledcal.instruments.virtual.bench import Bench
from ledcal.instruments.virtual.conditions import (
    Condition,
    attribute,
    boolean,
    count,
    number,
    positive,
)


def panel_conditions(bench: Bench) -> dict[str, Condition]:
    """Return what can be otherwise in the room and on the LED board."""
    world, heat, firmware = bench.world, bench.world.heat, bench.firmware

    def channel(value: Any) -> int:
        """Return a channel's number."""
        found = count(value)
        if not 1 <= found <= len(world.emitters):
            raise ValueError(f"{value!r} is no channel from 1 to {len(world.emitters)}")
        return found

    def pair(value: Any) -> tuple[int, int]:
        """Return two different channels' numbers."""
        if not isinstance(value, list) or len(value) != 2 or value[0] == value[1]:
            raise ValueError(f"{value!r} is no pair of channels like [3, 4]")
        return channel(value[0]), channel(value[1])

    def aged(value: Any) -> tuple[int, float]:
        """Return a channel's number and the share of its light that is left."""
        if not isinstance(value, list) or len(value) != 2:
            raise ValueError(f"{value!r} is no channel with the share that is left, like [2, 0.9]")
        return channel(value[0]), _share(value[1])

    return {
        "ambient_w_m2": attribute(world, "ambient_w_m2", number),
        "flicker": attribute(world, "flicker", _share),
        "ambient_degc": attribute(heat, "ambient_degc", number),
        "board_degc": attribute(heat, "board_degc", number),
        "heatsink_degc": attribute(heat, "heatsink_degc", number),
        "board_loose": attribute(heat, "board_loose", boolean),
        "fan_stalled": attribute(heat, "fan_stalled", boolean),
        "fan_watched": attribute(firmware, "fan_watched", boolean),
        "panel_hung": attribute(firmware, "hung", boolean),
        "distance_mm": attribute(world, "distance_mm", positive),
        "turned": attribute(world, "turned", boolean),
        "knock_s": attribute(world, "knock_s", positive),
        "channels_swapped": Condition(pair, world.swap_channels),
        "other_reel": Condition(channel, world.other_reel),
        "string_cut": Condition(channel, world.cut_string),
        "aged": Condition(aged, lambda value: world.age(*value)),
    }


def _share(value: object) -> float:
    """Return a fraction."""
    found = number(value)
    if not 0.0 <= found <= 1.0:
        raise ValueError(f"{value!r} is outside 0 to 1")
    return found
