from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def test_unknown_requests_are_errors(truth: Any) -> None:
    assert "known names" in truth.ask("everything")["error"]
    assert "error" in truth.set("colour", 1)
    assert "error" in truth.set("capped", 1)
    assert "error" in truth.set("ambient_w_m2", "much")
    assert "error" in truth.ask("irradiance_at", channel=9, drive_code=1)
    truth.write(b"no json\n[]\n")
    assert b"error" in truth.read_until(b"\n")
    assert b"error" in truth.read_until(b"\n")


def test_static_truth_needs_no_light(truth: Any) -> None:
    lit = truth.ask("irradiance_at", channel=5, drive_code=65535, board_degc=40)
    assert 1.18 * 140.0 < lit["irradiance_w_m2"] < 1.45 * 140.0
    bands = truth.ask("bands", drive={"1": 65535, "5": 30000}, board_degc=40)["bands"]
    assert set(bands) == {"1", "5"}
    assert bands["1"]["peak_nm"] > bands["1"]["centroid_nm"]
    assert bands["5"]["centroid_nm"] == pytest.approx(850.0, abs=8.0)
    assert truth.ask("bands")["bands"] == {}


def test_conditions_change_the_world(truth: Any) -> None:
    assert truth.set("ambient_w_m2", 5.0) == {"ok": True}
    assert truth.ask("state")["ambient_w_m2"] == pytest.approx(5.0, rel=0.04)
    assert truth.set("ambient_w_m2", 0.1) == {"ok": True}
    assert truth.set("ambient_degc", 28.0) == {"ok": True}
    assert truth.ask("state")["ambient_degc"] == 28.0


def test_bench_time_runs(truth: Any) -> None:
    first, second = (truth.ask("state")["time_s"] for _ in range(2))
    assert second > first


def test_fault_is_planned_and_told_about(
    run_bench: Callable[..., Any], side_channel: Any, line: Any, tmp_path: Path
) -> None:
    bench = run_bench(tmp_path)
    address = (tmp_path / "truth-address").read_text("ascii").strip()
    assert address == bench.ready["truth"]
    truth, panel = side_channel(bench), line(bench)
    fault = {"fault": "no_reply", "on": "panel", "value": True, "command": "SYST:UID?"}
    assert truth.set("fault", fault) == {"ok": True}
    assert truth.ask("faults")["faults"][-1]["state"] == "armed"
    panel.write("SYST:UID?")
    assert panel.query("*OPC?") == "1", "the answer before it was not swallowed"
    told = truth.ask("faults")["faults"][-1]
    assert (told["state"], told["struck"]) == ("done", 1)


def test_bench_is_killed_by_a_fault(
    run_bench: Callable[..., Any], side_channel: Any, tmp_path: Path
) -> None:
    bench = run_bench(tmp_path)
    fault = {"fault": "bench_killed", "value": True, "at_s": 1.0}
    assert side_channel(bench).set("fault", fault) == {"ok": True}
    assert bench.process.wait(timeout=20) == -9


def test_impossible_fault_is_an_error_that_names_its_keys(truth: Any) -> None:
    said = truth.set("fault", {"fault": "late_reply", "on": "panel", "value": -1, "at": 2})
    assert "at: 2: unknown key; the keys are: fault, value, on" in said["error"]
    assert "value: -1: -1 is not above 0" in said["error"]
    assert "no table" in truth.set("fault", True)["error"]
