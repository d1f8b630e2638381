import dataclasses
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from ledcal.calibration.outcome import Outcome
from ledcal.calibration.record import PanelIdentity
from ledcal.instruments.errors import LinkLost, PanelTripped
from ledcal.rig.cli import app
from ledcal.rig.closing import PANEL_FILE, RECORD, close_run, finished
from ledcal.rig.delivery import deliverable, require_made_for
from ledcal.rig.errors import PanelError, RefusedInput, SetupError, StationError
from ledcal.rig.folder import sha256_hex
from ledcal.rig.keys import SigningKey
from ledcal.rig.people.rights import Action
from ledcal.rig.release import write_files
from ledcal.rig.run import Request
from ledcal.rig.settings import SettingsFile
from ledcal.rig.station import Station
from ledcal.rig.visit import READ_BACKS, at_panel, visit_to
from tests.rig.conftest import SERIAL, StartRun, panel_content, panel_identity


def ledcal(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(app, [str(one) for one in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture
def ended(begin_run: StartRun, key: SigningKey, identity: PanelIdentity) -> Callable[..., Path]:
    """A sealed run with a file, ended in some way."""

    def make(outcome: Outcome) -> Path:
        folder, journal = begin_run()
        write_files(folder, panel_content(identity), {"run": folder.name}, identity, key)
        journal.append("panel", asdict(identity))
        codes = [] if outcome is Outcome.PASS else [{"code": "X", "text": "y"}]
        journal.append("run_finished", finished(outcome, codes))
        journal.close()
        close_run(folder, key)
        return folder

    return make


def test_the_file_of_a_run_that_passed_is_delivered(
    ended: Callable[..., Path], data_folder: Path, key: SigningKey
) -> None:
    run = ended(Outcome.PASS)
    issued = deliverable(run, data_folder)
    assert issued.proven
    assert issued.file == (run / PANEL_FILE).read_bytes()
    assert issued.calibration.serial == SERIAL
    assert issued.facts["key_id"] == key.key_id.hex()


@pytest.mark.parametrize("outcome", [one for one in Outcome if one is not Outcome.PASS])
def test_no_other_file_is_delivered(
    ended: Callable[..., Path], data_folder: Path, outcome: Outcome
) -> None:
    with pytest.raises(RefusedInput, match=f"ended {outcome} X: its file was not issued"):
        deliverable(ended(outcome), data_folder)


def test_an_altered_run_delivers_nothing(
    ended: Callable[..., Path], data_folder: Path, tmp_path: Path
) -> None:
    run = ended(Outcome.PASS)
    (run / RECORD).write_bytes(b"{}")
    with pytest.raises(RefusedInput, match=r"record\.json was altered"):
        deliverable(run, data_folder)
    output = tmp_path / "file.raw"
    done = ledcal("export", SERIAL, "--as", "raw", "--output", output, "--data", data_folder)
    assert done.exit_code == 2
    assert not output.exists()


def test_a_run_without_a_file_delivers_nothing(
    begin_run: StartRun, key: SigningKey, identity: PanelIdentity, data_folder: Path
) -> None:
    """As a proof by light, which passes and makes none."""
    run, journal = begin_run()
    journal.append("panel", asdict(identity))
    journal.append("run_finished", finished(Outcome.PASS, []))
    journal.close()
    close_run(run, key)
    with pytest.raises(RefusedInput, match="a proof makes no file"):
        deliverable(run, data_folder)


def test_an_export_is_told_as_an_object_too(
    ended: Callable[..., Path], data_folder: Path, tmp_path: Path
) -> None:
    run, output = ended(Outcome.PASS), tmp_path / "file.raw"
    command = ("export", run, "--as", "raw", "--data", data_folder, "--json", "--output")
    said = json.loads(ledcal(*command, output).stdout)
    assert (said["output"], said["as"], said["run"]) == (str(output), "raw", run.name)
    assert said["sha256"] == sha256_hex(output.read_bytes())
    for folder in ("/", ".", tmp_path):
        done = ledcal(*command, folder)
        assert done.exit_code == 2
        assert "is a folder; name a file" in done.stderr


def test_a_panel_like_the_files_is_taken(identity: PanelIdentity) -> None:
    require_made_for(identity, panel_content(identity))
    require_made_for(dataclasses.replace(identity, sequence=1), panel_content(identity, 1))


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("serial", "TEST-0002", "serial TEST-0001, the panel has TEST-0002"),
        ("serial", "NONE", "serial TEST-0001, the panel has NONE"),
        ("uid", "00" * 16, "LED head 00112233445566778899aabbccddeeff, the panel has 0000"),
        ("product_code", 1, "product code 4201, the panel has 1"),
        ("hardware_revision", 2, "hardware revision 1, the panel has 2"),
        ("drive_epoch", 8, "drive epoch 7, the panel has 8"),
        ("distance_mm", 100, "reference distance in mm 150, the panel has 100"),
        ("geometry_id", 3, "geometry id 1, the panel has 3"),
    ],
)
def test_each_difference_of_the_panel_is_named(
    identity: PanelIdentity, field: str, value: Any, words: str
) -> None:
    other = panel_identity(**{field: value})
    with pytest.raises(SetupError) as caught:
        require_made_for(other, panel_content(identity))
    assert caught.value.code == "OTHER_PANEL"
    assert words in str(caught.value)


def test_an_older_file_than_the_panels_is_refused(identity: PanelIdentity) -> None:
    with pytest.raises(SetupError, match="carries file 5, newer than 4"):
        require_made_for(dataclasses.replace(identity, sequence=5), panel_content(identity, 4))


@pytest.mark.parametrize(
    ("raised", "expected", "code"),
    [
        (LinkLost("gone"), StationError, "LINKLOST"),
        (PanelTripped("panel", "rebooted"), PanelError, "PANEL_TRIPPED"),
        (SetupError("OTHER_PANEL", "another"), SetupError, "OTHER_PANEL"),
    ],
)
def test_a_visit_that_fails_is_kept_with_its_cause(
    tmp_path: Path, raised: Exception, expected: type[Exception], code: str
) -> None:
    visit = visit_to(
        Request(serial=SERIAL, operator="T. Nguyen"), None, tmp_path, Action.READ_BACK
    )
    with pytest.raises(expected), at_panel(visit, READ_BACKS, {"sha256": "00"}):
        raise raised
    (folder,) = (tmp_path / READ_BACKS).iterdir()
    events = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]
    assert [event["event"] for event in events] == ["visit_started", "panel", "visit_finished"]
    assert events[0]["operator"] == "T. Nguyen"
    assert events[0]["simulated"] is True
    assert events[-1]["reasons"][0]["code"] == code
    assert (folder / "transcript.jsonl").stat().st_size > 0


