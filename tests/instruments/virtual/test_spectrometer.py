"""The spectrometer over its socket: bytes as the instrument's manual frames them."""

from typing import Any

import pytest

ACK, NAK, BEL = b"\x06", b"\x15", b"\x07"


def command(jeti: Any, text: str) -> bytes:
    jeti.write(text.encode() + b"\r")
    return bytes(jeti.reader.read(1))


def query(jeti: Any, text: str) -> str:
    jeti.write(text.encode() + b"\r")
    return str(jeti.read_until(b"\r").decode())


def spectrum(jeti: Any) -> list[float]:
    """Read label, empty line, values, empty line."""
    assert jeti.read_until(b"\r") == b"Spectral irradiance[W/(sqm*nm)]:"
    assert jeti.read_until(b"\r") == b""
    values = []
    while line := jeti.read_until(b"\r"):
        values.append(float(line))
    return values


@pytest.fixture(autouse=True)
def _defaults(jeti: Any) -> None:
    assert command(jeti, "*CONF:DEFAULT") == ACK
    assert command(jeti, "*CONF:WRAN 350 1000 1") == ACK
    query(jeti, "*STAT:ERR?")


def light(panel: Any, *channels: int) -> None:
    for channel in channels:
        panel.write(f"SOUR{channel}:DRIV 65535")
        panel.write(f"OUTP{channel} ON")
    assert panel.query("*OPC?") == "1"


def test_identity(jeti: Any) -> None:
    assert query(jeti, "*IDN?") == "JETI_SB1211"
    assert query(jeti, "*VERS?") == "V3.01"
    assert query(jeti, "*PARA:SPNUM?") == "spectrometer number: 2011042"
    assert query(jeti, "*PARA:WAVBEG?") == "Predefined start wave: 350"
    assert query(jeti, "*PARA:WAVEND?") == "Predefined end wave: 1000"
    assert query(jeti, "*CONTR:MHEAD?") == "mhead: 1"
    assert query(jeti, "*para:serno?") == "serial number: 1042"
    assert query(jeti, "*PARAmeter:SPNUM?") == "spectrometer number: 2011042"


def test_a_line_feed_after_the_carriage_return_gives_nak(jeti: Any) -> None:
    jeti.write(b"*CONF:AVER 1\r\n*CONF:AVER 2\r")
    assert jeti.reader.read(2) == ACK + NAK
    assert query(jeti, "*STAT:ERR?") == "Error Code: 4"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("*NONSENSE", 4),
        ("*CONF:TINT", 10),
        ("*CONF:TINT x", 10),
        ("*CONF:TINT 0.5", 21),
        ("*CONF:TINT 60001", 21),
        ("*CONF:MAXTIN 999", 21),
        ("*CONF:WRAN 350", 11),
        ("*CONF:WRAN 350 1000 11", 21),
        ("*CONF:WRAN 300 1000 1", 141),
        ("*CONF:WRAN 350 1100 1", 141),
        ("*CONF:FUNC 5", 21),
        ("*CONTR:LASER 2", 22),
        ("*CONTR:CYCTIM 200 4000", 160),
        ("*CONF:CYCTIM 1", 161),
        ("*CONF:AVER 0", 21),
        ("*CONF:EXPO 3", 21),
        ("*CONF:FORM 12", 21),
        ("*PARA:CALIBN 9", 20),
        ("*MEAS:SPRAD 10 1 4 1", 25),
        ("*MEAS:SPRAD 10 1 x", 12),
        ("*FETCH:SPRAD 3", 24),
        ("*CALC:XYZ 3", 26),
        ("*PARAM:WAVBE?", 4),
        ("*FETCH:SPRAD", 138),
    ],
)
def test_wrong_commands_give_nak_and_their_number(jeti: Any, text: str, code: int) -> None:
    if text == "*FETCH:SPRAD":
        # A measurement that fails leaves nothing to fetch.
        assert command(jeti, "*MEAS:SPRAD 1 x") == NAK
        assert command(jeti, "*CONF:TINT 60000") == ACK
    assert command(jeti, text) == NAK
    assert query(jeti, "*STAT:TXTERR?").startswith(f"{code} : ")
    assert query(jeti, "*STAT:ERR?") == "Error Code: 0"


