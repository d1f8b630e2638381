"""What the logger's mainframe answers beside measuring: modules, clock, display, system.

Commands: K2 `DISPlay`, `INSTrument:DMM`, `SYSTem`; the same spelling in K1 is assumed [?].
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from ledcal.instruments.virtual.daq_models import LoggerModel
from ledcal.instruments.virtual.daq_parameters import switch
from ledcal.instruments.virtual.daq_scan import Scanner
from ledcal.instruments.virtual.multiplexer import LINE_HZ, SLOTS
from ledcal.instruments.virtual.scpi import Handler
from ledcal.instruments.virtual.scpi_grammar import Call, ScpiError, decimal, whole

_LONGEST_TEXT = 12
"""Characters of the front panel; more are cut off without an error (K2, DISPlay:TEXT)."""


class Mainframe:
    """The parts of a logger that no reading depends on."""

    def __init__(self, model: LoggerModel, scanner: Scanner) -> None:
        """Begin with the display on and the clock right."""
        self._model = model
        self._scanner = scanner
        self.reset()

    def reset(self) -> None:
        """Restore the factory settings; the clock goes on."""
        self._display = True
        self._text = ""
        self._beeper = True

    def commands(self) -> Mapping[str, Handler]:
        """Return the table."""
        return {
            "SYSTem:VERSion?": lambda _: "1994.0",
            "SYSTem:CTYPe?": self._module,
            "SYSTem:DATE": self._set_date,
            "SYSTem:DATE?": lambda _: f"{self._now():%Y,%m,%d}",
            "SYSTem:TIME": self._set_time,
            "SYSTem:TIME?": lambda _: f"{self._now():%H,%M,%S}.{self._milliseconds():03d}",
            "SYSTem:TIME:SCAN?": lambda _: f"{self._scanner.started:%Y,%m,%d,%H,%M,%S}.000",
            "SYSTem:LFRequency?": lambda _: f"{LINE_HZ:+.0f}",
            "SYSTem:BEEPer[:IMMediate]": lambda _: None,
            "SYSTem:BEEPer:STATe": self._set_beeper,
            "SYSTem:BEEPer:STATe?": lambda _: str(int(self._beeper)),
            "SYSTem:LOCal": lambda _: None,
            "SYSTem:REMote": lambda _: None,
            "SYSTem:RWLock": lambda _: None,
            "DISPlay": self._set_display,
            "DISPlay?": lambda _: str(int(self._display)),
            "DISPlay:TEXT": self._set_text,
            "DISPlay:TEXT?": lambda _: f'"{self._text}"',
            "DISPlay:TEXT:CLEar": self._clear_text,
            "INSTrument:DMM[:STATe]?": lambda _: "1",
            "INSTrument:DMM:INSTalled?": lambda _: "1",
        }

    def _now(self) -> datetime:
        return datetime.now(UTC) + self._scanner.clock_offset

    def _milliseconds(self) -> int:
        return self._now().microsecond // 1000

    def _module(self, call: Call) -> str:
        """Answer which module is in a slot, 100 to 300, also asked for as 1 to 3."""
        slot = whole(call.only())
        slot = slot * 100 if slot < 100 else slot
        if slot not in SLOTS:
            raise ScpiError(-222)
        if not SLOTS[slot]:
            return f"{self._model.maker},0,0,0"
        return f"{self._model.maker},{self._model.module},{self._model.module_revision}"

    def _set_date(self, call: Call) -> None:
        year, month, day = map(int, _three(call))
        self._set_clock(lambda now: now.replace(year=year, month=month, day=day))

    def _set_time(self, call: Call) -> None:
        hour, minute, second = _three(call)
        rest = timedelta(seconds=second % 1)
        self._set_clock(
            lambda now: (
                now.replace(hour=int(hour), minute=int(minute), second=int(second), microsecond=0)
                + rest
            )
        )

    def _set_clock(self, moved: Callable[[datetime], datetime]) -> None:
        now = self._now()
        try:
            then = moved(now)
        except ValueError:
            raise ScpiError(-222) from None
        if not 2000 <= then.year <= 2099:
            raise ScpiError(-222)
        self._scanner.clock_offset += then - now

    def _set_beeper(self, call: Call) -> None:
        self._beeper = switch(call.only())

    def _set_display(self, call: Call) -> None:
        self._display = switch(call.only())

    def _set_text(self, call: Call) -> None:
        text = call.only()
        if len(text) < 2 or text[0] not in "'\"" or text[-1] != text[0]:
            raise ScpiError(-104)
        self._text = text[1:-1][:_LONGEST_TEXT]

    def _clear_text(self, _: Call) -> None:
        self._text = ""


def _three(call: Call) -> tuple[float, float, float]:
    if len(call.arguments) != 3:
        raise ScpiError(-109 if len(call.arguments) < 3 else -108)
    first, second, third = (decimal(text) for text in call.arguments)
    return first, second, third
