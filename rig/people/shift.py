"""A sign-on that is kept for a shift: in a file of its owner, until it is idle for too long."""

import json
import os
import secrets
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from ledcal.rig.errors import RefusedInput, StationError
from ledcal.rig.folder import canonical, sha256_hex
from ledcal.rig.people.account import People, accounts
from ledcal.rig.people.sign_on import SIGNED_ON, SignedOn, read_entry, sign_on
from ledcal.rig.store.schema import LOG_ENTRY

SIGNED_OFF = "signed off"
SHIFT_FORMAT = "ledcal-shift/1"
LONGEST = timedelta(hours=12)
"""A sign-on ends after this time, however busy its shift was."""
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_TOKEN_BYTES = 32


class ShiftEnded(RefusedInput):
    """There was a sign-on for the shift, and it holds no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the file of a shift says; it is worth nothing without the log's entry.

    Attributes:
        entry: Number of the sign-on in the log.
        token: Of which the log has the hash.
        boot: Of this computer.
        used_at: When it was used last; UTC.
    """

    entry: int
    token: str
    boot: str
    used_at: datetime

    @property
    def content(self) -> bytes:
        """The bytes of the file."""
        return canonical(
            {
                "format": SHIFT_FORMAT,
                "entry": self.entry,
                "token": self.token,
                "boot": self.boot,
                "used_at": self.used_at.isoformat(),
            }
        )


def shift_file(url: str) -> Path:
    """Return where this user's shift at a store is kept: never in the data folder's backups.

    Raises:
        StationError: The folder is not this user's own.
    """
    base = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    folder = base / f"ledcal-{os.geteuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError as error:
        raise StationError("SHIFT", f"{folder}: {error.strerror}") from error
    if folder.is_symlink() or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise StationError("SHIFT", f"{folder}: is not this user's alone; remove it")
    return folder / f"{sha256_hex(url.encode())[:16]}.json"


def begin_shift(
    people: People, url: str, badge: str, pin: str, idle_s: float, at: datetime | None = None
) -> SignedOn:
    """Sign a person on and keep it for the shift; another one that was kept ends.

    Args:
        people: Where the accounts are.
        url: Of the store.
        badge: What the badge says.
        pin: The PIN.
        idle_s: After so long without use it ends. [s]
        at: Now, unless another time is given.

    Raises:
        RefusedInput: As `sign_on`.
        StationError: The store or the disk refuses.
    """
    token, boot = secrets.token_hex(_TOKEN_BYTES), _boot()
    shift = {"token_sha256": sha256_hex(token.encode()), "idle_s": idle_s}
    person = sign_on(people, badge, pin, at=at, shift=shift)
    end_shift(people, url)
    _write(shift_file(url), Kept(entry=person.entry, token=token, boot=boot, used_at=person.at))
    return person


def resume_shift(people: People, url: str, at: datetime | None = None) -> SignedOn | None:
    """Return who is signed on for a shift here, None when nobody is; it counts as its use.

    Raises:
        ShiftEnded: Somebody was; says why it holds no more, and the file is gone.
        StationError: The store or the disk refuses.
    """
    now, path = at or datetime.now(UTC), shift_file(url)
    try:
        kept = _read(path)
        if kept is None:
            return None
        with people.store.reading() as connection:
            person = _holder(connection, kept, now)
    except ShiftEnded:
        with suppress(OSError):
            path.unlink()
        raise
    _write(path, Kept(entry=kept.entry, token=kept.token, boot=kept.boot, used_at=now))
    return person


def end_shift(people: People, url: str) -> str | None:
    """Sign off; return who it was, None when nobody was signed on.

    Raises:
        StationError: The store or the disk refuses.
    """
    path = shift_file(url)
    try:
        kept = _read(path)
    except ShiftEnded:
        kept = None
    name = None
    if kept is not None:
        with people.store.adding() as connection:
            said = read_entry(connection, kept.entry)
            if _is_of(kept, said):
                name = str(said["who"])
                people.enter(connection, SIGNED_OFF, name, name, {"sign_on": kept.entry})
    with suppress(FileNotFoundError):
        path.unlink()
    return name


