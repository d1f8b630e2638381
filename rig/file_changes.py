"""The files that decide what a panel must be and how it is measured: each change is in the log."""

from collections.abc import Callable
from pathlib import Path

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
    name, model = station.settings.name, product.settings.model
    files = (
        (STATION_CHANGED, name, station.sha256, {"mode": station.settings.mode}),
        (
            *(LIMITS_CHANGED, model, product.sha256),
            {"version": product.settings.version, "release": release},
        ),
    )
    for kind, subject, sha256, more in files:
        old = _used_before(data_folder, kind, subject, name)
        if old != sha256:
            facts = {"old": old, "new": sha256, **more}
            enter_action(data_folder, kind, subject, who=operator, station=name, facts=facts)


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


def _used_before(data_folder: Path, kind: str, subject: str, station: str) -> str | None:
    with reading_log(data_folder) as connection:
        if connection is None:
            return None
        found = [one for one in entries(connection, [kind], subject) if one.station == station]
        return str(found[-1].facts.get("new")) if found else None
