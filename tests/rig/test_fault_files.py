"""The fault files that are shipped: each is one that the virtual bench takes."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import tomli_w

from ledcal.rig.errors import RefusedInput
from ledcal.rig.fault_files import find_fault_file, list_fault_files


def names() -> list[str]:
    return [line.split()[0] for line in list_fault_files().splitlines()]


def test_list_has_a_title_for_each() -> None:
    lines = list_fault_files().splitlines()
    assert 6 <= len(lines) <= 20
    assert "late-reply        The power meter answers one reading too late" in lines


def test_file_of_a_user_comes_before_a_shipped_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = find_fault_file("late-reply")
    assert shipped.name == "late-reply.toml"
    monkeypatch.chdir(tmp_path)
    Path("late-reply").write_text("", encoding="utf-8")
    assert find_fault_file("late-reply") == tmp_path / "late-reply"


def test_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(RefusedInput, match=r"lost-reply: is neither .* late-reply, logger-dies"):
        find_fault_file("lost-reply")


def test_virtual_bench_takes_every_shipped_file(tmp_path: Path) -> None:
    files = [tomllib.loads(find_fault_file(name).read_text("utf-8")) for name in names()]
    for file in files:
        assert file.keys() == {"format", "title", "text", "fault"}
        assert file["format"] == "ledcal-faults/1"
        assert len(file["text"]) > 100
    # All in one: one process is enough to try them.
    everything = files[0] | {"fault": [fault for file in files for fault in file["fault"]]}
    path = tmp_path / "everything.toml"
    path.write_text(tomli_w.dumps(everything), encoding="utf-8")
    command = [sys.executable, "-m", "ledcal.instruments.virtual", "--folder", str(tmp_path)]
    done = subprocess.run(
        [*command, "--faults", str(path)], stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert json.loads(done.stdout).get("refused") is None
    assert done.returncode == 0