def _holder(connection: Connection, kept: Kept, now: datetime) -> SignedOn:
    said = read_entry(connection, kept.entry)
    if kept.boot != _boot() or not _is_of(kept, said):
        raise _ended("it is not of this computer's present start, or not in the log")
    name, began = str(said["who"]), datetime.fromisoformat(said["at"])
    idle_s = float(said["facts"]["shift"]["idle_s"])
    idle = now - kept.used_at
    if idle < timedelta(0) or now < began:
        raise _ended("the clock went back")
    if idle > timedelta(seconds=idle_s):
        raise _ended(f"it was idle for more than {idle_s / 60:g} min")
    if now - began > LONGEST:
        raise _ended(f"it is older than {LONGEST.total_seconds() / 3600:g} h")
    if _signed_off(connection, name, kept.entry):
        raise _ended(f"{name!r} has signed off")
    for one in accounts(connection):
        if one.name == name and one.active:
            return SignedOn(name=name, role=one.role, entry=kept.entry, at=began)
    raise _ended(f"the account of {name!r} is disabled")


def _is_of(kept: Kept, said: dict[str, Any]) -> bool:
    """Tell whether the log has this very sign-on: a file that was written by hand is none."""
    try:
        told = said["facts"]["shift"]["token_sha256"]
        return bool(said["kind"] == SIGNED_ON and told == sha256_hex(kept.token.encode()))
    except (KeyError, TypeError):
        return False


def _signed_off(connection: Connection, name: str, entry: int) -> bool:
    later = connection.execute(
        select(LOG_ENTRY.c.number).where(
            LOG_ENTRY.c.subject == name,
            LOG_ENTRY.c.kind == SIGNED_OFF,
            LOG_ENTRY.c.number > entry,
        )
    )
    return any(
        read_entry(connection, number).get("facts") == {"sign_on": entry}
        for number in later.scalars()
    )


def _read(path: Path) -> Kept | None:
    """Return what a shift's file says, None where there is none.

    Raises:
        ShiftEnded: Others could read or write it, or it is damaged.
    """
    try:
        found = path.lstat()
        if found.st_mode & 0o177 or found.st_uid != os.geteuid() or path.is_symlink():
            raise _ended("its file was open to others")
        said = json.loads(path.read_bytes())
        if said["format"] != SHIFT_FORMAT:
            raise _ended("another ledcal has kept it")
        used_at = datetime.fromisoformat(said["used_at"]).astimezone(UTC)
        return Kept(
            entry=int(said["entry"]),
            token=str(said["token"]),
            boot=str(said["boot"]),
            used_at=used_at,
        )
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StationError("SHIFT", f"{path}: {error.strerror}") from error
    except ShiftEnded:
        raise
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError) as error:
        raise _ended("its file is damaged") from error


def _write(path: Path, kept: Kept) -> None:
    """Write a file that is its owner's alone from its first byte."""
    try:
        # mkstemp makes it with mode 600 under a name that nobody has guessed.
        number, name = tempfile.mkstemp(dir=path.parent, prefix=".shift-")
        with os.fdopen(number, "wb") as file:
            file.write(kept.content)
        os.replace(name, path)
    except OSError as error:
        raise StationError("SHIFT", f"{path}: cannot be written: {error.strerror}") from error


def _ended(why: str) -> ShiftEnded:
    return ShiftEnded("SHIFT_ENDED", f"the sign-on for the shift has ended: {why}; sign on again")


def _boot() -> str:
    """Return which start of this computer this is.

    Raises:
        StationError: The system does not tell; then nothing is kept for a shift.
    """
    try:
        return _BOOT.read_text().strip()
    except OSError as error:
        raise StationError(
            "SHIFT", f"{_BOOT}: {error.strerror}: a sign-on cannot be kept; sign on each time"
        ) from error
