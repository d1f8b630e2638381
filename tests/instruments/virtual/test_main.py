import json
import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

RunBench = Callable[..., Any]


def test_the_ready_line_names_everything(run_bench: RunBench, tmp_path: Path) -> None:
    bench = run_bench(tmp_path, "--seed", "3", "--serial", "X-1")
    assert bench.ready["ready"] is True
    assert bench.ready["simulated"] is True
    assert bench.ready["speed"] == 20.0
    assert bench.ready["seed"] == 3
    drivers = {role: entry["driver"] for role, entry in bench.instruments.items()}
    assert drivers == {
        "power_meter": "thorlabs_pm103",
        "spectrometer": "jeti_specbos_1211",
        "thermocouple_logger": "keysight_daq970a",
        "panel": "ledcal_panel",
    }
    assert bench.instruments["panel"]["serial"] == "X-1"
    assert bench.instruments["thermocouple_logger"]["thermocouples"] == {
        "ambient": 101,
        "surface": 102,
        "heatsink": 103,
    }
    for role in ("power_meter", "spectrometer", "thermocouple_logger"):
        path = Path(bench.instruments[role]["certificate"])
        assert path == tmp_path / f"{role}.toml"
        assert tomllib.loads(path.read_text())["serial"] == bench.instruments[role]["serial"]


def test_the_end_of_standard_input_ends_it_quietly(run_bench: RunBench, tmp_path: Path) -> None:
    bench = run_bench(tmp_path)
    assert bench.close() == ("", "")
    assert bench.process.returncode == 0
    assert not Path(bench.instruments["panel"]["resource"][4:-7]).exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it(run_bench: RunBench, tmp_path: Path, number: signal.Signals) -> None:
    bench = run_bench(tmp_path)
    bench.process.send_signal(number)
    assert bench.process.wait(timeout=20.0) == 0


def test_it_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    parent_source = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-m', 'ledcal.instruments.virtual',\n"
        "    '--folder', sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
        "child.stdout.readline()\n"
        "print(child.pid, flush=True)\n"
        "child.wait()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", parent_source, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        process = Path(f"/proc/{pid}")
        started = (process / "stat").read_text().rpartition(")")[2].split()[19]
        parent.kill()
        parent.wait()
    # A process that has ended is gone or a zombie that waits for its new parent.
    for _ in range(2_000_000):
        try:
            fields = (process / "stat").read_text().rpartition(")")[2].split()
        except FileNotFoundError:
            return
        if fields[0] == "Z" or fields[19] != started:
            return
    pytest.fail("the bench outlived its parent")


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--speed", "0"], "--speed 0.0"),
        (["--trust", "abcd"], "64 hex digits"),
        (["--mode", "TEST"], "--mode"),
    ],
)
def test_wrong_options_are_usage_errors(tmp_path: Path, options: list[str], named: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ledcal.instruments.virtual", "--folder", str(tmp_path), *options],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert named in done.stderr


def test_a_missing_folder_is_a_usage_error(tmp_path: Path) -> None:
    missing = tmp_path / "none"
    done = subprocess.run(
        [sys.executable, "-m", "ledcal.instruments.virtual", "--folder", str(missing)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "create it first" in done.stderr


def test_the_same_seed_gives_the_same_bench(run_bench: RunBench, tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("a", "b")]
    texts = []
    for folder in folders:
        folder.mkdir()
        bench = run_bench(folder, "--seed", "9")
        bench.close()
        texts.append(
            [
                (folder / f"{role}.toml").read_text()
                for role in bench.instruments
                if role != "panel"
            ]
        )
    assert texts[0] == texts[1]
    assert json.loads(bench.line) == bench.ready
