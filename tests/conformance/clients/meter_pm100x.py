"""pyThorlabsPM100x: argument 1 is the resource name of the meter.

Its list of devices leaves serial lines out, so that the line is opened for it.
"""

import time

import pyvisa
from exchanges import argument, exchange, require
from pyThorlabsPM100x.driver import ThorlabsPM100x

meter = ThorlabsPM100x()
meter.instrument = pyvisa.ResourceManager("@py").open_resource(
    argument(1), read_termination="\n", write_termination="\n", timeout=5000
)
meter.connected = True
with exchange("reads all parameters upon connection"):
    meter.read_parameters_upon_connection()
    limits = meter.min_wavelength, meter.max_wavelength
    require(limits == (400, 1100), limits)
with exchange("power with its unit"):
    power_w, unit = meter.power
    require(1e-3 < power_w < 0.1, power_w)
    require(unit == "W", unit)
with exchange("wavelength"):
    meter.wavelength = 850
    require(meter.wavelength == 850, meter.wavelength)
with exchange("steps from range to range"):
    meter.power_range = 0.01
    before_w = meter.power_range
    meter.move_to_next_power_range(+1)
    require(meter.power_range > before_w, meter.power_range)
    meter.auto_power_range = True
    require(meter.auto_power_range, "no automatic ranging")
with exchange("zeroes"):
    require(meter.set_zero() == 1, "not zeroed")
    # In the light the meter refuses; the next measurement comes after that.
    time.sleep(2.5)
    require(meter.power[0] > 1e-3, "zeroed in the light")
