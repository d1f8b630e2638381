"""The panel over its serial line."""

from typing import Any

import pytest

ID_DIGITS = set("0123456789abcdef")


def settled_error(panel: Any, truth: Any) -> str:
    """Wait in bench time until an entry is in the queue, without talking to the panel."""
    start_s = truth.ask("state")["time_s"]
    while not truth.ask("state")["dark"]:
        assert truth.ask("state")["time_s"] - start_s < 300.0
    return str(panel.query("SYST:ERR?"))


def test_identity(panel: Any) -> None:
    assert panel.query("*IDN?") == "Ledcal,LT5-300,DEMO-0001,1.4.0"
    uid = panel.query("SYST:UID?")
    assert len(uid) == 32
    assert set(uid) <= ID_DIGITS
    assert panel.query("SYST:HW?") == "4201,1,1"
    assert panel.query("SYST:GEOM?") == "150,1"
    assert panel.query("SYST:HOUR?") == "3"
    assert panel.query("CHAN:CAT?") == '"630","660","810","830","850"'
    assert panel.query("CAL:MODE?") == "ENG"
    assert panel.query("CAL:KEY?") == ""
    assert float(panel.query("SYST:UPT?")) >= 0.0


def test_light_follows_code_and_gate(panel: Any, truth: Any) -> None:
    panel.write("SOUR2:DRIV 40000")
    assert panel.query("SOUR2:DRIV?") == "40000"
    assert truth.ask("state")["dark"]
    panel.write("OUTP2 ON")
    assert panel.query("OUTP2?") == "1"
    state = truth.ask("state")
    assert state["irradiance_w_m2"]["2"] > 50.0
    assert state["irradiance_w_m2"]["1"] == 0.0
    assert float(panel.query("MEAS:CURR2?")) == pytest.approx(1.5 * 40000 / 65535, rel=0.02)
    assert float(panel.query("MEAS:FAN?")) == pytest.approx(2400.0, rel=0.05)
    panel.write("OUTP:ALL OFF")
    assert panel.query("OUTP2?") == "0"
    assert truth.ask("state")["dark"]
    assert float(panel.query("MEAS:CURR2?")) == 0.0
    assert float(panel.query("MEAS:FAN?")) == 0.0


def test_reset_makes_dark(panel: Any, truth: Any) -> None:
    panel.write("SOUR1:DRIV 65535;:OUTP1 ON;:SYST:WATC 0")
    assert panel.query("*OPC?") == "1"
    assert not truth.ask("state")["dark"]
    panel.write("*RST")
    assert panel.query("SOUR1:DRIV?") == "0"
    assert truth.ask("state")["dark"]


@pytest.mark.parametrize(
    ("command", "error"),
    [
        ("SOUR1:DRIV 65536", '-222,"Data out of range"'),
        ("SOUR1:DRIV -1", '-222,"Data out of range"'),
        ("SOUR1:DRIV 1.5", '-104,"Data type error"'),
        ("SOUR6:DRIV 1", '-114,"Header suffix out of range"'),
        ("SOUR1:IRR 10", '-221,"Settings conflict"'),
        ("SOUR1:IRR NAN", '-104,"Data type error"'),
        ("SOUR1:IRR -1", '-222,"Data out of range"'),
        ("OUTP:ALL ON", '-224,"Illegal parameter value"'),
        ("SYST:WATC 0.4", '-222,"Data out of range"'),
        ("SYST:WATC 61", '-222,"Data out of range"'),
        ('SYST:SER "OTHER"', '-221,"Settings conflict"'),
        ("CAL:DATA", '-161,"Invalid block data"'),
        ("CAL:DATA #x", '-161,"Invalid block data"'),
        ("NONSENSE", '-113,"Undefined header"'),
    ],
)
def test_wrong_settings_are_refused(panel: Any, command: str, error: str) -> None:
    panel.write(command)
    assert panel.query("SYST:ERR?") == error
    assert panel.query("SYST:ERR?") == '0,"No error"'


def test_an_unknown_query_is_silent(panel: Any) -> None:
    panel.write("MEAS:NOTHING?")
    assert panel.query("SYST:ERR?") == '-113,"Undefined header"'


def test_a_full_error_queue_overflows(panel: Any) -> None:
    for _ in range(20):
        panel.write("NONSENSE")
    entries = [panel.query("SYST:ERR?") for _ in range(17)]
    assert entries[:15] == ['-113,"Undefined header"'] * 15
    assert entries[15] == '-350,"Queue overflow"'
    assert entries[16] == '0,"No error"'


def test_silence_trips_the_watchdog(panel: Any, truth: Any) -> None:
    panel.write("SYST:WATC 1.5")
    panel.write("SOUR1:DRIV 65535")
    panel.write("OUTP1 ON")
    assert panel.query("OUTP1?") == "1"
    assert settled_error(panel, truth) == '-240,"Hardware error; watchdog"'
    assert panel.query("OUTP1?") == "0"
    assert panel.query("SOUR1:DRIV?") == "0"
    assert panel.query("SYST:ERR?") == '0,"No error"'


def test_a_hot_board_trips(panel: Any, truth: Any) -> None:
    panel.write("SOUR1:DRIV 1000")
    panel.write("OUTP1 ON")
    assert panel.query("*OPC?") == "1"
    before_degc = truth.ask("state")["board_degc"]
    truth.set("board_degc", 90.0)
    assert settled_error(panel, truth) == '-240,"Hardware error; over temperature"'
    truth.set("board_degc", before_degc)


def test_a_stalled_fan_trips(panel: Any, truth: Any) -> None:
    truth.set("fan_stalled", True)
    # The third channel exceeds half of full drive and trips; the rest finds its gate closed.
    for channel in range(1, 6):
        panel.write(f"OUTP{channel} ON")
    for channel in range(1, 6):
        panel.write(f"SOUR{channel}:DRIV 65535")
    assert panel.query("*OPC?") == "1"
    assert settled_error(panel, truth) == '-240,"Hardware error; fan stalled"'
    assert panel.query("OUTP5?") == "0"
    truth.set("fan_stalled", False)


def test_garbage_is_refused_by_the_loader_s_name(panel: Any, truth: Any) -> None:
    garbage = b"garbage\n" * 40
    panel.write(b"CAL:DATA #3" + str(len(garbage)).encode() + garbage)
    assert panel.query("SYST:ERR?") == '-240,"Hardware error; MAGIC"'
    assert panel.query_block("CAL:DATA?") == b""
    assert panel.query("CAL:STAT?").split(",")[0] != "0"
    assert panel.query("CAL:SEQ?") == "0"
    assert truth.ask("panel")["sha256"] is None


def test_the_temperature_is_that_of_the_board(panel: Any, truth: Any) -> None:
    ntc_degc = float(panel.query("MEAS:TEMP?"))
    assert ntc_degc == pytest.approx(truth.ask("state")["board_degc"], abs=1.5)


def test_a_boot_sets_the_power_on_bit(panel: Any, truth: Any) -> None:
    panel.query("*ESR?")
    count = int(panel.query("SYST:BOOT?"))
    truth.set("reboot", True)
    assert panel.query("*ESR?") == "128"
    assert panel.query("SYST:ERR?") == '0,"No error"'
    assert int(panel.query("SYST:BOOT?")) == count + 1
