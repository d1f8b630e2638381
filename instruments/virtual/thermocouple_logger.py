"""The virtual thermocouple logger: Keysight DAQ970A dialect with one multiplexer (emulated).

Commands and formats: DAQ970A/DAQ973A Programming Guide and 34970A/34972A User's Guide.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ledcal.instruments.virtual.bench import Bench
from ledcal.instruments.virtual.detectors import Thermocouple
from ledcal.instruments.virtual.scpi import (
    Call,
    Handler,
    ScpiError,
    ScpiInstrument,
    decimal,
    definite_block,
    whole,
)

SERIAL = "MY58012345"
FIRMWARE = "A.02.04-00.16-11.29-00.02-02-01"
SLOT_CHANNELS = range(101, 121)
"""One 20-channel multiplexer in slot 1."""
LINE_HZ = 50.0
RELAY_S = 0.004
MEMORY = 100_000
OVERLOAD, NO_READING = 9.9e37, 9.91e37
TEMPERATURE_OVERLOAD = 1 << 10
"""QUES bit 10, event only (Programming Guide, STATus:QUEStionable)."""
MICROVOLT_PER_K = {
    "B": 0.2, "E": 61.0, "J": 51.7, "K": 41.0, "N": 27.0, "R": 6.0, "S": 6.0, "T": 41.5,
}  # fmt: skip
"""Seebeck coefficients near room temperature: what a wrongly set type does to a reading."""


Parse = Callable[[str], object]


@dataclass(slots=True)
class Channel:
    """Settings of one multiplexer channel; defaults as after CONFigure:TEMPerature."""

    kind: str = "J"
    junction: str = "INT"
    junction_degc: float = 0.0
    unit: str = "C"
    power_cycles: float = 1.0
    open_check: bool = False
    delay_s: float = 0.001


@dataclass(frozen=True, slots=True)
class Reading:
    """One stored reading."""

    channel: int
    value: float
    unit: str
    at_s: float


class VirtualThermocoupleLogger(ScpiInstrument):
    """Mainframe, multiplexer and the bench's thermocouples."""

    queue_depth = 20
    signed = True

    def __init__(
        self, bench: Bench, thermocouples: tuple[Thermocouple, ...], rng: np.random.Generator
    ) -> None:
        """Switch on with the factory settings."""
        self._bench = bench
        self._wired = {each.input: each for each in thermocouples}
        self._noise = rng
        self.opened: set[str] = set()
        """Names of thermocouples that are broken."""
        self._questionable = 0
        super().__init__()
        self._defaults()

    def identity(self) -> str:
        """Return maker, model, serial, firmware."""
        return f"Keysight Technologies,DAQ970A,{SERIAL},{FIRMWARE}"

    def commands(self) -> Mapping[str, Handler]:
        """Return the table."""
        table: dict[str, Handler] = {
            "*RST": lambda _: self._defaults(),
            "*TST?": lambda _: "+0",
            "SYSTem:VERSion?": lambda _: "1994.0",
            "CONFigure:TEMPerature": self._configure,
            "UNIT:TEMPerature": lambda call: self._set(call, "unit", _one_of("C", "F", "K")),
            "UNIT:TEMPerature?": lambda call: self._show(call, "unit"),
            "[SENSe:]TEMPerature:TRANsducer:TCouple:TYPE": (
                lambda call: self._set(call, "kind", _one_of(*MICROVOLT_PER_K))
            ),
            "[SENSe:]TEMPerature:TRANsducer:TCouple:TYPE?": lambda call: self._show(call, "kind"),
            "[SENSe:]TEMPerature:TRANsducer:TCouple:RJUNction:TYPE": (
                lambda call: self._set(call, "junction", _reference_junction)
            ),
            "[SENSe:]TEMPerature:TRANsducer:TCouple:RJUNction:TYPE?": (
                lambda call: self._show(call, "junction")
            ),
            "[SENSe:]TEMPerature:TRANsducer:TCouple:RJUNction": (
                lambda call: self._set(call, "junction_degc", _between(-20.0, 80.0))
            ),
            "[SENSe:]TEMPerature:TRANsducer:TCouple:RJUNction?": (
                lambda call: self._show(call, "junction_degc")
            ),
            "[SENSe:]TEMPerature:TRANsducer:TCouple:CHECk": (
                lambda call: self._set(call, "open_check", _switch)
            ),
            "[SENSe:]TEMPerature:TRANsducer:TCouple:CHECk?": (
                lambda call: self._show(call, "open_check")
            ),
            "[SENSe:]TEMPerature:NPLCycles": (
                lambda call: self._set(call, "power_cycles", _between(0.02, 200.0))
            ),
            "[SENSe:]TEMPerature:NPLCycles?": lambda call: self._show(call, "power_cycles"),
            "ROUTe:CHANnel:DELay": lambda call: self._set(call, "delay_s", _between(0.0, 60.0)),
            "ROUTe:CHANnel:DELay?": lambda call: self._show(call, "delay_s"),
            "ROUTe:CHANnel:DELay:AUTO": self._set_auto_delay,
            "ROUTe:SCAN": self._set_scan,
            "ROUTe:SCAN?": lambda _: definite_block(
                f"(@{','.join(map(str, self._scan))})".encode()
            ),
            "ROUTe:SCAN:SIZE?": lambda _: self.integer(len(self._scan)),
            "TRIGger:SOURce": self._set_trigger,
            "TRIGger:SOURce?": lambda _: self._trigger,
            "TRIGger:COUNt": self._set_sweeps,
            "TRIGger:COUNt?": lambda _: f"{self._sweeps:+.8E}",
            "TRIGger:TIMer": self._set_timer,
            "TRIGger:TIMer?": lambda _: f"{self._timer_s:+.8E}",
            "INITiate": self._initiate,
            "ABORt": lambda _: None,
            "FETCh?": self._fetch,
            "READ?": self._read,
            "R?": self._remove_block,
            "DATA:POINts?": lambda _: self.integer(len(self._memory)),
            "DATA:REMove?": self._remove,
            "DATA:LAST?": self._last,
            "STATus:QUEStionable[:EVENt]?": self._read_questionable,
            "STATus:QUEStionable:CONDition?": lambda _: "+0",
        }
        for switch in ("CHANnel", "TIME", "UNIT", "ALARm"):
            table[f"FORMat:READing:{switch}"] = self._format_setter(switch)
            table[f"FORMat:READing:{switch}?"] = self._format_query(switch)
        return table

    def status_byte(self) -> int:
        """Return the status byte; bit 3 sums up the questionable register."""
        return super().status_byte() | (0x08 if self._questionable else 0)

    def _defaults(self) -> None:
        self._channels = {number: Channel() for number in SLOT_CHANNELS}
        self._scan: list[int] = []
        self._memory: list[Reading] = []
        self._shown: set[str] = set()
        self._trigger = "IMM"
        self._sweeps = 1
        self._timer_s = 10.0

    def _configure(self, call: Call) -> None:
        # CONFigure resets the channels' other settings and redefines the scan list.
        if len(call.arguments) < 3:
            raise ScpiError(-109)
        if call.arguments[0].upper() not in ("TC", "TCOUPLE", "TCOUPL"):
            raise ScpiError(-224)
        kind = _one_of(*MICROVOLT_PER_K)(call.arguments[1])
        channels = self._list(call.arguments[-1])
        for number in channels:
            self._channels[number] = Channel(kind=kind)
        self._scan = channels
        self._memory = []

    def _list(self, text: str) -> list[int]:
        channels = channel_list(text)
        if any(number not in self._channels for number in channels):
            raise ScpiError(-222)
        return channels

    def _of(self, call: Call) -> list[int]:
        """Return the channels of a command; without a list, those of the scan list."""
        if call.arguments and call.arguments[-1].startswith("("):
            return self._list(call.arguments[-1])
        return self._scan

    def _set(self, call: Call, name: str, parse: Parse) -> None:
        if not call.arguments or call.arguments[0].startswith("("):
            raise ScpiError(-109)
        value = parse(call.arguments[0])
        for number in self._of(call):
            setattr(self._channels[number], name, value)

    def _show(self, call: Call, name: str) -> str:
        values = [getattr(self._channels[number], name) for number in self._of(call)]
        return ",".join(self._written(value) for value in values)

    def _written(self, value: str | bool | float) -> str:
        if isinstance(value, str):
            return value
        return str(int(value)) if isinstance(value, bool) else f"{value:+.8E}"

    def _set_auto_delay(self, call: Call) -> None:
        on = _switch(call.arguments[0]) if call.arguments else True
        for number in self._of(call):
            self._channels[number].delay_s = Channel().delay_s if on else 0.0

    def _set_scan(self, call: Call) -> None:
        self._scan = self._list(call.only())
        self._memory = []

    def _set_trigger(self, call: Call) -> None:
        source = _one_of("IMM", "TIM", "BUS", "EXT")(call.only().upper()[:3])
        self._trigger = source

    def _set_sweeps(self, call: Call) -> None:
        sweeps = whole(call.only())
        if not 1 <= sweeps <= 50_000:
            raise ScpiError(-222)
        self._sweeps = sweeps

    def _set_timer(self, call: Call) -> None:
        self._timer_s = _between(0.0, 360_000.0)(call.only())

    def _format_setter(self, switch: str) -> Handler:
        def set_switch(call: Call) -> None:
            if call.boolean():
                self._shown.add(switch)
            else:
                self._shown.discard(switch)

        return set_switch

    def _format_query(self, switch: str) -> Handler:
        return lambda _: str(int(switch in self._shown))

    async def _initiate(self, _: Call) -> None:
        self._memory = (await self._sweep_all())[-MEMORY:]

    async def _read(self, _: Call) -> str:
        # READ? sends without storing; a new scan clears the memory.
        self._memory = []
        return self._joined(await self._sweep_all())

    async def _sweep_all(self) -> list[Reading]:
        if not self._scan:
            raise ScpiError(-221)
        if self._trigger not in ("IMM", "TIM"):
            raise ScpiError(-221)
        self._bench.advance()
        start_s = self._bench.world.time_s
        readings: list[Reading] = []
        for sweep in range(self._sweeps):
            if sweep and self._trigger == "TIM":
                elapsed_s = self._bench.world.time_s - start_s
                await self._bench.clock.sleep(sweep * self._timer_s - elapsed_s)
            for number in self._scan:
                readings.append(await self._take(number, start_s))
        return readings

    async def _take(self, number: int, start_s: float) -> Reading:
        channel = self._channels[number]
        # Settling, integration over power line cycles, relay; the open check reads resistance.
        integration_s = channel.power_cycles / LINE_HZ
        check_s = integration_s if channel.open_check else 0.0
        await self._bench.clock.sleep(channel.delay_s + integration_s + RELAY_S + check_s)
        self._bench.advance()
        shown = self._shown_value(number, channel)
        return Reading(number, shown, channel.unit, self._bench.world.time_s - start_s)

    def _shown_value(self, number: int, channel: Channel) -> float:
        wired = self._wired.get(number)
        if wired is None or wired.name in self.opened:
            self._questionable |= TEMPERATURE_OVERLOAD
            self.event_status |= 0x08
            return OVERLOAD
        heat = self._bench.world.heat
        nodes = {"surface": heat.surface_degc, "heatsink": heat.heatsink_degc}
        true_degc = nodes.get(wired.name, heat.ambient_degc) - wired.correction_k
        # The wires give the difference to the terminals; the set type and junction interpret it.
        terminals_degc = heat.ambient_degc + 1.5
        reference_degc = terminals_degc if channel.junction == "INT" else channel.junction_degc
        gain = MICROVOLT_PER_K["K"] / MICROVOLT_PER_K[channel.kind]
        degc = reference_degc + gain * (true_degc - terminals_degc)
        degc += float(self._noise.normal(0.0, 0.01))
        return {"C": degc, "F": degc * 1.8 + 32.0, "K": degc + 273.15}[channel.unit]

    def _joined(self, readings: list[Reading]) -> str:
        return ",".join(self._formatted(reading) for reading in readings)

    def _formatted(self, reading: Reading) -> str:
        text = f"{reading.value:+.8E}"
        if "UNIT" in self._shown:
            text += f" {reading.unit}"
        if "TIME" in self._shown:
            text += f",{reading.at_s:016.3f}"
        if "CHANnel" in self._shown:
            text += f",{reading.channel}"
        if "ALARm" in self._shown:
            text += ",0"
        return text

    def _fetch(self, _: Call) -> str:
        if not self._memory:
            raise ScpiError(-230)
        return self._joined(self._memory)

    def _remove_block(self, call: Call) -> bytes:
        count = whole(call.only()) if call.arguments else len(self._memory)
        taken, self._memory = self._memory[:count], self._memory[count:]
        return definite_block(self._joined(taken).encode())

    def _remove(self, call: Call) -> str:
        if not call.arguments:
            raise ScpiError(-109)
        count = whole(call.arguments[0])
        if not 1 <= count <= len(self._memory):
            raise ScpiError(-222)
        taken, self._memory = self._memory[:count], self._memory[count:]
        return self._joined(taken)

    def _last(self, call: Call) -> str:
        (number,) = self._list(call.only()) or (0,)
        latest = [each for each in self._memory if each.channel == number]
        return self._formatted(latest[-1] if latest else Reading(number, NO_READING, "C", 0.0))

    def _read_questionable(self, _: Call) -> str:
        value, self._questionable = self._questionable, 0
        return self.integer(value)


def channel_list(text: str) -> list[int]:
    """Parse `(@101,103:105)`; channels come in ascending order.

    Raises:
        ScpiError: it is no channel list.
    """
    match = re.fullmatch(r"\(@([\d,: ]*)\)", text.replace(" ", ""))
    if match is None:
        raise ScpiError(-224)
    channels: set[int] = set()
    for part in filter(None, match[1].split(",")):
        first, _, last = part.partition(":")
        if not first.isdigit() or (last and not last.isdigit()):
            raise ScpiError(-224)
        channels.update(range(int(first), int(last or first) + 1))
    return sorted(channels)


def _one_of(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text.upper() not in words:
            raise ScpiError(-224)
        return text.upper()

    return parse


def _between(low: float, high: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        value = decimal(text)
        if not low <= value <= high:
            raise ScpiError(-222)
        return value

    return parse


def _reference_junction(text: str) -> str:
    return _one_of("INT", "EXT", "FIX")(text[:3])


def _switch(text: str) -> bool:
    return _one_of("ON", "OFF", "1", "0")(text) in ("ON", "1")
