"""The check that an archive brings with it: whom it believes."""

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ledcal.rig.archive import write_archive
from ledcal.rig.closing import SEAL
from ledcal.rig.folder import sha256_hex
from ledcal.rig.log_book import LOG_PROOF
from ledcal.rig.run import RUNS


@pytest.fixture
def unpacked(sealed_run: Path, data_folder: Path, tmp_path: Path) -> Path:
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl")
    write_archive("TEST-0001", tmp_path / "whole.zip", data_folder)
    with zipfile.ZipFile(tmp_path / "whole.zip") as source:
        source.extractall(tmp_path / "stranger")
    return tmp_path / "stranger"


def checked(folder: Path) -> tuple[int, str]:
    command = [sys.executable, "-I", "check.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    return done.returncode, done.stdout


def test_what_is_not_of_the_archive_is_told_of(unpacked: Path) -> None:
    (unpacked / "more.txt").write_text("x")
    code, told = checked(unpacked)
    assert code == 0, told
    assert "NOT CHECKED more.txt: is not of this archive" in told


def test_no_key_is_believed_that_is_not_in_keys(unpacked: Path, sealed_run: Path) -> None:
    run = f"{RUNS}/{sealed_run.name}"
    whose = json.loads((unpacked / run / SEAL).read_text())["public_key"]
    (unpacked / "keys" / f"{sha256_hex(bytes.fromhex(whose))[:16]}.pem").unlink()
    code, told = checked(unpacked)
    assert code == 1
    for name in (SEAL, LOG_PROOF):
        assert f"WRONG {run}/{name}: is signed with no key that is in keys/" in told
