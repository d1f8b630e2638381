"""The logger's multiplexer: 20 channels in slot 1, their settings and what their wires carry."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ledcal.instruments.virtual.detectors import Thermocouple
from ledcal.instruments.virtual.heat import HeatNetwork
from ledcal.instruments.virtual.scpi import Handler
from ledcal.instruments.virtual.scpi_grammar import Call, ScpiError, decimal

SLOT_CHANNELS = range(101, 121)
"""Slot number, then two digits (Programming Guide, channel lists)."""
LINE_HZ = 50.0
RELAY_S = 0.004
OVERLOAD = 9.9e37
MICROVOLT_PER_K = {
    "B": 0.2, "E": 61.0, "J": 51.7, "K": 41.0, "N": 27.0, "R": 6.0, "S": 6.0, "T": 41.5,
}  # fmt: skip
"""Seebeck coefficients near room temperature: what a wrongly set type does to a reading."""
TERMINALS_RISE_K = 1.5
"""The terminal block is warmer than the room; the internal reference junction measures it."""
TCOUPLE = "[SENSe:]TEMPerature:TRANsducer:TCouple"

Parse = Callable[[str], object]


@dataclass(slots=True)
class Channel:
    """Settings of one channel; the defaults are those that CONFigure:TEMPerature restores."""

    kind: str = "J"
    junction: str = "INT"
    junction_degc: float = 0.0
    unit: str = "C"
    power_cycles: float = 1.0
    open_check: bool = False
    delay_s: float = 0.001

    @property
    def duration_s(self) -> float:
        """Time of one reading: settling, integration, relay and the open check. [s]"""
        integration_s = self.power_cycles / LINE_HZ
        # The check measures the loop's resistance after each reading.
        return self.delay_s + RELAY_S + integration_s * (2.0 if self.open_check else 1.0)


class Multiplexer:
    """Channels with their settings and the thermocouples that are wired to them."""

    def __init__(
        self,
        heat: HeatNetwork,
        thermocouples: tuple[Thermocouple, ...],
        rng: np.random.Generator,
    ) -> None:
        """Wire thermocouples to the nodes of the same names; any other name sees the air."""
        self._heat = heat
        self._wired = {each.input: each for each in thermocouples}
        self._noise = rng
        self.opened: set[str] = set()
        """Names of thermocouples that are broken."""
        self.detached: set[str] = set()
        """Names of thermocouples that have fallen off: they hang in the air."""
        self.breaking: dict[str, list[float]] = {}
        """By name, what a thermocouple that breaks still shows before it is open. [degC]"""
        self.scan: list[int] = []
        self.channels: dict[int, Channel] = {}
        self.reset()

    def reset(self) -> None:
        """Restore the factory settings and empty the scan list."""
        self.channels = {number: Channel() for number in SLOT_CHANNELS}
        self.scan = []

    def configure(self, call: Call) -> None:
        """CONFigure:TEMPerature resets the other settings and redefines the scan list."""
        if len(call.arguments) < 3:
            raise ScpiError(-109)
        if call.arguments[0].upper() not in ("TC", "TCOUPLE"):
            raise ScpiError(-224)
        kind = one_of(*MICROVOLT_PER_K)(call.arguments[1])
        channels = self.listed(call.arguments[-1])
        for number in channels:
            self.channels[number] = Channel(kind=kind)
        self.scan = channels

    def commands(self) -> Mapping[str, Handler]:
        """Return the table of the channels' settings."""
        settings: dict[str, tuple[str, Parse]] = {
            "UNIT:TEMPerature": ("unit", one_of("C", "F", "K")),
            f"{TCOUPLE}:TYPE": ("kind", one_of(*MICROVOLT_PER_K)),
            f"{TCOUPLE}:RJUNction:TYPE": ("junction", junction),
            f"{TCOUPLE}:RJUNction": ("junction_degc", between(-20.0, 80.0)),
            f"{TCOUPLE}:CHECk": ("open_check", switch),
            "[SENSe:]TEMPerature:NPLCycles": ("power_cycles", between(0.02, 200.0)),
            "ROUTe:CHANnel:DELay": ("delay_s", between(0.0, 60.0)),
        }
        table: dict[str, Handler] = {"ROUTe:CHANnel:DELay:AUTO": self._set_auto_delay}
        for header, (name, parse) in settings.items():
            table[header] = self._setter(name, parse)
            table[f"{header}?"] = self._query(name)
        return table

    def listed(self, text: str) -> list[int]:
        """Return the channels of a list.

        Raises:
            ScpiError: it is no list, or names a channel that is not there.
        """
        channels = channel_list(text)
        if any(number not in self.channels for number in channels):
            raise ScpiError(-222)
        return channels

    def value(self, number: int) -> float:
        """Return what a channel shows now in its unit; +9.9E+37 for an open thermocouple."""
        channel = self.channels[number]
        wired = self._wired.get(number)
        if wired is None or wired.name in self.opened:
            return OVERLOAD
        if wired.name in self.breaking:
            last_degc = self.breaking[wired.name]
            return last_degc.pop(0) if last_degc else OVERLOAD
        nodes = {"surface": self._heat.surface_degc, "heatsink": self._heat.heatsink_degc}
        place = "air" if wired.name in self.detached else wired.name
        end_degc = nodes.get(place, self._heat.ambient_degc) - wired.correction_k
        # The wires carry only the difference to the terminals; type and junction interpret it.
        terminals_degc = self._heat.ambient_degc + TERMINALS_RISE_K
        reference_degc = terminals_degc if channel.junction == "INT" else channel.junction_degc
        gain = MICROVOLT_PER_K["K"] / MICROVOLT_PER_K[channel.kind]
        degc = reference_degc + gain * (end_degc - terminals_degc)
        degc += float(self._noise.normal(0.0, 0.01))
        return {"C": degc, "F": degc * 1.8 + 32.0, "K": degc + 273.15}[channel.unit]

    def _chosen(self, call: Call) -> list[int]:
        """Return the channels of a command; without a list, those of the scan list."""
        if call.arguments and call.arguments[-1].startswith("("):
            return self.listed(call.arguments[-1])
        return self.scan

    def _setter(self, name: str, parse: Parse) -> Handler:
        def set_channels(call: Call) -> None:
            if not call.arguments or call.arguments[0].startswith("("):
                raise ScpiError(-109)
            value = parse(call.arguments[0])
            for number in self._chosen(call):
                setattr(self.channels[number], name, value)

        return set_channels

    def _query(self, name: str) -> Handler:
        def read_channels(call: Call) -> str:
            values = [getattr(self.channels[number], name) for number in self._chosen(call)]
            return ",".join(_written(value) for value in values)

        return read_channels

    def _set_auto_delay(self, call: Call) -> None:
        on = switch(call.arguments[0]) if call.arguments else True
        for number in self._chosen(call):
            self.channels[number].delay_s = Channel().delay_s if on else 0.0


