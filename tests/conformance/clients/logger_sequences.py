"""What public programs for these loggers send, over a plain socket: argv[1] host, argv[2] port.

Facts only: the messages of each program in its own order and spelling, found in public sources;
no code of theirs is here. Each sequence ends with an empty error queue.
"""

import socket
import time

from exchanges import argument, exchange, require

connection = socket.create_connection((argument(1), int(argument(2))), timeout=30)
stream = connection.makefile("rb")
LIST = "(@101,102,103)"


def send(*messages: str) -> None:
    """Send messages that answer nothing."""
    for message in messages:
        connection.sendall(message.encode() + b"\n")


def ask(message: str) -> str:
    """Send a query and return its line."""
    send(message)
    return stream.readline().decode().rstrip("\r\n")


def floats(reply: str) -> list[float]:
    """Return the fields of a reply as numbers."""
    return [float(text) for text in reply.strip().split(",")]


def no_error() -> None:
    """Require an empty error queue."""
    answer = ask("SYST:ERR?")
    require(answer == '+0,"No error"', answer)


with exchange("DAQ970A thermocouple logging: ABORt, CONF with blanks, INIT, FETC?"):
    send("ABORt", "*RST;*CLS")
    for channel in (101, 102, 103):
        send(f"CONF:TEMP TC, K ,(@{channel})", f"SENS:TEMP:TRAN:TC:RJUN:TYPE INT,(@{channel})")
    send(f"ROUT:SCAN {LIST}", "INIT")
    time.sleep(0.5)
    readings = floats(ask("FETC?"))
    require(len(readings) == 3 and all(15.0 < each < 35.0 for each in readings), readings)
    no_error()

with exchange("DAQ970A chamber logging: CONF per channel, INIT, then MEAS:TEMP? one by one"):
    for channel in (101, 102, 103):
        send(f"CONF:TEMP TC,J,(@{channel})", f"UNIT:TEMP C,(@{channel})")
    send("INIT")
    time.sleep(0.5)
    for channel in (101, 102, 103):
        require(len(floats(ask(f"MEAS:TEMP? TC,K,(@{channel})"))) == 1, channel)
    no_error()

with exchange("DAQ973A driver: TC,DEF, then types, junction, NPLC, long DELAY:AUTO, READ?"):
    send("*CLS", "*RST", "CONF:TEMP TC,DEF,(@101,103,104,105)")
    send("SENS:TEMP:TRAN:TC:TYPE T,(@101,103)", "SENS:TEMP:TRAN:TC:TYPE E,(@104,105)")
    send("SENS:TEMP:TRAN:TC:RJUN:TYPE INT,(@101,103,104,105)")
    send("SENS:TEMP:NPLC 1,(@101,103,104,105)", "ROUT:CHAN:DELAY:AUTO ON,(@101,103,104,105)")
    send("ROUT:SCAN (@101,103,104,105)")
    require(len(floats(ask("READ?"))) == 4, "readings")
    no_error()

with exchange("34970A logging with a timer: long forms, DATA:POINTS?, DATA:REMOVE?"):
    send("*RST")
    require(int(ask("*TST?")) == 0, "self-test")
    require(ask("SYST:CTYPE? 100").count(",") == 3, "module")
    send("CONF:TEMP TC,T,(@101)", "CONF:TEMP TC,K,(@102)", "ROUTE:SCAN (@101:103)")
    require(int(ask("ROUTE:SCAN:SIZE?")) == 3, "scan list")
    send("FORMAT:READING:CHAN ON", "FORMAT:READING:TIME ON", "ROUT:CHAN:DELAY 0.1,(@101:103)")
    send("TRIG:COUNT 2", "TRIG:SOUR TIMER", "TRIG:TIMER 1", "INIT")
    seen = []
    while len(seen) < 6:
        while int(ask("DATA:POINTS?")) == 0:
            time.sleep(0.05)
        seen.append(ask("DATA:REMOVE? 1").split(",")[2])
    require(seen == ["101", "102", "103"] * 2, seen)
    no_error()

with exchange("34970A set-up with clock, display and all reading fields"):
    send("*RST", "SYST:TIME 10,20,30.456", "SYST:DATE 2026,03,04")
    require(ask("SYST:DATE?").startswith("2026,03,04"), "date")
    require(ask("SYST:TIME?").startswith("10,20,"), "time")
    require(all(ask(f"SYST:CTYP? {slot}") for slot in (1, 2, 3)), "modules")
    send("DISP ON", "SYST:BEEP:STAT OFF", f"CONF:TEMP TC,T,{LIST}")
    send(f"SENS:TEMP:ZERO:AUTO ON,{LIST}", f"SENS:TEMP:TRAN:TYPE TC,{LIST}")
    send(f"SENS:TEMP:TRAN:TC:TYPE T,{LIST}", f"SENS:TEMP:TRAN:TC:RJUN:TYPE INT,{LIST}")
    send(f"SENS:TEMP:TRAN:TC:IMP:AUTO OFF,{LIST}", f"SENS:TEMP:TRAN:TC:CHECk ON,{LIST}")
    send("UNIT:TEMP K", f"UNIT:TEMP K,{LIST}", f"ROUT:SCAN {LIST}")
    send("FORM:READ:CHAN ON", "FORM:READ:ALAR ON", "FORM:READ:TIME ON")
    send("FORM:READ:TIME:TYPE REL", "FORM:READ:UNIT ON", "SYST:BEEP")
    fields = ask("READ?").split(",")
    require(len(fields) == 12 and fields[0].endswith(" K") and fields[2] == "101", fields)
    no_error()

