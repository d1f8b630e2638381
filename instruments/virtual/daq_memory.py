"""The logger's reading memory and how readings are written.

Commands: K1 p29 (R?), pp109-110 (DATA), p139 (FORMat); K2 `DATA`, `FORMat:READing`, `R?`.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from ledcal.instruments.virtual.daq_models import FORMAT_PARTS, LoggerModel
from ledcal.instruments.virtual.daq_parameters import between, discrete, is_channel_list
from ledcal.instruments.virtual.multiplexer import Multiplexer
from ledcal.instruments.virtual.scpi import Handler
from ledcal.instruments.virtual.scpi_grammar import Call, ScpiError, definite_block, whole

_LOOK_WALL_S = 0.005


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading with what FORMat:READing may show of it."""

    channel: int
    value: float
    unit: str
    at_s: float
    at: datetime
    alarm: int


class ReadingFormat:
    """What FORMat:READing adds to each reading of a reply."""

    def __init__(self) -> None:
        """Begin with readings only."""
        self.reset()

    def reset(self) -> None:
        """Restore the factory settings: readings only, relative time."""
        self._shown: set[str] = set()
        self._time_type = "REL"

    def hide(self, parts: Iterable[str]) -> None:
        """Switch parts off."""
        self._shown -= set(parts)

    def commands(self) -> Mapping[str, Handler]:
        """Return the table."""
        table: dict[str, Handler] = {
            "FORMat:READing:TIME:TYPE": self._set_time_type,
            "FORMat:READing:TIME:TYPE?": lambda _: self._time_type,
        }
        for part in FORMAT_PARTS:
            table[f"FORMat:READing:{part}"] = self._shower(part)
            table[f"FORMat:READing:{part}?"] = self._shown_query(part)
        return table

    def joined(self, readings: Iterable[Reading]) -> str:
        """Return readings as a reply has them."""
        return ",".join(map(self.text, readings))

    def text(self, reading: Reading) -> str:
        """Return `+2.61950000E+01 C,000000000.017,103,2`, or as much of it as is shown."""
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
            text += f",{reading.alarm}"
        return text

    def _set_time_type(self, call: Call) -> None:
        self._time_type = discrete("ABSolute", "RELative")(call.only())

    def _shower(self, part: str) -> Handler:
        def show(call: Call) -> None:
            if call.boolean():
                self._shown.add(part)
            else:
                self._shown.discard(part)

        return show

    def _shown_query(self, part: str) -> Handler:
        return lambda _: str(int(part in self._shown))


class ReadingMemory:
    """Readings of the scans since the memory was cleared, the oldest first."""

    def __init__(
        self,
        model: LoggerModel,
        multiplexer: Multiplexer,
        form: ReadingFormat,
        report: Callable[[int], None],
    ) -> None:
        """Begin empty; `report` puts an error into the instrument's queue."""
        self._model = model
        self._multiplexer = multiplexer
        self._form = form
        self._report = report
        self._readings: deque[Reading] = deque()
        self._threshold = 1
        self.reached: Callable[[], None] = lambda: None
        """Called when the number of readings reaches the threshold."""
        self.lost: Callable[[], object] = lambda: None
        """Called when a reading was lost."""
        self.filling: Callable[[], bool] = lambda: False
        """Tells whether a scan goes on that may add readings."""
        self.overflowed = False
        """Readings were lost since the memory was cleared (QUES bit 12)."""

    def __len__(self) -> int:
        """Return the number of readings."""
        return len(self._readings)

    @property
    def stores_read(self) -> bool:
        """Whether the readings of READ? are kept too."""
        return self._model.stores_read

    def clear(self) -> None:
        """Drop all readings."""
        self._readings.clear()
        self.overflowed = False

    def reset(self) -> None:
        """Drop all readings and restore the threshold."""
        self.clear()
        self._threshold = 1

    def append(self, reading: Reading) -> None:
        """Keep a reading; of a full memory the oldest one is lost (K1 p29)."""
        if len(self._readings) >= self._model.memory:
            self._readings.popleft()
            self.overflowed = True
            self.lost()
        self._readings.append(reading)
        if len(self._readings) == self._threshold:
            self.reached()

    def text(self) -> str:
        """Return all readings as a reply has them."""
        return self._form.joined(self._readings)

    def commands(self) -> Mapping[str, Handler]:
        """Return the table."""
        return {
            "R?": self._remove_block,
            "DATA:POINts?": self._count,
            "DATA:POINts:EVENt:THReshold": self._set_threshold,
            "DATA:POINts:EVENt:THReshold?": lambda _: f"{self._threshold:+d}",
            "DATA:REMove?": self._remove,
            "DATA:LAST?": self._last,
        }

    def _count(self, call: Call) -> str:
        if not call.arguments:
            return f"{len(self._readings):+d}"
        channels = set(self._multiplexer.listed(call.only()))
        return f"{sum(each.channel in channels for each in self._readings):+d}"

    def _set_threshold(self, call: Call) -> None:
        self._threshold = int(between(1, self._model.memory, 1)(call.only()))

    def _remove_block(self, call: Call) -> bytes:
        count = self._wanted(call.only()) if call.arguments else len(self._readings)
        return definite_block(self._taken(min(count, len(self._readings))).encode())

    async def _remove(self, call: Call) -> str:
        if not call.arguments:
            raise ScpiError(-109)
        count, *words = call.arguments
        wanted = self._wanted(count)
        if words and (len(words) > 1 or words[0].upper() != "WAIT"):
            raise ScpiError(-224)
        while words and len(self._readings) < wanted and self.filling():
            await asyncio.sleep(_LOOK_WALL_S)
        if len(self._readings) < wanted:
            raise ScpiError(-222, "fewer readings in memory")
        return self._taken(wanted)

    def _wanted(self, text: str) -> int:
        count = whole(text)
        if not 1 <= count <= self._model.memory:
            raise ScpiError(-222)
        return count

    def _taken(self, count: int) -> str:
        taken = list(islice(self._readings, count))
        for _ in taken:
            self._readings.popleft()
        return self._form.joined(taken)

    def _last(self, call: Call) -> str:
        """Answer DATA:LAST? [n,](@channel), the earliest of the last ones first."""
        if not call.arguments or not is_channel_list(call.arguments[-1]):
            raise ScpiError(-109)
        *words, channels = call.arguments
        if len(words) > 1:
            raise ScpiError(-108)
        count = self._wanted(words[0]) if words else 1
        number = self._multiplexer.single(channels)
        latest = [each for each in self._readings if each.channel == number]
        if latest and len(latest) >= count:
            return self._form.joined(latest[-count:])
        if latest:
            raise ScpiError(-222, "fewer readings in memory")
        if self._model.missing_is_error:
            self._report(-230)
        return self._model.without_reading
