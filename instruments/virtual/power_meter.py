"""The virtual power meter: Thorlabs PM103 dialect with an S121C silicon head (emulated).

Headers: maker's SCPI lists for the PM10x family (Thorlabs Light_Analysis_Examples,
commandDocu/pm103.html). What the lists leave open is marked "assumed".
"""

import asyncio
import math
from collections.abc import Mapping

from ledcal.instruments.virtual.bench import Bench
from ledcal.instruments.virtual.detectors import MeterHead
from ledcal.instruments.virtual.scpi import Handler, ScpiInstrument
from ledcal.instruments.virtual.scpi_grammar import Call, ScpiError, whole

SERIAL, HEAD_MODEL, HEAD_SERIAL = "M00412345", "S121C", "16060232"
HEAD_FLAGS = 289
"""1 power + 32 wavelength settable + 256 temperature sensor (PM100D manual, TLPM.h)."""
SHORTEST_NM, LONGEST_NM, DEFAULT_NM = 400, 1100, 635
RANGES_W = (5e-7, 5e-6, 5e-5, 5e-4, 5e-3, 5e-2, 5e-1)
OVER_RANGE = "9.9E+37"
SAMPLE_S = 1e-3
"""PM103: 1 kHz, averaged over the count."""
RANGING_S, ZEROING_S = 0.01, 2.0
DARK_LIMIT_W = 1e-4
"""More than this while zeroing is not dark (assumed)."""
LONGEST_REQUEST = 240


