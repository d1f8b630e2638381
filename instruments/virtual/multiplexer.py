"""The logger's multiplexers: 20 channels in slots 100 and 300, and what their wires carry.

Commands: K1 pp 205-215 (ROUTe), K2 `CONFigure:TEMPerature`, `[SENSe:]TEMPerature`, `ROUTe`,
`CALCulate:LIMit`, `UNIT:TEMPerature`; the manuals are those that `daq_models` names.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ledcal.instruments.virtual.daq_parameters import (
    Parse,
    between,
    channel_list,
    discrete,
    is_channel_list,
    stepped,
    switch,
    written,
)
from ledcal.instruments.virtual.detectors import Thermocouple
from ledcal.instruments.virtual.heat import HeatNetwork
from ledcal.instruments.virtual.scpi import Handler
from ledcal.instruments.virtual.scpi_grammar import Call, ScpiError

SLOTS = {100: True, 200: False, 300: True}
"""Which slots have a multiplexer: the middle one is empty."""
CHANNELS = frozenset(
    number for slot, fitted in SLOTS.items() if fitted for number in range(slot + 1, slot + 21)
)
LINE_HZ = 50.0
RELAY_S = 0.004
AUTOMATIC_DELAY_S = 0.001
OVERLOAD = 9.9e37
MICROVOLT_PER_K = {
    "B": 0.2, "E": 61.0, "J": 51.7, "K": 41.0, "N": 27.0, "R": 6.0, "S": 6.0, "T": 41.5,
}  # fmt: skip
"""Seebeck coefficients near room temperature: what a wrongly set type does to a reading."""
TERMINALS_RISE_K = 1.5
"""The terminal block is warmer than the room; the internal reference junction measures it."""
LOOP_DEGC_AS_RTD = -246.75
"""What an RTD of 100 ohm would be at the 5 ohm of a thermocouple's loop (a = 0.00385). [degC]"""
ALARM_OFF, ALARM_LOW, ALARM_HIGH = 0, 1, 2

_TCOUPLE = "[SENSe:]TEMPerature:TRANsducer:TCouple"
_LIMIT = between(-1e15, 1e15)
_PROBE = discrete("TCouple", "RTD", "FRTD", "THERmistor", "DEF")
_KIND = discrete(*MICROVOLT_PER_K, "DEF")
_RESISTORS, _THERMISTORS = ("85", "91", "DEF"), ("2252", "5000", "10000", "DEF")
_NPLC = stepped(0.02, 0.2, 1, 2, 10, 20, 100, 200)


