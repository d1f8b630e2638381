"""The driver of labmcp-thorlabs-pm: argument 1 is the resource name of the meter."""

from exchanges import argument, exchange, require
from labmcp.transports import open_transport
from labmcp_thorlabs_pm.driver import ThorlabsPowerMeter

port = argument(1).removeprefix("ASRL").removesuffix("::INSTR")
transport = open_transport(
    f"serial://{port}?baudrate=115200", read_termination="\n", write_termination="\n", timeout=5.0
)
meter = ThorlabsPowerMeter(transport, channel=1)
with exchange("identity and head"):
    found = meter.identify()
    require(found["model"] == "PM103" and found["sensor"] == "S121C", found)
with exchange("wavelength"):
    require(meter.set_wavelength_nm(850) == 850.0, meter.wavelength_nm())
    require(meter.wavelength_range_nm() == (400.0, 1100.0), meter.wavelength_range_nm())
with exchange("averaging and power"):
    require(meter.set_averaging(100) == 100, meter.averaging())
    require(1e-3 < meter.power_w() < 0.1, meter.power_w())
with exchange("ranges"):
    require(meter.set_range_w(0.01) >= 0.01, meter.range_w())
    require(not meter.auto_range(), "automatic ranging goes on")
    meter.set_auto_range(True)
    require(meter.range_limits_w()[1] >= 0.5, meter.range_limits_w())
with exchange("head temperature"):
    require(10.0 < meter.temperature_c() < 40.0, meter.temperature_c())
with exchange("dark adjustment in the light is refused"):
    try:
        meter.zero(timeout=20.0)
    except Exception as error:
        require("-340" in str(error), error)
    else:
        require(False, "zeroed in the light")
