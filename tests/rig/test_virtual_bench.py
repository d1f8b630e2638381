"""The virtual bench as a process of its own: how fast it may run, and who may end it."""

import subprocess
import sys
from pathlib import Path

from ledcal.rig.virtual_bench import DEMO_SPEED, SLOWEST_DEMO_SPEED, demo_speed

INTERRUPTED = """
import os, signal, socket, sys
from pathlib import Path
from ledcal.rig.virtual_bench import virtual_bench

folder = Path(sys.argv[1])
signal.signal(signal.SIGINT, signal.SIG_IGN)
with virtual_bench(
    folder, data_folder=folder, public_key=bytes(32), serial="DEMO-0001", speed=20.0, seed=1
):
    os.killpg(0, signal.SIGINT)
    host, port = (folder / "truth-address").read_text().split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(b'{"ask": "state"}\\n')
        print(connection.makefile().readline())
"""


def test_the_speed_of_a_demo_stays_within_its_bounds_however_busy_the_computer_is() -> None:
    assert SLOWEST_DEMO_SPEED <= demo_speed() <= DEMO_SPEED


def test_an_interrupt_at_the_terminal_leaves_the_bench_to_the_rig(tmp_path: Path) -> None:
    # In a session of its own: the interrupt goes to a whole group of processes, as Ctrl-C does.
    rig = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, str(tmp_path)],
        start_new_session=True,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert rig.stderr == ""
    assert '"dark": true' in rig.stdout
