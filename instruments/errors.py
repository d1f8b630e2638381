"""Errors of the instruments, as a tree.

InstrumentError
+-- LinkTimeout         (TimeoutError)     an instrument did not answer in time
+-- LinkLost            (ConnectionError)  an instrument cannot be reached, or no longer
+-- ReplyError          (ValueError)       an answer that is not what the manual promises
+-- DeviceError         (RuntimeError)     the instrument refused a command in its own words
|   +-- ZeroFailed                         the power meter could not be zeroed
+-- InstrumentRestarted (RuntimeError)     it was switched off and on: what it was told is lost
+-- WrongInstrument     (LookupError)      another instrument, or another head, than stated
+-- OverRange           (OverflowError)    more light than the power meter's range
+-- Saturated           (OverflowError)    more light than the spectrometer's detector takes
+-- Underexposed        (ArithmeticError)  too little light for a spectrum
+-- OpenThermocouple    (ValueError)       a thermocouple that is broken or not connected
+-- PanelTripped        (RuntimeError)     the panel made itself dark
+-- NotDark             (RuntimeError)     the panel could not be shown to be dark
+-- CalibrationRefused  (ValueError)       the panel's firmware refused a calibration file
"""


class InstrumentError(Exception):
    """Base of everything that this layer raises on purpose."""


class LinkTimeout(InstrumentError, TimeoutError):
    """An instrument did not answer in time."""


class LinkLost(InstrumentError, ConnectionError):
    """An instrument cannot be reached, or no longer."""


class ReplyError(InstrumentError, ValueError):
    """An answer is not what the manual promises; the text quotes it."""


class DeviceError(InstrumentError, RuntimeError):
    """The instrument refused a command.

    Attributes:
        code: Its first error number, SCPI's or the maker's own.
        text: The words that go with it.
        command: What had been sent.
        entries: Every (code, text) that the error queue held, the oldest first.
    """

    def __init__(self, where: str, command: str, entries: tuple[tuple[int, str], ...]) -> None:
        """Keep the queue's entries beside the words for a person."""
        words = "; ".join(f"{code}, {text!r}" for code, text in entries)
        super().__init__(
            f"{where}: reports {words} after {command!r}; its manual explains that error"
        )
        self.code, self.text = entries[0]
        self.command = command
        self.entries = entries


class ZeroFailed(DeviceError):
    """The power meter could not be zeroed, most often because light falls on its head."""


class InstrumentRestarted(InstrumentError, RuntimeError):
    """An instrument was switched off and on, and has lost what only a new run can give it."""


class WrongInstrument(InstrumentError, LookupError):
    """Another instrument or head answers than the station file names.

    Attributes:
        expected: What the station file names.
        found: What answered.
    """

    def __init__(self, where: str, expected: str, found: str, what_to_do: str) -> None:
        """Name both, and what to do."""
        super().__init__(f"{where}: expected {expected}, found {found}; {what_to_do}")
        self.expected = expected
        self.found = found


class OverRange(InstrumentError, OverflowError):
    """More light than the power meter's range."""


class Saturated(InstrumentError, OverflowError):
    """More light than the spectrometer's detector takes in the integration time."""


class Underexposed(InstrumentError, ArithmeticError):
    """Too little light for a spectrum in the integration time."""


class OpenThermocouple(InstrumentError, ValueError):
    """A thermocouple gives no reading: broken or not connected.

    Attributes:
        name: The thermocouple's name in the station file.
    """

    def __init__(self, where: str, name: str, logger_input: int, indicated: str) -> None:
        """Name the thermocouple and where it is connected."""
        super().__init__(
            f"{where}: thermocouple {name!r} at input {logger_input} is open (indicates "
            f"{indicated}); check its plug and its junction"
        )
        self.name = name


class PanelTripped(InstrumentError, RuntimeError):
    """The panel made itself dark.

    Attributes:
        cause: "over temperature", "fan stalled", "watchdog" or "rebooted".
    """

    def __init__(self, where: str, cause: str) -> None:
        """Name the cause in the firmware's words."""
        super().__init__(
            f"{where}: the panel tripped and is dark: {cause}; remove the cause and start again"
        )
        self.cause = cause


class NotDark(InstrumentError, RuntimeError):
    """The panel could not be shown to be dark: it must be taken off the mains."""


class CalibrationRefused(InstrumentError, ValueError):
    """The panel's firmware refused a calibration file and keeps the one it had.

    Attributes:
        name: The loader's name of the error, "SIGNATURE" for example.
    """

    def __init__(self, where: str, name: str) -> None:
        """Keep the loader's name beside the words for a person."""
        super().__init__(
            f"{where}: the firmware refused the calibration file: {name}; the panel keeps the "
            "calibration that it had"
        )
        self.name = name
