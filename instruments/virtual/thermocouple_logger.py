"""The virtual thermocouple logger: Keysight DAQ970A dialect with one multiplexer (emulated).

Commands and formats: DAQ970A/DAQ973A Programming Guide and 34970A/34972A User's Guide.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ledcal.instruments.virtual.bench import Bench
from ledcal.instruments.virtual.multiplexer import OVERLOAD, Multiplexer, between, one_of
from ledcal.instruments.virtual.scpi import Handler, ScpiInstrument
from ledcal.instruments.virtual.scpi_grammar import Call, ScpiError, definite_block, whole

SERIAL = "MY58012345"
FIRMWARE = "A.02.04-00.16-11.29-00.02-02-01"
MEMORY = 100_000
NO_READING = 9.91e37
TEMPERATURE_OVERLOAD, MEMORY_OVERFLOW = 1 << 10, 1 << 12
"""QUES bits, event only (Programming Guide, STATus:QUEStionable)."""
ENDLESS = 0
"""Trigger count for INFinity."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading with what FORMat:READing may show of it."""

    channel: int
    value: float
    unit: str
    at_s: float
    at: datetime


class VirtualThermocoupleLogger(ScpiInstrument):
    """Mainframe with its scan memory."""

    queue_depth = 20
    signed = True

    def __init__(self, bench: Bench, multiplexer: Multiplexer) -> None:
        """Switch on with the factory settings."""
        self._bench = bench
        self._multiplexer = multiplexer
        self._questionable = 0
        self._scanning: asyncio.Task[None] | None = None
        self._triggered = asyncio.Event()
        super().__init__()
        self._reset()

    def switch_on(self) -> None:
        """Start after power has failed."""
        super().switch_on()
        self._questionable = 0
        self._reset()

    def identity(self) -> str:
        """Return maker, model, serial, firmware."""
        return f"Keysight Technologies,DAQ970A,{SERIAL},{FIRMWARE}"

    def commands(self) -> Mapping[str, Handler]:
        """Return the table."""
        table: dict[str, Handler] = {
            "*RST": lambda _: self._reset(),
            "*TST?": lambda _: "+0",
            "*TRG": lambda _: self._triggered.set(),
            "SYSTem:VERSion?": lambda _: "1994.0",
            "CONFigure:TEMPerature": self._configure,
            "ROUTe:SCAN": self._set_scan,
            "ROUTe:SCAN?": lambda _: definite_block(
                f"(@{','.join(map(str, self._multiplexer.scan))})".encode()
            ),
            "ROUTe:SCAN:SIZE?": lambda _: self.integer(len(self._multiplexer.scan)),
            "TRIGger:SOURce": self._set_trigger,
            "TRIGger:SOURce?": lambda _: self._trigger,
            "TRIGger:COUNt": self._set_sweeps,
            "TRIGger:COUNt?": lambda _: f"{self._sweeps or 9.9e37:+.8E}",
            "TRIGger:TIMer": self._set_timer,
            "TRIGger:TIMer?": lambda _: f"{self._timer_s:+.8E}",
            "INITiate": self._initiate,
            "ABORt": lambda _: self._abort(),
            "FETCh?": self._fetch,
            "READ?": self._read,
            "R?": self._remove_block,
            "DATA:POINts?": lambda _: self.integer(len(self._memory)),
            "DATA:REMove?": self._remove,
            "DATA:LAST?": self._last,
            "FORMat:READing:TIME:TYPE": self._set_time_type,
            "FORMat:READing:TIME:TYPE?": lambda _: self._time_type,
            "STATus:QUEStionable[:EVENt]?": self._read_questionable,
            "STATus:QUEStionable:CONDition?": lambda _: "+0",
            "STATus:OPERation:CONDition?": lambda _: self.integer(0x10 * self._busy()),
        }
        for part in ("CHANnel", "TIME", "UNIT", "ALARm"):
            table[f"FORMat:READing:{part}"] = self._shower(part)
            table[f"FORMat:READing:{part}?"] = self._shown_query(part)
        return table | dict(self._multiplexer.commands())

    def status_byte(self) -> int:
        """Return the status byte; bit 3 sums up the questionable register."""
        return super().status_byte() | (0x08 if self._questionable else 0)

    def _reset(self) -> None:
        self._abort()
        self._multiplexer.reset()
        self._memory: list[Reading] = []
        self._shown: set[str] = set()
        self._time_type = "REL"
        self._trigger = "IMM"
        self._sweeps = 1
        self._timer_s = 10.0

    def _configure(self, call: Call) -> None:
        self._multiplexer.configure(call)
        self._memory = []

    def _set_scan(self, call: Call) -> None:
        self._multiplexer.scan = self._multiplexer.listed(call.only())
        self._memory = []

    def _set_trigger(self, call: Call) -> None:
        long_forms = {"IMMEDIATE": "IMM", "TIMER": "TIM", "EXTERNAL": "EXT"}
        word = call.only().upper()
        self._trigger = one_of("IMM", "TIM", "BUS", "EXT")(long_forms.get(word, word))

    def _set_sweeps(self, call: Call) -> None:
        if call.only().upper() in ("INF", "INFINITY"):
            self._sweeps = ENDLESS
            return
        sweeps = whole(call.only())
        if not 1 <= sweeps <= 50_000:
            raise ScpiError(-222)
        self._sweeps = sweeps

    def _set_timer(self, call: Call) -> None:
        self._timer_s = between(0.0, 360_000.0)(call.only())

    def _set_time_type(self, call: Call) -> None:
        self._time_type = one_of("REL", "ABS")(call.only())

    def _shower(self, part: str) -> Handler:
        def show(call: Call) -> None:
            if call.boolean():
                self._shown.add(part)
            else:
                self._shown.discard(part)

        return show

    def _shown_query(self, part: str) -> Handler:
        return lambda _: str(int(part in self._shown))

    def _busy(self) -> bool:
        return self._scanning is not None and not self._scanning.done()

    def _abort(self) -> None:
        if self._scanning is not None:
            self._scanning.cancel()
        self._scanning = None

    def _initiate(self, _: Call) -> None:
        if self._busy() or not self._multiplexer.scan:
            raise ScpiError(-221)
        self._memory = []
        self._triggered.clear()
        self._scanning = asyncio.create_task(self._sweep(self._memory))

    async def _fetch(self, _: Call) -> str:
        if self._scanning is None:
            raise ScpiError(-230)
        await asyncio.wait({self._scanning})
        return self._joined(self._memory)

    async def _read(self, _: Call) -> str:
        if not self._multiplexer.scan:
            raise ScpiError(-221)
        if self._trigger in ("BUS", "EXT") or self._sweeps == ENDLESS:
            raise ScpiError(-214)
        self._abort()
        # READ? sends without storing, and a new scan clears the memory.
        self._memory = []
        readings: list[Reading] = []
        await self._sweep(readings)
        return self._joined(readings)

    async def _sweep(self, into: list[Reading]) -> None:
        """Scan as the trigger model says, appending readings as they come."""
        self._bench.advance()
        start_s, start = self._bench.world.time_s, datetime.now(UTC)
        sweep = 0
        while sweep < self._sweeps or self._sweeps == ENDLESS:
            if self._trigger in ("BUS", "EXT"):
                await self._triggered.wait()
                self._triggered.clear()
            elif self._trigger == "TIM":
                elapsed_s = self._bench.world.time_s - start_s
                await self._bench.clock.sleep(sweep * self._timer_s - elapsed_s)
            for number in self._multiplexer.scan:
                channel = self._multiplexer.channels[number]
                await self._bench.clock.sleep(channel.duration_s)
                self._bench.advance()
                value = self._multiplexer.value(number)
                if value == OVERLOAD:
                    # Overload sets status bits and makes no entry in the error queue.
                    self._questionable |= TEMPERATURE_OVERLOAD
                    self.event_status |= 0x08
                at_s = self._bench.world.time_s - start_s
                into.append(
                    Reading(number, value, channel.unit, at_s, start + timedelta(seconds=at_s))
                )
                if len(into) > MEMORY:
                    # The oldest reading is lost.
                    self._questionable |= MEMORY_OVERFLOW
                    del into[0]
            sweep += 1

    def _joined(self, readings: list[Reading]) -> str:
        return ",".join(self._formatted(reading) for reading in readings)

    def _formatted(self, reading: Reading) -> str:
        text = f"{reading.value:+.8E}"
        if "UNIT" in self._shown:
            text += f" {reading.unit}"
        if "TIME" in self._shown and self._time_type == "REL":
            text += f",{reading.at_s:013.3f}"
        elif "TIME" in self._shown:
            text += f",{reading.at:%Y,%m,%d,%H,%M,%S}.{reading.at.microsecond // 1000:03d}"
        if "CHANnel" in self._shown:
            text += f",{reading.channel}"
        if "ALARm" in self._shown:
            text += ",0"
        return text

    def _remove_block(self, call: Call) -> bytes:
        count = whole(call.only()) if call.arguments else len(self._memory)
        if count < 0:
            raise ScpiError(-222)
        return definite_block(self._joined(self._taken(count)).encode())

    def _remove(self, call: Call) -> str:
        if not call.arguments:
            raise ScpiError(-109)
        count = whole(call.arguments[0])
        if not 1 <= count <= len(self._memory):
            raise ScpiError(-222)
        return self._joined(self._taken(count))

    def _taken(self, count: int) -> list[Reading]:
        taken = self._memory[:count]
        del self._memory[:count]
        return taken

    def _last(self, call: Call) -> str:
        channels = self._multiplexer.listed(call.only())
        if len(channels) != 1:
            raise ScpiError(-224)
        latest = [each for each in self._memory if each.channel == channels[0]]
        if latest:
            return self._formatted(latest[-1])
        return f"{NO_READING:+.2E}"

    def _read_questionable(self, _: Call) -> str:
        value, self._questionable = self._questionable, 0
        return self.integer(value)
