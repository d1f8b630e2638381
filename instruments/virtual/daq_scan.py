"""How the logger scans: trigger, sweeps over the scan list, and the one channel that is watched.

Commands: K1 pp 205-215, K2 `ABORt`, `FETCh?`, `INITiate`, `READ?`, `ROUTe:MONitor`,
`ROUTe:SCAN`, `TRIGger`, and K2 p206 on READ? and FETCh?.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from ledcal.instruments.virtual.bench import Bench
from ledcal.instruments.virtual.daq_memory import Reading, ReadingFormat, ReadingMemory
from ledcal.instruments.virtual.daq_parameters import between, discrete, switch
from ledcal.instruments.virtual.daq_status import (
    AWAITS_TRIGGER,
    SCANNING,
    TEMPERATURE_OVERLOAD,
    VOLTAGE_OVERLOAD,
)
from ledcal.instruments.virtual.multiplexer import OVERLOAD, Multiplexer
from ledcal.instruments.virtual.scpi import Handler
from ledcal.instruments.virtual.scpi_grammar import Call, ScpiError, definite_block

ENDLESS = 0
"""Trigger count for INFinity."""
_COUNT = between(1, 50_000, 1)
_TIMER = between(0.0, 359_999.0)
_SOURCE = discrete(
    "IMMediate", "TIMer", "BUS", "EXTernal", "ALARm1", "ALARm2", "ALARm3", "ALARm4", "ABSolute"
)


class Scanner:
    """Sweeps over the scan list as the trigger says, and keeps or answers the readings."""

    def __init__(
        self,
        bench: Bench,
        multiplexer: Multiplexer,
        memory: ReadingMemory,
        form: ReadingFormat,
        overload: Callable[[int], None],
    ) -> None:
        """Begin idle; `overload` takes the QUES bit of each reading that is none."""
        self._bench = bench
        self._multiplexer = multiplexer
        self._memory = memory
        self._form = form
        self._overload = overload
        self.clock_offset = timedelta()
        """The instrument's clock less the computer's, as SYSTem:DATE and TIME have set it."""
        self.started = datetime.now(UTC)
        self.changed: Callable[[], None] = lambda: None
        """Called when a TRIGger command has changed how a scan goes."""
        self.began: Callable[[], None] = lambda: None
        """Called when a scan begins."""
        self.measured: Callable[[Reading], None] = lambda _: None
        """Called with each reading of a scan."""
        self.turned: Callable[[], object] = lambda: None
        """Called when the condition has turned, which may turn back before anybody looks."""
        self._scanning: asyncio.Task[None] | None = None
        self._awaits_trigger = False
        self._triggered = asyncio.Event()
        self._resting = asyncio.Event()
        memory.filling = lambda: self._busy and not self._awaits_trigger
        self.reset()

    def reset(self) -> None:
        """End a scan and restore the factory settings."""
        self.abort()
        self._source = "IMM"
        self._sweeps = 1
        self._timer_s = 10.0
        self._monitored: list[int] = []
        self._monitoring = False

    def abort(self) -> None:
        """End a scan that runs; what it has read stays in memory (K1 p215)."""
        if self._scanning is not None:
            self._scanning.cancel()
        self._scanning = None
        self._awaits_trigger = False
        self._resting.set()

    @property
    def condition(self) -> int:
        """Bits of the Standard Operation register (K1 p295)."""
        return SCANNING * self._busy | AWAITS_TRIGGER * self._awaits_trigger

    async def at_rest(self) -> None:
        """Wait until a scan is over, or waits for a trigger that a client must send."""
        if self._busy and self._sweeps != ENDLESS:
            await self._resting.wait()

    def commands(self) -> Mapping[str, Handler]:
        """Return the table."""
        return {
            "*TRG": self._trigger,
            "ROUTe:SCAN": self._set_scan,
            "ROUTe:SCAN?": lambda _: _list_block(self._multiplexer.scan),
            "ROUTe:SCAN:SIZE?": lambda _: f"{len(self._multiplexer.scan):+d}",
            "ROUTe:MONitor[:CHANnel]": self._set_monitored,
            "ROUTe:MONitor[:CHANnel]?": lambda _: _list_block(self._monitored),
            "ROUTe:MONitor:STATe": self._set_monitoring,
            "ROUTe:MONitor:STATe?": lambda _: str(int(self._monitoring)),
            "ROUTe:MONitor:DATA?": self._monitor,
            "TRIGger:SOURce": self._set_source,
            "TRIGger:SOURce?": lambda _: self._source,
            "TRIGger:COUNt": self._set_sweeps,
            "TRIGger:COUNt?": lambda _: f"{self._sweeps or OVERLOAD:+.8E}",
            "TRIGger:TIMer": self._set_timer,
            "TRIGger:TIMer?": lambda _: f"{self._timer_s:+.8E}",
            "INITiate": self._initiate,
            "ABORt": lambda _: self.abort(),
            "FETCh?": self._fetch,
            "READ?": self.read,
        }

    @property
    def _busy(self) -> bool:
        return self._scanning is not None and not self._scanning.done()

    def _set_scan(self, call: Call) -> None:
        self.require_idle()
        self._multiplexer.scan = self._multiplexer.listed(call.only())
        self._memory.clear()

    def _set_source(self, call: Call) -> None:
        self.require_idle()
        self._source = _SOURCE(call.only())
        self.changed()

    def _set_sweeps(self, call: Call) -> None:
        self.require_idle()
        endless = call.only().upper() in ("INF", "INFINITY")
        self._sweeps = ENDLESS if endless else int(_COUNT(call.only()))
        self.changed()

    def _set_timer(self, call: Call) -> None:
        self.require_idle()
        self._timer_s = _TIMER(call.only())
        self.changed()

    def require_idle(self) -> None:
        """Refuse what changes a measurement or its trigger while a scan goes on (K2, INITiate).

        Raises:
            ScpiError: A scan goes on.
        """
        if self._busy:
            raise ScpiError(261)

    def configured(self) -> None:
        """Set the trigger as CONFigure and MEASure? do (K2, TRIGger:SOURce and TRIGger:TIMer)."""
        self._source, self._sweeps, self._timer_s = "IMM", 1, 1.0

    def _set_monitored(self, call: Call) -> None:
        self._monitored = [self._multiplexer.single(call.only())]

    def _set_monitoring(self, call: Call) -> None:
        self._monitoring = switch(call.only())

    async def _monitor(self, _: Call) -> str:
        # K2, ROUTe:MONitor:DATA?: the reading only, whatever FORMat:READing says.
        if not self._monitoring or not self._monitored:
            raise ScpiError(-221, "monitor is off")
        reading = await self._measure(self._monitored[0], self._bench.world.time_s, self._now())
        return f"{reading.value:+.8E}"

    def _trigger(self, _: Call) -> None:
        if not (self._awaits_trigger and self._source == "BUS"):
            raise ScpiError(-211)
        self._awaits_trigger = False
        self._resting.clear()
        self._triggered.set()

    def _begin(self, keep: Callable[[Reading], None]) -> None:
        """Start a scan, or refuse it; a new scan clears the memory (K1 p215)."""
        if self._busy:
            raise ScpiError(-213)
        if not self._multiplexer.scan:
            raise ScpiError(113)
        self.turned()
        self._memory.clear()
        self.began()
        self._triggered.clear()
        self._resting.clear()
        self._await_trigger()
        self._scanning = asyncio.create_task(self._scan(keep))
        self.turned()

    def _await_trigger(self) -> None:
        """Say that nothing goes on until somebody triggers, unless somebody has."""
        if self._source not in ("IMM", "TIM") and not self._triggered.is_set():
            # Nobody pulls the external line or raises an alarm here: those wait until aborted.
            self._awaits_trigger = True
            self._resting.set()
            self.turned()

    def _initiate(self, call: Call) -> None:
        if call.arguments:
            raise ScpiError(-108)
        self._begin(self._memory.append)

    async def _fetch(self, _: Call) -> str:
        if self._busy:
            if self._sweeps == ENDLESS or (self._awaits_trigger and self._source == "BUS"):
                # The answer would wait for what only a command behind it could bring.
                raise ScpiError(-214)
            await self._over()
        if not len(self._memory):
            raise ScpiError(-230)
        return self._memory.text()

    async def read(self, call: Call) -> str:
        """Answer READ? [(@list)]: scan and send the readings; models differ in storing them."""
        if self._source == "BUS" or self._sweeps == ENDLESS:
            raise ScpiError(-214)
        if call.arguments:
            self._set_scan(call)
        readings: list[Reading] = []

        def keep(reading: Reading) -> None:
            readings.append(reading)
            if self._memory.stores_read:
                self._memory.append(reading)

        self._begin(keep)
        try:
            await self._over()
        except asyncio.CancelledError:
            # A device clear aborts the measurement that is in progress (K2, Using Device Clear).
            self.abort()
            raise
        return self._form.joined(readings)

    async def _over(self) -> None:
        """Wait until the scan is over, also by being aborted."""
        if self._scanning is not None:
            await asyncio.wait({self._scanning})

    async def _scan(self, keep: Callable[[Reading], None]) -> None:
        """Sweep as often as the trigger says, passing readings on as they come."""
        self._bench.advance()
        start_s, self.started = self._bench.world.time_s, self._now()
        sweep = 0
        try:
            while sweep < self._sweeps or self._sweeps == ENDLESS:
                await self._next_trigger(sweep, start_s)
                for number in self._multiplexer.scan:
                    reading = await self._measure(number, start_s, self.started)
                    self.measured(reading)
                    keep(reading)
                sweep += 1
        finally:
            # An aborted scan may end when the next one has begun.
            if self._scanning is asyncio.current_task():
                self._awaits_trigger = False
                self._resting.set()

    async def _next_trigger(self, sweep: int, start_s: float) -> None:
        if self._source == "TIM":
            elapsed_s = self._bench.world.time_s - start_s
            await self._bench.clock.sleep(sweep * self._timer_s - elapsed_s)
        elif self._source != "IMM":
            self._await_trigger()
            await self._triggered.wait()
            self._triggered.clear()

    async def _measure(self, number: int, start_s: float, start: datetime) -> Reading:
        channel = self._multiplexer.channels[number]
        await self._bench.clock.sleep(channel.duration_s)
        self._bench.advance()
        value = self._multiplexer.value(number)
        if value == OVERLOAD:
            # Status bits only, no entry in the error queue (K2 p280).
            temperature = channel.function == "TEMP"
            self._overload(TEMPERATURE_OVERLOAD if temperature else VOLTAGE_OVERLOAD)
        at_s = self._bench.world.time_s - start_s
        at = start + timedelta(seconds=at_s)
        return Reading(number, value, channel.shown_unit, at_s, at, channel.alarm(value))

    def _now(self) -> datetime:
        return datetime.now(UTC) + self.clock_offset


def _list_block(channels: list[int]) -> bytes:
    """Return channels as queries answer them: `#214(@101,102,103)`, `#13(@)` for none."""
    return definite_block(f"(@{','.join(map(str, channels))})".encode())
