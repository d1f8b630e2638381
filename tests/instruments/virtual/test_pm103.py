"""The power meter's command list beyond what the rig needs: status, ranging, zero, stream."""

import itertools
import struct
from collections.abc import Iterator
from typing import Any

import pytest

RANGING, MEASURING, ZEROING, CONNECTED, READY = 0x04, 0x10, 0x80, 0x100, 0x200


@pytest.fixture
def lit(panel: Any) -> None:
    """Channel 5 at full drive: about 10 mW on the head."""
    panel.write("SOUR5:DRIV 65535;:OUTP5 ON")
    assert panel.query("*OPC?") == "1"


@pytest.fixture(autouse=True)
def _no_errors_are_left(meter: Any) -> Iterator[None]:
    yield
    assert meter.query("SYST:ERR?") == '0,"No error"'


def errors(meter: Any) -> list[int]:
    codes = []
    while (code := int(meter.query("SYST:ERR?").split(",")[0])) != 0:
        codes.append(code)
    return codes


def number(meter: Any, query: str) -> float:
    return float(meter.query(query))


@pytest.mark.parametrize(
    ("header", "lowest", "highest", "default"),
    [
        ("SENS:CORR:WAV", 400.0, 1100.0, 635.0),
        ("SENS:CORR:BEAM", 0.1, 100.0, 9.5),
        ("SENSE1:CORRECTION:LOSS:INPUT:MAGNITUDE", -60.0, 60.0, 0.0),
        ("SENS:AVER", 1.0, 10000.0, 1.0),
        ("SENS:POW:REF", -1.0, 1.0, 0.0),
        ("SYST:SER:TRAN:BAUD", 9600.0, 921600.0, 115200.0),
    ],
)
def test_a_numeric_setting_knows_its_limits(
    meter: Any, header: str, lowest: float, highest: float, default: float
) -> None:
    assert number(meter, f"{header}? MIN") == lowest
    assert number(meter, f"{header}? maximum") == highest
    assert number(meter, f"{header}? DEF") == default
    meter.write(f"{header} MAX")
    assert number(meter, f"{header}?") == highest
    meter.write(f"{header} {highest * 2.0}")
    assert errors(meter) == [-222]
    assert number(meter, f"{header}?") == highest
    meter.write(f"{header} DEF")
    assert number(meter, f"{header}?") == default


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("SENS1:AVERA 3", -113),
        ("SENS:CORR:WAV", -109),
        ("SENS:CORR:WAV 500,600", -108),
        ("SENS:CORR:WAV red", -104),
        ("SENS:CORR:WAV 800 W", -131),
        ("SENS:AVER 5 W", -138),
        ("SENS2:CORR:WAV 800", -114),
        ("SENS:CORR:POW 0.5", -221),
        ("SENS:POW:UNIT mW", -224),
        ("SENS:POW:RANG 2", -222),
        ("SYST:SER:TRAN:BAUD 12345", -224),
        ("MEAS:ENER?", -113),
        ("STAT:OPER:ENAB 65536", -222),
    ],
)
def test_what_is_refused_is_in_the_queue(meter: Any, message: str, code: int) -> None:
    meter.write(message)
    assert errors(meter) == [code]


def test_grammar(meter: Any) -> None:
    meter.write("SENS1:AVER 3;CORR:WAV 850;:SENS:CORR:BEAM 5 mm\r")
    assert meter.query("sense:average:count?;:SENS:CORR:WAV?;BEAM?") == (
        "3;8.50000000E+02;5.00000000E+00"
    )
    meter.write("POW:RANG 2.5 mW")
    assert number(meter, "power:dc:range?") == pytest.approx(5e-3)
    listed = meter.query("*LST? SYST").split(",")
    assert '"SYSTem:VERSion?"' in listed
    assert all(each.startswith('"SYSTem:') for each in listed)
    assert '"*IDN?"' in meter.query("*LST?").split(",")


