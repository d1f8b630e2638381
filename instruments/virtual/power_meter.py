"""The virtual power meter: Thorlabs PM103, or PM100D, with an S121C silicon head (emulated).

Headers and behaviour: maker's SCPI list of the PM103 (Thorlabs Light_Analysis_Examples,
commandDocu/pm103.html, V 1.0.3 of 5 Feb 2024), whose sections the tables quote. What the list
leaves open is marked "assumed". Of the list, the scope and burst modes, peak detection, customer
calibrations, the external thermistor, the digital and the analogue outputs are not there: they
are undefined headers.

Grammar ("SCPI commands" of the list): short or long form and nothing between, any case, suffix 1
may be left out, `;` keeps the path and `;:` returns to the root, an unknown query is answered by
silence and -113.
"""

from collections.abc import Mapping

from ledcal.instruments.virtual.bench import Bench
from ledcal.instruments.virtual.detectors import MeterHead
from ledcal.instruments.virtual.pm103_consoles import PM103, Console, Desk
from ledcal.instruments.virtual.pm103_measurement import Pm103Measurement
from ledcal.instruments.virtual.pm103_settings import RANGES_W as RANGES_W
from ledcal.instruments.virtual.pm103_settings import Pm103Settings
from ledcal.instruments.virtual.pm103_status import StatusRegisters
from ledcal.instruments.virtual.pm103_stream import Pm103Stream
from ledcal.instruments.virtual.scpi import Handler, Reply, ScpiInstrument
from ledcal.instruments.virtual.scpi_grammar import Call, ScpiError

HEAD_MODEL, HEAD_SERIAL = "S121C", "16060232"
HEAD_CALIBRATED = "2-FEB-2026"
HEAD_FLAGS = 289
"""1 power + 32 wavelength settable + 256 temperature sensor (SYST:SENS#:IDN?)."""
PHOTODIODE, WITH_TEMPERATURE_SENSOR = 1, 18
LONGEST_REQUEST = 240
"""SYST:PARA:IMPO:JSON: "the maximal request length is limited to 240 characters"."""


class VirtualPowerMeter(ScpiInstrument):
    """Console with one head on the bench.

    Attributes:
        console: The model that it is.
    """

    # "The internal queue length is limited" (SYST:ERR?); how long it is, is assumed.
    queue_depth = 20

    def __init__(self, bench: Bench, head: MeterHead, console: Console = PM103) -> None:
        """Switch on with the defaults."""
        self.console = console
        self.head_serial = HEAD_SERIAL
        self.settings = Pm103Settings()
        self.status = StatusRegisters(elder=console.desk)
        self.measurement = Pm103Measurement(
            bench, head, self.settings, self.status, self.report, console.sample_s
        )
        self._stream = Pm103Stream(bench, self.measurement)
        super().__init__()

    def identity(self) -> str:
        """Return maker, model, serial, firmware."""
        console = self.console
        return f"Thorlabs,{console.model},{console.serial},{console.firmware}"

    def commands(self) -> Mapping[str, Handler]:
        """Return the table: the parts' tables and the console's own."""
        table: dict[str, Handler] = {
            "*RST": lambda _: self._reset(),
            "*TST?": lambda _: "0",
            "*LST?": self._list,
            "CALibration#:STRing?": lambda _: f'"{HEAD_CALIBRATED}"',
            "SYSTem:ERRor:COUNt?": lambda _: str(len(self.errors)),
            "SYSTem:VERSion?": lambda _: "1999.0",
            "SYSTem:SENSor#:IDN?": lambda _: (
                f'"{HEAD_MODEL}","{self.head_serial}","{HEAD_CALIBRATED}",'
                f"{PHOTODIODE},{WITH_TEMPERATURE_SENSOR},{HEAD_FLAGS}"
            ),
            # Not in the list of the PM103; others of the family have it.
            "SYSTem:SENSor#:CONNect?": lambda _: "1",
            **self.settings.commands(),
            **self.measurement.commands(),
            **self.status.commands(),
        }
        if self.console.streams:
            table |= self._stream.commands()
        if self.console.desk:
            table |= Desk().commands()
        return {header: _of_channel_1(handler) for header, handler in table.items()}

    def switch_on(self) -> None:
        """Start after power has failed: zero, averaging, unit and status are lost."""
        super().switch_on()
        self.settings.switch_on()
        self.measurement.switch_on()
        self.status.clear()

    def turn_to(self, wavelength_nm: float) -> None:
        """Set the wavelength as at the console's own keys. [nm]"""
        self.settings.wavelength_nm = wavelength_nm

    def hold_range(self, range_w: float) -> None:
        """Hold a range as at the console's own keys: automatic ranging is off. [W]"""
        self.settings.range_w, self.settings.autorange = range_w, False

    def summary_bits(self) -> int:
        """Return the register sets' part of the status byte."""
        return self.status.summary()

    def clear_registers(self) -> None:
        """Clear the register sets too (*CLS)."""
        self.status.clear()

    async def execute(self, message: bytes) -> bytes | None:
        """Execute one message; longer ones than the meter takes are an error."""
        if len(message) > LONGEST_REQUEST:
            self.report(-223)
            return None
        return await super().execute(message)

    def _reset(self) -> None:
        # "Resets all SCPI parameters like serial baudrate and sensor parameters like wavelength
        # to defaults"; status stays.
        self.settings.reset()
        self.measurement.reset()

    def _list(self, call: Call) -> str:
        """List the commands, of one subsystem if it is named.

        The list prints one a line and breaks off where the reply gets too long; here all come on
        the one line that a reply is.
        """
        subsystem = call.only().strip("\"'").upper() if call.arguments else ""
        named = (each for each in self.headers() if each.strip("[*").upper().startswith(subsystem))
        return ",".join(f'"{each}"' for each in named)


def _of_channel_1(handler: Handler) -> Handler:
    """Refuse a numeric suffix other than 1: "here always 1 (default)"."""

    async def checked(call: Call) -> Reply:
        if any(suffix != 1 for suffix in call.suffixes):
            raise ScpiError(-114)
        reply = handler(call)
        return reply if reply is None or isinstance(reply, str | bytes) else await reply

    return checked
