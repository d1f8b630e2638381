"""Other models on the same roles: by driver and station file, and by nothing else."""

import json
import signal
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ledcal.rig.summary import record_of

pytestmark = pytest.mark.system
Ledcal = Callable[..., Any]


def test_whole_run_with_another_meter_and_logger_over_another_transport(
    serve: Callable[..., Any], ledcal: Ledcal, short_product: Path, tmp_path: Path
) -> None:
    with serve(tmp_path / "served", options=("--logger", "34972A", "--meter", "PM100D")) as bench:
        said = bench.instruments["thermocouple_logger"]
        station = bench.station.read_text()
        right = station.replace(said["resource"], said["resource_socket"])
        assert right != station

        # The driver of another model is refused before any light, and both models are named.
        bench.station.write_text(right.replace(said["driver"], "keysight_daq970a"))
        done = ledcal("calibrate", "DEMO-0001", "--station", bench.station, "--json", cwd=tmp_path)
        assert done.returncode == 4, done.stdout + done.stderr
        (reason,) = json.loads(done.stdout)["reasons"]
        assert "DAQ970A" in reason["text"]
        assert "34972A MY49021266" in reason["text"]
        assert bench.truth(ask="state")["dark"]

        bench.station.write_text(right)
        done = ledcal(
            *("calibrate", "DEMO-0001", "--station", bench.station, "--json"),
            *("--product", short_product),
            cwd=tmp_path,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        record = record_of(Path(json.loads(done.stdout)["folder"]))
        (logger,) = [each for each in record.instruments if each.role == "thermocouple_logger"]
        assert (logger.maker, logger.model) == ("Agilent Technologies", "34972A")
        assert logger.resource == said["resource_socket"]
        (meter,) = [each for each in record.instruments if each.role == "power_meter"]
        assert meter.model == "PM100D"


def test_bench_command_serves_the_models_that_there_are(
    start: Callable[..., Any], ledcal: Ledcal, tmp_path: Path
) -> None:
    bench = start(
        "bench", "--logger", "34972A", "--meter", "PM100D", "--data", "data", cwd=tmp_path
    )
    station = tomllib.loads(Path(bench.stdout.readline().decode().strip()).read_text())
    assert station["thermocouple_logger"]["driver"] == "agilent_34972a"
    assert station["power_meter"]["driver"] == "thorlabs_pm100d"
    bench.send_signal(signal.SIGTERM)
    assert bench.wait(timeout=30) == 0
    refused = ledcal("bench", "--logger", "2700", "--data", "data", cwd=tmp_path)
    assert refused.returncode == 2
    assert "there are DAQ970A, 34972A" in refused.stdout + refused.stderr
    refused = ledcal("bench", "--meter", "1936-R", "--data", "data", cwd=tmp_path)
    assert refused.returncode == 2
    assert "there are PM103, PM100D" in refused.stdout + refused.stderr
