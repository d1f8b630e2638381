"""The logger over its raw socket and over VXI-11."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import pyvisa

READING = r"[+-]\d\.\d{8}E[+-]\d\d"


def test_identity(logger: Any, bench: Any) -> None:
    serial = bench.instruments["thermocouple_logger"]["serial"]
    maker, model, number, _ = logger.query("*IDN?").split(",")
    assert (maker, model, number) == ("Keysight Technologies", "DAQ970A", serial)


def test_whole_numbers_carry_a_sign(logger: Any) -> None:
    assert re.fullmatch(r"\+\d+", logger.query("*ESR?"))
    assert logger.query("SYST:ERR?") == '+0,"No error"'
    assert logger.query("ROUT:SCAN:SIZE?") == "+0"


def test_the_scan_list_is_a_block(logger: Any) -> None:
    assert logger.query("ROUT:SCAN?") == "#13(@)"
    logger.write(b"CONF:TEMP TC,K,(@103,101:102)\n")
    assert logger.query("ROUT:SCAN?") == "#214(@101,102,103)"
    assert logger.query("SENS:TEMP:TRAN:TC:TYPE? (@101)") == "K"
    logger.write(b"CONF:TEMP TC,K,(@102)\n")
    assert logger.query("ROUT:SCAN?") == "#16(@102)"


def test_configuring_resets_the_other_settings(logger: Any) -> None:
    logger.write(b"CONF:TEMP TC,K,(@101)\nUNIT:TEMP F,(@101)\n")
    assert logger.query("UNIT:TEMP? (@101)") == "F"
    logger.write(b"CONF:TEMP TC,K,(@101)\n")
    assert logger.query("UNIT:TEMP? (@101)") == "C"


def test_a_scan_reads_the_nodes(logger: Any, truth: Any) -> None:
    logger.write(b"CONF:TEMP TC,K,(@101:103)\n")
    logger.write(b"SENS:TEMP:TRAN:TC:RJUN:TYPE INT,(@101:103)\n")
    reply = logger.query("READ?")
    assert re.fullmatch(f"{READING},{READING},{READING}", reply)
    ambient_degc, surface_degc, heatsink_degc = (float(part) for part in reply.split(","))
    state = truth.ask("state")
    assert ambient_degc == pytest.approx(state["ambient_degc"], abs=1.5)
    assert surface_degc == pytest.approx(state["surface_degc"], abs=1.5)
    assert heatsink_degc == pytest.approx(state["heatsink_degc"], abs=1.5)


def test_a_wrong_type_or_junction_reads_wrong(logger: Any) -> None:
    logger.write(b"CONF:TEMP TC,K,(@101)\n")
    right_degc = float(logger.query("READ?"))
    logger.write(b"SENS:TEMP:TRAN:TC:RJUN:TYPE FIX,(@101);RJUN 0,(@101)\n")
    assert float(logger.query("READ?")) < right_degc - 10.0
    assert logger.query("SYST:ERR?").startswith(("+0", "-113"))


def test_an_open_thermocouple_is_overload_and_no_error(logger: Any, truth: Any) -> None:
    logger.write(b"CONF:TEMP TC,K,(@101:103)\n")
    truth.set("open_thermocouple", "surface")
    parts = logger.query("READ?").split(",")
    truth.set("open_thermocouple", None)
    assert parts[1] == "+9.90000000E+37"
    assert float(parts[0]) < 100.0
    assert logger.query("STAT:QUES?") == "+1024"
    assert logger.query("STAT:QUES?") == "+0"
    assert logger.query("SYST:ERR?") == '+0,"No error"'


def test_reading_formats(logger: Any) -> None:
    logger.write(b"CONF:TEMP TC,K,(@101)\n")
    for part in ("UNIT", "TIME", "CHAN", "ALAR"):
        logger.write(f"FORM:READ:{part} ON\n".encode())
    assert re.fullmatch(rf"{READING} C,\d{{9}}\.\d{{3}},101,0", logger.query("READ?"))
    logger.write(b"FORM:READ:TIME:TYPE ABS\n")
    fields = logger.query("READ?").split(",")
    assert len(fields) == 9


def test_memory_is_filled_by_a_scan_and_emptied_by_reading(logger: Any) -> None:
    logger.write(b"CONF:TEMP TC,K,(@101:103);:TRIG:COUN 2;:INIT\n")
    assert len(logger.query("FETC?").split(",")) == 6
    assert logger.query("DATA:POIN?") == "+6"
    assert re.fullmatch(READING, logger.query("DATA:LAST? (@103)"))
    assert len(logger.query("DATA:REM? 2").split(",")) == 2
    assert logger.query("R? 1").startswith("#215")
    assert logger.query("DATA:POIN?") == "+3"
    logger.query("R?")
    assert logger.query("R?") == "#10"


def test_a_bus_trigger_starts_the_scan(logger: Any) -> None:
    logger.write(b"CONF:TEMP TC,K,(@101);:TRIG:SOUR BUS;:INIT\n")
    assert logger.query("DATA:POIN?") == "+0"
    assert logger.query("STAT:OPER:COND?") == "+48"
    assert logger.query("*TRG;:FETC?") != ""
    assert logger.query("DATA:POIN?") == "+1"


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("CONF:TEMP TC,Q,(@101)", "-224"),
        ("CONF:TEMP TC,K", "-109"),
        ("CONF:TEMP TC,K,(@201)", "+302"),
        ("CONF:TEMP TC,K,(101)", "+309"),
        ("ROUT:SCAN (@1:999999999)", "+111"),
        ("INIT", "+113"),
        ("FETC?", "-230"),
        ("SENS:TEMP:NPLC 0,(@101)", "-222"),
        ("NONSENSE?", "-113"),
    ],
)
def test_wrong_commands_go_into_the_queue(logger: Any, command: str, code: str) -> None:
    logger.write(command.encode() + b"\n")
    assert logger.query("SYST:ERR?").split(",")[0] == code


def test_the_queue_holds_twenty_entries(logger: Any) -> None:
    logger.write(b"NONSENSE\n" * 25)
    entries = [logger.query("SYST:ERR?") for _ in range(21)]
    assert entries[19] == '-350,"Queue overflow"'
    assert entries[20] == '+0,"No error"'


@pytest.fixture
def visa(bench: Any) -> Iterator[Any]:
    resources = pyvisa.ResourceManager("@py")
    name = bench.instruments["thermocouple_logger"]["resource"]
    instrument: Any = resources.open_resource(name, read_termination="\n", write_termination="\n")
    instrument.timeout = 20_000
    instrument.write("*RST;*CLS")
    yield instrument
    instrument.close()


def test_vxi11_answers_as_the_socket_does(visa: Any, logger: Any) -> None:
    assert visa.query("*IDN?") == logger.query("*IDN?")


def test_vxi11_scans_and_states_its_status(visa: Any) -> None:
    visa.write("CONF:TEMP TC,K,(@101:103)")
    assert len(visa.query("READ?").split(",")) == 3
    visa.write("NONSENSE")
    while not visa.read_stb() & 0x04:
        pass
    assert visa.query("SYST:ERR?").startswith("-113")


def test_vxi11_clear_drops_a_pending_reply(visa: Any) -> None:
    visa.write("*IDN?")
    visa.clear()
    assert visa.query("*OPC?") == "1"


def test_vxi11_reads_in_pieces(visa: Any) -> None:
    visa.write("*IDN?")
    pieces = [visa.read_bytes(10) for _ in range(2)]
    assert b"".join(pieces) == b"Keysight Technologie"
    visa.clear()


def test_vxi11_times_out_when_nothing_was_asked(visa: Any) -> None:
    visa.timeout = 200
    with pytest.raises(pyvisa.errors.VisaIOError):
        visa.read()
    visa.timeout = 20_000
    assert visa.query("*OPC?") == "1"
