"""ThorlabsPM100: argument 1 is the resource name of the meter.

The generated tree of the package names commands of the PM100D too; here is what the family shares.
"""

import pyvisa
from exchanges import argument, exchange, require
from ThorlabsPM100 import ThorlabsPM100

line = pyvisa.ResourceManager("@py").open_resource(
    argument(1), read_termination="\n", write_termination="\n", timeout=5000
)
meter = ThorlabsPM100(inst=line)
with exchange("system: head, version, error queue"):
    require("S121C" in meter.system.sensor.idn, meter.system.sensor.idn)
    require(meter.system.version == 1999.0, meter.system.version)
    require(meter.system.error.next.startswith("0,"), "an error")
with exchange("calibration string"):
    require("2026" in meter.calibration.string, meter.calibration.string)
with exchange("wavelength and its limits"):
    meter.sense.correction.wavelength = 850
    require(meter.sense.correction.wavelength == 850, meter.sense.correction.wavelength)
    require(meter.sense.correction.minimum_wavelength == 400, "another lower limit")
    require(meter.sense.correction.maximum_wavelength == 1100, "another upper limit")
with exchange("beam diameter and attenuation with their defaults"):
    meter.sense.correction.beamdiameter = 9.5
    require(meter.sense.correction.default_beamdiameter == 9.5, "another default")
    meter.sense.correction.loss.input.magnitude = 0
    require(meter.sense.correction.loss.input.maximum_magnitude == 60, "another limit")
with exchange("ranges of power, fixed and automatic"):
    meter.sense.power.dc.range.upper = 0.05
    require(meter.sense.power.dc.range.auto == 0, "automatic ranging goes on")
    require(meter.sense.power.dc.range.maximum_upper >= 0.05, "another range")
    meter.sense.power.dc.range.auto = 1
with exchange("averaging"):
    meter.sense.average.count = 100
    require(meter.sense.average.count == 100, meter.sense.average.count)
with exchange("unit, reference and bandwidth"):
    meter.sense.power.dc.unit = "W"
    require(meter.sense.power.dc.unit == "W", meter.sense.power.dc.unit)
    require(meter.sense.power.dc.reference.state == 0, "relative")
    require(meter.sense.power.dc.default_reference == 0, "another reference")
with exchange("configures and reads power"):
    meter.configure.scalar.power()
    require(meter.getconfigure == "POW", meter.getconfigure)
    require(1e-3 < meter.read < 0.1, "another power")
with exchange("initiates and fetches"):
    meter.abort()
    meter.initiate.immediate()
    require(1e-3 < meter.fetch < 0.1, "another power")
with exchange("power density in W/cm2"):
    meter.configure.scalar.pdensity()
    require(1e-3 < meter.read < 0.2, "another power density")
with exchange("photocurrent and head temperature"):
    meter.configure.scalar.current.dc()
    require(1e-4 < meter.read < 0.1, "another current")
    meter.configure.scalar.temperature()
    require(10.0 < meter.read < 40.0, "another temperature")
with exchange("dark adjustment: state and magnitude"):
    require(meter.sense.correction.collect.zero.state == 0, "running")
    require(abs(meter.sense.correction.collect.zero.magnitude) < 1e-3, "another magnitude")
with exchange("questionable status"):
    require(meter.status.questionable.condition == 0, meter.status.questionable.condition)
    meter.status.questionable.enable = 8
    require(meter.status.questionable.enable == 8, meter.status.questionable.enable)
    require(meter.status.questionable.ptransition == 65535, "another filter")
with exchange("operation status"):
    require(meter.status.operation.condition & 0x100, "no sensor connected")
    meter.status.operation.ntransition = 0
    require(meter.status.operation.event & 0x200, "no data were ready")
with exchange("finds the error queue empty"):
    require(meter.system.error.next.startswith("0,"), "an error")
