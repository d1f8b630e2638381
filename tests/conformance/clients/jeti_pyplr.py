"""pyplr's Spectraval on the spectrometer: argument 1 is the device of its serial line.

The program is for JETI's spectraval, which shares this part of the language.
"""

import numpy
from exchanges import argument, exchange, require
from pyplr.jeti import Spectraval

with exchange("opens the serial line"):
    spectrometer = Spectraval(port=argument(1), timeout=20)
with exchange("measures and reads 401 binary values"):
    spectrum, _ = spectrometer.measurement()
    require(spectrum.size == 401, spectrum.size)
    peak_nm = spectrometer.wavelengths()[numpy.argmax(spectrum)]
    require(600 < peak_nm < 660, peak_nm)
