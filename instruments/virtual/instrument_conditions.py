"""Conditions of the three instruments and of what is connected to them."""

from dataclasses import dataclass
from typing import Any

from ledcal.instruments.virtual.conditions import Condition, attribute, boolean
from ledcal.instruments.virtual.detectors import Heads
from ledcal.instruments.virtual.multiplexer import Multiplexer
from ledcal.instruments.virtual.power_meter import VirtualPowerMeter
from ledcal.instruments.virtual.spectrometer import VirtualSpectrometer
from ledcal.instruments.virtual.thermocouple_logger import VirtualThermocoupleLogger


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

    return {
        "capped": attribute(instruments.heads.meter, "capped", boolean),
        "open_thermocouple": attribute(multiplexer, "opened", thermocouple),
    }
