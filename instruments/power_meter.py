"""Optical power meters."""

import math
import re
from typing import ClassVar, Self

from ledcal.calibration.indication import PowerIndication
from ledcal.instruments.dialogue import Framing
from ledcal.instruments.errors import (
    DeviceError,
    InstrumentRestarted,
    OverRange,
    ReplyError,
    WrongInstrument,
    ZeroFailed,
)
from ledcal.instruments.identity import Identity, parse_identity
from ledcal.instruments.link import Bus, Link
from ledcal.instruments.reply import integer, number, number_or_overload, quoted, switch
from ledcal.instruments.roles import PowerHead, PowerMeter

__all__ = ["PowerHead", "PowerMeter", "ThorlabsPM100D", "ThorlabsPM103"]

_FRAMING = Framing(baud=115200)
_LONGEST_AVERAGING_S = 2.0  # more than 2000 samples would need INIT and polling (same place)
_RANGING_S = 0.01  # SENS:POW:RANG: up to 10 ms to settle
_AUTORANGE_STEPS = 8
_ZERO_POLL_S = 0.1
_ZERO_DEADLINE_S = 30.0
_POWER_SENSOR, _WAVELENGTH_SETTABLE = 1, 32  # SYST:SENS:IDN? flags, PM100D manual
_POWER_ON_BIT = 1 << 7  # IEEE 488.2, 11.5.1; *CLS of `open` clears it
_OF_A_LOST_ANSWER = (-230, -400, -410, -420, -430, -440)
"""A reading that gave up, and query errors (SCPI 1999, 21.8)."""
_HEAD_FIELDS = 6
_HEAD_FIELD = re.compile(r'"[^"]*"|[^",]+')