with exchange("34972A driver: TRIG:SOUR?, ROUT:SCAN?, FUNC?, BUS trigger, FETC?"):
    send("*RST", f"CONF:TEMP TC,K,{LIST}")
    require(ask("TRIG:SOUR?") == "IMM", "source")
    require(ask("ROUT:SCAN?") == "#214(@101,102,103)", "scan list")
    require(ask("FUNC? (@101)") == '"TEMP"', "function")
    send("TRIG:SOUR BUS", "TRIG:COUN 1", "INITiate", "*TRG")
    require(len(floats(ask("FETC?"))) == 3, "readings")
    require(int(float(ask("TRIG:COUN?"))) == 1, "count")
    no_error()

with exchange("34972A polling: STATUS:OPERATION:CONDITION? until bit 4 falls, then R?"):
    send("*RST", f"CONF:TEMP TC,K,{LIST}", "TRIG:SOURCE TIMER", "TRIG:COUNT 1", "INIT")
    while int(ask("STATUS:OPERATION:CONDITION?")) & 16:
        time.sleep(0.02)
    answer = ask("R?")
    require(answer.startswith("#247") and answer.count(",") == 2, answer)
    require(ask("R?") == "#10", "not emptied")
    no_error()

with exchange("34970A driver: statistics of a scan by channel, cleared for the scan list"):
    send("*RST", f"CONF:TEMP TC,K,{LIST}", f"SENS:TEMP:TRAN:TC:RJUN:TYPE INT,{LIST}")
    send("TRIG:COUN 2", "INIT")
    require(len(floats(ask("FETC?"))) == 6, "readings")
    for word in ("MIN", "AVER", "MAX"):
        degc = floats(ask(f"CALC:AVER:{word}? {LIST}"))
        require(len(degc) == 3 and all(15.0 < each < 35.0 for each in degc), degc)
    require(len(ask(f"CALC:AVER:MAX:TIME? {LIST}").split(",")) == 18, "times")
    require(floats(ask("CALC:AVER:COUN?")) == [2.0, 2.0, 2.0], "count")
    send("CALC:AVER:CLE")
    require(floats(ask("CALC:AVER:PTP?")) == [0.0, 0.0, 0.0], "not cleared")
    no_error()

with exchange("NOMAD CAMELS 34970A: CONF and UNIT in one message, one channel monitored"):
    send("*RST", "CONF:TEMP TC,K,(@101);:UNIT:TEMP K", "SENS:TEMP:TRAN:TC:RJUN:TYPE INT,(@101)")
    send("ROUT:MON (@101)", "ROUT:MON:STAT ON")
    kelvin = floats(ask("ROUT:MON:DATA?"))
    require(len(kelvin) == 1 and 288.0 < kelvin[0] < 308.0, kelvin)
    no_error()

with exchange("34970A voltages: MEAS:VOLT:DC? with and without DEF, relays by hand"):
    send("*RST")
    for message in ("MEAS:VOLT:DC? (@101)", "MEAS:VOLT:DC? DEF,DEF,(@102)"):
        require(abs(floats(ask(message))[0]) < 1e-3, message)
    send("ROUT:SCAN (@)", "ROUT:OPEN:ALL", "ROUT:CLOS (@103)")
    require(ask("ROUT:CLOS? (@102,103)") == "0,1", "relays")
    send("ROUT:OPEN (@103)")
    no_error()

with exchange("34970A by whole lines: leading blanks, CR LF, alarm limits and monitor"):
    send(f"CONF:TEMP TC,K,{LIST}\r", " ROUT:SCAN (@101,102)\r", " INIT\r")
    require(len(floats(ask(" FETCH?\r"))) == 2, "readings")
    send("CALC:LIM:UPP -50,(@101);:CALC:LIM:UPP:STAT ON,(@101)", "FORM:READ:ALAR ON")
    require(ask("READ?").split(",")[1] == "2", "alarm")
    send("ROUT:MON (@101)", "ROUT:MON:STAT ON")
    require(ask("ROUT:MON?") == "#16(@101)", "monitored channel")
    require(len(floats(ask("ROUT:MON:DATA?"))) == 1, "monitored reading")
    no_error()
