"""Start the virtual bench as another process and write the station file that describes it."""

import json
import select
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tomli_w

from ledcal.rig.errors import RefusedInput, StationError
from ledcal.rig.folder import require_writable, write_whole
from ledcal.rig.keys import engineering_key
from ledcal.rig.station_lock import hold_station

DEMO_SPEED = 20.0
METER_MODELS = ("PM103", "PM100D")
"""The power meters that the virtual bench can be; the first one unless it is told."""
LOGGER_MODELS = ("DAQ970A", "34972A")
"""The thermocouple loggers that the virtual bench can be; the first one unless it is told."""
SLOWEST_DEMO_SPEED = 4.0
_PROBE_S = 0.1
_SHARE_OF_FULL_SPEED = 0.6
"""Four runs at once on two cores, at full speed, leave each process more or less this share."""
_START_LIMIT_S = 30.0


@contextmanager
def virtual_bench(
    folder: Path,
    *,
    data_folder: Path,
    public_key: bytes,
    serial: str,
    speed: float,
    seed: int,
    mode: str = "DEMO",
    faults: Path | None = None,
    meter: str = METER_MODELS[0],
    logger: str = LOGGER_MODELS[0],
) -> Iterator[Path]:
    """Serve the virtual bench while the context lasts; yield the path of its station file.

    The bench ends when its standard input closes, so also when this process is killed.

    Args:
        folder: Where the station file and the instruments' certificates are written.
        data_folder: The data folder that the station file names.
        public_key: The key that the virtual panel's firmware trusts, 32 bytes.
        serial: Serial of the virtual panel.
        speed: Bench seconds per second.
        seed: Draws the panel and the instruments' errors.
        mode: DEMO or ENG, written into the station file.
        faults: A fault file: what goes wrong on the bench.
        meter: Model of the power meter.
        logger: Model of the thermocouple logger.

    Raises:
        RefusedInput: The bench refuses the fault file.
        StationError: The bench does not come up, or another one is served in this folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    command = [
        *(sys.executable, "-m", "ledcal.instruments.virtual", "--folder", str(folder)),
        *("--speed", str(speed), "--seed", str(seed), "--serial", serial),
        *("--trust", public_key.hex(), "--mode", "ENG", "--meter", meter, "--logger", logger),
        *(() if faults is None else ("--faults", str(faults))),
    ]
    log = folder / "virtual-bench.log"
    # Two benches would take each other's serial lines and station file, and tell nobody.
    with hold_station(folder), log.open("wb") as errors:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            # As on a real bench, Ctrl-C at the terminal reaches the rig alone: it needs the bench
            # to make the panel dark and to see that it is.
            start_new_session=True,
        )
        try:
            ready = _ready(process, log)
            path = folder / "station.toml"
            write_whole(path, station_file(ready, data_folder, mode).encode())
            yield path
        finally:
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            assert process.stdout is not None
            process.stdout.close()


@contextmanager
def station_or_bench(station: Path | None, data: Path | None, serial: str) -> Iterator[Path]:
    """Yield a station file as it is; without one, that of a virtual bench started for it.

    Args:
        station: The station file, or None.
        data: Data folder of the virtual bench, None for `ledcal-data`.
        serial: Serial of the virtual panel; each serial is another panel, the same one every time.

    Raises:
        StationError: The bench does not come up, or the data folder cannot be written.
    """
    if station is not None:
        yield station
        return
    data_folder = (data or Path("ledcal-data")).resolve()
    require_writable(data_folder)
    with (
        tempfile.TemporaryDirectory(prefix="ledcal-") as scratch,
        virtual_bench(
            Path(scratch),
            data_folder=data_folder,
            public_key=engineering_key(data_folder).public,
            serial=serial,
            speed=demo_speed(),
            seed=zlib.crc32(serial.encode()),
        ) as path,
    ):
        yield path


def demo_speed() -> float:
    """Return how fast a virtual bench may run, so that this machine follows it now.

    On a busy machine the rig is late by moments, and each of them is twenty on a bench at speed
    20. How busy it is, the share of a processor tells that this process is given for some work.
    """
    wall_s, used_s = time.perf_counter(), time.process_time()
    while time.process_time() - used_s < _PROBE_S:
        pass
    share = (time.process_time() - used_s) / (time.perf_counter() - wall_s)
    return max(SLOWEST_DEMO_SPEED, DEMO_SPEED * min(1.0, share / _SHARE_OF_FULL_SPEED))


def _ready(process: "subprocess.Popen[bytes]", log: Path) -> dict[str, Any]:
    """Wait for the bench's one ready line."""
    assert process.stdout is not None
    readable, _, _ = select.select([process.stdout], [], [], _START_LIMIT_S)
    line = process.stdout.readline() if readable else b""
    try:
        ready = json.loads(line)
    except ValueError:
        ready = {}
    if isinstance(ready, dict) and "refused" in ready:
        raise RefusedInput("FAULTS", str(ready["refused"]))
    if not isinstance(ready, dict) or not ready.get("ready"):
        raise StationError(
            "VIRTUAL_BENCH",
            f"the virtual bench did not come up in {_START_LIMIT_S:.0f} s; see {log}",
        )
    return ready


def station_file(ready: dict[str, Any], data_folder: Path, mode: str) -> str:
    """Return the text of the station file for a virtual bench, from its ready line."""
    instruments = ready["instruments"]
    keys = ("driver", "resource", "serial", "certificate")
    logger = instruments["thermocouple_logger"]
    station = {
        "format": "ledcal-station/1",
        "name": "virtual bench",
        "site": "emulated: no real instrument takes part",
        "mode": mode,
        "simulated": True,
        "data_folder": str(data_folder),
        "clock": {"speed": ready["speed"]},
        "plane": {
            "distance_mm": 150.0,
            "u_distance_mm": 0.3,
            "distance_sensitivity_per_mm": 0.006,
            "u_cosine": 0.004,
            "spectrometer_ratio": 1.003,
            "turned_spectrometer_ratio": 0.862,
            "u_spectrometer_ratio": 0.01,
            "description": "centre of the panel, 150 mm from its window, 9.5 mm cosine head",
        },
        "decision": {"guard_factor": 1.0},
        "power_meter": {key: instruments["power_meter"][key] for key in keys},
        "spectrometer": {key: instruments["spectrometer"][key] for key in keys},
        "thermocouple_logger": {key: logger[key] for key in keys}
        | {"thermocouples": logger["thermocouples"]},
        "panel": {key: instruments["panel"][key] for key in ("driver", "resource")},
    }
    return tomli_w.dumps(station)
