"""python-vxi11 on the logger: argv[1] host, argv[2] port or nothing for the portmapper's."""

import sys
import threading
import time

import vxi11
from exchanges import argument, exchange, require
from vxi11.vxi11 import CoreClient, Vxi11Exception


def connected() -> vxi11.Instrument:
    """Return one more client with a link of its own."""
    instrument = vxi11.Instrument(argument(1), "inst0")
    if len(sys.argv) > 2:
        instrument.client = CoreClient(argument(1), int(argument(2)))
    instrument.open()
    instrument.timeout = 20
    return instrument


with exchange("opens a link and asks *IDN?"):
    instrument = connected()
    answer = instrument.ask("*IDN?")
    require(answer.startswith("Keysight Technologies,DAQ970A,"), answer)

with exchange("scans three thermocouples with READ?"):
    instrument.write("*RST;*CLS")
    instrument.write("CONF:TEMP TC,K,(@101:103)")
    instrument.write("SENS:TEMP:TRAN:TC:RJUN:TYPE INT,(@101:103)")
    readings = [float(text) for text in instrument.ask("READ?").split(",")]
    require(len(readings) == 3 and all(15.0 < each < 35.0 for each in readings), readings)

with exchange("reads a block of more than 8 kB"):
    instrument.write("SENS:TEMP:NPLC 0.02,(@101:103);:ROUT:CHAN:DEL 0,(@101:103)")
    instrument.write("TRIG:COUN 200;:INIT")
    require(instrument.ask("*OPC?") == "1", "no end of the scan")
    block = instrument.ask_raw(b"R?")
    size = int(block[2 : 2 + int(block[1:2])])
    content = block[2 + int(block[1:2]) :].rstrip(b"\n")
    require(size > 8192 and len(content) == size, len(block))
    require(len(content.split(b",")) == 600, content[:40])

with exchange("reads the status byte: message available, then error queue"):
    instrument.write("*OPC?")
    while not instrument.read_stb() & 0x10:
        time.sleep(0.01)
    require(instrument.read() == "1", "no answer")
    instrument.write("NONSENSE")
    while not instrument.read_stb() & 0x04:
        time.sleep(0.01)
    answer = instrument.ask("SYST:ERR?")
    require(answer == '-113,"Undefined header"', answer)

with exchange("triggers a scan by device_trigger"):
    instrument.write("TRIG:COUN 1;SOUR BUS;:INIT")
    require(instrument.ask("DATA:POIN?") == "+0", "scans without a trigger")
    instrument.trigger()
    answer = instrument.ask("FETC?")
    require(len(answer.split(",")) == 3, answer)

with exchange("drops an unread answer by device_clear"):
    instrument.write("*IDN?")
    instrument.clear()
    require(instrument.ask("*OPC?") == "1", "an old answer")

with exchange("is told of an answer that it did not read (-410)"):
    instrument.write("*CLS;*IDN?")
    while not instrument.read_stb() & 0x10:
        time.sleep(0.01)
    answer = instrument.ask("SYST:ERR?")
    require(answer == '-410,"Query INTERRUPTED"', answer)

with exchange("locks the logger, and another client is refused"):
    other = connected()
    other.lock_timeout = 0.1
    instrument.lock()
    try:
        other.write("*OPC?")
        require(False, "written in spite of the lock")
    except Vxi11Exception as error:
        require(error.err == 11, error.err)
    instrument.unlock()
    require(other.ask("*OPC?") == "1", "no answer after the unlock")
    other.close()

with exchange("aborts a read that waits"):
    threading.Timer(0.3, instrument.abort).start()
    try:
        instrument.read()
        require(False, "read something that nobody asked for")
    except Vxi11Exception as error:
        require(error.err == 23, error.err)

with exchange("goes remote and local, and closes its link"):
    instrument.remote()
    instrument.local()
    instrument.close()
    again = connected()
    require(again.ask("*OPC?") == "1", "no answer after opening again")
    again.close()
