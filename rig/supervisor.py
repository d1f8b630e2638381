"""Start the procedure as a child, follow its journal, and close the run however the child ends."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, BinaryIO

from ledcal.calibration.errors import RecordError
from ledcal.calibration.record import Record
from ledcal.rig.certificates import read_certificates
from ledcal.rig.closing import REPORT, close_run
from ledcal.rig.earlier_runs import earlier_runs_of, require_reason
from ledcal.rig.ending import Ending
from ledcal.rig.errors import StationError
from ledcal.rig.file_changes import enter_changes
from ledcal.rig.folder import RUN_BYTES, require_room, require_writable
from ledcal.rig.journal import JOURNAL, local_file, parse_event
from ledcal.rig.keys import SigningKey, engineering_key
from ledcal.rig.people.gate import permitted_request
from ledcal.rig.people.rights import Action
from ledcal.rig.product import read_product
from ledcal.rig.product_release import require_released
from ledcal.rig.proof import PROOFS
from ledcal.rig.prove import provable
from ledcal.rig.run import RUNS, Request, find_run, new_run_folder, require_serial
from ledcal.rig.station import beside, read_station
from ledcal.rig.station_key import key_of
from ledcal.rig.store.opened import require_store, store_url

LOG = "procedure.log"
_LOOK_EVERY_S = 0.05
_END_LIMIT_S = 30.0
_LOG_TAIL = 2000

Follow = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A run as it was asked for, with the files that define it; all of them were read once.

    Attributes:
        station: Station file, None for the virtual bench.
        product: Product file, None for the one that ships with ledcal.
        data_folder: Where the run is kept.
        key: Signs what the run makes.
        prove: Folder of the run whose issued file is proven by light; None to make a new file.
    """

    request: Request
    station: Path | None
    product: Path | None
    data_folder: Path
    key: SigningKey
    prove: Path | None = None


def order(
    request: Request,
    station: Path | None,
    product: Path | None,
    data: Path | None,
    prove: str | None = None,
) -> Order:
    """Check everything that a person wrote, before anything is started.

    Args:
        request: Panel, operator and reason.
        station: Station file, None for the virtual bench.
        product: Product file, None for the one that ships with ledcal.
        data: Data folder instead of the station file's.
        prove: Run whose issued file is proven by light, instead of a new one.

    Raises:
        RefusedInput: Serial, station, product or certificate file are refused, or whoever signs
            on has no right.
        StationError: The data folder cannot be written.
    """
    made = read_product(product)
    require_serial(request.serial, made.settings)
    read = None if station is None else read_station(station)
    if read is None:
        data_folder = data or Path("ledcal-data")
    else:
        read_certificates(read)
        data_folder = data or beside(read, read.settings.data_folder)
    run = None if prove is None else find_run(data_folder, prove).resolve()
    if run is not None:
        provable(request.serial, run, made, data_folder)
    require_writable(data_folder)
    require_room(data_folder, RUN_BYTES)
    require_store(store_url(data_folder))
    if read is not None:
        mode = read.settings.mode
        release = require_released(made, mode, data_folder)
        if run is None:
            require_reason(earlier_runs_of(data_folder / RUNS, request.serial), request, mode)
    key = engineering_key(data_folder) if read is None else key_of(read, data_folder)
    if read is not None:
        action = Action.CALIBRATE if run is None else Action.PROVE
        request = permitted_request(request, read, action)
        enter_changes(data_folder, read, made, release, request.operator)
    return Order(
        request=request,
        station=station,
        product=product,
        data_folder=data_folder,
        key=key,
        prove=run,
    )


def calibrate(wanted: Order, follow: Follow) -> tuple[Path, Record]:
    """Run the procedure; return the run's folder and its record.

    Args:
        wanted: The run.
        follow: Called with each event of the journal as it is written.

    Raises:
        StationError: The procedure did not come so far as to begin a journal.
    """
    kind = RUNS if wanted.prove is None else PROOFS
    folder = new_run_folder(wanted.data_folder, wanted.request.serial, kind)
    child, lifeline = _start(wanted, folder)
    journal = _Follower(folder / JOURNAL, follow)
    try:
        with _orderly_end(child, lifeline):
            while _running(child):
                journal.look()
        journal.look()
    except Exception:
        # Whoever follows has failed, not the run: that was ended in order, and is kept so.
        if (folder / JOURNAL).exists():
            _closed(folder, wanted.key)
        raise
    if not journal.events:
        require_room(wanted.data_folder, RUN_BYTES)
        text = (folder / LOG).read_text(errors="replace")[-_LOG_TAIL:]
        raise StationError(
            "NOT_STARTED",
            f"the procedure {_how(child.returncode)} before it began, and the panel was not "
            f"touched; start again; if that does not help, what it said is in {folder / LOG}:\n"
            f"{text}",
        )
    return folder, _closed(folder, wanted.key)


