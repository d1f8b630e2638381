"""Settings of the Thorlabs PM103: SENSe, INPut and SYSTem:SERial of pm103.html.

The list writes `SENSe#:` as mandatory, the PM100D manual as optional; programs for the family use
both, so both are taken. Limits that depend on the head and are in no list are marked "assumed".
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ledcal.instruments.virtual.detectors import silicon_responsivity_a_w
from ledcal.instruments.virtual.pm103_parameters import Limits, with_unit, written
from ledcal.instruments.virtual.scpi import Handler
from ledcal.instruments.virtual.scpi_grammar import Call, ScpiError

RANGES_W = (5e-7, 5e-6, 5e-5, 5e-4, 5e-3, 5e-2, 5e-1)
"""Upper limits of the ranges (assumed; those of the instrument move with the wavelength). [W]"""
WAVELENGTH = Limits(lowest=400.0, highest=1100.0, default=635.0, unit="nm")
BEAM = Limits(lowest=0.1, highest=100.0, default=9.5, unit="mm")
LOSS = Limits(lowest=-60.0, highest=60.0, default=0.0, unit="dB")
AVERAGE = Limits(lowest=1, highest=10000, default=1)
RANGE = Limits(lowest=0.0, highest=RANGES_W[-1], default=RANGES_W[-1], unit="W")
REFERENCE = Limits(lowest=-1.0, highest=1.0, default=0.0, unit="W")
BAUD = Limits(lowest=9600, highest=921600, default=115200)
BAUDS = (9600, 14400, 19200, 28800, 38400, 57600, 115200, 230400, 460800, 921600)
SENSE = "[SENSe#:]"


@dataclass(slots=True)
class Pm103Settings:
    """What *RST restores. Kept over a loss of power: the first block; pm103.html says so of each.

    Attributes:
        wavelength_nm: SENS:CORR:WAV, whole nanometres. [nm]
        beam_mm: SENS:CORR:BEAM, diameter of a round beam. [mm]
        loss_db: SENS:CORR, attenuation in front of the head.
        range_w: Upper limit of the range in use. [W]
        autorange: SENS:POW:RANG:AUTO.
        baud: SYST:SER:TRAN:BAUD; a pseudo terminal has none and goes on as before.
        adapter: INP:ADAP, what an adapter would be taken for.
        average: SENS:AVER, samples of 1 ms in a result.
        unit: SENS:POW:UNIT.
        mode: SENS:FREQ:MODE.
        low_pass: INP:FILT.
        reference_w: SENS:POW:REF; subtracted while `relative`.
        relative: SENS:POW:REF:STAT.
    """

    wavelength_nm: float = WAVELENGTH.default
    beam_mm: float = BEAM.default
    loss_db: float = LOSS.default
    range_w: float = RANGES_W[-1]
    autorange: bool = True
    baud: int = 115200
    adapter: str = "PHOT"

    average: int = 1
    unit: str = "W"
    mode: str = "CW"
    low_pass: bool = False
    reference_w: float = 0.0
    relative: bool = False

    def reset(self) -> None:
        """Restore the defaults, also of what outlives a loss of power (*RST)."""
        self._take(Pm103Settings())

    def switch_on(self) -> None:
        """Restore the defaults of what does not outlive a loss of power."""
        self._take(
            Pm103Settings(
                wavelength_nm=self.wavelength_nm,
                beam_mm=self.beam_mm,
                loss_db=self.loss_db,
                range_w=self.range_w,
                autorange=self.autorange,
                baud=self.baud,
                adapter=self.adapter,
            )
        )

    @property
    def responsivity_a_w(self) -> float:
        """Responsivity that the console stores for its wavelength. [A/W]"""
        return float(silicon_responsivity_a_w(np.array([self.wavelength_nm]))[0])

    def commands(self) -> Mapping[str, Handler]:
        """Return the table; ranges are set by the measuring part, which has to settle."""
        correction = f"{SENSE}CORRection"
        loss = f"{correction}[:LOSS[:INPut[:MAGNitude]]]"
        power = f"{SENSE}POWer[:DC]"
        return {
            f"{SENSE}AVERage[:COUNt]": self._set_average,
            f"{SENSE}AVERage[:COUNt]?": lambda call: f"{AVERAGE.asked(call, self.average):.0f}",
            loss: self._set_loss,
            f"{loss}?": lambda call: written(LOSS.asked(call, self.loss_db)),
            f"{correction}:BEAMdiameter": self._set_beam,
            f"{correction}:BEAMdiameter?": lambda call: written(BEAM.asked(call, self.beam_mm)),
            f"{correction}:POWer[:PDIode][:RESPonse]": self._set_response,
            f"{correction}:POWer[:PDIode][:RESPonse]?": lambda _: written(self.responsivity_a_w),
            f"{correction}:WAVelength": self._set_wavelength,
            f"{correction}:WAVelength?": lambda call: written(
                WAVELENGTH.asked(call, self.wavelength_nm)
            ),
            f"{SENSE}FREQuency:MODE": self._set_mode,
            f"{SENSE}FREQuency:MODE?": lambda _: self.mode,
            f"{power}:RANGe[:UPPer]?": lambda call: self._read_range(call, 1.0),
            f"{power}:RANGe:AUTO": self._set_autorange,
            f"{power}:RANGe:AUTO?": lambda _: str(int(self.autorange)),
            f"{power}:REFerence": self._set_reference,
            f"{power}:REFerence?": lambda call: written(REFERENCE.asked(call, self.reference_w)),
            f"{power}:REFerence:STATe": self._set_relative,
            f"{power}:REFerence:STATe?": lambda _: str(int(self.relative)),
            f"{power}:UNIT": self._set_unit,
            f"{power}:UNIT?": lambda _: self.unit,
            f"{SENSE}CURRent[:DC]:RANGe[:UPPer]?": lambda call: self._read_range(
                call, self.responsivity_a_w
            ),
            f"{SENSE}CURRent[:DC]:RANGe:AUTO": self._set_autorange,
            f"{SENSE}CURRent[:DC]:RANGe:AUTO?": lambda _: str(int(self.autorange)),
            "INPut#:ADAPter[:TYPE]": self._set_adapter,
            "INPut#:ADAPter[:TYPE]?": lambda _: self.adapter,
            "INPut#[:PDIode]:FILTer[:LPASs][:STATe]": self._set_low_pass,
            "INPut#[:PDIode]:FILTer[:LPASs][:STATe]?": lambda _: str(int(self.low_pass)),
            "SYSTem:SERial:TRANsmit:BAUD": self._set_baud,
            "SYSTem:SERial:TRANsmit:BAUD?": lambda call: f"{BAUD.asked(call, self.baud):.0f}",
        }

    def _take(self, other: "Pm103Settings") -> None:
        for name in Pm103Settings.__slots__:
            setattr(self, name, getattr(other, name))

    def _set_average(self, call: Call) -> None:
        count = AVERAGE.parse(call)
        if count != int(count):
            raise ScpiError(-104)
        self.average = int(count)

    def _set_loss(self, call: Call) -> None:
        self.loss_db = LOSS.parse(call)

    def _set_beam(self, call: Call) -> None:
        self.beam_mm = BEAM.parse(call)

    def _set_response(self, _: Call) -> None:
        # "Adapter only": this head brings its own responsivity.
        raise ScpiError(-221)

    def _set_wavelength(self, call: Call) -> None:
        self.wavelength_nm = float(round(WAVELENGTH.parse(call)))

    def _set_mode(self, call: Call) -> None:
        self.mode = _word(call, CW="CW", PEAK="PEAK")

    def _read_range(self, call: Call, per_w: float) -> str:
        """Answer the range in use, that of MIN or MAX, that for a value, or all with AUTO."""
        if not call.arguments:
            return written(self.range_w * per_w)
        word = call.only().upper()
        if word == "AUTO":
            # "Starts with the least sensitive gain level."
            return ",".join(written(each * per_w) for each in reversed(RANGES_W))
        if word in ("MIN", "MINIMUM"):
            return written(RANGES_W[0] * per_w)
        return written(range_for(RANGE.named(word), call, per_w) * per_w)

    def _set_autorange(self, call: Call) -> None:
        self.autorange = call.boolean()

    def _set_reference(self, call: Call) -> None:
        self.reference_w = REFERENCE.parse(call)

    def _set_relative(self, call: Call) -> None:
        self.relative = call.boolean()

    def _set_unit(self, call: Call) -> None:
        self.unit = _word(call, W="W", DBM="DBM")

    def _set_adapter(self, call: Call) -> None:
        self.adapter = _word(call, PHOT="PHOT", PHOTODIODE="PHOT", PYR="PYR", PYRO="PYR")

    def _set_low_pass(self, call: Call) -> None:
        self.low_pass = call.boolean()

    def _set_baud(self, call: Call) -> None:
        baud = BAUD.parse(call)
        if baud not in BAUDS:
            raise ScpiError(-224)
        self.baud = int(baud)


def range_for(named: float | None, call: Call, per_w: float = 1.0) -> float:
    """Return the smallest range that holds the call's value. [W]

    Args:
        named: Value of MIN, MAX or DEF; None where the call has a number.
        call: The call.
        per_w: What the number counts, per watt: 1, or A/W for a range of current.
    """
    unit = "W" if per_w == 1.0 else "A"
    power_w = with_unit(call.only(), unit) / per_w if named is None else named
    fitting = [each for each in RANGES_W if each >= power_w * (1.0 - 1e-9)]
    if not fitting or power_w < 0.0:
        raise ScpiError(-222)
    return fitting[0]


def _word(call: Call, **meanings: str) -> str:
    meaning = meanings.get(call.only().upper())
    if meaning is None:
        raise ScpiError(-224)
    return meaning
