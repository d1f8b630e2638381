"""Driving a channel by hand, under the interlocks of a run."""

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.system
DARK_LIMIT_S = 2.0


@pytest.fixture(scope="module")
def bench(serve: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    with serve(tmp_path_factory.mktemp("drive")) as served:
        yield served


@pytest.fixture
def drive(bench: Any, ledcal: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """Drive a channel to the end."""

    def to_the_end(*arguments: str) -> Any:
        return ledcal("drive", "DEMO-0001", "--station", bench.station, *arguments, cwd=tmp_path)

    return to_the_end


def events(bench: Any) -> list[dict[str, Any]]:
    """Return the events of the newest drive."""
    folder = max((bench.data_folder / "drives").iterdir())
    assert (folder / "transcript.jsonl").stat().st_size > 0
    lines = (folder / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_a_channel_is_lit_for_the_time_and_all_of_it_is_kept(
    bench: Any, drive: Callable[..., Any]
) -> None:
    ran = drive("--channel", "2", "--code", "30000", "--for", "6", "--json")
    assert ran.returncode == 0, ran.stderr
    said = json.loads(ran.stdout)
    assert bench.truth(ask="state")["dark"]
    looks = said["looks"]
    assert looks
    assert {look["drive_code"] for look in looks} == {30000}
    assert {look["wavelength_nm"] for look in looks} == {660.0}
    assert all(look["power_w"] > 1e-3 and look["current_a"] > 0.1 for look in looks)
    kept = events(bench)
    assert [event["past_s"] for event in kept if event["event"] == "looked"] == [
        look["past_s"] for look in looks
    ]
    assert kept[0]["file"]["code"] == 30000
    assert (kept[-1]["event"], kept[-1]["outcome"]) == ("visit_finished", "PASS")


def test_a_panel_without_calibration_cannot_be_asked_for_irradiance(
    bench: Any, drive: Callable[..., Any]
) -> None:
    ran = drive("--channel", "1", "--irradiance", "30", "--for", "5")
    assert ran.returncode == 3
    assert "SETUP: panel LT5-300 DEMO-0001" in ran.stderr
    assert "without a valid calibration" in ran.stderr
    assert events(bench)[-1]["reasons"][0]["code"] == "REQUEST_REFUSED"
    assert bench.truth(ask="state")["dark"]


@pytest.mark.parametrize(
    ("word", "code"), [(signal.SIGHUP, 5), (signal.SIGINT, 5), (signal.SIGKILL, -9)]
)
def test_a_drive_that_is_ended_leaves_the_panel_dark(
    bench: Any,
    start: Callable[..., Any],
    wait_for: Callable[..., None],
    tmp_path: Path,
    word: int,
    code: int,
) -> None:
    asked = ("--channel", "5", "--code", "60000", "--for", "2000")
    process = start("drive", "DEMO-0001", "--station", bench.station, *asked, cwd=tmp_path)
    wait_for(lambda: not bench.truth(ask="state")["dark"], limit_s=60, what="light")
    os.kill(process.pid, word)
    assert bench.dark_within_s(DARK_LIMIT_S)
    assert process.wait(timeout=30) == code
    if code == 5:
        end = events(bench)[-1]
        assert (end["outcome"], end["reasons"][0]["code"]) == ("ABORTED", "INTERRUPTED")


def test_a_hot_board_cuts_off(
    bench: Any, start: Callable[..., Any], wait_for: Callable[..., None], tmp_path: Path
) -> None:
    asked = ("--channel", "1", "--code", "20000", "--for", "2000")
    process = start("drive", "DEMO-0001", "--station", bench.station, *asked, cwd=tmp_path)
    wait_for(lambda: not bench.truth(ask="state")["dark"], limit_s=60, what="light")
    # Above the product's cut-off of 80 degC, below the firmware's own of 85 degC.
    bench.truth(set="board_degc", value=83.0)
    assert bench.dark_within_s(DARK_LIMIT_S)
    assert process.wait(timeout=30) == 1
    end = events(bench)[-1]
    assert (end["outcome"], end["reasons"][0]["code"]) == ("FAIL", "TOO_HOT")
    assert "check fan and heatsink" in end["reasons"][0]["text"]


def test_a_panel_that_restarts_between_two_questions_is_told_as_that(
    bench: Any, drive: Callable[..., Any]
) -> None:
    boots = bench.truth(ask="panel")["boot_count"]
    again = {"fault": "reboot", "value": True, "on": "panel", "command": "OUTP2?"}
    # The rig asks so when it makes all dark, too: those before the light are counted.
    bench.truth(set="fault", value=again | {"at_command": 7})
    ran = drive("--channel", "2", "--code", "30000", "--for", "6")
    assert bench.truth(ask="panel")["boot_count"] == boots + 1
    assert "rebooted" in ran.stderr, ran.stderr
    assert bench.truth(ask="state")["dark"]
