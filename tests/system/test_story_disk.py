"""F23: a disk that is full, a folder that is gone, a file that may not grow; by real means."""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.system.conftest import let_know

pytestmark = pytest.mark.system
Ledcal = Callable[..., Any]
PANEL = "DEMO-0001"
DISK_BYTES = 48_000_000
DARK_LIMIT_S = 2.0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with little room, which only root can mount."""
    folder = tmp_path / "disk"
    folder.mkdir()
    options = ("-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder))
    done = subprocess.run(["mount", *options], capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"no file system can be mounted: {done.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Take the last byte of a disk."""
    path = folder / "somebody-elses"
    with path.open("wb", buffering=0) as file:
        size = 1 << 20
        while size:
            try:
                file.write(bytes(size))
            except OSError:
                size //= 2
    return path


@pytest.fixture
def lit(
    bench: Any, start: Callable[..., Any], wait_for: Callable[..., None], tmp_path: Path
) -> Callable[[Path], Any]:
    """Start a run that keeps its data in a folder, and wait until the panel is lit."""

    def begin(data: Path) -> Any:
        let_know(bench, data)
        arguments = ("--station", bench.station, "--data", data, "--json")
        process = start("calibrate", PANEL, *arguments, cwd=tmp_path)
        wait_for(lambda: not bench.truth(ask="state")["dark"], limit_s=60, what="light")
        return process

    return begin


def ended(bench: Any, process: Any) -> tuple[int, dict[str, Any]]:
    """Wait for the end of a run; return its exit code and what it printed."""
    output = process.communicate(timeout=120)[0]
    assert bench.truth(ask="state")["dark"]
    assert bench.truth(ask="panel")["sha256"] is None
    return process.returncode, json.loads(output)


def test_f23_a_disk_without_room_is_told_before_light(
    bench: Any, ledcal: Ledcal, small_disk: Path, tmp_path: Path
) -> None:
    (small_disk / "other").write_bytes(bytes(DISK_BYTES - 20_000_000))
    arguments = ("--station", bench.station, "--data", small_disk, "--json")
    done = ledcal("calibrate", PANEL, *arguments, cwd=tmp_path)
    (reason,) = json.loads(done.stdout)["reasons"]
    assert (done.returncode, reason["code"]) == (4, "DISK")
    assert "MB are free, 32 MB are needed; make room" in reason["text"]
    assert not (small_disk / "runs").exists()


def test_f23_a_disk_that_fills_up_in_a_run_ends_it_dark_and_keeps_its_end(
    bench: Any, lit: Callable[[Path], Any], ledcal: Ledcal, small_disk: Path, tmp_path: Path
) -> None:
    process = lit(small_disk)
    filler = fill(small_disk)
    assert bench.dark_within_s(20)
    code, said = ended(bench, process)
    assert code == 4, said
    assert said["outcome"] == "STATION"
    # The room that was kept has taken the end of the journal.
    filler.unlink()
    shown = json.loads(ledcal("show", PANEL, "--data", small_disk, "--json", cwd=tmp_path).stdout)
    assert shown["outcome"] == "STATION"
    assert shown["reasons"][0]["code"] == "DISK"
    assert "No space left on device; make room" in shown["reasons"][0]["text"]


def test_f23_a_data_folder_that_is_gone_ends_the_run_and_leaves_its_end_here(
    bench: Any, lit: Callable[[Path], Any], tmp_path: Path
) -> None:
    share = tmp_path / "share"
    process = lit(share)
    share.rename(tmp_path / "elsewhere")
    share.write_text("not the share")
    code, said = ended(bench, process)
    assert code == 4, said
    (reason,) = said["reasons"]
    assert (said["outcome"], reason["code"]) == ("STATION", "NOT_STORED")
    assert "counts as not made" in reason["text"]
    (run,) = (tmp_path / "elsewhere" / "runs").iterdir()
    kept = Path(reason["text"].partition("did not take is in ")[2].partition(";")[0])
    assert kept.name == f"ledcal-{run.name}.jsonl"
    last = json.loads(kept.read_text().splitlines()[-1])
    kept.unlink()
    assert (last["event"], last["outcome"]) == ("run_finished", "STATION")
    assert last["reasons"][0]["code"] == "DISK"


