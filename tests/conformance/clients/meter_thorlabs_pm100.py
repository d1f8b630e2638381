"""ThorlabsPM100: argument 1 is the resource name of the meter."""

import pyvisa
from exchanges import argument, exchange, require
from ThorlabsPM100 import ThorlabsPM100

with exchange("opens"):
    line = pyvisa.ResourceManager("@py").open_resource(
        argument(1), read_termination="\n", write_termination="\n", timeout=3000
    )
    meter = ThorlabsPM100(inst=line)
with exchange("READ?"):
    require(1e-3 < meter.read < 0.1, "a power outside 1 mW to 100 mW")
