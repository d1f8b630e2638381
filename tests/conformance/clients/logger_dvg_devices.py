"""The driver of dvg-devices for 34970A and 34972A: argv[1] is the logger's VISA resource name."""

import pyvisa
from dvg_devices.Keysight_3497xA_protocol_SCPI import Keysight_3497xA
from exchanges import argument, exchange, require

LIST = "(@101:103)"
SET_UP = [
    f"rout:open {LIST}",
    f"conf:temp TC,K,{LIST}",
    f"unit:temp C,{LIST}",
    f"sens:temp:tran:tc:rjun:type INT,{LIST}",
    f"sens:temp:tran:tc:check ON,{LIST}",
    f"sens:temp:nplc 1,{LIST}",
    f"rout:scan {LIST}",
]
logger = Keysight_3497xA(argument(1), "MUX")

with exchange("connect: device clear, identity, wait for completion"):
    require(logger.connect(pyvisa.ResourceManager("@py")), "not connected")

with exchange("begin: reset, modules, relay cycles, set-up, scan list, error queue"):
    require(logger.begin(SET_UP), "not begun")
    state = logger.state
    require(state.all_scan_list_channels == ["101", "102", "103"], state.all_scan_list_channels)
    require(not state.all_errors, state.all_errors)

with exchange("init_scan, fetch_scan: readings of three thermocouples"):
    require(logger.init_scan(), "scan not begun")
    logger.wait_for_OPC()
    require(logger.fetch_scan(), "nothing fetched")
    readings = list(logger.state.readings)
    require(len(readings) == 3 and all(15.0 < each < 35.0 for each in readings), readings)

with exchange("polls the status byte for *OPC, then fetches"):
    require(logger.init_scan_and_wait_for_OPC_indefinitely_and_fetch(), "nothing fetched")
    require(len(logger.state.readings) == 3, logger.state.readings)

with exchange("query_error: a wrong command is found in the queue"):
    logger.write("conf:temp nothing")
    logger.query_all_errors_in_queue()
    require(len(logger.state.all_errors) == 1, logger.state.all_errors)
    logger.close()
