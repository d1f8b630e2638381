"""Read the calibration certificates of the bench's own instruments."""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

import numpy as np
from annotated_types import Ge, Gt, Le, Len
from pydantic import AfterValidator, ConfigDict, model_validator

from ledcal.calibration.certificate import (
    CORRELATION_LENGTH_NM,
    CertificateHead,
    PowerMeterCertificate,
    SpectrometerCertificate,
)
from ledcal.calibration.errors import EvaluationError
from ledcal.calibration.indication import FloatArray
from ledcal.calibration.thermocouple_certificate import (
    ThermocoupleCertificate,
    ThermocoupleCorrection,
)
from ledcal.rig.errors import RefusedInput
from ledcal.rig.settings import BadKey, Settings, SettingsFile, read_settings, rising

Text = Annotated[str, Len(1, 300)]
Positive = Annotated[float, Gt(0)]
Uncertainty = Annotated[float, Ge(0)]
Wavelengths = Annotated[list[Positive], Len(2, 4000), AfterValidator(rising)]
Factors = Annotated[list[Positive], Len(2, 4000)]
Matrix = Annotated[list[Annotated[list[float], Len(2, 400)]], Len(2, 400)]
CorrelationLength = Annotated[float, Gt(0), Le(1e6)]


class CertificateSettings(Settings):
    """What every certificate says."""

    format: Literal["ledcal-certificate/1"]
    number: Text
    laboratory: Text
    maker: Text
    model: Text
    serial: Text
    issued: date
    due: date
    coverage_factor: Annotated[float, Ge(1), Le(4)]
    traceability: Text

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.due < self.issued:
            limit = f"must not be before issued, {self.issued}"
            raise BadKey(("due",), self.due.isoformat(), limit)
        return self

    def head(self) -> CertificateHead:
        """Return the certificate's identity as the calibration layer knows it."""
        return CertificateHead(
            number=self.number,
            laboratory=self.laboratory,
            maker=self.maker,
            model=self.model,
            serial=self.serial,
            issued=self.issued,
            due=self.due,
            coverage_factor=self.coverage_factor,
            traceability=self.traceability,
        )


class CorrectionTable(Settings):
    """Correction factor over wavelength; expanded uncertainties as fractions."""

    wavelength_nm: Wavelengths
    correction_factor: Factors
    expanded_uncertainty: Annotated[list[Uncertainty], Len(2, 4000)]
    covariance: Matrix | None = None
    """Covariance of the relative standard uncertainties, where the certificate states one."""

    @model_validator(mode="after")
    def _same_length(self) -> Self:
        wanted = len(self.wavelength_nm)
        for key, column in self:
            if column is not None and len(column) != wanted:
                limit = f"has {len(column)} values for {wanted} wavelengths"
                raise BadKey((key,), column, limit)
        for place, row in enumerate(self.covariance or []):
            if len(row) != wanted:
                limit = f"has {len(row)} values for {wanted} wavelengths"
                raise BadKey(("covariance", place), row, limit)
        return self

    def covariance_rel(self) -> FloatArray | None:
        """Return the covariance matrix, None where there is none."""
        return None if self.covariance is None else np.array(self.covariance)


class HeadTable(CorrectionTable):
    """The same with the head's relative responsivity, for the spectral mismatch."""

    relative_responsivity: Factors
    temperature_coefficient_per_k: Annotated[list[float], Len(2, 4000)] | None = None


class CertificateKind(Settings):
    """What kind of certificate a file is, whatever else it says."""

    model_config = ConfigDict(extra="ignore")
    kind: Literal["optical_power", "spectral_irradiance", "thermocouple"]


class PowerMeterSettings(CertificateSettings):
    """Certificate of an optical power meter with its head."""

    kind: Literal["optical_power"]
    head_model: Text
    head_serial: Text
    aperture_area_mm2: Annotated[float, Gt(0), Le(10_000)]
    aperture_area_expanded_uncertainty_mm2: Annotated[float, Ge(0)]
    linearity_expanded_uncertainty: Annotated[float, Ge(0), Le(0.2)]
    zero_expanded_uncertainty_w: Annotated[float, Ge(0), Le(1)]
    correlation_length_nm: CorrelationLength = CORRELATION_LENGTH_NM
    temperature_coefficient_expanded_uncertainty_per_k: Annotated[float, Ge(0), Le(0.1)] = 0.0
    calibration_degc: Annotated[float, Ge(0), Le(50)] = 23.0
    range_expanded_uncertainty: Annotated[float, Ge(0), Le(0.2)] = 0.0
    calibration_range_w: Positive | None = None
    table: HeadTable


class SpectrometerSettings(CertificateSettings):
    """Certificate of a spectroradiometer with an irradiance head."""

    kind: Literal["spectral_irradiance"]
    wavelength_correction_nm: Annotated[float, Ge(-20), Le(20)]
    wavelength_expanded_uncertainty_nm: Annotated[float, Ge(0), Le(20)]
    bandpass_nm: Annotated[float, Gt(0), Le(50)]
    correlation_length_nm: CorrelationLength = CORRELATION_LENGTH_NM
    table: CorrectionTable


