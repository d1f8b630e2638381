"""The virtual spectrometer: JETI specbos 1211 with its irradiance head (emulated).

This is no SCPI: commands end with CR alone, settings answer one byte without terminator, a
measurement answers ACK, then BEL when it is over (JETI firmware manual SPECFIRM and public
clients of the instrument; what they leave open is marked "assumed").
"""

import asyncio
import math
from collections.abc import Callable, Sequence

import numpy as np

from ledcal.instruments.virtual.bench import Bench
from ledcal.instruments.virtual.detectors import SpectroHead
from ledcal.instruments.virtual.emitters import Array
from ledcal.instruments.virtual.jeti_settings import (
    AUTOMATIC,
    ERROR_TEXTS,
    FIRST_NM,
    LAST_NM,
    PAIRS,
    PER_MS_S,
    SHORTEST_S,
    JetiError,
    JetiSettings,
)
from ledcal.instruments.virtual.transports import ABORT, Send

SERIAL = "2011042"
ACK, NAK, BEL = b"\x06", b"\x15", b"\x07"
LABEL = "Spectral irradiance[W/(sqm*nm)]:"
ARRAY_NM = np.arange(float(FIRST_NM), LAST_NM + 0.5, 1.0)
"""The whole array saturates or not, whatever range is asked for."""
TARGET = 0.75
"""Auto exposure aims at this share of full scale on the highest pixel."""
UNDEREXPOSED = 0.002
"""A lit scene below this share of full scale needs a longer integration (error 121)."""
LIT_W_M2 = 1.0
TRIAL_S = 0.02
OVERHEAD_S = 0.05
"""Shutter moves and transfer from the array (assumed)."""
RESET_S = 0.5


