"""PyMeasure's generic SCPI instrument on the logger: argv[1] is its VISA resource name."""

from exchanges import argument, exchange, require
from pymeasure.instruments import Instrument, SCPIMixin


class Logger(SCPIMixin, Instrument):
    """A logger as a user of PyMeasure would write it down."""

    scan_size = Instrument.measurement("ROUT:SCAN:SIZE?", "Channels in the scan list.", cast=int)
    channel_shown = Instrument.control(
        "FORM:READ:CHAN?", "FORM:READ:CHAN %d", "Channel numbers.", values={True: 1, False: 0},
        map_values=True,
    )  # fmt: skip
    temperatures = Instrument.measurement("READ?", "Readings of one scan.")


logger = Logger(
    argument(1),
    "logger",
    visa_library="@py",
    read_termination="\n",
    write_termination="\n",
    timeout=20000,
)

with exchange("SCPIMixin: id, status, complete, options of *RST and *CLS"):
    require(logger.id.startswith("Keysight Technologies,DAQ970A,"), logger.id)
    logger.reset()
    logger.clear()
    require(logger.complete == "1", logger.complete)
    require(int(logger.status) & 0x04 == 0, logger.status)

with exchange("measurement: a scan of three thermocouples as floats"):
    logger.write("CONF:TEMP TC,K,(@101:103)")
    logger.write("SENS:TEMP:TRAN:TC:RJUN:TYPE INT,(@101:103)")
    require(logger.scan_size == 3, logger.scan_size)
    readings = logger.temperatures
    require(len(readings) == 3 and all(15.0 < each < 35.0 for each in readings), readings)

with exchange("control: a setting is written and read back"):
    logger.channel_shown = True
    require(logger.channel_shown is True, logger.channel_shown)
    require(len(logger.temperatures) == 6, "no channel numbers")

with exchange("check_errors: empty, then the refused command, then empty"):
    require(logger.check_errors() == [], "errors before")
    logger.write("CONF:TEMP TC,Q,(@101)")
    errors = logger.check_errors()
    require(len(errors) == 1 and int(errors[0][0]) == -224, errors)
    require(logger.check_errors() == [], "errors after")