def test_errors_are_counted_and_the_queue_ends(meter: Any) -> None:
    for _ in range(3):
        meter.write("NONSENSE")
    assert meter.query("SYST:ERR:COUN?") == "3"
    for _ in range(20):
        meter.write("NONSENSE")
    assert errors(meter) == [-113] * 19 + [-350]


def test_ranges(meter: Any, lit: None) -> None:
    listed = [float(each) for each in meter.query("SENS:POW:RANG? AUTO").split(",")]
    assert listed == sorted(listed, reverse=True)
    assert number(meter, "SENS:POW:RANG? MAX") == listed[0]
    assert number(meter, "SENS:POW:RANG? 2E-4") == pytest.approx(5e-4)
    meter.query("STAT:OPER?")
    meter.write("SENS:POW:RANG MIN")
    assert meter.query("SENS:POW:RANG:AUTO?") == "0"
    assert int(meter.query("STAT:OPER?")) & RANGING
    assert meter.query("READ?") == "9.9E+37"
    assert meter.query("STAT:QUES:COND?") == "8"
    meter.write("SENS:POW:RANG:SEAR")
    assert number(meter, "READ?") <= number(meter, "SENS:POW:RANG?")
    assert meter.query("SENS:POW:RANG:AUTO?") == "0"
    assert meter.query("STAT:QUES:COND?;EVEN?") == "0;8"


def test_a_range_of_current_is_one_of_power(meter: Any) -> None:
    per_w = number(meter, "SENS:CORR:POW?")
    meter.write("SENS:CURR:RANG 1E-3 A")
    assert number(meter, "SENS:POW:RANG?") == pytest.approx(5e-3)
    assert number(meter, "SENS:CURR:RANG?") == pytest.approx(5e-3 * per_w)


def test_quantities(meter: Any, lit: None) -> None:
    meter.write("SENS:AVER 100;CORR:WAV 850")
    power_w = number(meter, "MEAS:POW?")
    assert number(meter, "MEAS:CURR?") == pytest.approx(
        power_w * number(meter, "SENS:CORR:POW?"), rel=0.01
    )
    assert meter.query("CONF?") == "CURR"
    meter.write("SENS:POW:UNIT DBM")
    assert 10.0 ** (number(meter, "MEAS?") / 10.0) / 1e3 == pytest.approx(power_w, rel=0.01)
    meter.write("SENS:POW:UNIT W;REF 1 mW;REF:STAT ON")
    assert number(meter, "READ?") == pytest.approx(power_w - 1e-3, rel=0.01)
    meter.write("SENS:POW:REF:STAT 0;:SENS:CORR 10")
    assert number(meter, "READ?") == pytest.approx(10.0 * power_w, rel=0.01)
    assert number(meter, "MEAS:FREQ?") == 0.0
    assert 20.0 < number(meter, "MEAS:TEMP?") < 30.0
    assert meter.query("CONF?") == "TEMP"
    assert 9e3 < number(meter, "MEAS:RES?") < 12e3


def test_a_measurement_runs_in_the_background(meter: Any) -> None:
    meter.write("SENS:AVER 3000;:STAT:OPER:ENAB 512;:STAT:OPER?")
    meter.port.readline()
    meter.write("INIT")
    assert meter.query("FETC:STAT?") == "0"
    assert int(meter.query("STAT:OPER:COND?")) == CONNECTED | MEASURING
    assert meter.query("FETC:TIM? 1") == "0"
    first = meter.query("FETC?")
    assert meter.query("FETC?") == first
    assert int(meter.query("STAT:OPER:COND?")) == CONNECTED | READY
    assert int(meter.query("*STB?")) & 0x80
    assert int(meter.query("STAT:OPER?")) & READY
    meter.write("INIT;ABOR;:FETC?")
    assert errors(meter) == [-230]
    meter.write("SENS:AVER 10;:INIT:CONT")
    results = {meter.query("FETC?") for _ in range(20)}
    assert len(results) > 1
    meter.write("ABOR")


