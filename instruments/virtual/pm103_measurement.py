"""The "Slow Measurement System" of the Thorlabs PM103 and its dark adjustment (pm103.html).

ABOR, CONF, INIT, FETC? are the steps; READ? and MEAS? are convenience for several of them.
"""

import asyncio
import math
from collections.abc import Callable, Mapping

from ledcal.instruments.virtual.bench import Bench
from ledcal.instruments.virtual.detectors import MeterHead
from ledcal.instruments.virtual.pm103_parameters import Limits, with_unit, written
from ledcal.instruments.virtual.pm103_settings import (
    RANGE,
    RANGES_W,
    SENSE,
    Pm103Settings,
    range_for,
)
from ledcal.instruments.virtual.pm103_status import (
    DATA_READY,
    MEASURING,
    QUESTIONABLE_CURRENT,
    QUESTIONABLE_POWER,
    RANGING,
    ZEROING,
    StatusRegisters,
)
from ledcal.instruments.virtual.scpi import Handler
from ledcal.instruments.virtual.scpi_grammar import Call, ScpiError
from ledcal.instruments.virtual.world import Light

OVER_RANGE = "9.9E+37"
"""The list says INFINITY; the maker's C driver takes 9.9E37 for it."""
RANGING_S, ZEROING_S = 0.01, 2.0
"""Ranging interrupts for "up to 10 milliseconds"; the length of a dark adjustment is assumed."""
DARK_LIMIT_W = 1e-4
"""More than this while zeroing is not dark (assumed: "limited to a small current")."""
ZERO = Limits(lowest=-1e-4, highest=1e-4, default=0.0, unit="A")
HEAD_RISE_K = 1.2
LONGEST_FETCH_S = 10.0
"""FETC? "internally blocks 10 seconds" at most."""
QUANTITIES = {
    "[:POWer]": "POW",
    ":CURRent[:DC]": "CURR",
    ":PDENsity": "POWDENS",
    ":FREQuency": "FREQ",
    ":RESistance": "RES",
    ":TEMPerature": "TEMP",
}
"""Answers of CONF? by header. Of energy and voltage this head knows nothing, nor CW of pulses:
their headers are undefined here (assumed; programs look for a command error there)."""

SLOW_QUANTITIES, SLOW_S = ("FREQ", "RES", "TEMP"), 0.5
"""These have "their own independent update rate": 2 Hz (MEAS:TEMP?, MEAS:FREQ?)."""


