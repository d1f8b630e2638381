"""One panel from scan to sealed record, as a stranger runs it."""

import json
import re
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from jsonschema import Draft202012Validator

pytestmark = pytest.mark.system
Ledcal = Callable[..., Any]
FILES = {
    *("record", "calibration", "file", "certificate", "report", "transcript"),
}


@pytest.fixture(scope="module")
def passed(ledcal: Ledcal, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The object that a run of the demo prints."""
    cwd = tmp_path_factory.mktemp("demo")
    # What lies about in the folder where the command is called must not touch the run.
    (cwd / "tests").mkdir()
    for stray in ("conftest.py", "tests/conftest.py", "pytest.ini"):
        (cwd / stray).write_text("raise RuntimeError('a stray file was read')")
    done = ledcal("calibrate", "DEMO-0001", "--operator", "T. Nguyen", "--json", cwd=cwd)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found | {"cwd": cwd}


def test_demo_ends_pass_with_everything_to_show_for_it(passed: dict[str, Any]) -> None:
    assert passed["outcome"] == "PASS"
    assert passed["exit_code"] == 0
    assert passed["reasons"] == []
    assert passed["serial"] == "DEMO-0001"
    assert set(passed["paths"]) == FILES
    assert all(Path(path).stat().st_size > 0 for path in passed["paths"].values())


def test_everything_is_marked_simulated(passed: dict[str, Any], ledcal: Ledcal) -> None:
    page = Path(passed["paths"]["certificate"]).read_text()
    assert "SIMULATED" in page
    seen = ledcal("inspect", passed["paths"]["file"], "--json", cwd=passed["cwd"])
    assert seen.returncode == 0, seen.stderr
    inspected = json.loads(seen.stdout)
    assert inspected["file"]["flags"] & 1
    assert inspected["signature"] == "valid"
    assert inspected["file"]["serial"] == "DEMO-0001"


def test_inspect_evaluates_the_look_up(passed: dict[str, Any], ledcal: Ledcal) -> None:
    seen = ledcal(
        *("inspect", passed["paths"]["file"], "--json", "--irradiance", "1", "30", "35"),
        cwd=passed["cwd"],
    )
    assert 0 < json.loads(seen.stdout)["lookup"]["drive_code"] < 65535
    refused = ledcal(
        *("inspect", passed["paths"]["file"], "--irradiance", "1", "9000", "35"),
        cwd=passed["cwd"],
    )
    assert refused.returncode == 2
    assert "CEILING" in refused.stderr


def test_run_verifies_and_its_page_is_a_function_of_its_journal(
    passed: dict[str, Any], ledcal: Ledcal
) -> None:
    verified = ledcal("verify", passed["folder"], cwd=passed["cwd"])
    assert verified.returncode == 0, verified.stdout
    again = ledcal("report", passed["folder"], "--output", "again.html", cwd=passed["cwd"])
    assert "identical" in again.stdout
    content = json.loads(Path(passed["paths"]["record"]).read_bytes())
    schema = json.loads(ledcal("schema", "record", cwd=passed["cwd"]).stdout)
    assert [one.message for one in Draft202012Validator(schema).iter_errors(content)] == []


def test_one_flipped_bit_in_any_file_is_named(
    passed: dict[str, Any], ledcal: Ledcal, tmp_path: Path
) -> None:
    run = Path(passed["folder"])
    names = sorted(path.name for path in run.iterdir())
    assert len(names) == 18
    for number, name in enumerate(names):
        copy = tmp_path / str(number) / run.name
        shutil.copytree(run, copy)
        content = bytearray((copy / name).read_bytes())
        content[len(content) // 2] ^= 1 << number % 8
        (copy / name).write_bytes(content)
    copies = [tmp_path / str(number) / run.name for number in range(len(names))]
    done = ledcal("verify", *copies, "--json", cwd=passed["cwd"])
    assert done.returncode == 1
    found = json.loads(done.stdout)["paths"]
    assert [[one["file"] for one in each["findings"]] for each in found] == [[n] for n in names]


def test_the_readme_tells_of_every_file_of_a_run(passed: dict[str, Any]) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    names = {path.name for path in Path(passed["folder"]).iterdir()}
    told = set(re.findall(r"`([\w.-]+)`", readme))
    assert {n for n in names - told if not n.startswith("certificate-")} == set()


def test_raw_spectra_are_those_on_the_wire(
    passed: dict[str, Any], ledcal: Ledcal, tmp_path: Path
) -> None:
    run = Path(passed["folder"])
    # Read here with nothing of ledcal: a spectrum is what follows ACK, BEL and its label.
    wire = [
        match[1].split(r"\\r")
        for line in (run / "transcript.jsonl").read_text("ascii").splitlines()
        if (match := re.search(r"nm\)\]:\\\\r\\\\r(.*?)\\\\r\\\\r", line))
    ]
    assert len(wire) > 50
    found = duckdb.execute(
        f"select irradiance_w_m2_nm from '{run / 'spectra.parquet'}'"
    ).fetchall()
    sent = [[float(text) for text in one] for one in wire]
    assert [struct.pack("<651d", *row[0]) for row in found] == [
        struct.pack("<651d", *row) for row in sent
    ]
    done = ledcal("spectra", passed["run"], "--csv", tmp_path / "x.csv", cwd=passed["cwd"])
    assert done.returncode == 0, done.stderr
    rows = [line.split(",")[5:] for line in (tmp_path / "x.csv").read_text().splitlines()]
    assert rows[-len(wire) :] == wire


def test_digital_certificate_states_what_was_verified(
    passed: dict[str, Any], ledcal: Ledcal, tmp_path: Path
) -> None:
    done = ledcal("dcc", passed["run"], "--output", tmp_path / "dcc.xml", cwd=passed["cwd"])
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "dcc.xml").read_text()
    for words in ("T. Nguyen", passed["run"], "SIMULATED", r"\watt\metre\tothe{-2}"):
        assert words in text


def test_show_and_history_tell_the_run(passed: dict[str, Any], ledcal: Ledcal) -> None:
    shown = ledcal("show", "DEMO-0001", cwd=passed["cwd"])
    assert shown.returncode == 0
    assert "PASS" in shown.stdout
    assert "T. Nguyen" in shown.stdout
    listed = ledcal("history", "DEMO-0001", "--json", cwd=passed["cwd"])
    assert [run["run"] for run in json.loads(listed.stdout)["runs"]] == [passed["run"]]


def test_report_has_values_limits_and_units_in_its_rows(passed: dict[str, Any]) -> None:
    page = Path(passed["paths"]["report"]).read_text()
    for text in ("<th>U</th>", "<th>Limits</th>", "test_irradiance[ch5-850nm-100pct]", "W/m2"):
        assert text in page
    assert not re.search(r"""(src=["']|<link[^>]*href=["']|url\()https?:""", page)
