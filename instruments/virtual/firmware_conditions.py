"""Conditions of the panel's firmware."""

from ledcal.instruments.virtual.bench import Bench
from ledcal.instruments.virtual.conditions import Condition, attribute, count, event, one_of


def firmware_conditions(bench: Bench) -> dict[str, Condition]:
    """Return what can be otherwise in the panel's firmware and its memory."""
    firmware = bench.firmware
    return {
        "reboot": event(firmware.boot),
        "power_loss_at_byte": attribute(firmware, "power_loss_at_byte", count),
        "unwritten": attribute(firmware, "unwritten", one_of("erased", "zeroed", "old")),
    }
