"""Make the calibration file, and open it as the panel will."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ledcal.calibration.codec import decode, encode
from ledcal.calibration.firmware import Expectation, LoaderError, open_file
from ledcal.calibration.panel_calibration import PanelCalibration
from ledcal.calibration.record import PanelIdentity
from ledcal.rig.closing import PANEL_FILE
from ledcal.rig.errors import StationError
from ledcal.rig.folder import canonical, sha256_hex, write_whole
from ledcal.rig.keys import SigningKey
from ledcal.rig.rebuild import CALIBRATION_FORMAT
from ledcal.rig.run import CALIBRATION

ALL_FLAGS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """A calibration file as it was written.

    Attributes:
        file: Its bytes.
        sha256: SHA-256 of the file.
        calibration_sha256: SHA-256 of `calibration.json`.
        key_id: Id of the signing key, 16 hex digits.
        sequence: The file's sequence number.
    """

    file: bytes
    sha256: str
    calibration_sha256: str
    key_id: str
    sequence: int

    def event(self, state: str) -> dict[str, Any]:
        """Return the facts of the event `calibration_file`."""
        return {
            "state": state,
            "sha256": self.sha256,
            "calibration_sha256": self.calibration_sha256,
            "key_id": self.key_id,
            "sequence": self.sequence,
        }


def write_files(
    folder: Path,
    calibration: PanelCalibration,
    provenance: Mapping[str, Any],
    identity: PanelIdentity,
    key: SigningKey,
) -> Released:
    """Write `calibration.json` and `panel.ledcal`, and open the latter as the firmware will.

    Args:
        folder: The run's folder.
        calibration: Everything but `record_sha256`, which is set here.
        provenance: Run, product, instruments and fit: what a reader of the record needs.
        identity: The panel as it identified itself.
        key: Signs the file.

    Raises:
        FileError: The calibration cannot be a file.
        StationError: The C loader refuses what the codec made; the rig itself is broken.
    """
    content, released = _made(calibration, provenance, identity, key)
    write_whole(folder / CALIBRATION, content)
    write_whole(folder / PANEL_FILE, released.file)
    return released


def write_unsigned(
    folder: Path,
    calibration: PanelCalibration,
    provenance: Mapping[str, Any],
    identity: PanelIdentity,
    key: SigningKey,
) -> str:
    """Write `calibration.json` only, for somebody to sign after review; return its SHA-256.

    That a file can be made from it is seen by making one with the key at hand, which is not kept.

    Raises:
        FileError: As `write_files`.
        StationError: As `write_files`.
    """
    content, released = _made(calibration, provenance, identity, key)
    write_whole(folder / CALIBRATION, content)
    return released.calibration_sha256


def awaiting_words(run: str, calibration_sha256: str) -> str:
    """Return what to do with a run whose file is yet to be signed."""
    return (
        f"{CALIBRATION} is written, SHA-256 {calibration_sha256}; nothing was loaded. After "
        f"review: `ledcal sign {run} --key FILE --operator ID`, then `ledcal install` it"
    )


def open_as_panel(file: bytes, identity: PanelIdentity, public_key: bytes) -> None:
    """Open a file as the firmware of a panel will that trusts a key.

    Raises:
        StationError: The C loader refuses it.
    """
    expectation = Expectation(
        uid=bytes.fromhex(identity.uid),
        product_code=identity.product_code,
        hardware_revision=identity.hardware_revision,
        drive_epoch=identity.drive_epoch,
        distance_mm=identity.distance_mm,
        geometry_id=identity.geometry_id,
        n_channels=len(decode(file).calibration.channels),
        highest_sequence=identity.sequence,
        file_in_use=None,
        on_hours=identity.on_hours,
        allowed_flags=0 if identity.firmware_mode == "PROD" else ALL_FLAGS,
        public_keys=(public_key,),
    )
    try:
        open_file(file, expectation)
    except LoaderError as error:
        raise StationError(
            "LOADER", f"the firmware's loader refuses the file just made: {error}"
        ) from error


def _made(
    calibration: PanelCalibration,
    provenance: Mapping[str, Any],
    identity: PanelIdentity,
    key: SigningKey,
) -> tuple[bytes, Released]:
    """Return the record and the file that it makes, once the loader has opened it."""
    content = calibration_json(calibration, provenance)
    digest = sha256_hex(content)
    complete = with_record(calibration, bytes.fromhex(digest))
    file = encode(complete, key_id=key.key_id, sign=key.sign)
    open_as_panel(file, identity, key.public)
    return content, Released(
        file=file,
        sha256=sha256_hex(file),
        calibration_sha256=digest,
        key_id=key.key_id.hex(),
        sequence=complete.sequence,
    )


def calibration_json(calibration: PanelCalibration, provenance: Mapping[str, Any]) -> bytes:
    """Return the canonical calibration record: all that is in the file, and where it comes from.

    The file is a function of this record and the key: every field of the file but the record's
    own hash, the key id, the checksum and the signature stands under `file`.
    """
    fields = asdict(calibration)
    del fields["record_sha256"]
    fields["uid"] = calibration.uid.hex()
    return canonical(
        {"format": CALIBRATION_FORMAT, "file": fields, "provenance": dict(provenance)}
    )


def with_record(calibration: PanelCalibration, record_sha256: bytes) -> PanelCalibration:
    """Return the calibration with the hash of its record."""
    fields = {name: getattr(calibration, name) for name in PanelCalibration.__slots__}
    return PanelCalibration(**(fields | {"record_sha256": record_sha256}))