class VirtualSpectrometer:
    """The instrument; each TCP connection is a `JetiSession` on it."""

    def __init__(self, bench: Bench, head: SpectroHead) -> None:
        """Switch on with the defaults."""
        self._bench = bench
        self._head = head
        self._settings = JetiSettings()
        self._error = 0
        self._grid_nm: Array = ARRAY_NM
        self._shown_w_m2_nm: Array | None = None
        self.lock = asyncio.Lock()
        self._queries: dict[str, Callable[[], str]] = {
            "*IDN?": lambda: "JETI_SB1211",
            "*VERS?": lambda: "V3.01",
            "*PARA:SPNUM?": lambda: f"spectrometer number: {SERIAL}",
            # 1: the irradiance (cosine) head is on.
            "*CONTR:MHEAD?": lambda: "mhead: 1",
            "*STAT:ERR?": lambda: f"Error Code: {self._taken_error()}",
            "*STAT:TXTERR?": self._error_text,
            "*FETCH:SPRAD": self._spectrum_text,
            "*FETCH:RADIO": self._radio_text,
        }
        self._measurements: dict[str, Callable[[], str] | None] = {
            "*INIT": None,
            "*MEAS:SPRAD": self._spectrum_text,
            "*MEAS:RADIO": self._radio_text,
        }

    def switch_on(self) -> None:
        """Start after power has failed."""
        self._settings = JetiSettings()
        self._error = 0
        self._shown_w_m2_nm = None

    async def execute(self, command: str, send: Send) -> None:
        """Execute one command and send what the manual says."""
        name, *words = [word for word in command.upper().split(" ") if word] or [""]
        queries = self._queries | self._settings.queries()
        setters = self._settings.setters()
        try:
            if name in setters:
                setters[name](words)
                await send(ACK)
            elif name in self._measurements:
                await self._measurement(self._measurements[name], words, send)
            elif name in queries:
                await send(queries[name]().encode("ascii") + b"\r")
            elif name in ("*RST", "*CONF:DEFAULT"):
                await self._bench.clock.sleep(RESET_S if name == "*RST" else 0.0)
                self._settings = JetiSettings(laser=self._settings.laser)
                await send(ACK)
            else:
                raise JetiError(4)
        except JetiError as error:
            self._error = error.code
            await send(NAK)

    async def _measurement(
        self, product: Callable[[], str] | None, words: Sequence[str], send: Send
    ) -> None:
        self._settings.take_measuring_arguments(words)
        await send(ACK)
        self._shown_w_m2_nm = None
        if self._settings.exposure == AUTOMATIC:
            await self._adapt()
        await self._measure()
        await send(BEL)
        if product is not None:
            await send(product().encode("ascii") + b"\r")

    async def _adapt(self) -> None:
        """Find the integration time by trial exposures."""
        light = await self._bench.expose(TRIAL_S)
        seen = self._head.seen_w_m2_nm(light, ARRAY_NM)
        per_s_counts = float(self._head.counts(seen, 1.0).max())
        most_counts = self._head.saturates_at * self._head.FULL_SCALE_COUNTS
        wanted_s = TARGET * most_counts / max(per_s_counts, 1e-9)
        limited_s = min(max(wanted_s, SHORTEST_S), self._settings.longest_s)
        # Whole milliseconds, as they are set.
        self._settings.integration_s = math.floor(limited_s / PER_MS_S + 1e-9) * PER_MS_S
        # Trials of growing length end with one of about the final time.
        await self._bench.clock.sleep(2.0 * self._settings.integration_s)

    async def _measure(self) -> None:
        settings, head = self._settings, self._head
        integration_s = settings.integration_s
        span_s = integration_s * settings.averages
        light = await self._bench.expose(span_s)
        counts = head.counts(head.seen_w_m2_nm(light, ARRAY_NM), integration_s)
        # The same again with the shutter closed: the dark scan.
        await self._bench.clock.sleep(span_s + OVERHEAD_S)
        highest_counts = float(counts.max())
        most_counts = head.saturates_at * head.FULL_SCALE_COUNTS
        if highest_counts > most_counts and not head.hides_saturation:
            raise JetiError(120)
        lit_w_m2 = sum(beam.irradiance_w_m2 for beam in light.beams)
        if highest_counts < UNDEREXPOSED * head.FULL_SCALE_COUNTS and lit_w_m2 > LIT_W_M2:
            raise JetiError(121)
        self._grid_nm = np.arange(settings.first_nm, settings.last_nm + 0.5, settings.step_nm)
        on_grid = np.interp(self._grid_nm, ARRAY_NM, counts)
        shown = head.indication_w_m2_nm(on_grid, integration_s, settings.averages)
        # The array holds no more than that, in light and noise together.
        most_w_m2_nm = most_counts / float(head.counts(np.ones(1), integration_s)[0])
        self._shown_w_m2_nm = np.minimum(shown, most_w_m2_nm)

    def _taken_error(self) -> int:
        code, self._error = self._error, 0
        return code

    def _error_text(self) -> str:
        code = self._taken_error()
        return f"{code} : {ERROR_TEXTS[code]}"

    def _measured_w_m2_nm(self) -> Array:
        if self._shown_w_m2_nm is None:
            raise JetiError(138)
        return self._shown_w_m2_nm

    def _spectrum_text(self) -> str:
        """Write label, empty line and one value a line, as firmware from 3.0 on does."""
        shown = self._measured_w_m2_nm()
        if self._settings.form == PAIRS:
            pairs = zip(self._grid_nm, shown, strict=True)
            lines = [f"{wavelength_nm:.0f}\t{value:.6E}" for wavelength_nm, value in pairs]
        else:
            lines = [f"{value:.6E}" for value in shown]
        return "\r".join([LABEL, "", *lines, ""])

    def _radio_text(self) -> str:
        shown = self._measured_w_m2_nm()
        step_nm = float(self._grid_nm[1] - self._grid_nm[0])
        return f"irradiance[W/sqm]: {float(shown.sum()) * step_nm:.6E}"


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
        async with self._instrument.lock:
            await self._instrument.execute(message.decode("latin-1"), send)
