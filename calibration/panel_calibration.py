"""The content of a panel's calibration file, in the file's own integers (`firmware/FORMAT.md`)."""

from dataclasses import dataclass

IRRADIANCE_STEP_W_M2 = 0.01
"""Irradiance unit of the file: 0.01 W/m2, which is 1 uW/cm2."""
TEMPERATURE_STEP_K = 1 / 256
"""Temperature unit of the file: 1/256 degC."""
FLAG_SIMULATED = 1
"""Flag bit 0: the file was made on a simulated bench."""
FLAG_ENGINEERING = 2
"""Flag bit 1: the file was made by an engineering run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelTable:
    """One channel of the file.

    Attributes:
        channel: LED channel number, from 1.
        centroid_dnm: Centroid wavelength at the reference temperature. [0.1 nm]
        t_ref, t_min, t_max: Reference temperature and range. [1/256 degC]
        u_rel: Largest expanded relative uncertainty, k = 2. [0.01 %]
        ceiling: Largest request that is served. [0.01 W/m2]
        b1: Linear coefficient of the reciprocal correction. [2^-30 per 1/256 K]
        b2: Quadratic coefficient. [2^-46 per (1/256 K)^2]
        irradiance: Knots, strictly rising. [0.01 W/m2]
        drive: Drive code at each knot, strictly rising, 0 to 65535.
    """

    channel: int
    centroid_dnm: int
    t_ref: int
    t_min: int
    t_max: int
    u_rel: int
    ceiling: int
    b1: int
    b2: int
    irradiance: tuple[int, ...]
    drive: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelCalibration:
    """Everything in the file but the checksum, the key id and the signature.

    Attributes:
        flags: Bit 0 simulated bench, bit 1 engineering run.
        uid: The LED head's unique id, 16 bytes.
        serial: Panel serial, 1 to 16 printable ASCII characters.
        product_code, hardware_revision, drive_epoch: As the panel answers `SYST:HW?`.
        sequence: Per-head counter, above the highest that the head ever accepted.
        issued_at: Time of issue. [Unix s, UTC]
        valid_until_hours: LED-on hours up to which the file is valid. [h]
        hours_at_calibration: LED-on hours when it was measured. [h]
        record_sha256: SHA-256 of the canonical `calibration.json`, 32 bytes.
        distance_mm, geometry_id: As the panel answers `SYST:GEOM?`.
        channels: The channel tables, ids 1 to n in order.
    """

    flags: int
    uid: bytes
    serial: str
    product_code: int
    hardware_revision: int
    drive_epoch: int
    sequence: int
    issued_at: int
    valid_until_hours: int
    hours_at_calibration: int
    record_sha256: bytes
    distance_mm: int
    geometry_id: int
    channels: tuple[ChannelTable, ...]