def test_a_panel_that_cannot_be_reached_is_the_stations_fault(
    station: SettingsFile[Station], data_folder: Path
) -> None:
    done = ledcal("read-back", SERIAL, "--station", station.path, "--json")
    assert done.exit_code == 4
    said = json.loads(done.stdout)
    assert said["outcome"] == "STATION"
    (folder,) = (data_folder / READ_BACKS).iterdir()
    assert '"visit_finished"' in (folder / "journal.jsonl").read_text()


def test_a_fresh_panel_carries_nothing(tmp_path: Path) -> None:
    done = ledcal("read-back", "DEMO-0007", "--data", tmp_path)
    assert done.exit_code == 1
    assert "not as issued" in done.stdout
    assert "the panel carries no calibration" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("sign", "absent", "--key", "k.toml", "--operator", "x"),
        ("sign", "absent"),
        ("install", "DEMO-0001"),
        ("install", "../x", "--from", "absent"),
        ("install", "DEMO-0001", "--from", "absent"),
        ("install", "DEMO-0001", "--from", "absent", "--station", "absent.toml"),
        ("prove", "DEMO-0001"),
        ("prove", "../x", "--from", "absent"),
        ("prove", "DEMO-0001", "--from", "absent"),
        ("read-back", "demo"),
        ("read-back", "DEMO-0001", "--station", "absent.toml"),
        ("export", "absent", "--as", "raw", "--output", "x"),
        ("export", "absent"),
    ],
    ids=lambda arguments: ascii(" ".join(arguments))[:60],
)
def test_refused_input_ends_with_2_and_leaves_nothing(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = ledcal(*arguments)
    assert done.exit_code == 2
    assert done.stderr
    assert list(tmp_path.iterdir()) == []
