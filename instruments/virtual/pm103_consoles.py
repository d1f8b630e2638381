"""The consoles that the bench's power meter can be: PM103, and PM100D, its elder relative.

The PM100D is emulated on a serial line, which the instrument does not have: it is a USB instrument
(USBTMC), and that cannot be emulated. What it says is that of its manual (17654-D02, section 6.4).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ledcal.instruments.virtual.scpi import Handler
from ledcal.instruments.virtual.scpi_grammar import Call, ScpiError, decimal, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """What one model does in its own way.

    Attributes:
        model: Second field of *IDN?.
        serial: Third field of *IDN?.
        firmware: Fourth field of *IDN?.
        driver: Name of the driver in a station file.
        sample_s: Time of one sample, which SENS:AVER counts. [s]
        streams: It has the fast measurement stream.
        desk: It has a display, a beeper and a line frequency.
    """

    model: str
    serial: str
    firmware: str
    driver: str
    sample_s: float
    streams: bool
    desk: bool


PM103 = Console(
    model="PM103",
    serial="M00412345",
    firmware="1.3.0",
    driver="thorlabs_pm103",
    sample_s=1e-3,  # SENS#:AVER: "max 1kHz"
    streams=True,
    desk=False,
)
PM100D = Console(
    model="PM100D",
    serial="P0012345",
    firmware="2.8.0",
    driver="thorlabs_pm100d",
    sample_s=3e-3,  # "one sample takes approx. 3ms"
    streams=False,
    desk=True,
)
CONSOLES = {each.model: each for each in (PM103, PM100D)}


class Desk:
    """Settings of a console with keys and display; they change nothing that is measured."""

    def __init__(self) -> None:
        """Start with the defaults (assumed)."""
        self.values = {"brightness": 1.0, "contrast": 0.5, "line": 50.0, "beeper": 1.0}
        self._clock_offset = timedelta()

    def commands(self) -> Mapping[str, Handler]:
        """Return the table of DISPlay and of the SYSTem commands of such a console.

        SYSTem:DATE and SYSTem:TIME take and answer three whole numbers, as the maker's driver
        PM100D_Drv sends and reads them.
        """
        table: dict[str, Handler] = {"SYSTem:BEEPer[:IMMediate]": lambda _: None}
        for header, name, allowed in (
            ("DISPlay:BRIGhtness", "brightness", (0.0, 1.0)),
            ("DISPlay:CONTrast", "contrast", (0.0, 1.0)),
            ("SYSTem:LFRequency", "line", (50.0, 60.0)),
        ):
            table[header] = self._setter(name, *allowed)
            table[f"{header}?"] = self._asker(name)
        table["SYSTem:BEEPer:STATe"] = self._set_beeper
        table["SYSTem:BEEPer:STATe?"] = lambda _: f"{self.values['beeper']:.0f}"
        table["SYSTem:DATE"] = self._set_date
        table["SYSTem:DATE?"] = lambda _: "{0.year},{0.month},{0.day}".format(self._now())
        table["SYSTem:TIME"] = self._set_time
        table["SYSTem:TIME?"] = lambda _: "{0.hour},{0.minute},{0.second}".format(self._now())
        return table

    def _now(self) -> datetime:
        return datetime.now(UTC) + self._clock_offset

    def _set_date(self, call: Call) -> None:
        year, month, day = _three(call)
        self._set_clock(lambda now: now.replace(year=year, month=month, day=day))

    def _set_time(self, call: Call) -> None:
        hour, minute, second = _three(call)
        self._set_clock(lambda now: now.replace(hour=hour, minute=minute, second=second))

    def _set_clock(self, moved: Callable[[datetime], datetime]) -> None:
        now = self._now()
        try:
            self._clock_offset += moved(now) - now
        except (ValueError, OverflowError):
            raise ScpiError(-222) from None

    def _setter(self, name: str, lowest: float, highest: float) -> Handler:
        def assign(call: Call) -> None:
            value = decimal(call.only())
            if not lowest <= value <= highest:
                raise ScpiError(-222)
            self.values[name] = value

        return assign

    def _asker(self, name: str) -> Handler:
        return lambda _: f"{self.values[name]:g}"

    def _set_beeper(self, call: Call) -> None:
        self.values["beeper"] = float(call.boolean())


def _three(call: Call) -> tuple[int, int, int]:
    if len(call.arguments) != 3:
        raise ScpiError(-109 if len(call.arguments) < 3 else -108)
    first, second, third = (whole(text) for text in call.arguments)
    return first, second, third