@dataclass(slots=True)
class Channel:
    """Settings of one channel; the defaults are those that *RST and CONFigure restore."""

    function: str = "VOLT"
    probe: str = "TC"
    kind: str = "J"
    junction: str = "INT"
    junction_degc: float = 0.0
    unit: str = "C"
    power_cycles: float = 1.0
    open_check: bool = False
    auto_zero: bool = True
    high_impedance: bool = False
    delay_s: float = AUTOMATIC_DELAY_S
    automatic_delay: bool = True
    upper: float = 0.0
    upper_on: bool = False
    lower: float = 0.0
    lower_on: bool = False

    @property
    def duration_s(self) -> float:
        """Time of one reading: settling, integration, relay and the open check. [s]"""
        integration_s = self.power_cycles / LINE_HZ
        checked = self.open_check and self.function == "TEMP"
        # The check measures the loop's resistance after each reading.
        return self.delay_s + RELAY_S + integration_s * (2.0 if checked else 1.0)

    @property
    def shown_unit(self) -> str:
        """The unit that FORMat:READing:UNIT adds."""
        return self.unit if self.function == "TEMP" else "VDC"

    def alarm(self, value: float) -> int:
        """Return which limit a reading crosses (K1 p139)."""
        if self.upper_on and value > self.upper:
            return ALARM_HIGH
        return ALARM_LOW if self.lower_on and value < self.lower else ALARM_OFF


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
        self.junction = "INT"
        """Reference junction after a reset, by model."""
        self.changed: Callable[[], None] = lambda: None
        """Called when a command has changed how a channel measures."""
        self.require_idle: Callable[[], None] = lambda: None
        """Refuses a command that changes how a channel measures while a scan goes on."""
        self.scan: list[int] = []
        self.cycles = dict.fromkeys(CHANNELS, 0)
        """How often each channel's relay has closed; no reset changes that."""
        self.channels: dict[int, Channel] = {}
        self.reset()

    def reset(self) -> None:
        """Restore the factory settings and empty the scan list."""
        self.channels = {number: Channel(junction=self.junction) for number in sorted(CHANNELS)}
        self.scan = []

    def configure_temperature(self, call: Call) -> None:
        """CONFigure:TEMPerature probe,type[,1[,resolution]],(@list), all settings to default."""
        probe, kind, channels = self._configured(call, words=2)
        probe = "TC" if _PROBE(probe) == "DEF" else _PROBE(probe)
        kind = kind.upper()
        if probe == "TC":
            kind = "J" if _KIND(kind) == "DEF" else kind
        elif kind not in {"THER": ("2252", "5000", "10000", "DEF")}.get(
            probe, ("85", "91", "DEF")
        ):
            raise ScpiError(-224)
        for number in channels:
            self.channels[number] = Channel(
                function="TEMP", probe=probe, kind=kind, junction=self.junction
            )
        self.scan = channels

    def configure_voltage(self, call: Call) -> None:
        """CONFigure:VOLTage:DC [range[,resolution]],(@list), all settings to default."""
        *_, channels = self._configured(call, words=0)
        for number in channels:
            self.channels[number] = Channel(junction=self.junction)
        self.scan = channels

    def _configured(self, call: Call, words: int) -> tuple[str, str, list[int]]:
        """Return the first words of a CONFigure command and its list, which is never optional."""
        self.require_idle()
        if len(call.arguments) <= words or not is_channel_list(call.arguments[-1]):
            raise ScpiError(-109)
        if len(call.arguments) > words + 3:
            raise ScpiError(-108)
        first, second, *_ = (*call.arguments[:words], "", "")
        return first, second, self.listed(call.arguments[-1])

    def commands(self) -> Mapping[str, Handler]:
        """Return the table of the channels' settings."""
        measuring: dict[str, tuple[str, Parse]] = {
            f"{_TCOUPLE}:TYPE": ("kind", _KIND),
            f"{_TCOUPLE}:RJUNction:TYPE": ("junction", discrete("INTernal", "EXTernal", "FIXed")),
            f"{_TCOUPLE}:RJUNction": ("junction_degc", between(-20.0, 80.0, 0.0)),
            f"{_TCOUPLE}:CHECk": ("open_check", switch),
            "[SENSe:]TEMPerature:TRANsducer:TYPE": ("probe", _PROBE),
            "[SENSe:]TEMPerature:NPLCycles": ("power_cycles", _NPLC),
            "[SENSe:]VOLTage[:DC]:NPLCycles": ("power_cycles", _NPLC),
            "[SENSe:]FUNCtion": ("function", _function),
            "[SENSe:][TEMPerature:]ZERO:AUTO": ("auto_zero", switch),
            f"{_TCOUPLE}:IMPedance:AUTO": ("high_impedance", switch),
            "INPut:IMPedance:AUTO": ("high_impedance", switch),
            "UNIT:TEMPerature": ("unit", discrete("C", "F", "K")),
        }
        other: dict[str, tuple[str, Parse]] = {
            "ROUTe:CHANnel:DELay": ("delay_s", between(0.0, 60.0)),
            "ROUTe:CHANnel:DELay:AUTO": ("automatic_delay", switch),
            "CALCulate:LIMit:UPPer": ("upper", _LIMIT),
            "CALCulate:LIMit:UPPer:STATe": ("upper_on", switch),
            "CALCulate:LIMit:LOWer": ("lower", _LIMIT),
            "CALCulate:LIMit:LOWer:STATe": ("lower_on", switch),
        }
        table: dict[str, Handler] = {}
        for header, (name, parse) in (measuring | other).items():
            table[header] = self._setter(name, parse, header in measuring)
            table[f"{header}?"] = self._query(name, parse)
        table["[SENSe:]TEMPerature:RJUNction?"] = self._terminals
        return table

    def listed(self, text: str) -> list[int]:
        """Return the channels of a list.

        Raises:
            ScpiError: it is no list, or names a channel that is not there.
        """
        return channel_list(text, CHANNELS)

    def single(self, text: str) -> int:
        """Return the channel of a list that has one.

        Raises:
            ScpiError: it has another number of channels, or names one that is not there.
        """
        channels = self.listed(text)
        if len(channels) != 1:
            raise ScpiError(281)
        return channels[0]

    def value(self, number: int) -> float:
        """Return what a channel shows now in its unit; +9.9E+37 for an open thermocouple."""
        channel = self.channels[number]
        self.cycles[number] += 1
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
        difference_k = end_degc - self._terminals_degc + float(self._noise.normal(0.0, 0.01))
        if channel.function == "VOLT":
            return difference_k * MICROVOLT_PER_K["K"] * 1e-6
        if channel.probe == "TC":
            if channel.junction == "EXT":
                # No RTD or thermistor has stored a reference temperature (34980A, RJUN:EXTernal?).
                return OVERLOAD
            fixed = channel.junction == "FIX"
            reference_degc = channel.junction_degc if fixed else self._terminals_degc
            gain = MICROVOLT_PER_K["K"] / MICROVOLT_PER_K[channel.kind]
            degc = reference_degc + gain * difference_k
        else:
            degc = OVERLOAD if channel.probe == "THER" else LOOP_DEGC_AS_RTD
        if degc == OVERLOAD:
            return OVERLOAD
        return {"C": degc, "F": degc * 1.8 + 32.0, "K": degc + 273.15}[channel.unit]

    @property
    def _terminals_degc(self) -> float:
        return self._heat.ambient_degc + TERMINALS_RISE_K

    def chosen(self, call: Call) -> list[int]:
        """Return the channels of a command; without a list, those of the scan list.

        Raises:
            ScpiError: the list is wrong, or there is none and the scan list is empty.
        """
        if call.arguments and is_channel_list(call.arguments[-1]):
            return self.listed(call.arguments[-1])
        if not self.scan:
            raise ScpiError(113)
        return self.scan

    def _setter(self, name: str, parse: Parse, measuring: bool) -> Handler:
        def set_channels(call: Call) -> None:
            if measuring:
                self.require_idle()
            words = [text for text in call.arguments if not is_channel_list(text)]
            if not words:
                raise ScpiError(-109)
            if len(words) > 1:
                raise ScpiError(-108)
            value = parse(words[0])
            channels = [self.channels[number] for number in self.chosen(call)]
            if name == "unit" and any(channel.function != "TEMP" for channel in channels):
                # K2, UNIT:TEMPerature: an error on a channel that measures no temperature.
                raise ScpiError(-221, "not configured for temperature")
            for channel in channels:
                setattr(channel, name, {"DEF": _default(name)}.get(str(value), value))
                if name == "delay_s":
                    channel.automatic_delay = False
                elif name == "automatic_delay" and value:
                    channel.delay_s = AUTOMATIC_DELAY_S
            if measuring:
                self.changed()

        return set_channels

    def _query(self, name: str, parse: Parse) -> Handler:
        def read_channels(call: Call) -> str:
            if call.arguments and not is_channel_list(call.arguments[0]):
                if call.arguments[0].upper() not in ("MIN", "MAX"):
                    raise ScpiError(-224)
                return written(parse(call.arguments[0]))
            values = [getattr(self.channels[number], name) for number in self.chosen(call)]
            quote = '"' if name == "function" else ""
            return ",".join(quote + written(value) + quote for value in values)

        return read_channels

    def _terminals(self, call: Call) -> str:
        return ",".join(written(self._terminals_degc) for _ in self.chosen(call))


def _function(text: str) -> str:
    """Parse the quoted function of [SENSe:]FUNCtion."""
    if text[:1] not in ("'", '"') or text[-1:] != text[:1]:
        raise ScpiError(-104)
    word = text[1:-1].removesuffix(":DC").removesuffix(":dc")
    return discrete("TEMPerature", "VOLTage")(word)


def _default(name: str) -> object:
    return getattr(Channel(), name)
