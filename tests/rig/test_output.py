"""What a command is asked to write never takes the place of what is kept."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from ledcal.rig.cli import app
from ledcal.rig.closing import CERTIFICATE, RECORD
from ledcal.rig.errors import RefusedInput
from ledcal.rig.output import write_output
from ledcal.rig.store.opened import STORE
from ledcal.rig.verify import verify_run


def ledcal(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(one) for one in arguments])
    return result.exit_code, result.output


def test_a_command_in_a_runs_folder_replaces_nothing(
    sealed_run: Path, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(sealed_run)
    page = (sealed_run / CERTIFICATE).read_bytes()
    for command in (
        ("report", "."),
        ("report", ".", "--output", "second.html"),
        ("spectra", ".", "--csv", RECORD),
        ("dcc", ".", "--output", CERTIFICATE),
        ("log", "--csv", RECORD),
    ):
        code, told = ledcal(*command, "--data", data_folder)
        assert code == 2, command
    code, told = ledcal("report", ".", "--data", data_folder)
    assert told.startswith("USAGE: certificate.html: is in the folder of a run")
    assert (sealed_run / CERTIFICATE).read_bytes() == page
    assert verify_run(sealed_run, data_folder).findings == ()


def test_what_a_data_folder_holds_is_not_replaced(sealed_run: Path, data_folder: Path) -> None:
    before = (data_folder / STORE).read_bytes()
    code, told = ledcal("log", "--csv", data_folder / STORE, "--data", data_folder)
    assert (code, "is there already, in a data folder" in told) == (2, True)
    key = next((data_folder / "keys").iterdir())
    secret = key.read_bytes()
    assert ledcal("introduce", "b", "--output", key, "--data", data_folder)[0] == 2
    assert (key.read_bytes(), (data_folder / STORE).read_bytes()) == (secret, before)
    # A new file beside the runs is nobody's.
    assert ledcal("log", "--csv", data_folder / "log.csv", "--data", data_folder)[0] == 0


def test_a_file_of_the_users_own_is_replaced_and_a_folder_is_not(tmp_path: Path) -> None:
    for content in (b"1", b"2"):
        write_output(tmp_path / "page.html", content)
    assert (tmp_path / "page.html").read_bytes() == b"2"
    with pytest.raises(RefusedInput, match="is a folder"):
        write_output(tmp_path, b"")
