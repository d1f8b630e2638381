"""What the logger knows of each channel's readings: K2 `CALCulate:AVERage`.

The values are those since the scan began, or since they were cleared; +0 where there are none. The
same spelling in K1 is assumed [?].
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from ledcal.instruments.virtual.daq_memory import Reading
from ledcal.instruments.virtual.multiplexer import Multiplexer
from ledcal.instruments.virtual.scpi import Handler
from ledcal.instruments.virtual.scpi_grammar import Call


@dataclass(slots=True)
class _Seen:
    """One channel's readings of the scan in short."""

    count: int
    total: float
    lowest: Reading
    highest: Reading

    @classmethod
    def of(cls, reading: Reading) -> "_Seen":
        return cls(1, reading.value, reading, reading)

    def add(self, reading: Reading) -> None:
        self.count += 1
        self.total += reading.value
        if reading.value < self.lowest.value:
            self.lowest = reading
        if reading.value > self.highest.value:
            self.highest = reading


class Statistics:
    """Lowest, highest and mean reading of each channel."""

    def __init__(self, multiplexer: Multiplexer) -> None:
        """Begin without readings."""
        self._multiplexer = multiplexer
        self._seen: dict[int, _Seen] = {}

    def reset(self) -> None:
        """Forget all readings, as a new scan does."""
        self._seen = {}

    def add(self, reading: Reading) -> None:
        """Take a reading of a scan."""
        if reading.channel in self._seen:
            self._seen[reading.channel].add(reading)
        else:
            self._seen[reading.channel] = _Seen.of(reading)

    def commands(self) -> Mapping[str, Handler]:
        """Return the table."""
        node = "CALCulate:AVERage"
        return {
            f"{node}:MINimum?": self._asker(lambda seen: seen.lowest.value),
            f"{node}:MAXimum?": self._asker(lambda seen: seen.highest.value),
            f"{node}:AVERage?": self._asker(lambda seen: seen.total / seen.count),
            f"{node}:PTPeak?": self._asker(lambda seen: seen.highest.value - seen.lowest.value),
            f"{node}:COUNt?": self._asker(lambda seen: seen.count),
            f"{node}:MINimum:TIME?": self._time_asker(lambda seen: seen.lowest.at),
            f"{node}:MAXimum:TIME?": self._time_asker(lambda seen: seen.highest.at),
            f"{node}:CLEar": self._clear,
        }

    def _asker(self, value: Callable[[_Seen], float]) -> Handler:
        def ask(call: Call) -> str:
            seen = [self._seen.get(number) for number in self._multiplexer.chosen(call)]
            return ",".join(f"{0.0 if each is None else value(each):+.8E}" for each in seen)

        return ask

    def _time_asker(self, at: Callable[[_Seen], datetime]) -> Handler:
        def ask(call: Call) -> str:
            seen = [self._seen.get(number) for number in self._multiplexer.chosen(call)]
            return ",".join(_time(None if each is None else at(each)) for each in seen)

        return ask

    def _clear(self, call: Call) -> None:
        for number in self._multiplexer.chosen(call):
            self._seen.pop(number, None)


def _time(at: datetime | None) -> str:
    """Write `2009,12,20,08,39,27.283`; what stands there without a reading is assumed."""
    if at is None:
        return "0000,00,00,00,00,00.000"
    return f"{at:%Y,%m,%d,%H,%M,%S}.{at.microsecond // 1000:03d}"
