"""One panel, one station: a lock in the data folder while a panel is on a bench."""

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from ledcal.rig.errors import RefusedInput, StationError
from ledcal.rig.folder import canonical, write_whole
from ledcal.rig.logged import enter_action
from ledcal.rig.run import require_serial

LOCKS = "locks"
RELEASED = "released"
_GUARD = ".guard"
_PROC = Path("/proc")
_START_FIELD = 19
"""Of a process's start in /proc/PID/stat, counted behind the name in brackets (proc(5))."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who has a panel on a bench.

    Attributes:
        serial: The panel.
        station: Name of the station.
        host: The computer.
        pid: The process there.
        process_start: When that process began, by the computer's own count; a process id alone
            is given again to others.
        at: Since when, UTC, ISO 8601.
    """

    serial: str
    station: str
    host: str
    pid: int
    process_start: str
    at: str

    @classmethod
    def this_process(cls, serial: str, station: str) -> Self:
        """Return this process as the one that has the panel."""
        return cls(
            serial=serial,
            station=station,
            host=socket.gethostname(),
            pid=os.getpid(),
            process_start=_process_start(os.getpid()),
            at=datetime.now(UTC).isoformat(timespec="seconds"),
        )

    @property
    def is_gone(self) -> bool:
        """True when it ran on this computer and is no more; of another nothing is known here."""
        return self.host == socket.gethostname() and _process_start(self.pid) != self.process_start

    @property
    def words(self) -> str:
        """Who and since when, for a person."""
        return f"station {self.station!r} (host {self.host}, process {self.pid}) since {self.at}"


@contextmanager
def panel_lock(data_folder: Path, serial: str, station: str) -> Iterator[Holder | None]:
    """Hold a panel's lock while the context lasts; yield who left it behind, None when nobody.

    Args:
        data_folder: What the stations share.
        serial: The panel.
        station: Name of this station.

    Raises:
        StationError: Another station has the panel, or the disk refuses.
    """
    path = _lock_of(data_folder, serial)
    mine = Holder.this_process(serial, station)
    try:
        path.parent.mkdir(exist_ok=True)
        before = _take(path, mine)
    except OSError as error:
        raise _refused(path, error) from error
    try:
        yield before
    finally:
        _give_back(path, mine)


def unlock(data_folder: Path, serial: str, reason: str, operator: str) -> tuple[Holder, Path]:
    """Free a panel whose station left its lock behind; return whose it was, and what is kept.

    Raises:
        RefusedInput: The panel is not locked, or a run of this computer holds it.
        StationError: The disk refuses.
    """
    require_serial(serial)
    if not reason.strip():
        raise RefusedInput("REASON", "--reason: say why the panel is free")
    path = _lock_of(data_folder, serial)
    now = datetime.now(UTC)
    kept = (
        path.parent / RELEASED / f"{now:%Y%m%dT%H%M%S}{now.microsecond // 1000:03d}Z-{path.name}"
    )
    try:
        if not path.parent.is_dir() or (holder := _holder(path)) is None:
            raise RefusedInput("NOT_LOCKED", f"panel {serial} is not locked in {data_folder}")
        if holder.host == socket.gethostname() and not holder.is_gone:
            raise RefusedInput(
                "IN_USE", f"panel {serial} is in use here by {holder.words}; end that run first"
            )
        kept.parent.mkdir(exist_ok=True)
        said = {"reason": reason, "operator": operator, "released_at": now.isoformat()}
        write_whole(kept, canonical(asdict(holder) | said))
        facts = {"old": holder.words, "new": "free", "reason": reason, "kept": kept.name}
        enter_action(data_folder, "panel unlocked", serial, who=operator, facts=facts)
        with _guarded(path.parent):
            if _holder(path) == holder:
                path.unlink()
    except OSError as error:
        raise _refused(path, error) from error
    return holder, kept


def _lock_of(data_folder: Path, serial: str) -> Path:
    return data_folder / LOCKS / f"{serial}.json"


@contextmanager
def _guarded(folder: Path) -> Iterator[None]:
    """Let one process of this computer at a time look at locks and change them."""
    with (folder / _GUARD).open("a") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        yield


def _holder(path: Path) -> Holder | None:
    """Return whose lock it is; what cannot be read belongs to somebody unknown, not to nobody."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        said = json.loads(content)
        return Holder(**{each.name: said[each.name] for each in fields(Holder)})
    except (ValueError, KeyError, TypeError, RecursionError):
        return Holder(
            serial=path.stem,
            station="of a damaged lock",
            host="unknown",
            pid=0,
            process_start="",
            at="an unknown time",
        )


def _take(path: Path, mine: Holder) -> Holder | None:
    """Take the lock; return the holder that is gone and had left it.

    Raises:
        StationError: Somebody else has it.
        OSError: The disk refuses.
    """
    with _guarded(path.parent):
        before = _holder(path)
        if before is not None and not before.is_gone:
            raise _locked(before)
        if before is not None:
            path.unlink()
        temporary = path.with_name(f".{path.name}.{mine.host}.{mine.pid}")
        temporary.write_bytes(canonical(asdict(mine)))
        try:
            # Whole, and only where there is none: the guard does not reach other computers.
            os.link(temporary, path)
        except FileExistsError:
            raise _locked(_holder(path) or mine) from None
        finally:
            temporary.unlink()
    return before


def _locked(holder: Holder) -> StationError:
    return StationError(
        "PANEL_LOCKED",
        f"panel {holder.serial} is with {holder.words}; wait until that run has ended. If nothing "
        f"runs there, an engineer frees it: `ledcal unlock {holder.serial} --reason TEXT`",
    )


def _give_back(path: Path, mine: Holder) -> None:
    """Take this process's own lock away; a disk that refuses leaves one of a process that ends."""
    try:
        with _guarded(path.parent):
            if _holder(path) == mine:
                path.unlink()
    except OSError:
        return


def _process_start(pid: int) -> str:
    """Return when a process of this computer began, empty when there is none."""
    try:
        said = (_PROC / str(pid) / "stat").read_text(errors="replace")
        booted = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
    state, *_ = rest = said.rpartition(")")[2].split()
    # A zombie has ended; its parent has yet to look.
    return "" if state in "ZX" else f"{booted}/{rest[_START_FIELD]}"


def _refused(path: Path, error: OSError) -> StationError:
    return StationError("DATA_FOLDER", f"{path}: panel lock: {error.strerror}")
