"""The "Fast Measurement Stream" of the Thorlabs PM103 (pm103.html, ACQ commands).

Every millisecond 100 samples are queued as a package; the queue holds 10 ms and loses what comes
when it is full. FETC? answers the oldest package: its count in ASCII, a comma, then for each
sample the time in microseconds (uint32) and the value (float32), little-endian. This is no
IEEE 488.2 block.
"""

import math
import struct
from collections import deque
from collections.abc import Mapping

from ledcal.instruments.virtual.bench import Bench
from ledcal.instruments.virtual.pm103_measurement import Pm103Measurement
from ledcal.instruments.virtual.scpi import Handler
from ledcal.instruments.virtual.scpi_grammar import Call

SAMPLE_HZ = 100_000
PACKAGE, PACKAGES = 100, 10
PACKAGE_S = PACKAGE / SAMPLE_HZ
_WRAP = 1 << 32
QUANTITIES = {"[:POWer]": "POW", ":CURRent[:DC]": "CURR", ":PDENsity": "POWDENS"}


class Pm103Stream:
    """Queued packages by the time of their first sample; the values are taken when asked for."""

    def __init__(self, bench: Bench, measurement: Pm103Measurement) -> None:
        """Stream power from now on."""
        self._bench = bench
        self._measurement = measurement
        self._quantity = "POW"
        self._reset()

    def commands(self) -> Mapping[str, Handler]:
        """Return the table of ACQ; energy and voltage are of other heads."""
        table: dict[str, Handler] = {
            "ACQuire:FAST[:ARRay]:MAXSamplerate?": lambda _: str(SAMPLE_HZ),
            "ACQuire#:FAST[:ARRay]:FETCh?": lambda _: self._oldest(),
            "ACQuire#:FAST:RESET": lambda _: self._reset(),
        }
        for header, quantity in QUANTITIES.items():
            table[f"ACQuire#:FAST[:ARRay]{header}"] = self._configurer(quantity)
        return table

    def _configurer(self, quantity: str) -> Handler:
        def configure(_: Call) -> None:
            # "Changing the fast measure unit resets the measurement stream."
            if quantity != self._quantity:
                self._reset()
            self._quantity = quantity

        return configure

    def _reset(self) -> None:
        self._queue: deque[float] = deque()
        self._next_s = self._bench.clock.now_s()

    def _fill(self) -> None:
        """Queue the packages that have been completed since the last look."""
        now_s = self._bench.clock.now_s()
        while len(self._queue) < PACKAGES and self._next_s + PACKAGE_S <= now_s:
            self._queue.append(self._next_s)
            self._next_s += PACKAGE_S
        # What found the queue full is lost.
        self._next_s += max(math.floor((now_s - self._next_s) / PACKAGE_S), 0) * PACKAGE_S

    def _oldest(self) -> bytes:
        self._fill()
        if not self._queue:
            return b"0"
        start = round(self._queue.popleft() * 1e6)
        power_w, current_a = self._measurement.instant(1.0 / SAMPLE_HZ)
        value = self._measurement.written_as(self._quantity, power_w, current_a)
        step = 1_000_000 // SAMPLE_HZ
        samples = b"".join(
            struct.pack("<If", (start + step * index) % _WRAP, value) for index in range(PACKAGE)
        )
        return f"{PACKAGE},".encode() + samples