class Pm103Measurement:
    """Measures what is configured, one result at a time, in the background."""

    def __init__(
        self,
        bench: Bench,
        head: MeterHead,
        settings: Pm103Settings,
        status: StatusRegisters,
        report: Callable[[int, str], None],
        sample_s: float,
    ) -> None:
        """Join console and head; `sample_s` is the time of one sample that AVER counts. [s]"""
        self._bench, self._head = bench, head
        self._settings, self._status = settings, status
        self._report = report
        self._sample_s = sample_s
        self._correction_w = 0.0
        self._quantity = "POW"
        self._running: asyncio.Task[None] | None = None
        self._zeroing: asyncio.Task[None] | None = None
        self._result: str | None = None

    def reset(self) -> None:
        """Configure power, which *RST does, and stop what runs."""
        self._quantity = "POW"
        self.abort()

    def switch_on(self) -> None:
        """Start without dark correction: it is "not stored persistently"."""
        self._end_zero()
        self._correction_w = 0.0
        self.reset()

    def commands(self) -> Mapping[str, Handler]:
        """Return the table of the MEAS group, of ranging and of the dark adjustment."""
        zero = f"{SENSE}CORRection:COLLect:ZERO"
        power, current = f"{SENSE}POWer[:DC]:RANGe", f"{SENSE}CURRent[:DC]:RANGe"
        table: dict[str, Handler] = {
            "ABORt#": lambda _: self.abort(),
            "CONFigure#?": lambda _: self._quantity,
            "INITiate#[:IMMediate]": lambda _: self._initiate(endless=False),
            "INITiate#:CONTinuous": lambda _: self._initiate(endless=True),
            "FETCh#?": self._fetch,
            "FETCh#:STATe?": lambda _: str(int(self._result is not None)),
            "FETCh#:TIMeout?": self._fetch_in_time,
            "READ#?": self._read,
            f"{zero}[:INITiate]": lambda _: self._zero(),
            f"{zero}:ABORt": lambda _: self._end_zero(),
            f"{zero}:STATe?": lambda _: str(int(self._zeroing is not None)),
            f"{zero}:MAGNitude": self._set_zero,
            f"{zero}:MAGNitude?": lambda call: written(
                ZERO.asked(call, self._correction_w * self._settings.responsivity_a_w)
            ),
            f"{power}[:UPPer]": lambda call: self._set_range(call, 1.0),
            f"{power}:SEARch": lambda _: self._search_range(),
            f"{current}[:UPPer]": lambda call: self._set_range(
                call, self._settings.responsivity_a_w
            ),
            f"{current}:SEARch": lambda _: self._search_range(),
        }
        for header, quantity in QUANTITIES.items():
            table[f"CONFigure#[:SCALar]{header}"] = self._configurer(quantity)
            table[f"MEASure#[:SCALar]{header}?"] = self._measurer(quantity)
        return table

    def abort(self) -> None:
        """Drop a measurement and its result."""
        if self._running is not None:
            self._running.cancel()
        self._running = self._result = None
        self._status.operation.assign(MEASURING | DATA_READY | RANGING, False)

    def instant(self, averaging_s: float) -> tuple[float, float]:
        """Return power and photocurrent of this moment's light, corrected. [W, A]"""
        self._bench.advance()
        return self._corrected(self._bench.world.light(), averaging_s)

    def written_as(self, quantity: str, power_w: float, current_a: float) -> float:
        """Return a result in its own unit: W, W/cm2 by the beam, or A."""
        if quantity == "CURR":
            return current_a
        area_cm2 = math.pi / 4.0 * (self._settings.beam_mm / 10.0) ** 2
        return power_w / area_cm2 if quantity == "POWDENS" else power_w

    def _configurer(self, quantity: str) -> Handler:
        return lambda _: self._configure(quantity)

    def _measurer(self, quantity: str) -> Handler:
        async def measure(call: Call) -> str:
            self._configure(quantity)
            return await self._read(call)

        return measure

    def _configure(self, quantity: str) -> None:
        self._quantity = quantity
        self.abort()

    def _initiate(self, *, endless: bool) -> None:
        self.abort()
        self._running = asyncio.create_task(self._measure(endless=endless))

    async def _read(self, call: Call) -> str:
        self._initiate(endless=False)
        return await self._fetch(call)

    async def _fetch(self, call: Call) -> str:
        # An offset counts in the buffer of the scope mode only; a second argument is the time in
        # milliseconds (PM103E list), after which FETC? gives up as it does by itself.
        patience_s = with_unit(call.arguments[1], "") / 1e3 if len(call.arguments) > 1 else None
        result = await self._awaited(LONGEST_FETCH_S if patience_s is None else patience_s)
        if result is None:
            raise ScpiError(-230)
        return result

    async def _fetch_in_time(self, call: Call) -> str:
        # "In case of timeout the function return 0."
        return await self._awaited(with_unit(call.only(), "") / 1e3) or "0"

    async def _awaited(self, patience_s: float) -> str | None:
        if self._running is None and self._result is None:
            raise ScpiError(-230)
        running, end_s = self._running, self._bench.clock.now_s() + patience_s
        while self._result is None and self._running is running and running is not None:
            left_s = end_s - self._bench.clock.now_s()
            if left_s <= 0.0:
                return None
            step_s = min(left_s, self._sample_s * self._settings.average)
            done, _ = await asyncio.wait({running}, timeout=step_s / self._bench.clock.speed)
            if done:
                running.result()
        return self._result

    async def _measure(self, *, endless: bool) -> None:
        operation = self._status.operation
        while True:
            operation.assign(MEASURING, True)
            if self._zeroing is not None:
                # "During zero procedure, measuring is not possible."
                await asyncio.wait({self._zeroing})
            result = await self._take()
            self._result = result
            operation.assign(MEASURING, False)
            # A rise of this bit tells of each new result.
            operation.assign(DATA_READY, False)
            operation.assign(DATA_READY, True)
            if not endless:
                return
            if self._quantity in SLOW_QUANTITIES:
                await self._bench.clock.sleep(SLOW_S)

    async def _take(self) -> str:
        if self._quantity == "TEMP":
            return written(self._head_degc())
        if self._quantity == "RES":
            # A thermistor of 10 kOhm at 25 degC with B = 3988 K (assumed).
            inverse = 1.0 / (self._head_degc() + 273.15) - 1.0 / 298.15
            return written(1e4 * math.exp(3988.0 * inverse))
        if self._quantity == "FREQ":
            # "If you input a CW signal frequency is read back as 0."
            return written(0.0)
        averaging_s = self._settings.average * self._sample_s
        power_w, current_a = self._corrected(await self._bench.expose(averaging_s), averaging_s)
        wanted_w = next((each for each in RANGES_W if power_w <= each), RANGES_W[-1])
        if self._settings.autorange and wanted_w != self._settings.range_w:
            await self._change_range(wanted_w)
        over = power_w > self._settings.range_w
        bit = QUESTIONABLE_CURRENT if self._quantity == "CURR" else QUESTIONABLE_POWER
        self._status.questionable.assign(bit, over)
        if over:
            return OVER_RANGE
        return self._in_unit(power_w, current_a)

    def _corrected(self, light: Light, averaging_s: float) -> tuple[float, float]:
        settings = self._settings
        power_w = self._head.indication_w(light, settings.wavelength_nm, averaging_s)
        power_w -= self._correction_w
        return power_w, power_w * settings.responsivity_a_w

    def _in_unit(self, power_w: float, current_a: float) -> str:
        settings = self._settings
        power_w *= 10.0 ** (settings.loss_db / 10.0)
        if settings.relative:
            power_w -= settings.reference_w
        if self._quantity == "POW" and settings.unit == "DBM":
            return written(10.0 * math.log10(max(power_w, 1e-15) / 1e-3))
        return written(self.written_as(self._quantity, power_w, current_a))

    def _head_degc(self) -> float:
        return self._bench.world.heat.ambient_degc + HEAD_RISE_K

    async def _set_range(self, call: Call, per_w: float) -> None:
        # A manual range turns autorange off (SENS:POW:RANG).
        range_w = range_for(RANGE.named(call.only()), call, per_w)
        self._settings.autorange = False
        await self._change_range(range_w)

    async def _search_range(self) -> None:
        # Autorange until a stable range is found, then off (SENS:POW:RANG:SEAR).
        power_w, _ = self.instant(self._sample_s)
        self._settings.autorange = False
        await self._change_range(next((x for x in RANGES_W if power_w <= x), RANGES_W[-1]))

    async def _change_range(self, range_w: float) -> None:
        self._settings.range_w = range_w
        self._status.operation.assign(RANGING, True)
        await self._bench.clock.sleep(RANGING_S)
        self._status.operation.assign(RANGING, False)

    def _zero(self) -> None:
        self._end_zero()
        self._zeroing = asyncio.create_task(self._adjust())
        self._status.operation.assign(ZEROING, True)

    async def _adjust(self) -> None:
        light = await self._bench.expose(ZEROING_S)
        dark_w = self._head.indication_w(light, self._settings.wavelength_nm, ZEROING_S)
        if dark_w > DARK_LIMIT_W:
            self._report(-340, "not dark")
        else:
            self._correction_w = dark_w
        self._zeroing = None
        self._status.operation.assign(ZEROING, False)

    def _end_zero(self) -> None:
        # The old correction stays (ZERO:ABOR).
        if self._zeroing is not None:
            self._zeroing.cancel()
        self._zeroing = None
        self._status.operation.assign(ZEROING, False)

    def _set_zero(self, call: Call) -> None:
        # In ampere, as it is asked for (ZERO:MAGN).
        self._correction_w = ZERO.parse(call) / self._settings.responsivity_a_w
