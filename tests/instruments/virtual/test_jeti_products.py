"""Products of one shot of the spectrometer, and commands as programs by others write them."""

import math
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import serial

from ledcal.instruments.clock import Clock
from ledcal.instruments.link import Bus
from ledcal.instruments.spectrometer import JetiSpecbos1211
from ledcal.instruments.transcript import Transcript

ACK, NAK, BEL = b"\x06", b"\x15", b"\x07"


@pytest.fixture(scope="module")
def port(bench: Any) -> Iterator[serial.Serial]:
    """The spectrometer's serial line."""
    resource = bench.instruments["spectrometer"]["resource_serial"]
    device = resource.removeprefix("ASRL").removesuffix("::INSTR")
    with serial.Serial(device, 921600, timeout=20.0) as line:
        yield line


@pytest.fixture(autouse=True)
def _red_light(port: serial.Serial, panel: Any) -> None:
    panel.write("SOUR1:DRIV 65535;:OUTP1 ON")
    assert panel.query("*OPC?") == "1"
    assert setting(port, "*conf:default") == ACK
    assert setting(port, "*CONF:WRAN 350 1000 1") == ACK


def setting(port: serial.Serial, command: str) -> bytes:
    port.write(command.encode() + b"\r")
    return bytes(port.read(1))


def lines(port: serial.Serial, command: str, count: int) -> list[str]:
    port.write(command.encode() + b"\r")
    return [port.read_until(b"\r").decode().removesuffix("\r") for _ in range(count)]


def values(port: serial.Serial, command: str, count: int) -> list[float]:
    return [float(line.split(":\t")[1]) for line in lines(port, command, count)]


def shoot(port: serial.Serial, command: str = "*INIT") -> None:
    assert setting(port, command) == ACK
    assert port.read(1) == BEL


def test_products_follow_from_the_spectrum(port: serial.Serial, truth: Any) -> None:
    shoot(port)
    assert lines(port, "*FETCH:SPRAD 7", 2) == ["Spectral irradiance[W/(sqm*nm)]:", ""]
    pairs = [port.read_until(b"\r").split(b"\t") for _ in range(651)]
    assert port.read(1) == b"\r"
    assert [int(pair[0]) for pair in pairs] == list(range(350, 1001))
    spectrum = [float(pair[1]) for pair in pairs]
    assert values(port, "*FETCH:RADIO", 1)[0] == pytest.approx(sum(spectrum), rel=1e-4)
    x, y, z = values(port, "*fetch:XYZ", 3)
    (illuminance,) = values(port, "*FETCH:PHOTOmetric", 1)
    assert illuminance == y
    # A red LED of 632 nm: about 200 lm/W.
    red_w_m2 = truth.ask("state")["irradiance_w_m2"]["1"]
    assert 100.0 < illuminance / red_w_m2 < 300.0
    whole = x + y + z
    assert values(port, "*FETCH:CHROMXY 7", 2) == pytest.approx([x / whole, y / whole], abs=1e-4)
    assert values(port, "*CALC:CHROMUV", 2)[1] == pytest.approx(
        9.0 * y / (x + 15.0 * y + 3.0 * z), abs=1e-4
    )
    dominant_nm, purity = values(port, "*FETCH:DOMWL", 2)
    # Red lines lie close together on the locus.
    assert 600.0 < dominant_nm < 700.0
    assert 95.0 < purity < 101.0
    assert len(lines(port, "*FETCH:ALLVAL", 8)) == 8


def test_measuring_commands_send_their_product(port: serial.Serial) -> None:
    shoot(port, "*MEAS:RADIO 20 2 4")
    radio = float(port.read_until(b"\r").split(b":\t")[1])
    shoot(port, "*READ:RADIOmetric")
    assert float(port.read_until(b"\r").split(b":\t")[1]) == pytest.approx(radio, rel=0.02)
    assert setting(port, "*CONF:FORM 9") == ACK
    shoot(port, "*MEAS")
    assert port.read_until(b"\r\r") == b"Counts[ADC]:\r\r"
    counts = [float(line) for line in port.read_until(b"\r\r").split()]
    assert len(counts) == 651
    assert 0.3 * 60000.0 < max(counts) < 60000.0


def test_a_shot_without_a_form_gives_binary(port: serial.Serial) -> None:
    assert setting(port, "*CONF:WRAN 380 780 1") == ACK
    shoot(port, "*MEAS:REFER 0 1 0")
    port.write(b"*CALC:SPRAD\r")
    spectrum = struct.unpack("<401f", port.read(2 + 4 * 401)[2:])
    assert all(math.isfinite(value) for value in spectrum)
    assert 600 < 380 + spectrum.index(max(spectrum)) < 660


def test_exposure_modes(port: serial.Serial) -> None:
    shoot(port)
    adapted = lines(port, "*CONF:TINT?", 1)
    assert setting(port, "*para:expo 0") == ACK
    assert lines(port, "*PARA:EXPO?", 1) == ["exposure: 0"]
    shoot(port)
    assert lines(port, "*PARA:TINT?", 1) == adapted
    assert setting(port, "*CONF:MAXTINT 5000") == ACK
    assert lines(port, "*conf:maxtin?", 1) == ["maximum integration time: 5000"]
    assert setting(port, "*CONF:CYCMOD 0") == ACK
    assert setting(port, "*PARA:SAVE") == ACK


def test_a_reset_and_an_empty_command(port: serial.Serial) -> None:
    assert setting(port, "*CONTR:LASER 1") == ACK
    assert setting(port, "*RST") == ACK
    assert lines(port, "\r*CONTR:LASER?", 1) == ["laser: 0"]
    assert setting(port, "*FETCH:XYZ") == NAK
    assert lines(port, "*STAT:TXTERR?", 1) == ["138 : error no light measurement"]


def test_escape_is_a_scan_break(port: serial.Serial) -> None:
    assert setting(port, "*MEAS:SPRAD 60000 100") == ACK
    port.write(b"\x1b")
    assert lines(port, "*STAT:ERR?", 1) == ["Error Code: 147"]


def test_the_rig_s_driver_reads_on_the_serial_line(bench: Any, tmp_path: Path) -> None:
    said = bench.instruments["spectrometer"]
    transcript = Transcript(tmp_path / "transcript.jsonl")
    bus = Bus(clock=Clock(bench.ready["speed"]), transcript=transcript)
    spectrometer = JetiSpecbos1211.open(bus, said["resource_serial"], said["serial"])
    try:
        indication = spectrometer.read()
    finally:
        spectrometer.close()
        transcript.close()
    peak_nm = indication.wavelength_nm[indication.irradiance_w_m2_nm.argmax()]
    assert 600.0 < peak_nm < 660.0
