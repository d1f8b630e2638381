"""What must never come as far as light."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.system
Ledcal = Callable[..., Any]


def calibrate(ledcal: Ledcal, bench: Any, serial: str, cwd: Path, *more: str | Path) -> Any:
    return ledcal("calibrate", serial, "--station", bench.station, "--json", *more, cwd=cwd)


def sent_to_the_panel(bench: Any) -> list[str]:
    (path,) = (bench.data_folder / "runs").glob("*/transcript.jsonl")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return [one["data"] for one in lines if one["dir"] == "out" and "panel" in one["instrument"]]


def test_wrong_scanned_serial_ends_before_any_drive_command(
    bench: Any, ledcal: Ledcal, tmp_path: Path
) -> None:
    done = calibrate(ledcal, bench, "DEMO-0002", tmp_path)
    assert done.returncode == 3, done.stdout + done.stderr
    said = json.loads(done.stdout)
    assert said["outcome"] == "SETUP"
    (reason,) = said["reasons"]
    assert "DEMO-0001" in reason["text"]
    assert "DEMO-0002" in reason["text"]
    sent = sent_to_the_panel(bench)
    assert sent
    assert not any("SOUR" in text or "OUTP" in text for text in sent)
    assert bench.truth(ask="state")["dark"]


def test_absent_and_wrong_instruments_are_all_named(
    bench: Any, ledcal: Ledcal, tmp_path: Path
) -> None:
    text = bench.station.read_text()
    lines = []
    for line in text.splitlines():
        if "::SOCKET" in line:
            line = 'resource = "TCPIP::127.0.0.1::9::SOCKET"'
        lines.append(line.replace("M00412345", "M00999999"))
    bench.station.write_text("\n".join(lines))
    meter = bench.station.parent / "power_meter.toml"
    meter.write_text(meter.read_text().replace("M00412345", "M00999999"))
    done = calibrate(ledcal, bench, "DEMO-0001", tmp_path)
    assert done.returncode == 4, done.stdout + done.stderr
    (reason,) = json.loads(done.stdout)["reasons"]
    assert "TCPIP::127.0.0.1::9::SOCKET" in reason["text"]
    assert "M00999999" in reason["text"]
    assert "M00412345" in reason["text"]
    assert bench.truth(ask="state")["dark"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        # The bench is only as fast as this computer can follow.
        (r"speed = .*", "speed = 20.0\nsped = 1.0", "clock.sped: unknown key"),
        (r"speed = .*", 'speed = "fast"', "clock.speed: 'fast'"),
        (r"speed = .*", "speed = 0.0", "greater than or equal to 1"),
        (r"u_distance_mm = .*", "u_distance_mm = nan", "finite number"),
    ],
)
def test_station_file_is_refused_by_file_line_key_value_limit(
    bench: Any, ledcal: Ledcal, tmp_path: Path, old: str, new: str, said: str
) -> None:
    text = bench.station.read_text()
    changed, count = re.subn(rf"^{old}$", new, text, flags=re.MULTILINE)
    assert count == 1
    bench.station.write_text(changed)
    done = calibrate(ledcal, bench, "DEMO-0001", tmp_path)
    assert done.returncode == 2
    (reason,) = json.loads(done.stdout)["reasons"]
    assert f"{bench.station}:" in reason["text"]
    assert said in reason["text"]
    assert not list(bench.data_folder.glob("runs/*"))


def test_data_folder_that_cannot_be_written_is_refused_before_light(
    bench: Any, ledcal: Ledcal, tmp_path: Path
) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a folder should be")
    done = calibrate(ledcal, bench, "DEMO-0001", tmp_path, "--data", blocked)
    assert done.returncode == 4
    assert json.loads(done.stdout)["reasons"][0]["code"] == "DATA_FOLDER"


@pytest.mark.parametrize(
    ("options", "exit_code", "code"),
    [
        ({"mode": "PROD"}, 3, "PRODUCTION_PANEL"),
        ({"trusted": False}, 4, "UNTRUSTED_KEY"),
    ],
)
def test_panel_that_would_refuse_the_file_is_told_before_light(
    serve: Callable[..., Any],
    ledcal: Ledcal,
    tmp_path: Path,
    options: dict[str, Any],
    exit_code: int,
    code: str,
) -> None:
    with serve(tmp_path / "served", **options) as bench:
        done = calibrate(ledcal, bench, "DEMO-0001", tmp_path)
        assert done.returncode == exit_code, done.stdout + done.stderr
        assert json.loads(done.stdout)["reasons"][0]["code"] == code
        assert not any("OUTP1 ON" in text for text in sent_to_the_panel(bench))


def test_panel_without_a_serial_is_given_the_scanned_one(
    serve: Callable[..., Any], ledcal: Ledcal, tmp_path: Path
) -> None:
    with serve(tmp_path / "served", serial="NONE") as bench:
        bench.truth(set="capped", value=True)  # ends the run soon after the panel is identified
        done = calibrate(ledcal, bench, "DEMO-0042", tmp_path)
        assert json.loads(done.stdout)["reasons"][0]["code"] == "NO_LIGHT"
        assert any('SYST:SER "DEMO-0042"' in text for text in sent_to_the_panel(bench))
        again = calibrate(ledcal, bench, "DEMO-0043", tmp_path)
        assert json.loads(again.stdout)["reasons"][0]["code"] == "WRONG_PANEL"
