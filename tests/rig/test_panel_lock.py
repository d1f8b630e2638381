import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ledcal.rig.errors import RefusedInput, StationError
from ledcal.rig.panel_lock import LOCKS, RELEASED, panel_lock, unlock

SERIAL = "DEMO-0001"


@pytest.fixture
def data(data_folder: Path) -> Path:
    data_folder.mkdir(parents=True)
    return data_folder


def lock_file(data: Path) -> Path:
    return data / LOCKS / f"{SERIAL}.json"


def left_behind(data: Path, **changed: Any) -> dict[str, Any]:
    """Leave the lock of a process that is no more."""
    said = {
        "serial": SERIAL,
        "station": "line 2",
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "process_start": "another boot/1",
        "at": "2026-01-01T00:00:00+00:00",
    } | changed
    lock_file(data).parent.mkdir(exist_ok=True)
    lock_file(data).write_text(json.dumps(said))
    return said


def test_a_lock_is_held_by_one_and_given_back(data: Path) -> None:
    with panel_lock(data, SERIAL, "line 1") as before:
        assert before is None
        with pytest.raises(StationError) as caught, panel_lock(data, SERIAL, "line 2"):
            pass
        assert caught.value.code == "PANEL_LOCKED"
        assert "'line 1'" in caught.value.text
        with panel_lock(data, "DEMO-0002", "line 2"):
            pass
    assert not lock_file(data).exists()
    with panel_lock(data, SERIAL, "line 2"):
        pass


def test_a_process_id_that_was_given_again_is_not_the_holder(data: Path) -> None:
    left_behind(data)
    with panel_lock(data, SERIAL, "line 1") as before:
        assert before is not None
        assert before.station == "line 2"


def test_a_holder_on_another_computer_is_never_taken_for_gone(data: Path) -> None:
    left_behind(data, host="elsewhere")
    with pytest.raises(StationError, match="host elsewhere"), panel_lock(data, SERIAL, "line 1"):
        pass
    holder, kept = unlock(data, SERIAL, "it is switched off", "E. Ross")
    assert holder.host == "elsewhere"
    assert kept.parent.name == RELEASED
    assert json.loads(kept.read_text())["reason"] == "it is switched off"
    with panel_lock(data, SERIAL, "line 1"):
        pass


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"serial": 1}', b"\xff"])
def test_a_damaged_lock_is_somebodys(data: Path, content: bytes) -> None:
    lock_file(data).parent.mkdir()
    lock_file(data).write_bytes(content)
    with pytest.raises(StationError, match="damaged lock"), panel_lock(data, SERIAL, "line 1"):
        pass
    unlock(data, SERIAL, "damaged", "E. Ross")
    assert not lock_file(data).exists()


def test_what_is_in_use_or_not_locked_is_not_freed(data: Path) -> None:
    with pytest.raises(RefusedInput, match="is not locked"):
        unlock(data, SERIAL, "x", "y")
    with panel_lock(data, SERIAL, "line 1"):
        with pytest.raises(RefusedInput, match="end that run first"):
            unlock(data, SERIAL, "x", "y")
        with pytest.raises(RefusedInput, match="say why"):
            unlock(data, SERIAL, " ", "y")


def test_a_lock_that_somebody_freed_and_another_took_is_not_taken_away(data: Path) -> None:
    with panel_lock(data, SERIAL, "line 1"):
        lock_file(data).unlink()
        left_behind(data, host="elsewhere")
    assert lock_file(data).exists()


def test_a_folder_that_refuses_is_the_stations_fault(data: Path) -> None:
    (data / LOCKS).write_text("a file")
    with pytest.raises(StationError, match="panel lock") as caught, panel_lock(data, SERIAL, "x"):
        pass
    assert caught.value.code == "DATA_FOLDER"


RACER = """
import os, sys
from contextlib import ExitStack
from pathlib import Path
from ledcal.rig.errors import StationError
from ledcal.rig.panel_lock import panel_lock
data, serial, rounds = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
taken = 0
for _ in range(rounds):
    with ExitStack() as stack:
        try:
            stack.enter_context(panel_lock(data, serial, str(os.getpid())))
        except StationError:
            continue
        marker = data / "marker"
        with marker.open("x"):
            pass
        marker.unlink()
        taken += 1
print(taken)
"""


def test_of_many_that_ask_at_once_only_one_has_it(data: Path) -> None:
    """The marker, made only where there is none, would tell of a second holder."""
    left_behind(data)
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, str(data), SERIAL, "60"],
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    told = [racer.communicate(timeout=120)[0] for racer in racers]
    assert [racer.returncode for racer in racers] == [0] * 4
    assert sum(map(int, told)) >= 1
    assert not lock_file(data).exists()
