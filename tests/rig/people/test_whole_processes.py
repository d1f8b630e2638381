"""The command as people meet it: at a terminal that shows no PIN, and with no way around it."""

import fcntl
import os
import pty
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from ledcal.rig.settings import SettingsFile
from ledcal.rig.station import Station
from tests.rig.people.conftest import PINS, WRONG, badge_of

LEDCAL = (sys.executable, "-m", "ledcal.rig")
LIMIT_S = 60


@pytest.fixture
def asking(station: SettingsFile[Station], crew: Path) -> Path:
    station.path.write_text(f'sign_on = "required"\n{station.path.read_text()}')
    return station.path


def at_a_terminal(answers: list[str], *arguments: str | Path, cwd: Path) -> tuple[int, str]:
    """Run the command at a terminal of its own with answers, and return what it showed."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*LEDCAL, *map(str, arguments)],
        cwd=cwd,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(theirs, termios.TIOCSCTTY, 0),
    )
    os.close(theirs)
    shown, asked = b"", 0
    try:
        while True:
            try:
                new = os.read(ours, 4096)
            except OSError:
                break  # Linux says that the other end is gone
            if not new:
                break
            shown += new
            # Echo goes off before the question: what is typed after it is not shown.
            if shown.count(b": ") > asked < len(answers) and shown.endswith(b": "):
                os.write(ours, answers[asked].encode() + b"\n")
                asked += 1
        return process.wait(timeout=LIMIT_S), shown.decode()
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def test_a_terminal_asks_twice_for_what_is_to_be_remembered(tmp_path: Path) -> None:
    add = ("person", "add", "Ada", "--role", "approver", "--data", tmp_path / "new")
    badge, pin = badge_of("Ada"), PINS["Ada"]
    code, shown = at_a_terminal([badge, badge, pin, WRONG], *add, cwd=tmp_path)
    assert (code, "the two were not the same" in shown) == (2, True), shown
    code, shown = at_a_terminal([badge, badge, pin, pin], *add, cwd=tmp_path)
    assert (code, "Ada: approver, entry 0 of the log" in shown) == (0, True), shown
    assert [one for one in (badge, pin) if one in shown] == []


def test_a_terminal_asks_and_never_shows(asking: Path, tmp_path: Path) -> None:
    on = ("sign-on", "--station", asking)
    answers = [badge_of("Tom"), PINS["Tom"]]
    code, shown = at_a_terminal(answers, *on, cwd=tmp_path)
    assert code == 0, shown
    assert "badge: " in shown
    assert "PIN: " in shown
    assert "Tom: technician, signed on" in shown
    assert [one for one in answers if one in shown] == []


@pytest.mark.parametrize("way", ["calibrate", "pytest"])
def test_a_station_that_asks_lights_nothing_without_an_answer(
    way: str, asking: Path, tmp_path: Path, crew: Path
) -> None:
    procedure = ("-m", "pytest", "--pyargs", "ledcal.fixtures.procedure", "--ledcal-serial")
    command = {
        "calibrate": [*LEDCAL, "calibrate", "DEMO-0001", f"--station={asking}"],
        "pytest": [sys.executable, *procedure, "DEMO-0001", f"--ledcal-station={asking}"],
    }[way]
    pins = tmp_path / "pins"
    pins.touch(mode=0o600)
    pins.write_text(f"{badge_of('Tom')}\n{WRONG}\n")
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=os.environ | {"LEDCAL_PIN_FILE": str(pins)},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        start_new_session=True,
    )
    words = {"calibrate": "badge or PIN is not right", "pytest": "start it with `ledcal`"}[way]
    told = " ".join((done.stdout + done.stderr).split())
    assert words in told, told
    assert done.returncode == 2
    assert not (crew / "runs").exists()
