"""The PM100D driver of qcodes_contrib_drivers: argument 1 is the resource name of the meter."""

from exchanges import argument, exchange, require
from qcodes_contrib_drivers.drivers.Thorlabs.PM100D import Thorlab_PM100D

with exchange("opens, sets transition filters and starts a measurement"):
    meter = Thorlab_PM100D("meter", argument(1), visalib="@py")
with exchange("wavelength in metres"):
    meter.wavelength(850e-9)
    # The driver's own getter divides the text that the meter answers.
    require(float(meter.ask("SENS:CORR:WAV?")) == 850.0, meter.ask("SENS:CORR:WAV?"))
with exchange("power"):
    require(1e-3 < meter.power() < 0.1, meter.power())
with exchange("attenuation, ranges, beam diameter, zero"):
    meter.attenuation(0.0)
    require(meter.attenuation() == 0.0, meter.attenuation())
    require(meter.power_range() >= 0.01, meter.power_range())
    require(meter.current_range() > 0.0, meter.current_range())
    require(float(meter.ask("CORR:BEAM?")) == 9.5, meter.ask("CORR:BEAM?"))
    require(abs(meter.zero_value()) < 1e-3, meter.zero_value())
with exchange("current and frequency"):
    require(1e-4 < meter.current() < 0.1, meter.current())
    require(meter.frequency() == 0.0, meter.frequency())