def _how(code: int) -> str:
    if code < 0:
        return f"was ended by signal {-code} ({signal.strsignal(-code)})"
    return f"ended with {code}"


def _closed(folder: Path, key: SigningKey) -> Record:
    """Close the run; what cannot be stored has not passed, whatever was measured."""
    try:
        return close_run(folder, key)
    except (StationError, RecordError, OSError) as error:
        kept = local_file(folder)
        rest = f"; what the folder did not take is in {kept}" if kept.exists() else ""
        raise StationError(
            "NOT_STORED",
            f"{folder}: the run could not be stored and counts as not made: {error}{rest}; make "
            "room or restore the folder, read the panel back, and calibrate it again",
        ) from error


def _start(wanted: Order, folder: Path) -> tuple["subprocess.Popen[bytes]", BinaryIO]:
    """Start the child; it ends when our end of the pipe closes, so also when we are killed."""
    try:
        log = (folder / LOG).open("wb")
    except OSError as error:
        raise StationError("DISK", f"{folder}: takes no run: {error.strerror}") from error
    theirs, ours = os.pipe()
    with log:
        child = subprocess.Popen(
            [*_command(wanted, folder), f"--ledcal-supervisor={theirs}"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=_environment(),
            pass_fds=(theirs,),
        )
    os.close(theirs)
    return child, os.fdopen(ours, "wb")


def _command(wanted: Order, folder: Path) -> list[str]:
    ini = files("ledcal.fixtures").joinpath("procedure", "pytest.ini")
    command = [
        *(sys.executable, "-m", "pytest", "--pyargs", "ledcal.fixtures.procedure"),
        *("-c", str(ini), "--rootdir", str(folder)),
        # No stray plugin, conftest or configuration may touch a production run: this is the list.
        "--noconftest",
        *("-p", "ledcal.fixtures.plugin", "-p", "pytest_metadata.plugin"),
        *("-p", "pytest_html.plugin", "--html", str(folder / REPORT), "--self-contained-html"),
        f"--ledcal-folder={folder}",
        f"--ledcal-data={wanted.data_folder}",
        f"--ledcal-serial={wanted.request.serial}",
        f"--ledcal-operator={wanted.request.operator}",
        f"--ledcal-reason={wanted.request.reason}",
        f"--ledcal-engineer={wanted.request.engineer}",
        *(f"--ledcal-{name}={text}" for name, text in wanted.request.item.items()),
    ]
    if wanted.station is not None:
        command.append(f"--ledcal-station={wanted.station}")
    if wanted.product is not None:
        command.append(f"--ledcal-product={wanted.product}")
    if wanted.prove is not None:
        command.append(f"--ledcal-prove={wanted.prove}")
    if entry := wanted.request.performer.get("log_entry"):
        command.append(f"--ledcal-permit={entry}")
    return command


def _environment() -> dict[str, str]:
    dropped = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return kept | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


def _running(child: "subprocess.Popen[bytes]") -> bool:
    try:
        child.wait(timeout=_LOOK_EVERY_S)
    except subprocess.TimeoutExpired:
        return True
    return False


@contextmanager
def _orderly_end(child: "subprocess.Popen[bytes]", lifeline: BinaryIO) -> Iterator[None]:
    """Let the child end the run and make the panel dark, whatever ends this process."""
    with Ending():
        try:
            # A terminal sends its interrupt to the child too; the closed pipe says the same.
            with contextlib.suppress(KeyboardInterrupt):
                yield
        finally:
            lifeline.close()
            try:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(timeout=_END_LIMIT_S)
            finally:
                if child.poll() is None:
                    child.kill()
                    child.wait()


class _Follower:
    """Reads what a growing journal has gained since the last look."""

    def __init__(self, path: Path, follow: Follow) -> None:
        self._path = path
        self._follow = follow
        self._read = 0
        self.events = 0

    def look(self) -> None:
        try:
            with self._path.open("rb") as file:
                file.seek(self._read)
                content = file.read()
        except OSError:
            # Not begun yet, or the disk is gone: the child ends the run in good order then.
            return
        whole = content.rfind(b"\n") + 1
        self._read += whole
        for line in content[:whole].split(b"\n")[:-1]:
            self.events += 1
            self._follow(parse_event(line))