def test_f23_a_transcript_that_cannot_grow_ends_the_run(bench: Any, tmp_path: Path) -> None:
    """The largest file of a run; to be dark does not depend on it."""
    command = [sys.executable, "-m", "ledcal.rig", "calibrate", PANEL, "--json"]

    def no_large_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))

    process = subprocess.Popen(
        [*command, "--station", str(bench.station)],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        preexec_fn=no_large_files,
    )
    code, said = ended(bench, process)
    assert (code, said["outcome"]) == (4, "STATION"), said
    assert said["reasons"][0]["code"] == "DISK"
    assert "transcript.jsonl: cannot be written: File too large" in said["reasons"][0]["text"]


def test_f23_a_journal_that_cannot_grow_goes_on_in_a_local_file(tmp_path: Path) -> None:
    """Its room does not help it then; when the disk is well again, the run is made whole."""
    script = """
import resource, sys
from pathlib import Path
from ledcal.rig.errors import StationError
from ledcal.rig.journal import Journal
resource.setrlimit(resource.RLIMIT_FSIZE, (70_000, 70_000))
journal = Journal.create(Path(sys.argv[1]))
told = 0
for n in range(1, 9):
    try:
        journal.append("note", {"code": "LONG", "text": str(n) * 20_000})
    except StationError:
        told += 1
journal.close()
print(told)
"""
    run = tmp_path / "20260101T000000000Z-DEMO-0001"
    run.mkdir()
    scratch = tmp_path / "local"
    scratch.mkdir()
    environment = os.environ | {"TMPDIR": str(scratch)}
    done = subprocess.run(
        [sys.executable, "-c", script, run], env=environment, capture_output=True, text=True
    )
    assert done.stdout == "1\n", done.stderr
    assert [path.name for path in run.iterdir()] == ["journal.jsonl"]
    closing = f"""
from pathlib import Path
from ledcal.rig.journal import read_journal, take_in_local_file
take_in_local_file(Path({str(run)!r}))
print(len(read_journal(Path({str(run)!r}))))
"""
    taken = subprocess.run(
        [sys.executable, "-c", closing], env=environment, capture_output=True, text=True
    )
    # Three events fitted into the file, and three into the local one.
    assert taken.stdout == "6\n", taken.stderr
    assert not list(scratch.iterdir())


MOVES_THE_FOLDER = """
from pathlib import Path


def pytest_runtest_logfinish(nodeid):
    if "test_panel" in nodeid:
        (run,) = Path("data/runs").iterdir()
        run.rename(Path("data") / "moved")
"""


def test_f23_no_step_begins_that_cannot_be_recorded(bench: Any, tmp_path: Path) -> None:
    """Between two steps, in a session that an engineer started: its end is in order too."""
    (tmp_path / "mover.py").write_text(MOVES_THE_FOLDER)
    scratch = tmp_path / "local"
    scratch.mkdir()
    environment = os.environ | {"TMPDIR": str(scratch)}
    environment["PYTHONPATH"] = os.pathsep.join([os.environ.get("PYTHONPATH", ""), str(tmp_path)])
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "--pyargs", "ledcal.fixtures.procedure"),
            *("-p", "mover", "-p", "no:cacheprovider", f"--ledcal-serial={PANEL}"),
            *(f"--ledcal-station={bench.station}", "--ledcal-data=data"),
        ],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "cannot be written" in done.stdout
    assert "INTERNALERROR" not in done.stdout
    (kept,) = scratch.glob("ledcal-*.jsonl")
    last = json.loads(kept.read_text().splitlines()[-1])
    assert (last["event"], last["outcome"]) == ("run_finished", "STATION")
    (transcript,) = tmp_path.glob("data/moved/transcript.jsonl")
    assert "OUTP1 ON" not in transcript.read_text()
    assert bench.truth(ask="state")["dark"]
