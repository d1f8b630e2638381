"""Which stations a site knows: each has a token, of which only the hash is kept, and its keys."""

import hmac
import re
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import tomli_w
from pydantic import StringConstraints

from ledcal.rig.errors import RefusedInput, StationError
from ledcal.rig.folder import sha256_hex, write_whole
from ledcal.rig.key_file import public_key_toml
from ledcal.rig.keys import engineering_key
from ledcal.rig.settings import Settings, read_settings
from ledcal.rig.site.refusal import UNKNOWN_TOKEN, Refusal
from ledcal.rig.site.site_log import enter
from ledcal.rig.store.log import LogEntry
from ledcal.rig.store.opened import Store
from ledcal.rig.trust import trust

STATIONS = "stations"
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_TOKEN = re.compile(rf"ledcal_(?P<name>{_NAME.pattern})_[A-Za-z0-9_-]{{43}}")
_SECRET_BYTES = 32
_NOBODY = "0" * 64


class StationSettings(Settings):
    """What a site keeps of a station."""

    format: Literal["ledcal-site-station/1"]
    name: Annotated[str, StringConstraints(pattern=rf"^{_NAME.pattern}$")]
    token_sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


def admit(data_folder: Path, store: Store, name: str, keys: Sequence[Path]) -> str:
    """Admit a station, or give it a new token in place of the one it had; return the token.

    Args:
        data_folder: Of the site.
        store: Of the site.
        name: Of the station: small letters, digits and hyphens.
        keys: Files with the public keys that it signs with; they are trusted from now on.

    Raises:
        RefusedInput: The name is none, or a key is refused.
        StationError: The disk or the store refuses.
    """
    if not _NAME.fullmatch(name):
        raise RefusedInput(
            "STATION", f"station {name!r}: 1 to 40 of a-z, 0-9 and hyphens within, please"
        )
    trusted = [trust(path, data_folder).key_id for path in keys]
    token = f"ledcal_{name}_{secrets.token_urlsafe(_SECRET_BYTES)}"
    content = tomli_w.dumps(
        {
            "format": "ledcal-site-station/1",
            "name": name,
            "token_sha256": sha256_hex(token.encode()),
        }
    )
    path = data_folder / STATIONS / f"{name}.toml"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StationError("DATA_FOLDER", f"{path}: {error.strerror}") from error
    entry = LogEntry(
        kind="station admitted", subject=name, who="", station="", facts={"keys": trusted}
    )
    enter(store, entry, engineering_key(data_folder))
    write_whole(path, content.encode())
    return token


def admitted(data_folder: Path, authorization: str) -> str:
    """Return the name of the station that a request comes from.

    Args:
        data_folder: Of the site.
        authorization: The request's header.

    Raises:
        Refusal: The token is none that a station has.
        RefusedInput: What is kept of the station is damaged.
    """
    token = authorization.removeprefix("Bearer ")
    found = _TOKEN.fullmatch(token)
    kept = _NOBODY
    if found:
        path = data_folder / STATIONS / f"{found['name']}.toml"
        if path.is_file():
            kept = read_settings(path, StationSettings).settings.token_sha256
    holds = hmac.compare_digest(kept, sha256_hex(token.encode(errors="replace")))
    if not found or not holds or kept == _NOBODY:
        raise Refusal(
            UNKNOWN_TOKEN, "TOKEN", "the token is not known here; let the site admit the station"
        )
    return found["name"]


def introduce(data_folder: Path, name: str) -> bytes:
    """Return the public half of a data folder's own key, for the site that shall trust it.

    Raises:
        RefusedInput: The key file is damaged or open to others.
        StationError: The folder cannot be written.
    """
    return public_key_toml(name, "ENG", engineering_key(data_folder).public)