@pytest.mark.parametrize("quantity", ["TEMP", "RES", "FREQ", "PDEN"])
def test_an_endless_measurement_leaves_the_meter_answering(meter: Any, quantity: str) -> None:
    meter.write(f"CONF:{quantity};:INIT:CONT")
    assert float(meter.query("FETC?")) >= 0.0
    assert meter.query("FETC:STAT?") == "1"
    meter.write("ABOR")
    assert meter.query("FETC:STAT?") == "0"


def test_zero_in_the_background(meter: Any, truth: Any) -> None:
    truth.set("capped", True)
    meter.write("STAT:OPER?")
    meter.port.readline()
    meter.write("SENS:CORR:COLL:ZERO:INIT")
    assert int(meter.query("STAT:OPER:COND?")) & ZEROING
    meter.write("SENS:CORR:COLL:ZERO:ABOR")
    assert meter.query("SENS:CORR:COLL:ZERO:STAT?") == "0"
    meter.write("SENS:CORR:COLL:ZERO:MAGN 1E-6")
    assert number(meter, "SENS:CORR:COLL:ZERO:MAGN?") == pytest.approx(1e-6)
    offset_w = 1e-6 / number(meter, "SENS:CORR:POW?")
    assert number(meter, "READ?") == pytest.approx(-offset_w, rel=0.3)
    meter.write("SENS:CORR:COLL:ZERO")
    # No result comes before the dark adjustment is over.
    assert abs(number(meter, "READ?")) < 1e-6
    assert meter.query("SENS:CORR:COLL:ZERO:STAT?") == "0"


def test_the_fast_stream(meter: Any, lit: None) -> None:
    assert meter.query("ACQ:FAST:MAXS?") == "100000"
    meter.write("ACQ1:FAST:POW;:ACQ1:FAST:RESET")
    times: list[int] = []
    while len(times) < 300:
        meter.write("ACQ1:FAST:FETC?")
        start = meter.port.read(2)
        if start == b"0\n":
            continue
        assert start + meter.port.read(2) == b"100,"
        octets = meter.port.read(800)
        assert meter.port.read(1) == b"\n"
        samples = list(struct.iter_unpack("<If", octets))
        times += [time for time, _ in samples]
        assert all(1e-3 < power_w < 0.1 for _, power_w in samples)
    steps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert set(steps[:99]) == {10}
    assert min(steps) == 10


def test_status_is_that_of_488_2(meter: Any) -> None:
    meter.write("*ESE 32;*SRE 32;*CLS;NONSENSE")
    assert meter.query("*STB?") == str(0x04 | 0x20 | 0x40)
    assert meter.query("*STB?;*IDN?;*STB?").endswith(f";{0x04 | 0x10 | 0x20 | 0x40}")
    assert meter.query("*ESR?") == "32"
    meter.write("*RST")
    assert meter.query("*ESE?;*SRE?;:SYST:ERR:COUN?") == "32;32;1"
    assert errors(meter) == [-113]
    meter.write("*ESE 0;*SRE 0")
    assert meter.query("*OPC?;*TST?") == "1;0"


def test_transition_filters(meter: Any) -> None:
    assert meter.query("STAT:OPER:PTR?;NTR?;ENAB?") == "65535;0;0"
    meter.write("STAT:OPER:PTR 0;NTR 16;:STAT:OPER?")
    meter.port.readline()
    meter.query("READ?")
    assert meter.query("STAT:OPER:EVEN?") == str(MEASURING)
    meter.write("STAT:PRES")
    assert meter.query("STAT1:OPER:PTR?;NTR?") == "65535;0"
    meter.write("STAT:QUES:ENAB 8;:STAT:AUX:ENAB 1;*CLS")
    assert meter.query("STAT:QUES:ENAB?;:STAT:AUX:ENAB?;COND?") == "0;0;0"


def test_reset_restores_settings(meter: Any) -> None:
    meter.write("SENS:CORR:WAV 850;:SENS:AVER 7;POW:UNIT DBM;:SYST:SER:TRAN:BAUD 9600;*RST")
    assert number(meter, "SENS:CORR:WAV?") == 635.0
    assert meter.query("SENS:AVER?;POW:UNIT?;:SYST:SER:TRAN:BAUD?;:CONF?") == "1;W;115200;POW"
