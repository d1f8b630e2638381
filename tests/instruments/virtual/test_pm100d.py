"""The bench with a PM100D: another model of the same role, by its own driver."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import serial

from ledcal.instruments.clock import Clock
from ledcal.instruments.errors import WrongInstrument
from ledcal.instruments.link import Bus
from ledcal.instruments.power_meter import ThorlabsPM100D, ThorlabsPM103
from ledcal.instruments.transcript import Transcript

SPEED = 20.0


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[Bus]:
    transcript = Transcript(tmp_path / "transcript.jsonl")
    yield Bus(clock=Clock(SPEED), transcript=transcript)
    transcript.close()


def test_a_pm100d_measures_like_its_relative(
    tmp_path: Path, run_bench: Callable[..., Any], side_channel: Callable[..., Any], bus: Bus
) -> None:
    running = run_bench(tmp_path, "--meter", "PM100D")
    said = running.instruments["power_meter"]
    assert said["driver"] == "thorlabs_pm100d"
    truth = side_channel(running)
    truth.set("capped", True)
    with pytest.raises(WrongInstrument, match="PM100D"):
        ThorlabsPM103.open(bus, said["resource"], said["serial"])
    meter = ThorlabsPM100D.open(bus, said["resource"], said["serial"])
    try:
        assert meter.identity.model == "PM100D"
        meter.zero()
        assert meter.set_wavelength_nm(850.0) == 850.0
        meter.set_averaging_s(0.3)
        indication = meter.read()
        assert indication.averaging_s == pytest.approx(0.3)
        assert abs(indication.power_w) < 1e-6
    finally:
        meter.close()
    certificate = Path(said["certificate"]).read_text(encoding="utf-8")
    assert 'model = "PM100D"' in certificate

    device = said["resource"].removeprefix("ASRL").removesuffix("::INSTR")
    with serial.Serial(device, 115200, timeout=20.0) as line:
        line.write(b"SYST:LFR 60;:DISP:BRIG 0.5;:SYST:BEEP;:SYST:BEEP:STAT OFF\n")
        line.write(b"SYST:LFR?;:DISP:BRIG?;:SYST:BEEP:STAT?\n")
        assert line.readline() == b"60;0.5;0\n"
        # The maker's driver PM100D_Drv sets and reads the clock and the registers so.
        line.write(b"*CLS;*SRE 0;*ESE 0;:STAT:PRES\nSYST:DATE 2031, 2, 3\nSYST:TIME 4, 5, 6\n")
        line.write(b"SYST:DATE?\nSYST:TIME?\nSYST:DATE 2031,2,30\nSYST:ERR?\n")
        assert line.readline() == b"2031,2,3\n"
        assert line.readline().startswith(b"4,5,")
        assert line.readline() == b'-222,"Data out of range"\n'
        line.write(b"STAT:MEAS:ENAB 5;:STAT:MEAS:ENAB?;COND?;:STAT:MEAS?\n")
        assert line.readline() == b"5;0;0\n"
        line.write(b"STATUS:AUXILLARY:CONDITION?\n")
        assert line.readline() == b"0\n"
        line.write(b"ACQ:FAST:POW\nSYST:ERR?\n")
        assert line.readline().startswith(b"-113,")
