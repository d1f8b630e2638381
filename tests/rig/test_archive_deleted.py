"""An archive of a panel of which a run was deleted in due form."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ledcal.rig.archive_verify import verify_archive
from ledcal.rig.authorisation import approver
from ledcal.rig.closing import RECORD
from ledcal.rig.deletion import delete, request_deletion
from ledcal.rig.deletion_check import DELETION
from ledcal.rig.key_file import new_key_file, public_file
from ledcal.rig.retention import set_retention
from ledcal.rig.run import RUNS
from ledcal.rig.trust import trust
from tests.rig.test_archive import SERIAL, checked, ledcal, unpacked


def test_a_panel_with_a_deleted_run(
    make_run: Callable[..., Path], data_folder: Path, tmp_path: Path
) -> None:
    """What went with the deletion is missed by no check; what stayed is held to as before."""
    run = make_run(operator="Tom")
    people = []
    for name in ("Ann", "Bob"):
        new_key_file(tmp_path / f"{name}.key", name, "ENG")
        trust(public_file(tmp_path / f"{name}.key"), data_folder)
        people.append(approver(name, tmp_path / f"{name}.key", data_folder))
    ann, bob = people
    set_retention(data_folder, 2, "contract", ann)
    number = request_deletion(run, "its time is over", ann, data_folder).number
    delete(run, number, bob, data_folder, on=datetime.now(UTC).date() + timedelta(days=3 * 366))
    archive = tmp_path / "whole.zip"
    code, told = ledcal("export", SERIAL, "--archive", archive, "--data", data_folder)
    assert (code, "nothing was altered" in told) == (0, True), told
    of_whole, of_run = verify_archive(archive, data_folder)
    assert (of_whole.findings, of_run.findings) == ((), ())
    assert "carried out by Bob" in of_run.deleted
    folder = unpacked(archive, tmp_path / "stranger")
    assert (folder / f"forms/{run.name}/results.csv").is_file()
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl")
    here, seal = folder / RUNS / run.name, f"WRONG {RUNS}/{run.name}/seal.json: "
    assert checked(folder)[0] == 0
    proof = (here / DELETION).read_text()
    (here / DELETION).unlink()
    assert f"{seal}calibration.json is not what was sealed" in checked(folder)[1]
    (here / DELETION).write_text(proof.replace("index ", "index 1"))
    told = checked(folder)[1]
    assert f"{seal}calibration.json is not what was sealed" in told
    assert f"WRONG {RUNS}/{run.name}/{DELETION}: its entry is not in the log" in told
    (here / DELETION).write_text(proof)
    (here / RECORD).write_bytes((here / RECORD).read_bytes() + b" ")
    assert f"{seal}{RECORD} is not what was sealed" in checked(folder)[1]
    # One of the two who signed is not known any more.
    for path in folder.glob("keys/*.pem"):
        if path.stem == bob.key.key_id.hex():
            path.unlink()
    assert f"{DELETION}: is not signed by two people" in checked(folder)[1]
