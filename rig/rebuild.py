"""Make a calibration file anew from its record: all of it but the signature."""

import json
import struct
from typing import Any

from ledcal.calibration.codec import SIGNATURE_LENGTH, unsigned_bytes
from ledcal.calibration.errors import FileError
from ledcal.calibration.panel_calibration import ChannelTable, PanelCalibration
from ledcal.rig.errors import RefusedInput
from ledcal.rig.folder import canonical, sha256_hex
from ledcal.rig.run import CALIBRATION

CALIBRATION_FORMAT = "ledcal-calibration/1"


def calibration_of(content: bytes) -> PanelCalibration:
    """Return the content of the file that a `calibration.json` makes, its own hash included.

    Raises:
        RefusedInput: The record is damaged or of another format.
    """
    try:
        said = json.loads(content)
        if canonical(said) != content or said.pop("format") != CALIBRATION_FORMAT:
            raise ValueError(f"is no {CALIBRATION_FORMAT} in canonical form")
        fields: dict[str, Any] = dict(said["file"])
        fields["uid"] = bytes.fromhex(fields["uid"])
        fields["channels"] = tuple(_table(table) for table in fields["channels"])
        return PanelCalibration(**fields, record_sha256=bytes.fromhex(sha256_hex(content)))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RefusedInput(
            "CALIBRATION", f"{CALIBRATION}: is damaged: {error}; restore it from a copy"
        ) from error


def rebuilt(content: bytes, key_id: bytes) -> bytes:
    """Return every byte of the file but the signature, as `calibration.json` and a key make it.

    Raises:
        RefusedInput: The record is damaged, or makes no file that the loader would take.
    """
    calibration = calibration_of(content)
    try:
        return unsigned_bytes(calibration, key_id)
    except (FileError, ValueError, TypeError, AttributeError, struct.error) as error:
        raise RefusedInput("CALIBRATION", f"{CALIBRATION}: makes no file: {error}") from error


def difference(file: bytes, unsigned: bytes) -> str | None:
    """Return where a file differs from what it should be, None where only its signature may."""
    found = file[:-SIGNATURE_LENGTH]
    if len(found) != len(unsigned):
        return f"has {len(file)} bytes instead of {len(unsigned) + SIGNATURE_LENGTH}"
    for at, (have, want) in enumerate(zip(found, unsigned, strict=True)):
        if have != want:
            return f"differs at byte {at}: {have:#04x} instead of {want:#04x}"
    return None


def _table(fields: dict[str, Any]) -> ChannelTable:
    lists = {name: tuple(fields[name]) for name in ("irradiance", "drive")}
    return ChannelTable(**(fields | lists))
