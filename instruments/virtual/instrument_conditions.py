"""Conditions of the three instruments and of what is connected to them."""

from dataclasses import dataclass
from typing import Any

from ledcal.instruments.virtual.conditions import (
    Condition,
    attribute,
    boolean,
    number,
    positive,
    word,
)
from ledcal.instruments.virtual.detectors import Heads
from ledcal.instruments.virtual.multiplexer import Multiplexer
from ledcal.instruments.virtual.power_meter import RANGES_W, VirtualPowerMeter
from ledcal.instruments.virtual.spectrometer import VirtualSpectrometer
from ledcal.instruments.virtual.thermocouple_logger import VirtualThermocoupleLogger

GARBAGE_DEGC = (487.2, -113.6)
"""What a breaking thermocouple may show before the logger calls it open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruments:
    """The instruments of a bench, and their heads."""

    heads: Heads
    power_meter: VirtualPowerMeter
    spectrometer: VirtualSpectrometer
    multiplexer: Multiplexer
    thermocouple_logger: VirtualThermocoupleLogger


def instrument_conditions(instruments: Instruments) -> dict[str, Condition]:
    """Return what can be otherwise at the instruments."""
    multiplexer = instruments.multiplexer
    wired = [each.name for each in instruments.heads.thermocouples]

    def thermocouple(value: Any) -> set[str]:
        """Return the names of the broken thermocouples: one, or none by an empty text."""
        if value is None or value == "":
            return set()
        if value not in wired:
            raise ValueError(f"{value!r} is none of {', '.join(map(repr, wired))}")
        return {str(value)}

    def breaking(value: Any) -> dict[str, list[float]]:
        """Return what a breaking thermocouple shows before it is open."""
        return {name: list(GARBAGE_DEGC) for name in thermocouple(value)}

    def range_w(value: Any) -> float:
        """Return one of the meter's ranges."""
        found = number(value)
        if found not in RANGES_W:
            raise ValueError(f"{value!r} is none of {', '.join(map(str, RANGES_W))}")
        return found

    meter, spectro = instruments.power_meter, instruments.heads.spectrometer
    return {
        "capped": attribute(instruments.heads.meter, "capped", boolean),
        "meter_head": attribute(meter, "head_serial", word),
        "meter_nm": Condition(positive, meter.turn_to),
        "meter_range_w": Condition(range_w, meter.hold_range),
        "spectrometer_saturates_at": attribute(spectro, "saturates_at", positive),
        "spectrometer_hides_saturation": attribute(spectro, "hides_saturation", boolean),
        "open_thermocouple": attribute(multiplexer, "opened", thermocouple),
        "detached_thermocouple": attribute(multiplexer, "detached", thermocouple),
        "breaking_thermocouple": attribute(multiplexer, "breaking", breaking),
    }
