"""The power meter over its serial line."""

import tomllib
from pathlib import Path
from typing import Any

import pytest


def light(panel: Any, channel: int, code: int = 65535) -> None:
    panel.write(f"SOUR{channel}:DRIV {code}")
    panel.write(f"OUTP{channel} ON")
    assert panel.query("*OPC?") == "1"


def test_identity(meter: Any, bench: Any) -> None:
    serial = bench.instruments["power_meter"]["serial"]
    assert meter.query("*IDN?") == f"Thorlabs,PM103,{serial},1.3.0"
    assert meter.query("SYST:SENS:IDN?") == '"S121C","16060232","2-FEB-2026",1,18,289'
    assert meter.query("SYST:ERR?") == '0,"No error"'
    assert meter.query("*OPC?") == "1"
    assert meter.query("SYST:VERS?") == "1999.0"


def test_wavelength_has_the_head_s_limits(meter: Any) -> None:
    assert float(meter.query("SENS:CORR:WAV? MIN")) == 400.0
    assert float(meter.query("sense1:correction:wavelength? MAX")) == 1100.0
    meter.write("SENS:CORR:WAV 850")
    assert float(meter.query("SENS:CORR:WAV?")) == 850.0
    meter.write("SENS:CORR:WAV 340")
    assert meter.query("SYST:ERR?") == '-222,"Data out of range"'
    assert float(meter.query("SENS:CORR:WAV?")) == 850.0


def test_an_unknown_query_is_silent(meter: Any) -> None:
    meter.write("SENS:CORR:NONE?")
    assert meter.query("SYST:ERR?") == '-113,"Undefined header"'


def test_a_reading_is_the_power_in_the_aperture(
    meter: Any, panel: Any, truth: Any, bench: Any
) -> None:
    light(panel, 5)
    meter.write("SENS:CORR:WAV 850;:SENS:AVER 100")
    power_w = float(meter.query("READ?"))
    certificate = tomllib.loads(Path(bench.instruments["power_meter"]["certificate"]).read_text())
    irradiance_w_m2 = power_w / certificate["aperture_area_mm2"] * 1e6
    true_w_m2 = truth.ask("state")["irradiance_w_m2"]["5"]
    assert irradiance_w_m2 == pytest.approx(true_w_m2, rel=0.06)
    assert "E-" in meter.query("MEAS:POW?")


def test_a_fixed_range_overflows_and_autorange_does_not(meter: Any, panel: Any) -> None:
    light(panel, 5)
    meter.write("SENS:POW:RANG 1E-3;:SENS:AVER 10")
    assert float(meter.query("SENS:POW:RANG?")) == pytest.approx(5e-3)
    assert meter.query("SENS:POW:RANG:AUTO?") == "0"
    assert meter.query("READ?") == "9.9E+37"
    meter.write("SENS:POW:RANG:AUTO 1")
    assert 1e-3 < float(meter.query("READ?")) < 0.1
    assert len(meter.query("SENS:POW:RANG? AUTO").split(",")) == 7


def test_a_cap_leaves_the_offset(meter: Any, panel: Any, truth: Any) -> None:
    light(panel, 5)
    truth.set("capped", True)
    assert abs(float(meter.query("READ?"))) < 1e-5


def test_zeroing_takes_its_time_and_removes_the_offset(meter: Any, truth: Any) -> None:
    truth.set("capped", True)
    meter.write("SENS:CORR:COLL:ZERO")
    assert meter.query("SENS:CORR:COLL:ZERO:STAT?") == "1"
    while meter.query("SENS:CORR:COLL:ZERO:STAT?") == "1":
        pass
    assert meter.query("SYST:ERR?") == '0,"No error"'
    meter.write("SENS:AVER 1000")
    assert abs(float(meter.query("READ?"))) < 5e-8


def test_zeroing_in_the_light_is_an_error(meter: Any, panel: Any) -> None:
    light(panel, 5)
    meter.write("SENS:CORR:COLL:ZERO")
    while meter.query("SENS:CORR:COLL:ZERO:STAT?") == "1":
        pass
    assert meter.query("SYST:ERR?") == '-340,"Calibration failed; not dark"'


def test_two_step_reading(meter: Any) -> None:
    meter.write("ABOR")
    meter.write("FETC?")
    assert meter.query("SYST:ERR?") == '-230,"Data corrupt or stale"'
    meter.write("SENS:AVER 1000")
    meter.write("INIT")
    assert meter.query("FETC:STAT?") in "01"
    float(meter.query("FETC?"))
    assert meter.query("FETC:STAT?") == "1"


def test_power_density_uses_the_beam_diameter(meter: Any, panel: Any) -> None:
    light(panel, 5)
    meter.write("SENS:CORR:BEAM 10;WAV 850;:SENS:AVER 500")
    power_w = float(meter.query("MEAS:POW?"))
    density = float(meter.query("MEAS:PDEN?"))
    assert meter.query("CONF?") == "POWDENS"
    assert density == pytest.approx(power_w / 0.7854, rel=0.01)


def test_a_request_that_is_too_long_is_refused(meter: Any) -> None:
    meter.write("SENS:AVER 1;" * 25)
    assert meter.query("SYST:ERR?") == '-223,"Too much data"'
