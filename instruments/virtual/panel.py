"""The virtual panel's serial protocol (the project's panel protocol page, emulated)."""

import hashlib
import math
import re
from collections.abc import Mapping

from ledcal.calibration.firmware import LoaderError
from ledcal.instruments.virtual.bench import Bench
from ledcal.instruments.virtual.panel_firmware import (
    DISTANCE_MM,
    DRIVE_EPOCH,
    GEOMETRY_ID,
    HARDWARE_REVISION,
    ON_HOURS,
    PRODUCT_CODE,
)
from ledcal.instruments.virtual.scpi import Handler, ScpiInstrument
from ledcal.instruments.virtual.scpi_grammar import Call, ScpiError, definite_block, whole

FIRMWARE = "1.4.0"


class VirtualPanel(ScpiInstrument):
    """Answers for the panel; what it decides by itself is in the firmware."""

    queue_depth = 16

    def __init__(self, bench: Bench) -> None:
        """Join the protocol to the bench's panel."""
        self._bench = bench
        self._firmware = bench.firmware
        super().__init__()
        self._firmware.report = self.report
        self._firmware.booted = self._booted

    def identity(self) -> str:
        """Return maker, model, serial, firmware; the serial is NONE where none was written."""
        return f"Ledcal,LT5-300,{self._firmware.serial},{FIRMWARE}"

    def commands(self) -> Mapping[str, Handler]:
        """Return the table of the protocol page, in its order."""
        firmware = self._firmware
        return {
            "*RST": lambda _: firmware.reset(),
            "SYSTem:UID?": lambda _: firmware.uid.hex(),
            "SYSTem:HW?": lambda _: f"{PRODUCT_CODE},{HARDWARE_REVISION},{DRIVE_EPOCH}",
            "SYSTem:GEOMetry?": lambda _: f"{DISTANCE_MM},{GEOMETRY_ID}",
            "SYSTem:BOOT?": lambda _: str(firmware.boot_count),
            "SYSTem:UPTime?": lambda _: f"{self._bench.world.time_s - firmware.booted_s:.1f}",
            "SYSTem:HOURs?": lambda _: str(ON_HOURS),
            "SYSTem:WATChdog": self._set_watchdog,
            "SYSTem:WATChdog?": lambda _: f"{firmware.watchdog_s:g}",
            "SYSTem:SERial": self._write_serial,
            "CHANnel:CATalog?": lambda _: ",".join(
                f'"{each.nominal_nm:.0f}"' for each in self._bench.world.emitters
            ),
            "SOURce#:DRIVe": self._set_drive_code,
            "SOURce#:DRIVe?": lambda call: str(firmware.codes[self._channel(call) - 1]),
            "SOURce#:IRRadiance": self._set_irradiance,
            "SOURce#:IRRadiance?": self._read_irradiance,
            "OUTPut:ALL": self._all_off,
            "OUTPut#": lambda call: firmware.set_gate(self._channel(call), call.boolean()),
            "OUTPut#?": lambda call: str(int(firmware.gates[self._channel(call) - 1])),
            "MEASure:TEMPerature?": lambda _: f"{firmware.ntc_degc():.3f}",
            "MEASure:CURRent#?": lambda call: f"{firmware.current_a(self._channel(call)):.4f}",
            "MEASure:FAN?": lambda _: f"{firmware.fan_rpm():.0f}",
            "CALibration:DATA": self._load,
            "CALibration:DATA?": self._read_back,
            "CALibration:STATe?": self._calibration_state,
            "CALibration:SEQuence?": self._sequence,
            "CALibration:ERASe": lambda _: firmware.erase(),
            "CALibration:KEY?": lambda _: ",".join(
                hashlib.sha256(key).digest()[:8].hex() for key in firmware.public_keys
            ),
            "CALibration:MODE?": lambda _: "PROD" if firmware.production else "ENG",
        }

    async def execute(self, message: bytes) -> bytes | None:
        """Execute one message on the panel as it is at this moment."""
        self._bench.advance()
        return None if self._firmware.hung else await super().execute(message)

    def _booted(self) -> None:
        self.errors.clear()
        self.event_status = 0x80

    def _channel(self, call: Call) -> int:
        channel = call.suffixes[0]
        if not 1 <= channel <= len(self._firmware.codes):
            raise ScpiError(-114)
        return channel

    def _set_watchdog(self, call: Call) -> None:
        timeout_s = call.number()
        if timeout_s != 0.0 and not 0.5 <= timeout_s <= 60.0:
            raise ScpiError(-222)
        self._firmware.set_watchdog_s(timeout_s)

    def _write_serial(self, call: Call) -> None:
        match = re.fullmatch(r'"([\x21-\x7e]{1,16})"', call.only())
        if match is None or "," in match[1]:
            raise ScpiError(-224)
        if self._firmware.serial not in ("NONE", match[1]):
            raise ScpiError(-221)
        self._firmware.serial = match[1]

    def _set_drive_code(self, call: Call) -> None:
        channel = self._channel(call)
        code = whole(call.only())
        if not 0 <= code <= 65535:
            raise ScpiError(-222)
        self._firmware.set_drive_code(channel, code)

    def _set_irradiance(self, call: Call) -> None:
        channel = self._channel(call)
        irradiance_w_m2 = call.number()
        if irradiance_w_m2 < 0.0 or not math.isfinite(irradiance_w_m2):
            raise ScpiError(-222)
        self._firmware.set_irradiance_w_m2(channel, irradiance_w_m2)

    def _read_irradiance(self, call: Call) -> str:
        request_w_m2 = self._firmware.requests_w_m2[self._channel(call) - 1]
        return f"{request_w_m2 or 0.0:.10g}"

    def _all_off(self, call: Call) -> None:
        if call.boolean():
            raise ScpiError(-224)
        for channel in range(1, len(self._firmware.codes) + 1):
            self._firmware.set_gate(channel, False)

    async def _load(self, call: Call) -> None:
        if call.block is None:
            raise ScpiError(-161)
        await self._bench.clock.sleep(self._firmware.loading.commit_s)
        self._bench.advance()
        try:
            self._firmware.load(call.block)
        except LoaderError as error:
            raise ScpiError(-240, error.name) from error

    def _read_back(self, _: Call) -> bytes:
        loaded = self._firmware.loaded
        file = b"" if loaded is None else loaded.file
        return definite_block(self._firmware.loading.read_back(file))

    def _calibration_state(self, _: Call) -> str:
        code, name = self._firmware.calibration_state()
        return f'{code},"{name}"'

    def _sequence(self, _: Call) -> str:
        loaded = self._firmware.loaded
        return str(0 if loaded is None else loaded.sequence)
