"""daqmon's HP34970A: argument 1 is the host, argument 2 the port of the logger's raw socket.

It speaks over a serial line; here that is the socket, as behind a terminal server.
"""

import time

import serial
from daqmon.instrument import HP34970A
from exchanges import argument, exchange, require

CHANNELS = [101, 102, 103]

logger = HP34970A()
# Its own `open` knows serial lines only.
logger._ser = serial.serial_for_url(  # noqa: SLF001
    f"socket://{argument(1)}:{argument(2)}", timeout=10
)
with exchange("resets and clears, each command followed by *OPC?"):
    require("349" in logger.idn() or "DAQ970A" in logger.idn(), logger.idn())
    logger.reset()
    logger.clear_status()
with exchange("sets up thermocouples with a timer and no end"):
    logger.configure_thermocouple(CHANNELS, "K")
    logger.set_scan_list(CHANNELS)
    logger.enable_channel_in_readings()
    logger.set_scan_count(0)
    logger.set_scan_interval(0.5)
    for channel in CHANNELS:
        logger.set_channel_delay(channel, 0.01)
    require(logger.query_trigger_count() == "+9.90000000E+37", logger.query_trigger_count())
    require(logger.query_tc_type(102) == "K", logger.query_tc_type(102))
    require(logger.query_tc_rjunction(102) == "INT", logger.query_tc_rjunction(102))
with exchange("takes readings out of memory while the scan goes on"):
    logger.initiate_scan()
    time.sleep(1.0)
    sweeps = logger.get_data_count() // len(CHANNELS)
    require(sweeps >= 1, sweeps)
    readings = logger.query_readings_with_channels(f"DATA:REM? {sweeps * len(CHANNELS)}")
    require([channel for _, channel in readings] == CHANNELS * sweeps, readings)
    require(all(15.0 < degc < 35.0 for degc, _ in readings), readings)
with exchange("aborts, and no error is left"):
    logger.abort_scan()
    require(logger.query("SYST:ERR?") == '+0,"No error"', "an error")
