"""The virtual spectrometer: JETI specbos 1211 with its irradiance head (emulated).

This is no SCPI: commands end with CR alone, settings answer one byte without terminator, a
measurement answers ACK, then BEL when it is over. Commands and error numbers: JETI firmware manual
SPECFIRM and public clients of the instrument; what they leave open is marked "assumed".
"""

import math
from collections.abc import Callable

import numpy as np

from ledcal.instruments.virtual.bench import Bench
from ledcal.instruments.virtual.detectors import SpectroHead
from ledcal.instruments.virtual.emitters import Array
from ledcal.instruments.virtual.transports import ABORT, Send

SERIAL = "2011042"
ACK, NAK, BEL = b"\x06", b"\x15", b"\x07"
FIRST_NM, LAST_NM = 350, 1000
SHORTEST_MS, LONGEST_MS = 1.0, 60000.0
TARGET = 0.75
"""Auto exposure aims at this share of full scale on the highest pixel."""
UNDEREXPOSED = 0.002
"""A lit scene below this share of full scale needs a longer integration (error 121)."""
LIT_W_M2 = 1.0
OVERHEAD_S = 0.05
"""Shutter moves and transfer from the array (assumed)."""
LABEL = "Spectral irradiance[W/(sqm*nm)]:"

ERROR_TEXTS = {
    0: "no error",
    4: "error command",
    10: "error argument 1",
    11: "error argument 2",
    12: "error argument 3",
    20: "error parameter",
    21: "error config argument",
    22: "error control argument",
    24: "error fetch argument",
    25: "error measure argument",
    120: "overexposed",
    121: "underexposed",
    138: "no light measurement",
    141: "outside calibrated wavelength range",
    147: "scan break",
}


class JetiError(Exception):
    """A command that the instrument refuses with NAK.

    Attributes:
        code: Error number of `*STAT:ERR?`.
    """

    def __init__(self, code: int) -> None:
        """Keep the number."""
        super().__init__(f"{code} : {ERROR_TEXTS[code]}")
        self.code = code


