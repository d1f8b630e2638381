"""The virtual bench served in another shell, and single steps with plain pytest."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.system


def test_station_file_of_a_bench_in_another_shell_serves_two_runs(
    start: Callable[..., Any], ledcal: Callable[..., Any], short_product: Path, tmp_path: Path
) -> None:
    bench = start("bench", "--serial", "DEMO-0007", "--data", "data", cwd=tmp_path)
    station = Path(bench.stdout.readline().decode().strip())
    assert station.is_file()
    # Another one there would take its serial lines and its station file.
    second = ledcal("bench", "--serial", "DEMO-0007", "--data", "data", cwd=tmp_path)
    assert second.returncode == 4, second.stdout
    assert "is in use by process" in second.stderr
    for attempt in (1, 2):
        asked = ("--station", station, "--product", short_product, "--json")
        done = ledcal("calibrate", "DEMO-0007", *asked, cwd=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        said = json.loads(done.stdout)
        file = json.loads(Path(said["paths"]["calibration"]).read_bytes())["file"]
        # The head refuses a number that it has already accepted.
        assert file["sequence"] == attempt
    assert len(list((tmp_path / "data" / "runs").iterdir())) == 2
    bench.send_signal(signal.SIGTERM)
    assert bench.wait(timeout=30) == 0


def test_a_bench_whose_process_is_killed_does_not_seem_to_be_served(
    start: Callable[..., Any], tmp_path: Path
) -> None:
    bench = start("bench", "--serial", "DEMO-0007", "--data", "data", cwd=tmp_path)
    station = Path(bench.stdout.readline().decode().strip())
    host, port = station.with_name("truth-address").read_text().strip().split(":")
    with socket.create_connection((host, int(port))) as channel:
        channel.sendall(b'{"set": "bench_killed", "value": true}\n')
        assert bench.wait(timeout=30) == 4


def test_one_step_runs_with_plain_pytest_and_is_no_pass(
    ledcal: Callable[..., Any], tmp_path: Path
) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "no:cacheprovider"),
            *("--pyargs", "ledcal.fixtures.procedure.test_20_blank"),
            *("--ledcal-serial", "DEMO-0001", "--ledcal-data", "data"),
        ],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"=+ \d+ passed in", done.stdout), done.stdout
    shown = ledcal("show", "DEMO-0001", "--data", "data", "--json", cwd=tmp_path)
    said = json.loads(shown.stdout)
    assert said["outcome"] == "ABORTED"
    assert said["reasons"][0]["code"] == "INCOMPLETE"
    assert said["paths"]["file"] is None
    assert ledcal("verify", said["folder"], "--data", "data", cwd=tmp_path).returncode == 0
