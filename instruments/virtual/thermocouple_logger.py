"""The virtual thermocouple logger: a mainframe with two multiplexers (emulated).

It speaks as the model that it is given, `daq_models`; each `daq_*` module and `multiplexer` name
the pages of the manuals that their commands follow. Here: K1 p149 (488.2), K2 `*CLS`, `*RST`,
`CONFigure`, `MEASure`, `STATus`, `SYSTem:PRESet`.
"""

import asyncio
from collections.abc import Mapping

from ledcal.instruments.virtual.bench import Bench
from ledcal.instruments.virtual.daq_mainframe import Mainframe
from ledcal.instruments.virtual.daq_memory import ReadingFormat, ReadingMemory
from ledcal.instruments.virtual.daq_models import DAQ970A, LoggerModel
from ledcal.instruments.virtual.daq_relays import Relays
from ledcal.instruments.virtual.daq_scan import Scanner
from ledcal.instruments.virtual.daq_statistics import Statistics
from ledcal.instruments.virtual.daq_status import (
    AWAITS_TRIGGER,
    MEMORY_OVERFLOW,
    MEMORY_THRESHOLD,
    SCANNING,
    RegisterGroup,
)
from ledcal.instruments.virtual.multiplexer import Multiplexer
from ledcal.instruments.virtual.scpi import Handler, ScpiInstrument
from ledcal.instruments.virtual.scpi_grammar import Call


