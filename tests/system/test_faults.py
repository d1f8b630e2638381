"""A bench with faults in one shell, a run in another: it survives, or ends with the right name."""

import json
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import serial as serial_line

from ledcal.calibration.codec import decode
from ledcal.calibration.table import U_REL_STEP

pytestmark = pytest.mark.system

SURVIVABLE = """\
format = "ledcal-faults/1"
title = "Three lost readings"
text = "A late answer, a connection that drops, and noise: each point is taken again."

[[fault]]
fault = "late_reply"
value = 3.0
on = "power_meter"
command = "READ?"
at_command = 75

[[fault]]
fault = "dropped_connection"
value = 1500
on = "spectrometer"
command = "*MEAS:SPRAD"
at_command = 14

[[fault]]
fault = "garbage_inside"
value = "ff07"
on = "power_meter"
command = "READ?"
at_command = 120
"""


@pytest.fixture
def served(start: Callable[..., Any], tmp_path: Path) -> Callable[..., Path]:
    """Serve a bench with faults; return its station file."""

    def serve(faults: str | Path) -> Path:
        process = start("bench", "--data", "data", "--faults", str(faults), cwd=tmp_path)
        return Path(process.stdout.readline().decode().strip())

    return serve


def ask(station: Path, **question: Any) -> dict[str, Any]:
    """Ask the side channel of a served bench."""
    host, port = (station.parent / "truth-address").read_text("ascii").strip().split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(json.dumps(question).encode() + b"\n")
        with connection.makefile("rb") as answers:
            answer: dict[str, Any] = json.loads(answers.readline())
    assert "error" not in answer, answer
    return answer


def test_lost_readings_are_taken_again_and_the_values_are_right(
    served: Callable[..., Path],
    ledcal: Callable[..., Any],
    journal_of: Callable[[Path], list[dict[str, Any]]],
    short_product: Path,
    tmp_path: Path,
) -> None:
    plan = tmp_path / "three.toml"
    plan.write_text(SURVIVABLE, encoding="utf-8")
    station = served(plan)
    done = ledcal(
        *("calibrate", "DEMO-0001", "--station", station, "--product", short_product, "--json"),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    faults = ask(station, ask="faults")["faults"]
    assert [(each["state"], each["struck"]) for each in faults] == [("done", 1)] * 3
    notes = [
        event["text"]
        for event in journal_of(tmp_path / "data")
        if event["event"] == "note" and event["code"] == "REPEATED"
    ]
    assert len(notes) == 3
    assert sum("no answer to READ?" in text for text in notes) == 1
    assert sum("not ASCII" in text for text in notes) == 1
    assert sum("spectrometer" in text and "connection" in text for text in notes) == 1
    file = decode(Path(json.loads(done.stdout)["paths"]["file"]).read_bytes())
    device = str(station.parent / "panel.tty")
    with serial_line.Serial(device, 115200, timeout=10) as panel:
        for table in file.calibration.channels:
            request_w_m2 = 0.5 * table.ceiling / 100.0
            panel.write(
                f"SOUR{table.channel}:IRR {request_w_m2}\nOUTP{table.channel} ON\n".encode()
            )
            panel.write(b"SYST:ERR?\n")
            assert panel.readline() == b'0,"No error"\n'
            true_w_m2 = ask(station, ask="state")["irradiance_w_m2"][str(table.channel)]
            panel.write(f"OUTP{table.channel} OFF\n*OPC?\n".encode())
            assert panel.readline() == b"1\n"
            # Three standard uncertainties: one panel of one seed, so this is no test of coverage.
            limit = 1.5 * table.u_rel * U_REL_STEP
            assert true_w_m2 == pytest.approx(request_w_m2, rel=limit)


def test_instrument_that_dies_for_good_is_named_and_the_panel_is_dark(
    served: Callable[..., Path],
    start: Callable[..., Any],
    wait_for: Callable[..., None],
    short_product: Path,
    tmp_path: Path,
) -> None:
    station = served("logger-dies")
    run = start(
        *("calibrate", "DEMO-0001", "--station", station, "--product", short_product, "--json"),
        cwd=tmp_path,
    )

    def has_died() -> bool:
        return bool(ask(station, ask="faults")["faults"][0]["state"] == "active")

    wait_for(has_died, limit_s=60, what="the logger to die")
    died_s = time.monotonic()
    wait_for(lambda: ask(station, ask="state")["dark"], limit_s=10, what="the panel to be dark")
    print(f"dark {time.monotonic() - died_s:.1f} s after the logger died")
    said = json.loads(run.stdout.read())
    assert run.wait(timeout=30) == 4
    assert said["outcome"] == "STATION"
    assert said["reasons"][0]["code"] == "LINKLOST"
    assert "thermocouple logger DAQ970A" in said["reasons"][0]["text"]


def test_refused_fault_file_names_its_lines(ledcal: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text(
        SURVIVABLE.replace("late_reply", "tardy_reply").replace("1500", '"some"'), encoding="utf-8"
    )
    done = ledcal("bench", "--data", "data", "--faults", "bad.toml", cwd=tmp_path)
    assert done.returncode == 2
    assert "bad.toml:6: fault[1].fault: 'tardy_reply': unknown fault; there are: " in done.stderr
    assert "bad.toml:14: fault[2].value: 'some': 'some' is no whole number" in done.stderr
    done = ledcal("bench", "--data", "data", "--faults", "no-such", cwd=tmp_path)
    assert done.returncode == 2
    assert "no-such: is neither a file nor a shipped fault file; shipped are: " in done.stderr