def test_auto_exposure_measures_the_spectrum_beside_the_centre(
    jeti: Any, panel: Any, truth: Any
) -> None:
    light(panel, 3)
    assert command(jeti, "*CONF:EXPO 1") == ACK
    assert command(jeti, "*MEAS:SPRAD") == ACK
    assert jeti.reader.read(1) == BEL
    values = spectrum(jeti)
    assert len(values) == 651
    state = truth.ask("state")
    expected = 1.003 * state["irradiance_w_m2"]["3"] + state["ambient_w_m2"]
    assert sum(values) == pytest.approx(expected, rel=0.08)
    centroid_nm = sum(v * nm for nm, v in enumerate(values, 350) if v > max(values) / 100)
    centroid_nm /= sum(v for v in values if v > max(values) / 100)
    band = truth.ask("bands")["bands"]["3"]
    assert centroid_nm == pytest.approx(band["centroid_nm"], abs=1.5)
    integration_ms = float(query(jeti, "*CONF:TINT?").rpartition(":")[2])
    assert 1.0 <= integration_ms < 100.0


def test_one_shot_gives_more_than_one_product(jeti: Any, panel: Any) -> None:
    light(panel, 3)
    assert command(jeti, "*INIT") == ACK
    assert jeti.reader.read(1) == BEL
    jeti.write(b"*FETCH:SPRAD\r")
    values = spectrum(jeti)
    total = query(jeti, "*FETCH:RADIO")
    assert float(total.partition(":\t")[2]) == pytest.approx(sum(values), rel=1e-4)


def test_form_10_sends_wavelengths(jeti: Any) -> None:
    assert command(jeti, "*CONF:WRAN 600 610 5") == ACK
    assert command(jeti, "*MEAS:SPRAD 100 1 10") == ACK
    assert jeti.reader.read(1) == BEL
    lines = [jeti.read_until(b"\r") for _ in range(5)]
    assert [line.split(b"\t")[0] for line in lines[2:]] == [b"600", b"605", b"610"]
    assert jeti.read_until(b"\r") == b""


def test_too_long_an_integration_saturates(jeti: Any, panel: Any) -> None:
    light(panel, 5)
    assert command(jeti, "*MEAS:SPRAD 200") == ACK
    assert jeti.reader.read(1) == NAK
    assert query(jeti, "*STAT:ERR?") == "Error Code: 120"
    assert command(jeti, "*FETCH:SPRAD") == NAK


def test_too_short_an_integration_is_underexposed(jeti: Any, panel: Any) -> None:
    panel.write("SOUR1:DRIV 1500")
    panel.write("OUTP1 ON")
    assert panel.query("*OPC?") == "1"
    assert command(jeti, "*MEAS:SPRAD 1") == ACK
    assert jeti.reader.read(1) == NAK
    assert query(jeti, "*STAT:ERR?") == "Error Code: 121"


def test_a_blank_shows_the_room_s_light(jeti: Any, truth: Any) -> None:
    assert command(jeti, "*MEAS:SPRAD 1000 4") == ACK
    assert jeti.reader.read(1) == BEL
    ambient_w_m2 = truth.ask("state")["ambient_w_m2"]
    assert sum(spectrum(jeti)) == pytest.approx(ambient_w_m2, rel=0.1)


def test_escape_aborts_a_long_measurement(jeti: Any) -> None:
    assert command(jeti, "*MEAS:SPRAD 60000 100") == ACK
    jeti.write(b"\x1b")
    assert query(jeti, "*IDN?") == "JETI_SB1211"
