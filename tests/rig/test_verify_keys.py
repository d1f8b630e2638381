"""Whoever edits the files of the trusted keys decides who may sign: the log tells of it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ledcal.rig.cli import app
from ledcal.rig.key_file import new_key_file, public_file
from ledcal.rig.trust import TRUSTED, retire, trust
from ledcal.rig.verify_archive import verify_data


@pytest.fixture
def keys(tmp_path: Path, data_folder: Path, sealed_run: Path) -> dict[str, Path]:
    """Two keys trusted by the command, the second retired; by their names in the folder."""
    found = {}
    for name in ("Ann", "Bob"):
        path = tmp_path / f"{name}.toml"
        key = new_key_file(path, name, "RELEASE")
        command = ["key", "trust", str(public_file(path)), "--data", str(data_folder)]
        assert CliRunner().invoke(app, command).exit_code == 0
        found[name] = data_folder / TRUSTED / f"{key.key_id.hex()}.toml"
    command = ["key", "retire", found["Bob"].stem, "--data", str(data_folder)]
    assert CliRunner().invoke(app, command).exit_code == 0
    return found


def edited(old: str, new: str) -> Callable[[Path], object]:
    def change(path: Path) -> None:
        said = path.read_text()
        assert old in said
        path.write_text(said.replace(old, new))

    return change


def findings(data_folder: Path) -> list[tuple[str, str]]:
    return [(one.file, one.text) for path in verify_data(data_folder) for one in path.findings]


def test_keys_as_the_log_tells_are_no_finding(keys: dict[str, Path], data_folder: Path) -> None:
    assert findings(data_folder) == []


@pytest.mark.parametrize(
    ("name", "edit", "says"),
    [
        ("Bob", edited("retired = 2", "# 2"), "is in use again; log entry 4"),
        ("Bob", edited("retired = 2", "retired = 3"), "is retired since 3"),
        ("Ann", edited('"RELEASE"', '"PROD"'), "is the key of Ann for PROD now; log entry 2"),
        ("Ann", edited('"Ann"', '"Eve"'), "is the key of Eve for RELEASE now"),
        ("Ann", Path.unlink, "is gone; log entry 2"),
    ],
)
def test_a_key_that_was_changed_in_its_file_is_named(
    keys: dict[str, Path],
    data_folder: Path,
    name: str,
    edit: Callable[[Path], object],
    says: str,
) -> None:
    edit(keys[name])
    ((file, text),) = findings(data_folder)
    assert file == f"{TRUSTED}/{keys[name].name}"
    assert says in text


def test_a_key_that_was_put_among_them_is_named(
    keys: dict[str, Path], data_folder: Path, tmp_path: Path
) -> None:
    for purpose in ("ENG", "RELEASE"):
        path = tmp_path / f"{purpose}.toml"
        new_key_file(path, "Eve", purpose)
        known = trust(public_file(path), data_folder)
    ((file, text),) = findings(data_folder)
    assert file == f"{TRUSTED}/{known.key_id}.toml"
    assert "was trusted past the log, for RELEASE: take it away" in text
    retire(keys["Ann"].stem, data_folder)
    assert len(findings(data_folder)) == 2