class ThermocoupleSettings(Settings):
    """One thermocouple with its input of the logger."""

    name: Text
    input: Annotated[int, Ge(1)]
    kind: Annotated[str, Len(1, 1)]
    correction_k: Annotated[float, Ge(-20), Le(20)]
    expanded_uncertainty_k: Annotated[float, Ge(0), Le(20)]


class LoggerSettings(CertificateSettings):
    """Certificate of the thermocouple logger with its thermocouples."""

    kind: Literal["thermocouple"]
    thermocouple: Annotated[list[ThermocoupleSettings], Len(1)]

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        for key in ("name", "input"):
            seen: set[object] = set()
            for place, one in enumerate(self.thermocouple):
                value = getattr(one, key)
                if value in seen:
                    raise BadKey(("thermocouple", place, key), value, "stands there twice")
                seen.add(value)
        return self


_S = TypeVar("_S", bound=Settings)


def read_power_meter_certificate(path: Path) -> tuple[PowerMeterCertificate, str]:
    """Return the certificate and the SHA-256 of its file.

    Raises:
        RefusedInput: The file is refused.
    """
    file = read_settings(path, PowerMeterSettings)
    said = file.settings
    k = said.coverage_factor
    coefficient = said.table.temperature_coefficient_per_k
    try:
        certificate = PowerMeterCertificate(
            head=said.head(),
            head_model=said.head_model,
            head_serial=said.head_serial,
            aperture_area_mm2=said.aperture_area_mm2,
            aperture_area_u_mm2=said.aperture_area_expanded_uncertainty_mm2 / k,
            linearity_u=said.linearity_expanded_uncertainty / k,
            zero_u_w=said.zero_expanded_uncertainty_w / k,
            wavelength_nm=np.array(said.table.wavelength_nm),
            correction_factor=np.array(said.table.correction_factor),
            u_rel=np.array(said.table.expanded_uncertainty) / k,
            relative_responsivity=np.array(said.table.relative_responsivity),
            correlation_length_nm=said.correlation_length_nm,
            covariance_rel=said.table.covariance_rel(),
            temperature_coefficient_per_k=None if coefficient is None else np.array(coefficient),
            temperature_coefficient_u_per_k=(
                said.temperature_coefficient_expanded_uncertainty_per_k / k
            ),
            calibration_degc=said.calibration_degc,
            range_u=said.range_expanded_uncertainty / k,
            calibration_range_w=said.calibration_range_w,
        )
    except EvaluationError as error:
        raise _refused(file, error) from error
    return certificate, file.sha256


def read_spectrometer_certificate(path: Path) -> tuple[SpectrometerCertificate, str]:
    """Return the certificate and the SHA-256 of its file.

    Raises:
        RefusedInput: The file is refused.
    """
    file = read_settings(path, SpectrometerSettings)
    said = file.settings
    k = said.coverage_factor
    try:
        certificate = SpectrometerCertificate(
            head=said.head(),
            wavelength_correction_nm=said.wavelength_correction_nm,
            wavelength_u_nm=said.wavelength_expanded_uncertainty_nm / k,
            bandpass_nm=said.bandpass_nm,
            wavelength_nm=np.array(said.table.wavelength_nm),
            correction_factor=np.array(said.table.correction_factor),
            u_rel=np.array(said.table.expanded_uncertainty) / k,
            correlation_length_nm=said.correlation_length_nm,
            covariance_rel=said.table.covariance_rel(),
        )
    except EvaluationError as error:
        raise _refused(file, error) from error
    return certificate, file.sha256


def read_thermocouple_certificate(path: Path) -> tuple[ThermocoupleCertificate, str]:
    """Return the certificate and the SHA-256 of its file.

    Raises:
        RefusedInput: The file is refused.
    """
    file = read_settings(path, LoggerSettings)
    said = file.settings
    try:
        certificate = ThermocoupleCertificate(
            head=said.head(),
            corrections=tuple(
                ThermocoupleCorrection(
                    name=one.name,
                    input=one.input,
                    kind=one.kind,
                    correction_k=one.correction_k,
                    u_k=one.expanded_uncertainty_k / said.coverage_factor,
                )
                for one in said.thermocouple
            ),
        )
    except EvaluationError as error:
        raise _refused(file, error) from error
    return certificate, file.sha256


def read_any_certificate(path: Path) -> tuple[str, CertificateHead, str]:
    """Return kind and identity of any instrument's certificate, and the SHA-256 of its file.

    Raises:
        RefusedInput: The file is refused.
    """
    kind = read_settings(path, CertificateKind).settings.kind
    if kind == "optical_power":
        meter, sha256 = read_power_meter_certificate(path)
        return kind, meter.head, sha256
    if kind == "spectral_irradiance":
        spectrometer, sha256 = read_spectrometer_certificate(path)
        return kind, spectrometer.head, sha256
    logger, sha256 = read_thermocouple_certificate(path)
    return kind, logger.head, sha256


def _refused(file: SettingsFile[_S], error: EvaluationError) -> RefusedInput:
    return RefusedInput("CERTIFICATE", f"{file.path}: {error}")
