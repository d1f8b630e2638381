"""Serve the virtual bench for other processes, until a signal ends it."""

import signal
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from ledcal.rig.errors import RefusedInput, StationError
from ledcal.rig.fault_files import find_fault_file
from ledcal.rig.folder import require_writable
from ledcal.rig.keys import engineering_key
from ledcal.rig.product import read_product
from ledcal.rig.run import require_serial
from ledcal.rig.virtual_bench import LOGGER_MODELS, METER_MODELS, virtual_bench


def serve_virtual_bench(
    data_folder: Path,
    *,
    serial: str,
    speed: float,
    seed: int,
    mode: str,
    announce: Callable[[str], None],
    faults: str | None = None,
    meter: str = METER_MODELS[0],
    logger: str = LOGGER_MODELS[0],
) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP; announce the station file's path once it is there.

    Args:
        data_folder: Where the bench's folder is made.
        serial: Serial of the virtual panel.
        speed: Bench seconds in a second.
        seed: Draws the panel and the instruments' errors.
        mode: DEMO or ENG, for the station file.
        announce: Takes the path.
        faults: A fault file's path, or the name of one that is shipped.
        meter: Model of the power meter.
        logger: Model of the thermocouple logger.

    Raises:
        RefusedInput: Serial, mode, fault file, meter or logger are refused.
        StationError: The bench does not come up or ends by itself, another one is served in its
            folder, or the data folder cannot be written.
    """
    if mode not in ("DEMO", "ENG"):
        raise RefusedInput("MODE", f"mode {mode!r}: a virtual bench is DEMO or ENG")
    if meter not in METER_MODELS:
        raise RefusedInput("METER", f"meter {meter!r}: there are {', '.join(METER_MODELS)}")
    if logger not in LOGGER_MODELS:
        raise RefusedInput("LOGGER", f"logger {logger!r}: there are {', '.join(LOGGER_MODELS)}")
    fault_file = None if faults is None else find_fault_file(faults)
    require_serial(serial, read_product(None).settings)
    require_writable(data_folder)
    ended = threading.Event()
    seen: set[int] = set()

    def end(number: int, frame: FrameType | None) -> None:
        seen.add(number)
        ended.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    with virtual_bench(
        data_folder / "bench" / serial,
        data_folder=data_folder,
        public_key=engineering_key(data_folder).public,
        serial=serial,
        speed=speed,
        seed=seed,
        mode=mode,
        faults=fault_file,
        meter=meter,
        logger=logger,
    ) as station:
        # The bench's own process has ended: nothing is served any more.
        signal.signal(signal.SIGCHLD, end)
        announce(str(station))
        ended.wait()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        if seen == {signal.SIGCHLD}:
            log = station.with_name("virtual-bench.log")
            raise StationError(
                "VIRTUAL_BENCH",
                f"the virtual bench has ended by itself; see {log}, then start it again",
            )