class VirtualSpectrometer:
    """The instrument; each TCP connection is a `JetiSession` on it."""

    def __init__(self, bench: Bench, head: SpectroHead) -> None:
        """Switch on with the defaults."""
        self._bench = bench
        self._head = head
        self._error = 0
        self._spectrum: tuple[Array, Array] | None = None
        self._defaults()
        self._laser = 0
        self._queries: dict[str, Callable[[], str]] = {
            "*IDN?": lambda: "JETI_SB1211",
            "*VERS?": lambda: "V3.01",
            "*PARA:SPNUM?": lambda: f"spectrometer number: {SERIAL}",
            "*PARA:WAVBEG?": lambda: f"Predefined start wave: {FIRST_NM}",
            "*PARA:WAVEND?": lambda: f"Predefined end wave: {LAST_NM}",
            "*CONTR:MHEAD?": lambda: "mhead: 1",
            "*CONTR:LASER?": lambda: f"laser: {self._laser}",
            "*CONF:TINT?": lambda: f"integration time: {self._integration_ms:g}",
            "*PARA:TINT?": lambda: f"integration time: {self._integration_ms:g}",
            "*FETCH:TINT": lambda: f"integration time: {self._integration_ms:g}",
            "*CONF:MAXTIN?": lambda: f"maximum integration time: {self._longest_ms:g}",
            "*CONF:AVER?": lambda: f"average: {self._averages}",
            "*CONF:EXPO?": lambda: f"exposure: {self._exposure}",
            "*CONF:FUNC?": lambda: f"function: {self._function}",
            "*CONF:FORM?": lambda: f"format: {self._format}",
            "*CONF:WRAN?": lambda: "wavelength range: {} {} {}".format(*self._range_nm),
            "*STAT:ERR?": lambda: f"Error Code: {self._taken_error()}",
            "*STAT:TXTERR?": self._error_text,
            "*FETCH:SPRAD": self._spectrum_text,
            "*FETCH:RADIO": self._radio_text,
        }
        self._settings: dict[str, Callable[[list[str]], None]] = {
            "*CONF:DEFAULT": lambda _: self._defaults(),
            "*PARA:CALIBN": lambda words: self._check(_number(words, 0), (0, 1, 2, 3), 20),
            "*CONTR:LASER": self._set_laser,
            "*CONF:EXPO": self._set_exposure,
            "*CONF:TINT": self._set_integration,
            "*CONF:MAXTIN": self._set_longest,
            "*CONF:AVER": self._set_averages,
            "*CONF:WRAN": self._set_range,
            "*CONF:FUNC": self._set_function,
            "*CONF:FORM": self._set_format,
        }
        self._measurements: dict[str, Callable[[], str] | None] = {
            "*INIT": None,
            "*MEAS:SPRAD": self._spectrum_text,
            "*MEAS:RADIO": self._radio_text,
        }

    async def handle(self, command: str, send: Send) -> None:
        """Execute one command and send what the manual says."""
        name, *words = command.upper().split(" ")
        words = [word for word in words if word]
        try:
            if name == "*RST":
                # A reset is allowed 500 ms before the acknowledgement.
                await self._bench.clock.sleep(0.5)
                self._defaults()
                await send(ACK)
            elif name in self._settings:
                self._settings[name](words)
                await send(ACK)
            elif name in self._measurements:
                await self._measurement(self._measurements[name], words, send)
            elif name in self._queries:
                await send(self._queries[name]().encode("ascii") + b"\r")
            else:
                raise JetiError(4)
        except JetiError as error:
            self._error = error.code
            await send(NAK)

    async def _measurement(
        self, product: Callable[[], str] | None, words: list[str], send: Send
    ) -> None:
        self._take_arguments(words)
        await send(ACK)
        await self._measure()
        await send(BEL)
        if product is not None:
            await send(product().encode("ascii") + b"\r")

    def _take_arguments(self, words: list[str]) -> None:
        """Take `[tint aver form]` of a measuring command; tint 0 is automatic."""
        if len(words) > 3:
            raise JetiError(25)
        if words:
            integration_ms = _number(words, 0)
            self._exposure = 1 if integration_ms == 0 else 2
            if integration_ms != 0:
                self._set_integration(words[:1])
        if len(words) > 1:
            self._set_averages(words[1:2])
        if len(words) > 2:
            self._set_format(words[2:3])

    async def _measure(self) -> None:
        self._spectrum = None
        begin, end, step = self._range_nm
        grid = np.arange(float(begin), end + 0.5, float(step))
        # The converter sees the whole array, whatever range is asked for.
        array_nm = np.arange(float(FIRST_NM), LAST_NM + 0.5, 1.0)
        if self._exposure == 1:
            await self._adapt(array_nm)
        integration_s = self._integration_ms * 1e-3
        span_s = integration_s * self._averages
        light = await self._bench.expose(span_s)
        counts = self._head.counts(self._head.seen_w_m2_nm(light, array_nm), integration_s)
        # The same again with the shutter closed: the dark scan.
        await self._bench.clock.sleep(span_s + OVERHEAD_S)
        highest = float(counts.max())
        if highest > self._head.FULL_SCALE_COUNTS:
            raise JetiError(120)
        lit_w_m2 = sum(beam.irradiance_w_m2 for beam in light.beams)
        if highest < UNDEREXPOSED * self._head.FULL_SCALE_COUNTS and lit_w_m2 > LIT_W_M2:
            raise JetiError(121)
        on_grid = np.interp(grid, array_nm, counts)
        shown = self._head.indication_w_m2_nm(on_grid, integration_s, self._averages)
        self._spectrum = (grid, shown)

    async def _adapt(self, array_nm: Array) -> None:
        """Find the integration time by trial exposures."""
        light = await self._bench.expose(0.02)
        seen = self._head.seen_w_m2_nm(light, array_nm)
        per_ms = float(self._head.counts(seen, 1e-3).max())
        wanted_ms = TARGET * self._head.FULL_SCALE_COUNTS / max(per_ms, 1e-9)
        self._integration_ms = float(
            math.floor(min(max(wanted_ms, SHORTEST_MS), self._longest_ms))
        )
        # Trials with growing times end with one of about the final time.
        await self._bench.clock.sleep(2.0 * self._integration_ms * 1e-3)

    def _defaults(self) -> None:
        self._exposure = 1
        self._integration_ms = 100.0
        self._longest_ms = 3000.0
        self._averages = 1
        self._range_nm = (380, 780, 5)
        self._function = 6
        self._format = 4

    def _set_laser(self, words: list[str]) -> None:
        self._laser = self._check(_number(words, 0), (0, 1), 22)

    def _set_exposure(self, words: list[str]) -> None:
        self._exposure = self._check(_number(words, 0), (1, 2), 21)

    def _set_integration(self, words: list[str]) -> None:
        integration_ms = _number(words, 0)
        if not SHORTEST_MS <= integration_ms <= LONGEST_MS:
            raise JetiError(21)
        self._integration_ms = integration_ms

    def _set_longest(self, words: list[str]) -> None:
        longest_ms = _number(words, 0)
        if not 1000.0 <= longest_ms <= LONGEST_MS:
            raise JetiError(21)
        self._longest_ms = longest_ms

    def _set_averages(self, words: list[str]) -> None:
        averages = _number(words, 0)
        if averages != int(averages) or not 1 <= averages <= 10000:
            raise JetiError(21)
        self._averages = int(averages)

    def _set_range(self, words: list[str]) -> None:
        begin, end, step = (_number(words, index) for index in range(3))
        if any(value != int(value) for value in (begin, end, step)):
            raise JetiError(21)
        if not (200 <= begin < end <= 1100 and 1 <= step <= 10):
            raise JetiError(21)
        if begin < FIRST_NM or end > LAST_NM:
            raise JetiError(141)
        self._range_nm = (int(begin), int(end), int(step))

    def _set_function(self, words: list[str]) -> None:
        self._function = self._check(_number(words, 0), (6,), 21)

    def _set_format(self, words: list[str]) -> None:
        self._format = self._check(_number(words, 0), (4, 10), 21)

    @staticmethod
    def _check(value: float, allowed: tuple[int, ...], code: int) -> int:
        if value not in allowed:
            raise JetiError(code)
        return int(value)

    def _taken_error(self) -> int:
        code, self._error = self._error, 0
        return code

    def _error_text(self) -> str:
        code = self._taken_error()
        return f"{code} : {ERROR_TEXTS[code]}"

    def _spectrum_text(self) -> str:
        """Write label, empty line and one value a line, as firmware from 3.0 on does."""
        if self._spectrum is None:
            raise JetiError(138)
        grid, shown = self._spectrum
        if self._format == 10:
            lines = [f"{nm:.0f}\t{value:.6E}" for nm, value in zip(grid, shown, strict=True)]
        else:
            lines = [f"{value:.6E}" for value in shown]
        return "\r".join([LABEL, "", *lines, ""])

    def _radio_text(self) -> str:
        if self._spectrum is None:
            raise JetiError(138)
        grid, shown = self._spectrum
        return f"irradiance[W/sqm]: {float(shown.sum() * (grid[1] - grid[0])):.6E}"


class JetiSession:
    """One connection: commands end with CR alone; ESC aborts."""

    def __init__(self, instrument: VirtualSpectrometer) -> None:
        """Begin between two commands."""
        self._instrument = instrument
        self._buffer = b""

    def feed(self, received: bytes) -> list[bytes]:
        """Return complete commands; an ESC drops what stands before it."""
        self._buffer += received
        messages: list[bytes] = []
        if ABORT in self._buffer:
            self._buffer = self._buffer.rpartition(ABORT)[2]
            messages.append(ABORT)
        *commands, self._buffer = self._buffer.split(b"\r")
        self._buffer = self._buffer[-4096:]
        return messages + commands

    async def handle(self, message: bytes, send: Send) -> None:
        """Execute one command."""
        await self._instrument.handle(message.decode("latin-1"), send)


def _number(words: list[str], index: int) -> float:
    """Return an argument as a number; errors 10, 11, 12 name the argument."""
    try:
        value = float(words[index])
    except (IndexError, ValueError):
        raise JetiError(10 + index) from None
    if not math.isfinite(value):
        raise JetiError(10 + index)
    return value