def channel_list(text: str) -> list[int]:
    """Parse `(@101,103:105)`; results come in ascending channel order.

    Raises:
        ScpiError: it is no channel list.
    """
    match = re.fullmatch(r"\(@([\d,:]*)\)", text.replace(" ", ""))
    if match is None:
        raise ScpiError(-224)
    channels: set[int] = set()
    for part in filter(None, match[1].split(",")):
        first, _, last = part.partition(":")
        # Channel numbers have three digits; a longer one would only fill the memory.
        if not re.fullmatch(r"\d{3}", first) or not re.fullmatch(r"(\d{3})?", last):
            raise ScpiError(-224)
        channels.update(range(int(first), int(last or first) + 1))
    return sorted(channels)


def one_of(*words: str) -> Callable[[str], str]:
    """Return a parser that takes only these words."""

    def parse(text: str) -> str:
        if text.upper() not in words:
            raise ScpiError(-224)
        return text.upper()

    return parse


def between(low: float, high: float) -> Callable[[str], float]:
    """Return a parser for numbers within limits."""

    def parse(text: str) -> float:
        value = decimal(text)
        if not low <= value <= high:
            raise ScpiError(-222)
        return value

    return parse


def junction(text: str) -> str:
    """Parse a reference junction, in short or long form, to its short form."""
    long_forms = {"INTERNAL": "INT", "EXTERNAL": "EXT", "FIXED": "FIX"}
    return one_of("INT", "EXT", "FIX")(long_forms.get(text.upper(), text))


def switch(text: str) -> bool:
    """Parse ON|OFF|1|0."""
    return one_of("ON", "OFF", "1", "0")(text) in ("ON", "1")


def _written(value: str | bool | float) -> str:
    if isinstance(value, str):
        return value
    return str(int(value)) if isinstance(value, bool) else f"{value:+.8E}"
