"""The files that decide what a panel must be and how it is measured: each change is in the log."""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ledcal.rig.log_reading import entries, reading_log
from ledcal.rig.logged import enter_action
from ledcal.rig.product import Product
from ledcal.rig.product_release import Approval
from ledcal.rig.settings import SettingsFile
from ledcal.rig.station import Station

STATION_CHANGED, LIMITS_CHANGED = "station file changed", "limits changed"
SIGNED = "product file signed"


def enter_changes(
    data_folder: Path,
    station: SettingsFile[Station],
    product: SettingsFile[Product],
    release: str,
    operator: str,
) -> None:
    """Enter that station or product file are others than in this station's run before.

    Args:
        data_folder: Whose log it is.
        station: As the next run will use it.
        product: The same.
        release: Who released the product file, in words.
        operator: Who starts that run.

    Raises:
        StationError: The store refuses; the run is not begun then.
    """
    name = station.settings.name
    _enter_change(data_folder, STATION_CHANGED, name, name, station, operator, {})
    more = {"version": product.settings.version, "release": release}
    _enter_change(
        data_folder, LIMITS_CHANGED, product.settings.model, name, product, operator, more
    )


def entering_release(data_folder: Path | None) -> Callable[[Approval, Approval | None], object]:
    """Return what enters the signature of a product file into a log.

    Args:
        data_folder: Whose log it is, None where nobody named one.
    """

    def enter(made: Approval, before: Approval | None) -> None:
        if data_folder is None:
            return
        facts = {
            "old": None if before is None else before.file_sha256,
            "new": made.file_sha256,
            "version": made.version,
            "key_id": made.key_id,
            "signature": made.signature,
        }
        enter_action(data_folder, SIGNED, made.model, who=made.name, facts=facts)

    return enter


def changes(old: bytes, new: bytes) -> list[str]:
    """Return each key of a TOML file that says something else now, with both values."""
    before, after = (dict(_keys(tomllib.loads(one.decode()))) for one in (old, new))
    return [
        f"{key}: {before.get(key, 'not there')} → {after.get(key, 'not there')}"
        for key in sorted(before.keys() | after.keys())
        if before.get(key) != after.get(key)
    ]


def _enter_change(
    data_folder: Path,
    kind: str,
    subject: str,
    station: str,
    file: SettingsFile[Any],
    operator: str,
    more: Mapping[str, str],
) -> None:
    before = _used_before(data_folder, kind, subject, station)
    old = before.get("new")
    if old == file.sha256:
        return
    facts: dict[str, Any] = {"old": old, "new": file.sha256, **more}
    if old is not None:
        facts["changes"] = changes(str(before.get("content")).encode(), file.content)
    facts["content"] = file.content.decode()
    enter_action(data_folder, kind, subject, who=operator, station=station, facts=facts)


def _used_before(data_folder: Path, kind: str, subject: str, station: str) -> Mapping[str, Any]:
    """Return what was entered of the file that this station used last, nothing for its first."""
    with reading_log(data_folder) as connection:
        if connection is None:
            return {}
        found = [one for one in entries(connection, [kind], subject) if one.station == station]
        return found[-1].facts if found else {}


def _keys(said: Any, where: str = "") -> Iterator[tuple[str, str]]:
    """Yield every key of a file with its value as text; entries of lists of tables by number."""
    if isinstance(said, dict):
        for key, value in said.items():
            yield from _keys(value, f"{where}.{key}".lstrip("."))
    elif isinstance(said, list) and said and isinstance(said[0], dict):
        for place, value in enumerate(said, start=1):
            yield from _keys(value, f"{where}[{place}]")
    else:
        yield where, str(said)
