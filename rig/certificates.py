"""The certificates of a bench's instruments: read together, and in date or not."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from ledcal.calibration.certificate import (
    CertificateHead,
    PowerMeterCertificate,
    SpectrometerCertificate,
    overdue,
)
from ledcal.calibration.thermocouple_certificate import ThermocoupleCertificate
from ledcal.rig.certificate_file import (
    read_power_meter_certificate,
    read_spectrometer_certificate,
    read_thermocouple_certificate,
)
from ledcal.rig.errors import RefusedInput
from ledcal.rig.settings import SettingsFile
from ledcal.rig.station import Station, beside

WARN_DAYS = 30
"""So long before a certificate runs out, each run says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """The certificates of the bench's instruments with the hashes of their files by role."""

    power_meter: PowerMeterCertificate
    spectrometer: SpectrometerCertificate
    thermocouple_logger: ThermocoupleCertificate
    file_sha256: dict[str, str]

    def heads(self) -> dict[str, CertificateHead]:
        """Return each certificate's identity by role."""
        return {
            "power_meter": self.power_meter.head,
            "spectrometer": self.spectrometer.head,
            "thermocouple_logger": self.thermocouple_logger.head,
        }


def certificate_paths(station: SettingsFile[Station]) -> dict[str, Path]:
    """Return the certificate file of each instrument by role."""
    said = station.settings
    return {
        "power_meter": beside(station, said.power_meter.certificate),
        "spectrometer": beside(station, said.spectrometer.certificate),
        "thermocouple_logger": beside(station, said.thermocouple_logger.certificate),
    }


def read_certificates(station: SettingsFile[Station]) -> Certificates:
    """Return the certificates that the station file names, each of the right instrument.

    Raises:
        RefusedInput: A file is refused, or belongs to another instrument.
    """
    paths = certificate_paths(station)
    meter, meter_hash = read_power_meter_certificate(paths["power_meter"])
    spectrometer, spectrometer_hash = read_spectrometer_certificate(paths["spectrometer"])
    logger, logger_hash = read_thermocouple_certificate(paths["thermocouple_logger"])
    certificates = Certificates(
        power_meter=meter,
        spectrometer=spectrometer,
        thermocouple_logger=logger,
        file_sha256={
            "power_meter": meter_hash,
            "spectrometer": spectrometer_hash,
            "thermocouple_logger": logger_hash,
        },
    )
    said = station.settings
    for role, head in certificates.heads().items():
        serial = getattr(said, role).serial
        if head.serial != serial:
            raise RefusedInput(
                "CERTIFICATE",
                f"{paths[role]}: serial: {head.serial!r}: the station's {role} is {serial!r}",
            )
    certified = {correction.name: correction.input for correction in logger.corrections}
    for name, number in said.thermocouple_logger.thermocouples.items():
        if certified.get(name) != number:
            raise RefusedInput(
                "CERTIFICATE",
                f"{paths['thermocouple_logger']}: thermocouple {name!r}: input "
                f"{certified.get(name, 'none')}: the station file says {number}",
            )
    return certificates


def overdue_words(role: str, head: CertificateHead) -> str:
    """Tell that a certificate has run out."""
    days = overdue(head, datetime.now(UTC).date())
    return (
        f"{role} {head.model} {head.serial}: certificate {head.number} was due {head.due} "
        f"({days} days ago)"
    )


def due_soon(certificates: Certificates, today: date) -> list[str]:
    """Return a warning for each certificate that runs out within `WARN_DAYS`."""
    found = []
    for role, head in certificates.heads().items():
        left = -overdue(head, today)
        if 0 <= left <= WARN_DAYS:
            found.append(
                f"{role} {head.model} {head.serial}: certificate {head.number} runs out on "
                f"{head.due}, in {left} days; have it calibrated before that"
            )
    return found