class VirtualPowerMeter(ScpiInstrument):
    """Console with one head on the bench."""

    def __init__(self, bench: Bench, head: MeterHead) -> None:
        """Switch on with the defaults."""
        self._bench = bench
        self._head = head
        self.head_serial = HEAD_SERIAL
        self._correction_w = 0.0
        self._zeroing_until_s: float | None = None
        self._measurement: asyncio.Task[str] | None = None
        super().__init__()
        self._defaults()

    def identity(self) -> str:
        """Return maker, model, serial, firmware."""
        return f"Thorlabs,PM103,{SERIAL},1.3.0"

    def commands(self) -> Mapping[str, Handler]:
        """Return the table."""
        return {
            "*RST": lambda _: self._defaults(),
            "*TST?": lambda _: "0",
            "*LST?": lambda _: ",".join(self.headers()),
            "SYSTem:ERRor:COUNt?": lambda _: str(len(self.errors)),
            "SYSTem:VERSion?": lambda _: "1999.0",
            "SYSTem:SENSor#:IDN?": lambda _: (
                f'"{HEAD_MODEL}","{self.head_serial}","2-FEB-2026",1,18,{HEAD_FLAGS}'
            ),
            "SYSTem:SENSor#:CONNect?": lambda _: "1",
            "SENSe#:CORRection:WAVelength": self._set_wavelength,
            "SENSe#:CORRection:WAVelength?": self._read_wavelength,
            "SENSe#:CORRection[:LOSS[:INPut[:MAGNitude]]]": self._set_loss,
            "SENSe#:CORRection[:LOSS[:INPut[:MAGNitude]]]?": lambda _: f"{self._loss_db:.8E}",
            "SENSe#:CORRection:BEAMdiameter": self._set_beam,
            "SENSe#:CORRection:BEAMdiameter?": lambda _: f"{self._beam_mm:.8E}",
            "SENSe#:POWer[:DC]:RANGe[:UPPer]": self._set_range,
            "SENSe#:POWer[:DC]:RANGe[:UPPer]?": self._read_range,
            "SENSe#:POWer[:DC]:RANGe:AUTO": self._set_autorange,
            "SENSe#:POWer[:DC]:RANGe:AUTO?": lambda _: str(int(self._autorange)),
            "SENSe#:POWer[:DC]:UNIT": self._set_unit,
            "SENSe#:POWer[:DC]:UNIT?": lambda _: self._unit,
            "SENSe#:AVERage[:COUNt]": self._set_average,
            "SENSe#:AVERage[:COUNt]?": lambda _: str(self._average),
            "SENSe#:FREQuency:MODE": self._set_mode,
            "SENSe#:FREQuency:MODE?": lambda _: self._mode,
            "INPut#[:PDIode]:FILTer[:LPASs][:STATe]": self._set_filter,
            "INPut#[:PDIode]:FILTer[:LPASs][:STATe]?": lambda _: str(int(self._filter)),
            "SENSe#:CORRection:COLLect:ZERO[:INITiate]": self._zero,
            "SENSe#:CORRection:COLLect:ZERO:ABORt": self._abort_zero,
            "SENSe#:CORRection:COLLect:ZERO:STATe?": self._zero_state,
            "SENSe#:CORRection:COLLect:ZERO:MAGNitude?": lambda _: f"{self._correction_w:.8E}",
            "CONFigure[:SCALar][:POWer]": lambda _: self._configure("POW"),
            "CONFigure[:SCALar]:PDENsity": lambda _: self._configure("POWDENS"),
            "CONFigure?": lambda _: self._quantity,
            "INITiate[:IMMediate]": self._initiate,
            "ABORt": lambda _: self._abort(),
            "FETCh:STATe?": lambda _: str(int(self._done())),
            "FETCh?": self._fetch,
            "READ?": self._read,
            "MEASure[:SCALar][:POWer]?": lambda call: self._measure("POW", call),
            "MEASure[:SCALar]:PDENsity?": lambda call: self._measure("POWDENS", call),
            "MEASure[:SCALar]:TEMPerature?": lambda _: (
                f"{self._bench.world.heat.ambient_degc + 1.2:.8E}"
            ),
            "STATus:OPERation:CONDition?": lambda _: str(
                0x100 | (0x80 if self._zeroing() else 0) | (0x200 if self._done() else 0)
            ),
            "STATus:QUEStionable:CONDition?": lambda _: "0",
            "STATus:PRESet": lambda _: None,
        }

    def switch_on(self) -> None:
        """Start after power has failed; the dark adjustment is lost."""
        super().switch_on()
        self._correction_w = 0.0
        self._zeroing_until_s = None
        self._defaults()

    async def execute(self, message: bytes) -> bytes | None:
        """Execute one message; longer ones than the meter takes are an error."""
        if len(message) > LONGEST_REQUEST:
            self.report(-223)
            return None
        return await super().execute(message)

    def turn_to(self, wavelength_nm: float) -> None:
        """Set the wavelength as at the console's own keys. [nm]"""
        self._wavelength_nm = wavelength_nm

    def hold_range(self, range_w: float) -> None:
        """Hold a range as at the console's own keys: automatic ranging is off. [W]"""
        self._range_w, self._autorange = range_w, False

    def _defaults(self) -> None:
        self._range_w = RANGES_W[-1]
        self._autorange = True
        self._average = 1
        self._mode = "CW"
        self._filter = False
        self._quantity = "POW"
        self._unit = "W"
        self._wavelength_nm = float(DEFAULT_NM)
        self._beam_mm = 9.5
        self._loss_db = 0.0
        self._abort()

    def _set_wavelength(self, call: Call) -> None:
        wavelength_nm = call.number()
        if not SHORTEST_NM <= wavelength_nm <= LONGEST_NM:
            raise ScpiError(-222)
        # Whole nanometres (pm103.html, SENS:CORR:WAV).
        self._wavelength_nm = float(round(wavelength_nm))

    def _read_wavelength(self, call: Call) -> str:
        limits = {"MIN": SHORTEST_NM, "MAX": LONGEST_NM, "DEF": DEFAULT_NM}
        return f"{_asked(call, limits, self._wavelength_nm):.8E}"

    def _set_beam(self, call: Call) -> None:
        diameter_mm = call.number()
        if not 0.1 <= diameter_mm <= 100.0:
            raise ScpiError(-222)
        self._beam_mm = diameter_mm

    def _set_loss(self, call: Call) -> None:
        loss_db = call.number()
        if not -60.0 <= loss_db <= 60.0:
            raise ScpiError(-222)
        self._loss_db = loss_db

    async def _set_range(self, call: Call) -> None:
        word = call.only().upper()
        limits = {"MIN": RANGES_W[0], "MINIMUM": RANGES_W[0], "MAX": RANGES_W[-1]}
        power_w = limits[word] if word in limits else call.number()
        fitting = [each for each in RANGES_W if each >= power_w * (1.0 - 1e-9)]
        if not fitting or power_w <= 0.0:
            raise ScpiError(-222)
        self._autorange = False
        await self._change_range(fitting[0])

    def _read_range(self, call: Call) -> str:
        if call.arguments and call.only().upper() == "AUTO":
            return ",".join(f"{each:.8E}" for each in RANGES_W)
        limits = {"MIN": RANGES_W[0], "MAX": RANGES_W[-1], "DEF": RANGES_W[-1]}
        return f"{_asked(call, limits, self._range_w):.8E}"

    def _set_autorange(self, call: Call) -> None:
        self._autorange = call.boolean()

    def _set_unit(self, call: Call) -> None:
        if call.only().upper() not in ("W", "DBM"):
            raise ScpiError(-224)
        self._unit = call.only().upper()

    def _set_average(self, call: Call) -> None:
        count = whole(call.only())
        if not 1 <= count <= 10000:
            raise ScpiError(-222)
        self._average = count

    def _set_mode(self, call: Call) -> None:
        if call.only().upper() not in ("CW", "PEAK"):
            raise ScpiError(-224)
        self._mode = call.only().upper()

    def _set_filter(self, call: Call) -> None:
        self._filter = call.boolean()

    def _zero(self, _: Call) -> None:
        self._bench.advance()
        self._zeroing_until_s = self._bench.world.time_s + ZEROING_S
        self._zeroing_from = self._bench.world.expose(ZEROING_S)

    def _abort_zero(self, _: Call) -> None:
        self._zeroing_until_s = None

    def _zero_state(self, _: Call) -> str:
        return str(int(self._zeroing()))

    def _zeroing(self) -> bool:
        """Finish a dark adjustment whose time is over; say whether one is running."""
        if self._zeroing_until_s is None:
            return False
        self._bench.advance()
        if self._bench.world.time_s < self._zeroing_until_s:
            return True
        self._zeroing_until_s = None
        light = self._bench.world.gathered(self._zeroing_from)
        dark_w = self._head.indication_w(light, self._wavelength_nm, ZEROING_S)
        if dark_w > DARK_LIMIT_W:
            self.report(-340, "not dark")
        else:
            self._correction_w = dark_w
        return False

    def _configure(self, quantity: str) -> None:
        self._quantity = quantity
        self._abort()

    def _abort(self) -> None:
        if self._measurement is not None:
            self._measurement.cancel()
        self._measurement = None

    def _initiate(self, _: Call) -> None:
        self._abort()
        self._measurement = asyncio.create_task(self._take())

    def _done(self) -> bool:
        return self._measurement is not None and self._measurement.done()

    async def _fetch(self, _: Call) -> str:
        if self._measurement is None:
            raise ScpiError(-230)
        await asyncio.wait({self._measurement})
        return self._measurement.result()

    async def _read(self, call: Call) -> str:
        # ABOR + INIT + FETC? (pm103.html, READ?).
        self._initiate(call)
        return await self._fetch(call)

    async def _measure(self, quantity: str, call: Call) -> str:
        self._quantity = quantity
        return await self._read(call)

    async def _take(self) -> str:
        self._zeroing()
        averaging_s = self._average * SAMPLE_S
        light = await self._bench.expose(averaging_s)
        power_w = self._head.indication_w(light, self._wavelength_nm, averaging_s)
        power_w -= self._correction_w
        wanted_w = next((each for each in RANGES_W if power_w <= each), None)
        if self._autorange and wanted_w is not None and wanted_w != self._range_w:
            await self._change_range(wanted_w)
        if power_w > self._range_w:
            return OVER_RANGE
        return self._written(power_w * 10.0 ** (self._loss_db / 10.0))

    def _written(self, power_w: float) -> str:
        """Write a power in the configured quantity and unit."""
        if self._quantity == "POWDENS":
            # W/cm2 by the beam diameter (pm103.html, CONF:PDEN).
            area_cm2 = math.pi / 4.0 * (self._beam_mm / 10.0) ** 2
            return f"{power_w / area_cm2:.8E}"
        if self._unit == "DBM":
            return f"{10.0 * math.log10(max(power_w, 1e-15) / 1e-3):.8E}"
        return f"{power_w:.8E}"

    async def _change_range(self, range_w: float) -> None:
        self._range_w = range_w
        await self._bench.clock.sleep(RANGING_S)


def _asked(call: Call, limits: Mapping[str, float], present: float) -> float:
    """Return what `?`, `? MIN`, `? MAX` or `? DEF` asks for."""
    if not call.arguments:
        return present
    word = call.only().upper()
    if word not in limits:
        raise ScpiError(-224)
    return limits[word]
