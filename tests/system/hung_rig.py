"""A rig that lights the panel and then hangs or ends badly.

`python hung_rig.py STATION SERIAL HOW`, started by test_ending.py, prints a line once the panel is
lit, just before it hangs.
"""

import ctypes
import resource
import signal
import sys
import tempfile
import time
from pathlib import Path

from ledcal.rig.bench import open_bench
from ledcal.rig.certificates import read_certificates
from ledcal.rig.ending import ENDING_SIGNALS, Ending
from ledcal.rig.observation import ByDrive
from ledcal.rig.station import read_station

LONG_S = 60


def _die() -> None:
    raise SystemExit  # the one exception of which a thread dies without a word


def hang(how: str) -> None:
    """Do not come back, or not in good order."""
    if how == "disk full":
        # It does not hang, it ends at once: with a transcript that takes no further byte.
        resource.setrlimit(resource.RLIMIT_FSIZE, (1, 1))
    elif how == "interpreter held":
        ctypes.PyDLL(None).sleep(LONG_S)
    elif how == "deaf":
        # A main thread in a C call that no signal breaks off; other threads still take signals.
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDING_SIGNALS)
        ctypes.CDLL(None).sleep(LONG_S)
    else:
        time.sleep(LONG_S)


def main(station_file: Path, serial: str, how: str) -> None:
    """Light all channels and hang."""
    station = read_station(station_file)
    with (
        tempfile.TemporaryDirectory() as folder,
        Ending() as ending,
        open_bench(
            station,
            read_certificates(station),
            serial,
            Path(folder, "transcript.jsonl"),
            lambda: ending.begun,
        ) as bench,
    ):
        ByDrive(dict.fromkeys(bench.panel.channels(), 30000)).apply(bench)
        if how == "keep-alive dead":
            bench.panel.keep_alive = _die  # type: ignore[method-assign]
        print("lit", flush=True)
        hang(how)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
