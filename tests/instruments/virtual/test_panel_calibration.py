"""A calibration file through the panel's serial line, and what a panel keeps of it."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledcal.calibration.codec import encode, key_id
from ledcal.calibration.panel_calibration import ChannelTable, PanelCalibration

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
RunBench = Callable[..., Any]


def file_for(uid: str, truth: Any, *, flags: int, sequence: int) -> bytes:
    """Calibrate by the truth channel: a table of the true irradiance at 40 degC."""
    tables = []
    for channel in range(1, 6):
        codes = tuple(1000 + 4300 * step for step in range(16))
        lit = [
            truth.ask("irradiance_at", channel=channel, drive_code=code, board_degc=40.0)
            for code in codes
        ]
        knots = tuple(round(100.0 * each["irradiance_w_m2"]) for each in lit)
        tables.append(
            ChannelTable(
                channel=channel,
                centroid_dnm=8000,
                t_ref=40 * 256,
                t_min=10 * 256,
                t_max=70 * 256,
                u_rel=300,
                ceiling=knots[-1] * 3 // 4,
                b1=0,
                b2=0,
                irradiance=knots,
                drive=codes,
            )
        )
    calibration = PanelCalibration(
        flags=flags,
        uid=bytes.fromhex(uid),
        serial="P1",
        product_code=4201,
        hardware_revision=1,
        drive_epoch=1,
        sequence=sequence,
        issued_at=1_800_000_000,
        valid_until_hours=5000,
        hours_at_calibration=3,
        record_sha256=bytes(32),
        distance_mm=150,
        geometry_id=1,
        channels=tuple(tables),
    )
    return encode(calibration, key_id=key_id(PUBLIC), sign=KEY.sign)


def block(file: bytes) -> bytes:
    return b"CAL:DATA #4" + f"{len(file):04d}".encode() + file


@pytest.fixture
def connected(
    run_bench: RunBench, tmp_path: Path, line: Any, side_channel: Any
) -> Callable[..., tuple[Any, Any]]:
    """Starts a bench that trusts the key; gives the panel's line and the truth."""

    def connect(*options: str) -> tuple[Any, Any]:
        bench = run_bench(tmp_path, "--trust", PUBLIC.hex(), *options)
        return line(bench), side_channel(bench)

    return connect


def test_a_file_is_loaded_read_back_and_used(connected: Any) -> None:
    panel, truth = connected()
    assert panel.query("CAL:KEY?") == key_id(PUBLIC).hex()
    # The sequence number 10 puts a newline byte into the block.
    file = file_for(panel.query("SYST:UID?"), truth, flags=1, sequence=10)
    assert b"\n" in file
    before_s = truth.ask("state")["time_s"]
    panel.write(block(file))
    assert panel.query("CAL:STAT?") == '0,"OK"'
    assert truth.ask("state")["time_s"] - before_s >= 0.5
    assert panel.query("SYST:ERR?") == '0,"No error"'
    assert panel.query("CAL:SEQ?") == "10"
    assert panel.query_block("CAL:DATA?") == file
    assert truth.ask("panel")["sha256"] == hashlib.sha256(file).hexdigest()

    truth.set("board_degc", 40.0)
    panel.write("SOUR3:IRR 80;:OUTP3 ON")
    assert panel.query("SOUR3:IRR?") == "80"
    code = int(panel.query("SOUR3:DRIV?"))
    lit = truth.ask("irradiance_at", channel=3, drive_code=code, board_degc=40.0)
    assert lit["irradiance_w_m2"] == pytest.approx(80.0, rel=2e-3)
    panel.write("SOUR3:IRR 500")
    assert panel.query("SYST:ERR?") == '-222,"Data out of range; CEILING"'
    assert panel.query("SOUR3:IRR?") == "0"
    assert panel.query("OUTP3?") == "1"

    panel.write(block(file_for(panel.query("SYST:UID?"), truth, flags=1, sequence=9)))
    assert panel.query("SYST:ERR?") == '-240,"Hardware error; SEQ"'
    assert panel.query_block("CAL:DATA?") == file
    truth.set("reboot", True)
    assert panel.query("CAL:STAT?") == '0,"OK"'
    panel.write("CAL:ERAS")
    assert panel.query_block("CAL:DATA?") == b""
    assert truth.ask("panel")["highest_sequence"] == 10


@pytest.mark.parametrize(
    ("written", "unwritten"), [(0, "zeroed"), (13, "erased"), (700, "old"), (-1, "erased")]
)
def test_power_lost_while_a_file_is_written_leaves_the_old_one_whole(
    connected: Any, written: int, unwritten: str
) -> None:
    panel, truth = connected()
    uid = panel.query("SYST:UID?")
    first, second, third = (file_for(uid, truth, flags=1, sequence=n) for n in (1, 2, 3))
    for file in (first, second):
        panel.write(block(file))
    assert panel.query("SYST:ERR?") == '0,"No error"'
    panel.write("SOUR1:DRIV 30000;:OUTP1 ON")
    assert panel.query("*ESR?") == "128"
    truth.set("unwritten", unwritten)
    truth.set("power_loss_at_byte", written % len(third))
    panel.write(block(third))
    assert panel.query("*ESR?") == "128"
    assert panel.query("SYST:BOOT?") == "2"
    assert panel.query("OUTP1?") == "0"
    assert truth.ask("state")["dark"]
    assert panel.query("CAL:STAT?") == '0,"OK"'
    assert panel.query("CAL:SEQ?") == "2"
    assert panel.query_block("CAL:DATA?") == second
    panel.write(block(third))
    assert panel.query_block("CAL:DATA?") == third
    assert panel.query("SYST:ERR?") == '0,"No error"'


@pytest.mark.parametrize(
    ("name", "value"),
    [("power_loss_at_byte", x) for x in (-1, 1.5, True, "1")] + [("unwritten", "random")],
)
def test_a_power_loss_that_cannot_be_is_refused(connected: Any, name: str, value: object) -> None:
    _, truth = connected()
    assert "error" in truth.set(name, value)


def test_a_production_panel_refuses_simulated_files(connected: Any) -> None:
    panel, truth = connected("--mode", "PROD")
    assert panel.query("CAL:MODE?") == "PROD"
    panel.write(block(file_for(panel.query("SYST:UID?"), truth, flags=1, sequence=1)))
    assert panel.query("SYST:ERR?") == '-240,"Hardware error; FLAGS"'
    panel.write(block(file_for("00" * 16, truth, flags=0, sequence=1)))
    assert panel.query("SYST:ERR?") == '-240,"Hardware error; UID"'


def test_a_panel_without_serial_takes_one_once(connected: Any) -> None:
    panel, _ = connected("--serial", "NONE")
    assert panel.query("*IDN?").split(",")[2] == "NONE"
    panel.write('SYST:SER "P-7"')
    assert panel.query("*IDN?").split(",")[2] == "P-7"
    panel.write('SYST:SER "P-7"')
    assert panel.query("SYST:ERR?") == '0,"No error"'
    panel.write('SYST:SER "P-8"')
    assert panel.query("SYST:ERR?") == '-221,"Settings conflict"'


def test_a_block_whose_sender_died_is_dropped(connected: Any) -> None:
    panel, truth = connected()
    panel.write(b"CAL:DATA #3999abc")
    start_s = truth.ask("state")["time_s"]
    while truth.ask("state")["time_s"] - start_s < 30.0:
        pass
    assert panel.query("*OPC?") == "1"
