"""pylablib's power meter: argument 1 is the resource name of the meter."""

from exchanges import argument, exchange, require
from pylablib.devices.Thorlabs.misc import GenericPM

# It discards what has come right after it asked, which an answer may outlast on a busy computer.
ATTEMPTS = 5

port = argument(1).removeprefix("ASRL").removesuffix("::INSTR")
with exchange("opens and asks which quantities the head can measure"):
    for _ in range(ATTEMPTS):
        meter = GenericPM(("serial", {"port": port, "baudrate": 115200}))
        modes = sorted(meter.get_supported_sensor_modes())
        if modes == ["current", "power"]:
            break
        meter.close()
    require(modes == ["current", "power"], modes)
with exchange("device and head"):
    require(meter.get_device_info().name == "PM103", meter.get_device_info())
    flags = meter.get_sensor_info().flags
    require(flags == ("power", "wavelength_set", "temp_sens"), flags)
with exchange("wavelength in metres"):
    require(abs(meter.set_wavelength(850e-9) - 850e-9) < 1e-12, meter.get_wavelength())
with exchange("ranges"):
    require(meter.set_range(0.01, "power") >= 0.01, meter.get_range("power"))
    require(not meter.is_autorange_enabled("power"), "automatic ranging goes on")
    require(meter.enable_autorange(True, "power"), "no automatic ranging")
with exchange("reads power and current"):
    require(1e-3 < meter.get_power() < 0.1, "another power")
    require(1e-4 < meter.get_reading("current") < 0.1, "another current")
meter.close()
