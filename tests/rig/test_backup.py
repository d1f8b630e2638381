"""A backup is restored in the tests, and what is damaged is refused."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ledcal.rig.backup import MANIFEST, back_up, restore
from ledcal.rig.cli import app
from ledcal.rig.closing import CERTIFICATE
from ledcal.rig.errors import RefusedInput
from ledcal.rig.keys import ENGINEERING_KEY
from ledcal.rig.run import RUNS


def ledcal(*arguments: str | Path) -> tuple[int, str]:
    told = CliRunner().invoke(app, [*map(str, arguments)])
    return told.exit_code, told.output


def test_what_was_backed_up_is_restored_and_verifies(
    make_run: Callable[..., Path], data_folder: Path, tmp_path: Path
) -> None:
    runs = [make_run(f"20260301T1{n}0000000Z-TEST-0001") for n in range(2)]
    code, told = ledcal("backup", "--data", data_folder, "--output", tmp_path / "kept.zip")
    assert code == 0, told
    code, told = ledcal("restore", tmp_path / "kept.zip", "--data", tmp_path / "restored")
    assert code == 0, told
    assert "4 entries of the log" in told
    for run in runs:
        there = tmp_path / "restored" / RUNS / run.name / CERTIFICATE
        assert there.read_bytes() == (run / CERTIFICATE).read_bytes()
    assert not (tmp_path / "restored" / ENGINEERING_KEY).exists()
    assert "engineering key of the data folder" in told


def test_a_backup_of_an_altered_folder_is_restored_and_says_so(
    make_run: Callable[..., Path], data_folder: Path, tmp_path: Path
) -> None:
    run = make_run()
    (run / CERTIFICATE).write_text("PASS")
    back_up(data_folder, tmp_path / "kept.zip")
    code, told = ledcal("restore", tmp_path / "kept.zip", "--data", tmp_path / "restored")
    assert code == 1
    assert f"{CERTIFICATE}: was altered" in told


def altered_copy(whole: Path, path: Path, name: str, content: bytes | None) -> Path:
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w") as target:
        for one in source.namelist():
            if one != name:
                target.writestr(one, source.read(one))
        if content is not None:
            target.writestr(name, content)
    return path


def test_a_damaged_backup_is_refused_and_leaves_nothing(
    make_run: Callable[..., Path], data_folder: Path, tmp_path: Path
) -> None:
    run = make_run()
    whole = tmp_path / "whole.zip"
    back_up(data_folder, whole)
    page = f"{RUNS}/{run.name}/{CERTIFICATE}"
    evil = json.dumps({"format": "ledcal-backup/1", "files": {"../evil": "00"}}).encode()
    newer = json.dumps({"format": "ledcal-backup/2", "files": {}}).encode()
    for name, content, words in (
        (page, b"PASS", "is not what was backed up"),
        (page, None, "There is no item named"),
        (MANIFEST, None, "cannot be read"),
        (MANIFEST, b"[]", "cannot be read"),
        (MANIFEST, evil, "names a file outside its folder: '../evil'"),
        (MANIFEST, newer, "its format is 'ledcal-backup/2'"),
    ):
        damaged = altered_copy(whole, tmp_path / "damaged.zip", name, content)
        with pytest.raises(RefusedInput, match=words):
            restore(damaged, tmp_path / "restored")
        assert not (tmp_path / "restored").exists()
    cut = tmp_path / "cut.zip"
    cut.write_bytes(whole.read_bytes()[:-100])
    with pytest.raises(RefusedInput, match="take another copy"):
        restore(cut, tmp_path / "restored")
    assert not list(tmp_path.glob(".*.part"))


def test_nothing_is_overwritten(
    make_run: Callable[..., Path], data_folder: Path, tmp_path: Path
) -> None:
    make_run()
    back_up(data_folder, tmp_path / "kept.zip")
    with pytest.raises(RefusedInput, match="is there already; choose another name"):
        back_up(data_folder, tmp_path / "kept.zip")
    with pytest.raises(RefusedInput, match="there is no such file"):
        restore(tmp_path / "absent.zip", tmp_path / "new")
    with pytest.raises(RefusedInput, match="is there already; restore into a new folder"):
        restore(tmp_path / "kept.zip", data_folder)
    with pytest.raises(RefusedInput, match="holds no runs and no record store"):
        back_up(tmp_path / "bench", tmp_path / "other.zip")
