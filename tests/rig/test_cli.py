import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ledcal.rig.cli import app
from ledcal.rig.closing import PANEL_FILE, RECORD
from ledcal.rig.command_line import failures
from ledcal.rig.run import RUNS

COMMANDS = (
    *("calibrate", "bench", "inspect", "verify", "show", "history", "report"),
    *("sign", "install", "read-back", "export", "key", "person", "sign-on", "sign-off"),
    *("log", "instrument", "override", "retention", "delete-request", "delete"),
)


def ledcal(*arguments: str | Path) -> Result:
    """Run a command in this process; it ends by an exit code, never by an error."""
    result = CliRunner().invoke(app, [str(one) for one in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LEDCAL_DATA", raising=False)


def test_the_command_lists_its_commands() -> None:
    # In a process of its own: as a person runs it.
    run = subprocess.run(
        [sys.executable, "-c", "from ledcal.rig.cli import main; main()", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    for command in COMMANDS:
        assert command in run.stdout
    _, _, commands = run.stdout.partition("Commands:")
    assert "..." not in commands  # a sentence that was cut


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_its_help(command: str) -> None:
    result = ledcal(command, "--help")
    assert result.exit_code == 0
    assert "Usage: " in result.stdout


def test_the_version_is_told() -> None:
    assert ledcal("--version").stdout.startswith("ledcal 0.")


@pytest.mark.parametrize(
    "arguments",
    [
        ("calibrate",),
        ("calibrate", "DEMO-0001", "--colour"),
        ("calibrate", "demo-0001"),
        ("calibrate", "../../DEMO"),
        ("calibrate", "DEMO-0001\n"),
        ("calibrate", "DEMO-0001", "--station", "absent.toml"),
        ("calibrate", "DEMO-0001", "--product", "absent.toml"),
        ("calibrate", "DEMO-0001", "--product", "."),
        ("bench", "--speed", "0"),
        ("bench", "--speed", "1000"),
        ("bench", "--seed", "-1"),
        ("bench", "--mode", "PROD"),
        ("bench", "--serial", "x"),
        ("inspect", "absent.ledcal"),
        ("inspect", "."),
        ("inspect",),
        ("verify",),
        ("verify", "absent/folder"),
        ("show", "absent"),
        ("show", "."),
        ("show", "S" * 5_000),
        ("report", "absent"),
        ("nonsense",),
    ],
    ids=lambda arguments: ascii(" ".join(arguments))[:60],
)
def test_refused_input_ends_with_2_and_leaves_nothing(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    result = ledcal(*arguments)
    assert result.exit_code == 2
    assert result.stderr
    assert "Traceback" not in result.output
    assert list(tmp_path.iterdir()) == []


def test_a_refused_station_file_starts_nothing(change: Callable[..., Path]) -> None:
    for name in ("power_meter", "spectrometer", "thermocouple_logger"):
        change(name)
    path = change("station", "clock", "speed", value=500.0)
    result = ledcal("calibrate", "DEMO-0001", "--station", path, "--json")
    assert result.exit_code == 2
    said = json.loads(result.stdout)
    assert said["outcome"] == "USAGE"
    assert said["exit_code"] == 2
    assert said["folder"] is None
    assert said["reasons"][0]["text"].startswith(f"{path}:")
    assert not (path.parent / "data").exists()


def test_a_hostile_key_in_a_file_is_printed_harmlessly(tmp_path: Path) -> None:
    path = tmp_path / "product.toml"
    path.write_text('"\\u001b[31m\\u202e" = 1\n')
    result = ledcal("calibrate", "DEMO-0001", "--product", path)
    assert result.exit_code == 2
    assert "\x1b" not in result.stderr
    assert "\u202e" not in result.stderr
    assert r"\u001b[31m\u202e: unknown key" in result.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_data_folder_that_may_not_be_written_is_the_stations_fault(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    result = ledcal("calibrate", "DEMO-0001", "--data", tmp_path / "data")
    tmp_path.chmod(0o700)
    assert result.exit_code == 4


def test_a_data_folder_that_cannot_be_is_the_stations_fault(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    result = ledcal("calibrate", "DEMO-0001", "--data", tmp_path / "data", "--json")
    assert result.exit_code == 4
    assert json.loads(result.stdout)["outcome"] == "STATION"


def test_an_untouched_run_verifies(sealed_run: Path, data_folder: Path) -> None:
    for path in (sealed_run, sealed_run / PANEL_FILE):
        result = ledcal("verify", path, "--data", data_folder)
        assert result.exit_code == 0
        assert "nothing was altered" in result.stdout
        assert "this data folder's" in result.stdout
    result = ledcal("verify", sealed_run, "--json")
    assert result.exit_code == 0
    said = json.loads(result.stdout)
    assert said["unaltered"] is True
    assert said["paths"][0]["key_known"] is False


def test_an_altered_run_ends_with_1(sealed_run: Path, data_folder: Path) -> None:
    (sealed_run / RECORD).write_bytes(b"{}")
    result = ledcal("verify", sealed_run, "--data", data_folder)
    assert result.exit_code == 1
    assert RECORD in result.stdout
    said = json.loads(ledcal("verify", sealed_run, "--json").stdout)
    assert said["unaltered"] is False
    assert [one["file"] for one in said["paths"][0]["findings"]] == [RECORD]


def test_one_altered_run_among_others_ends_with_1(
    make_run: Callable[..., Path], data_folder: Path
) -> None:
    good, bad = (make_run(f"2026030{day}T120000000Z-TEST-0001") for day in (1, 2))
    (bad / "more.txt").write_text("")
    result = ledcal("verify", good, bad, "--data", data_folder)
    assert result.exit_code == 1
    assert f"✔ {good}" in result.stdout
    assert f"✘ {bad}" in result.stdout


def test_a_run_is_shown_by_serial(sealed_run: Path, data_folder: Path) -> None:
    result = ledcal("show", "TEST-0001", "--data", data_folder)
    assert result.exit_code == 0
    assert "■ ABORTED" in result.stdout
    said = json.loads(ledcal("show", sealed_run, "--json").stdout)
    assert said["run"] == sealed_run.name
    assert said["exit_code"] == 5


def test_the_history_of_a_panel_has_all_its_runs(
    make_run: Callable[..., Path], data_folder: Path
) -> None:
    make_run("20260301T120000000Z-TEST-0001")
    (data_folder / RUNS / "20260302T120000000Z-TEST-0001").mkdir()
    make_run("20260303T120000000Z-TEST-0001")
    make_run("20260303T120000000Z-ZTEST-0001")
    result = ledcal("history", "TEST-0001", "--data", data_folder)
    assert result.exit_code == 0
    assert [line[:8] for line in result.stdout.splitlines()] == [
        "20260301",
        "20260302",
        "20260303",
    ]
    said = json.loads(ledcal("history", "TEST-0001", "--data", data_folder, "--json").stdout)
    assert [run["outcome"] for run in said["runs"]] == ["ABORTED"] * 3
    assert "no run" in ledcal("history", "ZZZ", "--data", data_folder).stdout


def test_a_damaged_calibration_file_is_refused_by_name(
    sealed_run: Path, data_folder: Path
) -> None:
    path = sealed_run / PANEL_FILE
    content = bytearray(path.read_bytes())
    content[150] ^= 4
    path.write_bytes(content)
    result = ledcal("inspect", path, "--data", data_folder)
    assert result.exit_code == 2
    assert "CRC" in result.stderr
    assert result.stdout == ""
    said = json.loads(ledcal("inspect", path, "--json").stdout)
    assert said["reasons"][0]["code"] == "CRC"


def test_a_look_up_is_answered(sealed_run: Path, data_folder: Path) -> None:
    path = sealed_run / PANEL_FILE
    request = ("--irradiance", "1", "90", "40")
    assert "drive code 35000" in ledcal("inspect", path, *request).stdout
    said = json.loads(ledcal("inspect", path, *request, "--json").stdout)
    assert said["lookup"]["drive_code"] == 35_000
    cold = ledcal("inspect", path, "--irradiance", "1", "90", "-5")
    assert cold.exit_code == 2
    assert "TEMP" in cold.stderr


def test_a_page_is_made_again(sealed_run: Path, data_folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "again.html"
    result = ledcal("report", "TEST-0001", "--data", data_folder, "--output", output)
    assert result.exit_code == 0
    assert "identical with the run's page" in result.stdout
    assert output.read_bytes() == (sealed_run / "certificate.html").read_bytes()


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_without_the_signs_is_told_the_verdict_all_the_same(
    sealed_run: Path, data_folder: Path, encoding: str
) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "ledcal.rig", "show", sealed_run, "--data", data_folder],
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert ran.stdout.startswith(b"\\u25a0 ABORTED\n")


def test_a_failure_of_ledcal_itself_has_not_the_exit_code_of_a_panel_that_failed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended, failures():
        raise KeyError("what nobody thought of")
    assert ended.value.code == 4
    told = capsys.readouterr().err
    assert "KeyError: 'what nobody thought of'" in told
    assert "STATION: UNFORESEEN: ledcal itself has failed, and no panel is judged" in told
