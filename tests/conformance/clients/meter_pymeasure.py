"""PyMeasure's ThorlabsPM100USB: argument 1 is the resource name of the meter."""

from exchanges import argument, exchange, require
from pymeasure.instruments.thorlabs import ThorlabsPM100USB

with exchange("opens the serial line and asks for the head"):
    meter = ThorlabsPM100USB(
        argument(1), visa_library="@py", read_termination="\n", write_termination="\n"
    )
    require("S121C" in meter.sensor_name, meter.sensor_name)
with exchange("*IDN?"):
    require(meter.id.startswith("Thorlabs,PM103,"), meter.id)
with exchange("head: power, wavelength settable, temperature sensor, no energy"):
    flags = (
        meter.is_power_sensor,
        meter.wavelength_settable,
        meter.has_temperature_sensor,
        not meter.is_energy_sensor,
        not meter.response_settable,
    )
    require(all(flags), flags)
with exchange("limits of the wavelength"):
    limits = meter.wavelength_min, meter.wavelength_max
    require(limits == (400.0, 1100.0), limits)
with exchange("sets and reads the wavelength"):
    meter.wavelength = 850
    require(meter.wavelength == 850, meter.wavelength)
with exchange("measures power"):
    require(1e-3 < meter.power < 0.1, meter.power)
with exchange("refuses to measure energy with a power head"):
    try:
        require(False, meter.energy)
    except AttributeError as error:
        require("not an energy sensor" in str(error), error)
with exchange("finds the error queue empty"):
    require(meter.check_errors() == [], "errors")
