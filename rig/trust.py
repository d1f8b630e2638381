"""The keys that a data folder knows: its own, and those that somebody said to trust."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ledcal.calibration.codec import key_id
from ledcal.rig.errors import RefusedInput, StationError
from ledcal.rig.folder import write_whole
from ledcal.rig.key_file import PublicKeySettings, public_key_toml
from ledcal.rig.keys import Purpose, known_public_key
from ledcal.rig.settings import read_settings

TRUSTED = "keys/trusted"
_KEY_ID = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownKey:
    """A key that is known by more than its id.

    Attributes:
        name: What people call it.
        purpose: PROD or ENG.
        public: 32 raw bytes.
        own: Whether it is the data folder's own engineering key.
        retired: Since when nothing new may be signed with it, None while in use.
    """

    name: str
    purpose: Purpose
    public: bytes
    own: bool = False
    retired: datetime | None = None

    @property
    def key_id(self) -> str:
        """Its id, 16 hex digits."""
        return key_id(self.public).hex()

    @property
    def words(self) -> str:
        """Whose key it is, for a person."""
        whose = "this data folder's" if self.own else f"trusted here: {self.name}, {self.purpose}"
        return whose if self.retired is None else f"{whose}, {retired_words(self.retired)}"


def retired_words(retired: datetime) -> str:
    """Return since when a key is retired."""
    return f"retired since {retired.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def known_keys(data_folder: Path) -> list[KnownKey]:
    """Return every key that the data folder knows, its own first.

    Raises:
        RefusedInput: A file among the trusted keys is damaged.
    """
    own = known_public_key(data_folder)
    found = (
        [] if own is None else [KnownKey(name="engineering", purpose="ENG", public=own, own=True)]
    )
    return found + [_read(path) for path in sorted((data_folder / TRUSTED).glob("*.toml"))]


def known_key(data_folder: Path, key_id: str) -> KnownKey | None:
    """Return the key with this id, None when the data folder does not know it.

    Raises:
        RefusedInput: Its file among the trusted keys is damaged.
    """
    own = known_public_key(data_folder)
    if own is not None:
        key = KnownKey(name="engineering", purpose="ENG", public=own, own=True)
        if key.key_id == key_id:
            return key
    path = data_folder / TRUSTED / f"{key_id}.toml"
    return _read(path) if path.exists() else None


def _nothing(_: KnownKey) -> None:
    pass


def trust(
    path: Path, data_folder: Path, before: Callable[[KnownKey], object] = _nothing
) -> KnownKey:
    """Let the data folder know a public key; one that was retired there stays retired.

    Args:
        path: Of the public key's file.
        data_folder: That is to know it.
        before: Called with what is about to be written; an error of it leaves all as it was.

    Raises:
        RefusedInput: The file is refused, or the key was retired here.
        StationError: The disk refuses.
    """
    said = read_settings(path, PublicKeySettings).settings
    key = KnownKey(
        name=said.name,
        purpose=said.purpose,
        public=bytes.fromhex(said.public_key),
        retired=said.retired,
    )
    return trust_key(key, data_folder, before, source=path)


def trust_key(
    key: KnownKey,
    data_folder: Path,
    before: Callable[[KnownKey], object],
    *,
    source: Path,
) -> KnownKey:
    """Let the data folder know a key that `source` tells of; else as `trust`."""
    known = known_key(data_folder, key.key_id)
    if known is not None and known.public != key.public:
        raise RefusedInput("KEY", f"{source}: another key has the id {key.key_id} here; make anew")
    if known is not None and (known.own or known.retired is None):
        return known
    if known is not None and known.retired is not None:
        raise RefusedInput(
            "KEY_RETIRED",
            f"{source}: key {key.key_id} is {retired_words(known.retired)} here; make another key",
        )
    before(key)
    _write(key, data_folder)
    return key


def retire(
    key_id: str, data_folder: Path, before: Callable[[KnownKey], object] = _nothing
) -> KnownKey:
    """Retire a trusted key: what it signed is still known, but it signs nothing more here.

    Args:
        key_id: Its id.
        data_folder: That knows it.
        before: As for `trust`.

    Raises:
        RefusedInput: There is no such key among the trusted ones.
        StationError: The disk refuses.
    """
    known = known_key(data_folder, key_id) if _KEY_ID.fullmatch(key_id) else None
    if known is None or known.own:
        there = ", ".join(one.key_id for one in known_keys(data_folder) if not one.own)
        raise RefusedInput(
            "KEY", f"key {key_id!r}: is none of those trusted here: {there or 'there is none'}"
        )
    if known.retired is not None:
        return known
    key = KnownKey(
        name=known.name,
        purpose=known.purpose,
        public=known.public,
        retired=datetime.now(UTC).replace(microsecond=0),
    )
    before(key)
    _write(key, data_folder)
    return key


def require_in_use(public: bytes, data_folder: Path) -> None:
    """Refuse to sign with a key that the data folder has retired.

    Raises:
        RefusedInput: It is retired.
    """
    known = known_key(data_folder, key_id(public).hex())
    if known is not None and known.retired is not None:
        raise RefusedInput(
            "KEY_RETIRED",
            f"key {known.key_id} ({known.name}) is {retired_words(known.retired)}; "
            "sign with another key",
        )


def _read(path: Path) -> KnownKey:
    said = read_settings(path, PublicKeySettings).settings
    if path.stem != said.key_id:
        raise RefusedInput("KEY", f"{path}: holds key {said.key_id}; a key's file has its id")
    return KnownKey(
        name=said.name,
        purpose=said.purpose,
        public=bytes.fromhex(said.public_key),
        retired=said.retired,
    )


def _write(key: KnownKey, data_folder: Path) -> None:
    path = data_folder / TRUSTED / f"{key.key_id}.toml"
    try:
        path.parent.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.parent.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise StationError("DATA_FOLDER", f"{path}: {error.strerror}") from error
    write_whole(path, public_key_toml(key.name, key.purpose, key.public, key.retired))