class ThorlabsPM103:
    """Thorlabs PM103 on a serial line or USB (SCPI command list of the maker).

    Attributes:
        model: The model that answers, by *IDN?.
        sample_s: Time of one sample, which SENS:AVER counts. [s]
        identity: Who it is.
    """

    model: ClassVar = "PM103"
    sample_s: ClassVar = 1e-3  # PM103 command list, SENS:AVER: 1 kHz divided by the count

    def __init__(self, link: Link, identity: Identity) -> None:
        """Use `open`."""
        self._link = link
        self.identity = identity
        self._averaging_s = math.nan
        self._restarted = False
        link.resume = self._resume

    @classmethod
    def open(cls, bus: Bus, resource_name: str, serial: str) -> Self:
        """Open the meter that the station file names, in a known state: W, CW, autorange.

        Raises:
            WrongInstrument: Another instrument answers, or its head measures no power.
            InstrumentError: It cannot be reached or does not do as its manual says.
        """
        link = bus.open(resource_name, instrument="power meter", framing=_FRAMING)
        try:
            identity = link.query_as(parse_identity, "*IDN?")
            identity.require(str(link), model=cls.model, serial=serial)
            link.name = f"power meter {identity.model} {identity.serial}"
            meter = cls(link, identity)
            meter._configure()
        except BaseException:
            link.close()
            raise
        return meter

    @property
    def resource_name(self) -> str:
        """Its VISA resource name."""
        return self._link.resource_name

    def close(self) -> None:
        """Close the link."""
        self._link.close()

    def head(self) -> PowerHead:
        """Ask which sensor head is connected.

        Raises:
            WrongInstrument: It is no optical power sensor with settable wavelength.
        """
        model, head_serial, calibrated, flags = self._link.query_as(_head, "SYST:SENS:IDN?")
        needed = _POWER_SENSOR | _WAVELENGTH_SETTABLE
        if flags & needed != needed:
            raise WrongInstrument(
                str(self._link),
                "a power head with settable wavelength",
                f"{model} {head_serial} with flags {flags}",
                "connect the head that the certificate names",
            )
        return PowerHead(model=model, serial=head_serial, calibrated=calibrated)

    def set_wavelength_nm(self, wavelength_nm: float) -> float:
        """Set the wavelength of the responsivity and return the one in use. [nm]

        The meter takes whole nanometres: the nearest one is set.

        Raises:
            ValueError: The wavelength is outside the head's range.
        """
        lowest_nm = self._link.query_as(number, "SENS:CORR:WAV? MIN")
        highest_nm = self._link.query_as(number, "SENS:CORR:WAV? MAX")
        if not lowest_nm <= wavelength_nm <= highest_nm:
            raise ValueError(
                f"{self._link}: {wavelength_nm} nm is outside {lowest_nm:g} to {highest_nm:g} nm"
            )
        nearest_nm = round(wavelength_nm)
        self._link.write(f"SENS:CORR:WAV {nearest_nm}")
        used_nm = self._link.query_as(number, "SENS:CORR:WAV?")
        if abs(used_nm - nearest_nm) > 0.5:
            raise ReplyError(f"{self._link}: was set to {nearest_nm} nm and uses {used_nm:g} nm")
        return used_nm

    def set_averaging_s(self, averaging_s: float) -> None:
        """Set the time over which each reading averages. [s]

        Raises:
            ValueError: It is outside one sample to 2 s.
        """
        if not self.sample_s <= averaging_s <= _LONGEST_AVERAGING_S:
            raise ValueError(
                f"{self._link}: averaging over {averaging_s} s is outside {self.sample_s} to "
                f"{_LONGEST_AVERAGING_S} s"
            )
        self._link.write(f"SENS:AVER:COUN {round(averaging_s / self.sample_s)}")
        self._averaging_s = self.sample_s * self._link.query_as(number, "SENS:AVER:COUN?")

    def set_range_w(self, power_w: float) -> float:
        """Set a fixed range that holds this power and return its upper limit. [W]

        Raises:
            DeviceError: No range of the head is that high.
        """
        self._link.write(f"SENS:POW:RANG:UPP {power_w:.6E}", takes_s=_RANGING_S)
        self._link.clock.sleep(_RANGING_S)
        return self._link.query_as(number, "SENS:POW:RANG:UPP?")

    def set_autorange(self) -> None:
        """Let the meter choose its range."""
        self._link.write("SENS:POW:RANG:AUTO 1")

    def zero(self) -> None:
        """Take the dark signal of the head as zero; the head must be dark.

        Raises:
            ZeroFailed: The meter says that it could not, or it did not end within 30 s.
        """
        self._link.write("SENS:CORR:COLL:ZERO:INIT")
        end_s = self._link.clock.now_s() + _ZERO_DEADLINE_S
        # TLPM.h: 1 is running, 0 is done; some public scripts have it inverted.
        while self._link.query_as(switch, "SENS:CORR:COLL:ZERO:STAT?"):
            if self._link.clock.now_s() > end_s:
                self._link.write("SENS:CORR:COLL:ZERO:ABOR")
                raise ZeroFailed(
                    str(self._link),
                    "SENS:CORR:COLL:ZERO:INIT",
                    ((0, f"not finished after {_ZERO_DEADLINE_S:g} s: is the head dark?"),),
                )
            self._link.clock.sleep(_ZERO_POLL_S)
        try:
            self._link.check_errors("SENS:CORR:COLL:ZERO:INIT")
        except DeviceError as error:
            raise ZeroFailed(str(self._link), error.command, error.entries) from None

    def read(self) -> PowerIndication:
        """Take one reading.

        Raises:
            OverRange: More light than the range, or no number at all, was indicated.
            InstrumentRestarted: The meter was switched off and on; its zero is lost.
        """
        takes_s = self._averaging_s * _AUTORANGE_STEPS + _RANGING_S * _AUTORANGE_STEPS
        power_w = self._link.query_as(number_or_overload, "READ?", takes_s=takes_s)
        at = self._link.clock.utc()
        self._require_no_restart()
        range_w = self._link.query_as(number, "SENS:POW:RANG:UPP?")
        if math.isinf(power_w):
            raise OverRange(
                f"{self._link}: the power is over the range of {range_w:g} W; choose a higher "
                "range, or a head that takes more light"
            )
        return PowerIndication(
            power_w=power_w,
            wavelength_nm=self._link.query_as(number, "SENS:CORR:WAV?"),
            range_w=range_w,
            averaging_s=self._averaging_s,
            at=at,
        )

    def _resume(self) -> None:
        """Go on after an answer was lost, and take the errors that this left in the queue.

        Raises:
            InstrumentRestarted: The meter was switched off and on.
            DeviceError: It reports something else too.
        """
        self._require_no_restart()
        try:
            self._link.check_errors("an answer that was lost")
        except DeviceError as error:
            # The reading is taken again, or has ended as lost: it is told of already.
            if any(code not in _OF_A_LOST_ANSWER for code, _ in error.entries):
                raise

    def _require_no_restart(self) -> None:
        """Refuse a meter that was switched off and on: its zero is lost (PM103 list, SENS:CORR).

        Raises:
            InstrumentRestarted: It was, at some time since it was opened.
        """
        # To read the register clears it: once seen is seen for good.
        if self._link.query_as(integer, "*ESR?") & _POWER_ON_BIT:
            self._restarted = True
        if self._restarted:
            raise InstrumentRestarted(
                f"{self._link}: it was switched off and on, so its zero and its settings are "
                "lost; see to its supply and its plug, then start the run again"
            )

    def _configure(self) -> None:
        # *RST also undoes an attenuation that was left set; it leaves the error queue alone.
        self._link.write("*CLS")
        self._link.write("*RST", takes_s=1.0)
        self.head()
        self._link.write("CONF:POW")
        self._link.write("SENS:POW:UNIT W")
        self._link.write("SENS:FREQ:MODE CW")
        self.set_autorange()
        self.set_averaging_s(0.1)


class ThorlabsPM100D(ThorlabsPM103):
    """Thorlabs PM100D: the same commands, a slower converter (manual 17654-D02, section 6.4)."""

    model: ClassVar = "PM100D"
    sample_s: ClassVar = 3e-3  # 6.4.2.3.5: one sample takes about 3 ms


def _head(reply: str) -> tuple[str, str, str, int]:
    parts = _HEAD_FIELD.findall(reply)
    if ",".join(parts) != reply or len(parts) != _HEAD_FIELDS:
        raise ValueError(f"expected {_HEAD_FIELDS} fields that describe a head, got {reply!r}")
    model, serial, calibrated, _kind, _subtype, flags = parts
    return quoted(model), quoted(serial), quoted(calibrated), integer(flags)
