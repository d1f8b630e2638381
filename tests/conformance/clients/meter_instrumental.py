"""Instrumental-lib's PM100D: argument 1 is the resource name of the meter.

The package finds instruments on USB; here its class gets the line directly.
"""

import pyvisa
from exchanges import argument, exchange, require
from instrumental.drivers.powermeters.thorlabs import PM100D

line = pyvisa.ResourceManager("@py").open_resource(
    argument(1), read_termination="\n", write_termination="\n", timeout=5000
)
meter = object.__new__(PM100D)
meter._rsrc = line
with exchange("power"):
    meter.write("power:dc:unit W")
    require(1e-3 < float(meter.query("measure:power?")) < 0.1, "another power")
with exchange("averages"):
    meter.set_num_averaged(10)
    require(meter.get_num_averaged() == 10, "another number")
with exchange("wavelength"):
    meter.set_wavelength("850 nm")
    require(abs(meter.get_wavelength().magnitude - 850) < 1e-9, meter.get_wavelength())
