"""What the loggers' manuals say, over the raw socket: memory, status, trigger, both models."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ledcal.instruments.virtual.daq_memory import Reading, ReadingFormat, ReadingMemory
from ledcal.instruments.virtual.daq_models import AGILENT_34972A, DAQ970A
from ledcal.instruments.virtual.scpi_grammar import Call

READING = r"[+-]\d\.\d{8}E[+-]\d\d"
NO_ERROR = '+0,"No error"'


def code(client: Any) -> int:
    return int(client.query("SYST:ERR?").split(",")[0])


def test_settings_belong_to_a_channel_and_apply_to_the_scan_list_without_one(logger: Any) -> None:
    logger.write(b"CONF:TEMP TC,K,(@101:103,301)\nUNIT:TEMP F,(@102)\n")
    assert logger.query("UNIT:TEMP? (@101:103,301)") == "C,F,C,C"
    logger.write(b"SENS:TEMP:TRAN:TC:RJUN:TYPE FIX;:TEMP:TRAN:TC:RJUN 25\n")
    assert logger.query("TEMP:TRAN:TC:RJUN:TYPE?") == "FIX,FIX,FIX,FIX"
    assert logger.query("TEMP:TRAN:TC:RJUN?").split(",") == ["+2.50000000E+01"] * 4
    assert logger.query("TEMP:TRAN:TC:RJUN? MAX") == "+8.00000000E+01"
    logger.write(b"SENS:TEMP:NPLC 3,(@301)\n")
    assert logger.query("SENS:TEMP:NPLC? (@301,101)").split(",") == [
        *("+1.00000000E+00", "+1.00000000E+01"),
    ]
    assert logger.query("ROUT:CHAN:DEL:AUTO? (@101)") == "1"
    logger.write(b"ROUT:CHAN:DEL 0.5,(@101)\n")
    assert logger.query("ROUT:CHAN:DEL?;DEL:AUTO? (@101)").startswith("+5.00000000E-01")
    assert code(logger) == 0


def test_a_scan_over_two_slots_comes_in_ascending_order(logger: Any) -> None:
    logger.write(b"CONF:TEMP TC,K,(@301:302,103,101)\nFORM:READ:CHAN ON\n")
    channels = logger.query("READ?").split(",")[1::2]
    assert channels == ["101", "103", "301", "302"]


def test_a_unit_needs_a_temperature_and_settings_need_a_list(logger: Any) -> None:
    logger.write(b"UNIT:TEMP F,(@101)\n")
    assert code(logger) == -221
    logger.write(b"SENS:TEMP:NPLC 1\nCONF:TEMP TC,K\nREAD?\n")
    assert [code(logger) for _ in range(4)] == [113, -109, 113, 0]


def test_after_a_reset_a_channel_measures_volts(logger: Any) -> None:
    logger.write(b"ROUT:SCAN (@102)\nFORM:READ:UNIT ON\n")
    reading = logger.query("READ?")
    assert re.fullmatch(READING + " VDC", reading)
    assert abs(float(reading.split()[0])) < 1e-3
    assert logger.query("CONF? (@102)").startswith('"VOLT ')
    logger.write(b"CONF:TEMP TC,K,(@102)\n")
    assert logger.query("CONF?") == '"TEMP TC,K,+1.000000E+00,+1.000000E-04"'


def test_an_external_junction_without_a_reference_is_overload(logger: Any) -> None:
    logger.write(b"CONF:TEMP TC,K,(@101)\nTEMP:TRAN:TC:RJUN:TYPE EXT,(@101)\n")
    assert logger.query("READ?") == "+9.90000000E+37"


def test_status_groups_latch_enable_and_summarise(logger: Any, truth: Any) -> None:
    logger.write(b"STAT:PRES;*SRE 0;*ESE 0\nCONF:TEMP TC,K,(@101:103)\n")
    truth.set("open_thermocouple", "surface")
    logger.query("READ?")
    truth.set("open_thermocouple", None)
    assert logger.query("STAT:QUES:COND?") == "+0"
    assert logger.query("*STB?") == "+0"
    logger.write(b"STAT:QUES:ENAB 1024;*SRE 8\n")
    assert logger.query("*STB?") == "+72"
    assert logger.query("*ESR?") == "+8"
    assert logger.query("STAT:QUES?") == "+1024"
    assert logger.query("*STB?") == "+0"
    logger.write(b"STAT:OPER:ENAB 16\nINIT\n")
    logger.query("*OPC?")
    assert logger.query("*STB?") == "+128"
    assert logger.query("STAT:OPER?") == "+528"  # scanned, and as many readings as the threshold
    logger.write(b"INIT\n")
    assert logger.query("*OPC?;:STAT:OPER?") == "1;+528"
    logger.write(b"*CLS\n")
    assert logger.query("STAT:OPER?;OPER:ENAB?") == "+0;+16"
    logger.write(b"STAT:PRES;*SRE 0\n")


def test_a_reset_leaves_errors_and_status_and_cls_clears_them(logger: Any) -> None:
    logger.write(b"NONSENSE\n*RST\n")
    assert logger.query("*ESR?") == "+32"
    assert code(logger) == -113
    logger.write(b"NONSENSE\n*CLS\n")
    assert logger.query("*ESR?;:SYST:ERR?") == f"+0;{NO_ERROR}"


def test_completion_is_that_of_the_scan(logger: Any) -> None:
    logger.write(b"CONF:TEMP TC,K,(@101:103)\nTEMP:NPLC 10\nINIT;*OPC\n")
    assert logger.query("*ESR?") == "+0"
    assert logger.query("*OPC?;*ESR?;:DATA:POIN?") == "1;+1;+3"


def test_a_scan_takes_its_time(logger: Any, truth: Any) -> None:
    logger.write(b"CONF:TEMP TC,K,(@101:103)\nTEMP:NPLC 100;:TEMP:TRAN:TC:CHEC ON\n")
    before = truth.ask("state")["time_s"]
    logger.query("READ?")
    # Three channels, 100 cycles of 20 ms each, and as long again for the check.
    assert truth.ask("state")["time_s"] - before > 3 * 100 * 0.02 * 2


def test_triggers_that_cannot_come_are_refused(logger: Any) -> None:
    logger.write(b"CONF:TEMP TC,K,(@101)\n*TRG\nTRIG:SOUR BUS\nREAD?\nINIT\nINIT\nFETC?\n")
    assert [code(logger) for _ in range(5)] == [-211, -214, -213, -214, 0]
    # Command Reference, INITiate: an error for measurement and trigger settings; 261 by its text.
    logger.write(b"TRIG:COUN 2\nCONF:TEMP TC,J,(@102)\nSENS:TEMP:NPLC 2,(@101)\n")
    assert [code(logger) for _ in range(4)] == [261, 261, 261, 0]
    assert logger.query("TEMP:NPLC?;:ROUT:SCAN:SIZE?") == "+1.00000000E+00;+1"
    logger.write(b"ABOR;:TRIG:COUN INF\n")
    assert logger.query("TRIG:COUN?") == "+9.90000000E+37"
    logger.write(b"READ?\n")
    assert code(logger) == -214


def test_configuring_sets_the_trigger_back(logger: Any) -> None:
    # Command Reference, TRIGger:SOURce and TRIGger:TIMer: CONFigure and MEASure? set them.
    logger.write(b"TRIG:SOUR BUS;COUN 3;TIM 5\nCONF:TEMP TC,K,(@101)\n")
    assert logger.query("TRIG:SOUR?;COUN?;TIM?") == "IMM;+1.00000000E+00;+1.00000000E+00"
    assert float(logger.query("READ?")) < 100.0


def test_statistics_of_a_scan(logger: Any) -> None:
    # Command Reference, CALCulate:AVERage: cleared when a scan begins; +0 without readings.
    logger.write(b"CONF:TEMP TC,K,(@101:102)\nTRIG:COUN 3\n")
    assert logger.query("CALC:AVER:MIN?") == "+0.00000000E+00,+0.00000000E+00"
    logger.write(b"INIT\n")
    seen = [float(text) for text in logger.query("FETC?").split(",")[::2]]
    asked = "MIN? (@101);MAX? (@101);AVER? (@101);PTP? (@101);COUN? (@101)"
    low, high, mean, span, count = map(float, logger.query(f"CALC:AVER:{asked}").split(";"))
    assert (low, high, count) == (min(seen), max(seen), 3.0)
    assert mean == pytest.approx(sum(seen) / 3.0)
    assert span == pytest.approx(high - low, abs=1e-6)
    assert len(logger.query("CALC:AVER:MIN:TIME? (@101:102)").split(",")) == 12
    logger.write(b"CALC:AVER:CLE (@101)\n")
    assert logger.query("CALC:AVER:COUN?") == "+0.00000000E+00,+3.00000000E+00"
    assert code(logger) == 0


def test_an_aborted_scan_keeps_its_readings_and_a_new_one_drops_them(logger: Any) -> None:
    logger.write(b"CONF:TEMP TC,K,(@101:102)\nTRIG:COUN INF;:INIT\n")
    assert re.fullmatch(f"{READING},{READING},{READING}", logger.query("DATA:REM? 3,WAIT"))
    logger.write(b"ABOR\n")
    kept = int(logger.query("DATA:POIN?"))
    assert logger.query("STAT:OPER:COND?") == "+0"
    logger.write(b"*CLS;:DATA:REM? 50000\n")
    assert code(logger) == -222
    assert int(logger.query("DATA:POIN?")) == kept
    logger.write(b"TRIG:COUN 1;:INIT\n")
    assert logger.query("*OPC?;:DATA:POIN?") == "1;+2"


def test_the_last_readings_of_a_channel_in_their_order(logger: Any) -> None:
    logger.write(b"*CLS;:CONF:TEMP TC,K,(@101:102)\n")
    assert logger.query("DATA:LAST? (@101)") == "+9.91E+37"
    assert code(logger) == -230
    logger.write(b"TRIG:COUN 3;:INIT\nFORM:READ:TIME ON\n")
    assert logger.query("*OPC?;:DATA:POIN? (@101)") == "1;+3"
    times = [float(text) for text in logger.query("DATA:LAST? 2,(@101)").split(",")[1::2]]
    assert times == sorted(times)
    assert len(times) == 2
    logger.write(b"DATA:LAST? 4,(@101)\n")
    assert code(logger) == -222


def test_alarm_limits_show_in_the_reading(logger: Any) -> None:
    logger.write(b"CONF:TEMP TC,K,(@101:103)\nFORM:READ:ALAR ON\n")
    logger.write(b"CALC:LIM:UPP -10,(@101);UPP:STAT ON,(@101)\n")
    logger.write(b"CALC:LIM:LOW 200,(@102);LOW:STAT ON,(@102)\n")
    assert logger.query("READ?").split(",")[1::2] == ["2", "1", "0"]


def test_modules_clock_and_display(logger: Any) -> None:
    assert logger.query("SYST:CTYP? 100").split(",")[1] == "DAQM901A"
    assert logger.query("SYST:CTYP? 200") == "Keysight Technologies,0,0,0"
    logger.write(b"SYST:DATE 2031,5,6;TIME 7,8,9.5\n")
    assert logger.query("SYST:DATE?") == "2031,05,06"
    assert logger.query("SYST:TIME?").startswith("07,08,")
    logger.write(b"SYST:DATE 2031,13,1;:SYST:TIME 1,2\n")
    assert [code(logger), code(logger)] == [-222, -109]
    logger.write(b'DISP:TEXT "CALIBRATION IN PROGRESS"\n')
    assert logger.query("DISP:TEXT?") == '"CALIBRATION "'


def test_a_relay_is_counted_and_belongs_to_the_scan_or_to_the_user(logger: Any) -> None:
    before = int(logger.query("DIAG:REL:CYCL? (@305)"))
    logger.write(b"ROUT:CLOS (@305)\n")
    assert logger.query("ROUT:CLOS? (@305,306);OPEN? (@305)") == "1,0;0"
    assert int(logger.query("DIAG:REL:CYCL? (@305)")) == before + 1
    logger.write(b"ROUT:SCAN (@301)\nROUT:CLOS (@302)\n")
    assert code(logger) == 301


@pytest.fixture
def forerunner(run_bench: Callable[..., Any], tmp_path: Path, tcp: type[Any]) -> Iterator[Any]:
    bench = run_bench(tmp_path, "--logger", "34972A")
    said = bench.instruments["thermocouple_logger"]
    assert said["driver"] == "agilent_34972a"
    _, host, port, _ = said["resource_socket"].split("::")
    client = tcp((host, int(port)))
    yield client
    client.close()


def test_the_forerunner_says_other_things(forerunner: Any) -> None:
    assert forerunner.query("*IDN?") == "Agilent Technologies,34972A,MY49021266,1.17-1.12-02-02"
    assert forerunner.query("SYST:CTYP? 300").startswith("Agilent Technologies,34901A,")
    assert forerunner.query("INST:DMM:INST?;:INST:DMM?") == "1;1"
    forerunner.write(b"FORM:READ:UNIT ON;CHAN ON\nCONF:TEMP TC,K,(@101)\n")
    # It begins with a fixed junction of 0 degC, and CONFigure switches every field off.
    assert forerunner.query("TEMP:TRAN:TC:RJUN:TYPE?;:TEMP:TRAN:TC:RJUN?") == "FIX;+0.00000000E+00"
    assert forerunner.query("DATA:LAST? (@101)") == "+0.00000000E+00"
    # Command Reference, READ?: "On the 34972A, the readings are always sent to memory".
    reading = forerunner.query("READ?")
    assert re.fullmatch(READING, reading)
    assert forerunner.query("FETC?") == reading
    forerunner.write(b"INIT\n")
    assert forerunner.query("*OPC?;:DATA:POIN?") == "1;+1"
    forerunner.write(b"TEMP:NPLC 2\n")
    assert forerunner.query("DATA:POIN?") == "+0"
    assert forerunner.query("SYST:ERR?") == NO_ERROR


def test_a_full_memory_loses_the_oldest_and_says_so() -> None:
    model = DAQ970A
    memory = ReadingMemory(model, None, ReadingFormat(), lambda _: None)  # type: ignore[arg-type]
    reached: list[int] = []
    at = datetime(2026, 1, 1, tzinfo=UTC)
    memory.reached = lambda: reached.append(len(memory))
    for number in range(model.memory + 2):
        memory.append(Reading(101, float(number), "C", 0.0, at, 0))
    assert len(memory) == model.memory == 100_000
    assert AGILENT_34972A.memory == 50_000
    assert memory.overflowed
    assert reached == [1]
    (block,) = [memory.commands()["R?"](Call(("1",), ()))]
    assert block == b"#215+2.00000000E+00"
    memory.clear()
    assert not memory.overflowed


def test_a_preset_ends_a_scan_and_keeps_its_list(logger: Any) -> None:
    logger.write(b"CONF:TEMP TC,K,(@101:102)\nTRIG:COUN INF\nINIT\nSYST:PRES\n")
    assert logger.query("STAT:OPER:COND?;:ROUT:SCAN:SIZE?;:DATA:POIN?") == "+0;+2;+0"
