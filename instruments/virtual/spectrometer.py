"""The virtual spectrometer: JETI specbos 1211 with its irradiance head (emulated).

This is no SCPI: commands end with CR alone, settings answer one byte without terminator, a
measurement answers ACK, then BEL when it is over, then its data (JETI firmware manual SPECFIRM,
application note 8 and public programs for the instrument; what they leave open is marked
"assumed"). Three ways lead to data: INIT then FETCH, READ, or MEAS with its own arguments.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence

import numpy as np

from ledcal.instruments.virtual.bench import Bench
from ledcal.instruments.virtual.detectors import SpectroHead
from ledcal.instruments.virtual.jeti_commands import (
    JetiError,
    command_pattern,
    error_text,
    number,
    one_of,
)
from ledcal.instruments.virtual.jeti_products import PRODUCTS, Shot
from ledcal.instruments.virtual.jeti_settings import (
    AUTOMATIC,
    FIRST_NM,
    LAST_NM,
    NO_OUTPUT,
    PAIRS,
    PER_MS_S,
    SHORTEST_S,
    VALUES,
    JetiSettings,
)
from ledcal.instruments.virtual.transports import ABORT, Send

SERIAL, INTERNAL_SERIAL = "2011042", "1042"
ACK, NAK, BEL = b"\x06", b"\x15", b"\x07"
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
CYCLE_SEARCH_S = 1.0
"""Time after which no flicker has been found (assumed)."""

Handler = Callable[[Sequence[str], Send], Awaitable[None]]
Product = Callable[[Shot, int], str]


class VirtualSpectrometer:
    """The instrument; each connection is a `JetiSession` on it.

    Attributes:
        irradiance_head: The cosine head is on; without it the optics see radiance.
    """

    def __init__(self, bench: Bench, head: SpectroHead) -> None:
        """Switch on with the defaults."""
        self._bench = bench
        self._head = head
        self._settings = JetiSettings()
        self._error = 0
        self._shot: Shot | None = None
        self.irradiance_head = True
        self.lock = asyncio.Lock()
        self._table = [(command_pattern(name), each) for name, each in self._commands().items()]

    def switch_on(self) -> None:
        """Start after power has failed."""
        self._settings.restore(laser=0)
        self._error = 0
        self._shot = None

    async def execute(self, command: str, send: Send) -> None:
        """Execute one command and send what the manual says."""
        name, *words = [word for word in command.split(" ") if word] or [""]
        try:
            for pattern, handler in self._table:
                if pattern.fullmatch(name) is not None:
                    await handler(words, send)
                    return
            raise JetiError(4)
        except JetiError as error:
            self._error = error.code
            await send(NAK)
        except asyncio.CancelledError:
            self._error = 147
            raise

    def _commands(self) -> dict[str, Handler]:
        """Return the table by the names of the manual."""
        queries: dict[str, Callable[[], str]] = {
            "*IDN?": lambda: "JETI_SB1211",
            "*VERSion?": lambda: "V3.01",
            "*PARAmeter:SPNUM?": lambda: f"spectrometer number: {SERIAL}",
            "*PARAmeter:SERNO?": lambda: f"serial number: {INTERNAL_SERIAL}",
            "*PARAmeter:PIXel?": lambda: f"pixel: {ARRAY_NM.size}",
            "*CONTRol:MHEAD?": lambda: f"mhead: {int(self.irradiance_head)}",
            "*STATus:ERRor?": lambda: f"Error Code: {self._taken_error()}",
            "*STATus:TXTERRor?": lambda: error_text(self._taken_error()),
            **self._settings.queries(),
        }
        table: dict[str, Handler] = {
            "*RST": self._reset,
            "*CONTRol:CYCTIMe": self._find_cycle,
            "*INITiate": self._measurer(None),
            "*READ": self._measurer(Shot.spectrum),
            "*FETCH": self._fetcher(Shot.spectrum, 24),
            "*MEASure": self._measurer(Shot.raw),
            # A shot without a product, as for spectraval; *CALC then makes one of it.
            "*MEASure:REFERence": self._measurer(None),
        }
        for node, product in PRODUCTS.items():
            table[f"*MEASure:{node}"] = table[f"*READ:{node}"] = self._measurer(product)
            table[f"*FETCH:{node}"] = self._fetcher(product, 24)
            table[f"*CALCulate:{node}"] = self._fetcher(product, 26)
        table |= {name: _acknowledging(each) for name, each in self._settings.setters().items()}
        return table | {name: _answering(each) for name, each in queries.items()}

    def _measurer(self, product: Product | None) -> Handler:
        async def measure(words: Sequence[str], send: Send) -> None:
            self._settings.take_measuring_arguments(words)
            await send(ACK)
            self._shot = None
            if self._settings.exposure == AUTOMATIC:
                await self._adapt()
            self._shot = await self._measured()
            await send(BEL)
            if product is not None and self._settings.form != NO_OUTPUT:
                await _send_text(product(self._shot, self._settings.form), send)

        return measure

    def _fetcher(self, product: Product, code: int) -> Handler:
        async def fetch(words: Sequence[str], send: Send) -> None:
            form = one_of(words, (*VALUES, *PAIRS), code) if words else self._settings.form
            if self._shot is None:
                raise JetiError(138)
            if form == NO_OUTPUT:
                # Only programs for spectraval measure without a form; they wait for binary.
                await send(self._shot.binary())
            else:
                await _send_text(product(self._shot, form), send)

        return fetch

    async def _adapt(self) -> None:
        """Find the integration time by trial exposures."""
        light = await self._bench.expose(TRIAL_S)
        seen = self._head.seen_w_m2_nm(light, ARRAY_NM)
        per_s_counts = float(self._head.counts(seen, 1.0).max())
        most_counts = self._head.saturates_at * self._head.FULL_SCALE_COUNTS
        wanted_s = TARGET * most_counts / max(per_s_counts, 1e-9)
        if wanted_s < SHORTEST_S:
            # Even the shortest time is too long.
            raise JetiError(123)
        limited_s = min(wanted_s, self._settings.longest_s)
        # Whole milliseconds, as they are set.
        self._settings.integration_s = math.floor(limited_s / PER_MS_S + 1e-9) * PER_MS_S
        # Trials of growing length end with one of about the final time.
        await self._bench.clock.sleep(2.0 * self._settings.integration_s)

    async def _measured(self) -> Shot:
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
        grid_nm = np.arange(settings.first_nm, settings.last_nm + 0.5, settings.step_nm)
        on_grid = np.interp(grid_nm, ARRAY_NM, counts)
        shown = head.indication_w_m2_nm(on_grid, integration_s, settings.averages)
        # The array holds no more than that, in light and noise together.
        most_w_m2_nm = most_counts / float(head.counts(np.ones(1), integration_s)[0])
        shown = np.minimum(shown, most_w_m2_nm)
        return Shot(
            wavelength_nm=grid_nm,
            step_nm=float(settings.step_nm),
            # The bare optics look at a screen that scatters evenly (assumed).
            shown=shown if self.irradiance_head else shown / math.pi,
            counts=np.minimum(on_grid, most_counts),
            irradiance=self.irradiance_head,
        )

    async def _reset(self, _: Sequence[str], send: Send) -> None:
        await send(ACK)
        self.switch_on()
        # "Allow 500 ms": what comes meanwhile waits here.
        await self._bench.clock.sleep(RESET_S)

    async def _find_cycle(self, words: Sequence[str], send: Send) -> None:
        """Look for flicker; the panel's light has none, so that no cycle triggers."""
        lowest, highest = number(words, 0), number(words, 1)
        if not 0.0 < lowest < highest:
            raise JetiError(22)
        await self._bench.clock.sleep(CYCLE_SEARCH_S)
        raise JetiError(160)

    def _taken_error(self) -> int:
        code, self._error = self._error, 0
        return code


def _acknowledging(setter: Callable[[Sequence[str]], None]) -> Handler:
    async def acknowledge(words: Sequence[str], send: Send) -> None:
        setter(words)
        await send(ACK)

    return acknowledge


def _answering(query: Callable[[], str]) -> Handler:
    async def answer(_: Sequence[str], send: Send) -> None:
        await _send_text(query(), send)

    return answer


async def _send_text(text: str, send: Send) -> None:
    await send(text.encode("ascii") + b"\r")


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
        # Programs that end a command twice get no second answer (assumed: they do not read one).
        return messages + [command for command in commands if command]

    async def handle(self, message: bytes, send: Send) -> None:
        """Execute one command."""
        async with self._instrument.lock:
            await self._instrument.execute(message.decode("latin-1"), send)