class VirtualThermocoupleLogger(ScpiInstrument):
    """Mainframe with multiplexers, reading memory and trigger.

    Attributes:
        model: The model that it is.
    """

    queue_depth = 20
    signed = True

    def __init__(
        self, bench: Bench, multiplexer: Multiplexer, model: LoggerModel = DAQ970A
    ) -> None:
        """Switch on with the factory settings."""
        self.model = model
        self._multiplexer = multiplexer
        self._completing: asyncio.Task[None] | None = None
        self._questionable = RegisterGroup(lambda: MEMORY_OVERFLOW * self._memory.overflowed)
        self._operation = RegisterGroup(
            lambda: self._scanner.condition & (SCANNING | AWAITS_TRIGGER * model.shows_waiting)
        )
        self._form = ReadingFormat()
        self._memory = ReadingMemory(model, multiplexer, self._form, self.report)
        self._scanner = Scanner(bench, multiplexer, self._memory, self._form, self._overload)
        self._scanner.turned = self._operation.update
        self._statistics = Statistics(multiplexer)
        self._scanner.began = self._statistics.reset
        self._scanner.measured = self._statistics.add
        self._memory.lost = self._questionable.update
        # An event without a condition (K1 p110).
        self._memory.reached = lambda: self._operation.latch(MEMORY_THRESHOLD)
        self._mainframe = Mainframe(model, self._scanner)
        self._relays = Relays(multiplexer)
        multiplexer.junction = model.junction
        multiplexer.require_idle = self._scanner.require_idle
        if model.forgets:
            multiplexer.changed = self._scanner.changed = self._memory.clear
        super().__init__()
        self._reset()

    def switch_on(self) -> None:
        """Start after power has failed; a scan list that is kept is so without its settings."""
        super().switch_on()
        scan = self._multiplexer.scan if self.model.keeps_scan_list else []
        self._reset()
        self._multiplexer.scan = scan
        self._preset_status()
        self._clear_groups()

    def identity(self) -> str:
        """Return maker, model, serial, firmware."""
        model = self.model
        return f"{model.maker},{model.model},{model.serial},{model.firmware}"

    def commands(self) -> Mapping[str, Handler]:
        """Return the table: what belongs to the whole instrument, then its parts."""
        return {
            "*RST": lambda _: self._reset(),
            "*CLS": self._clear_events,
            "*TST?": lambda _: "+0",
            "*OPC": self._complete,
            "*OPC?": self._completed,
            "*WAI": self._wait,
            "CONFigure:TEMPerature": self._configure_temperature,
            "CONFigure:VOLTage[:DC]": self._configure_voltage,
            "CONFigure?": self._configuration,
            "MEASure:TEMPerature?": self._measure_temperature,
            "MEASure:VOLTage[:DC]?": self._measure_voltage,
            "STATus:PRESet": lambda _: self._preset_status(),
            "SYSTem:PRESet": lambda _: self._preset(),
            **self._questionable.commands("STATus:QUEStionable", self.integer),
            **self._operation.commands("STATus:OPERation", self.integer),
            **self._multiplexer.commands(),
            **self._relays.commands(),
            **self._scanner.commands(),
            **self._memory.commands(),
            **self._statistics.commands(),
            **self._form.commands(),
            **self._mainframe.commands(),
        }

    def status_byte(self) -> int:
        """Return the status byte; bit 3 sums up QUEStionable, bit 7 OPERation (K1 p296)."""
        byte = super().status_byte() & ~0x40
        byte |= 0x08 * self._questionable.summary() | 0x80 * self._operation.summary()
        return byte | (0x40 if byte & self.service_enable else 0)

    def _reset(self) -> None:
        """Restore the factory settings; status, errors and the clock stay (K2, *RST)."""
        self._forget_completion()
        self._scanner.reset()
        self._multiplexer.reset()
        self._relays.reset()
        self._memory.reset()
        self._statistics.reset()
        self._form.reset()
        self._mainframe.reset()

    def _preset(self) -> None:
        """End a scan and clear the memory; scan list and settings stay (K2, SYSTem:PRESet)."""
        self._scanner.abort()
        self._relays.reset()
        self._memory.reset()
        self._statistics.reset()

    def _forget_completion(self) -> None:
        # IEEE 488.2, 10.18.1: *CLS and *RST cancel an *OPC that has not come true.
        if self._completing is not None:
            self._completing.cancel()
        self._completing = None

    def _overload(self, bit: int) -> None:
        # K2 p280: in the questionable and in the standard event register, not in the error queue.
        self._questionable.latch(bit)
        self.event_status |= 0x08

    def _clear_events(self, _: Call) -> None:
        self._forget_completion()
        self.errors.clear()
        self.event_status = 0
        self._clear_groups()

    def _clear_groups(self) -> None:
        self._questionable.clear()
        self._operation.clear()

    def _preset_status(self) -> None:
        self._questionable.enable = self._operation.enable = 0

    def _complete(self, _: Call) -> None:
        """*OPC waits for nothing: it leaves a mark for when the scan will be over."""
        self._completing = asyncio.create_task(self._mark_completion())

    async def _mark_completion(self) -> None:
        await self._scanner.at_rest()
        self.event_status |= 0x01

    async def _completed(self, _: Call) -> str:
        await self._scanner.at_rest()
        return "1"

    async def _wait(self, _: Call) -> None:
        await self._scanner.at_rest()

    def _configure_temperature(self, call: Call) -> None:
        self._multiplexer.configure_temperature(call)
        self._configured()

    def _configure_voltage(self, call: Call) -> None:
        self._multiplexer.configure_voltage(call)
        self._configured()

    def _configured(self) -> None:
        self._scanner.configured()
        self._form.hide(self.model.hidden)
        if self.model.forgets:
            self._memory.clear()

    async def _measure_temperature(self, call: Call) -> str:
        self._configure_temperature(call)
        return await self._scanner.read(Call((), ()))

    async def _measure_voltage(self, call: Call) -> str:
        self._configure_voltage(call)
        return await self._scanner.read(Call((), ()))

    def _configuration(self, call: Call) -> str:
        """Answer each channel's function, range and resolution as a quoted text (K2, CONF?)."""
        words = []
        for number in self._multiplexer.chosen(call):
            channel = self._multiplexer.channels[number]
            if channel.function == "TEMP":
                words.append(f'"TEMP {channel.probe},{channel.kind},+1.000000E+00,+1.000000E-04"')
            else:
                words.append('"VOLT +1.000000E-01,+3.000000E-07"')
        return ",".join(words)
