"""The instruments' own calibration certificates: corrections with their standard uncertainties.

The reader of the certificate files divides the stated expanded uncertainties by the stated
coverage factor: everything here is a standard uncertainty.
"""

from dataclasses import dataclass, field
from datetime import date

import numpy as np

from ledcal.calibration.certificate_check import (
    require_columns,
    require_covered,
    require_finite,
    require_positive,
    require_table,
    require_u,
)
from ledcal.calibration.correlation import CorrelatedErrors, correlated_errors
from ledcal.calibration.errors import EvaluationError
from ledcal.calibration.estimate import Estimate
from ledcal.calibration.indication import FloatArray
from ledcal.calibration.uncertain import UncertainArray

CORRELATION_LENGTH_NM = 100.0
"""Taken where a certificate states none: the error then tilts by its standard uncertainty over
this distance, smooth as lamp and detector are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateHead:
    """What every certificate says of itself and of the instrument it belongs to.

    Attributes:
        number: The certificate's number.
        laboratory: Who calibrated.
        maker, model, serial: The instrument.
        issued: Day of issue.
        due: Last day on which the laboratory lets the certificate be used.
        coverage_factor: k of the expanded uncertainties printed in the certificate.
        traceability: One sentence: traceable to what.
    """

    number: str
    laboratory: str
    maker: str
    model: str
    serial: str
    issued: date
    due: date
    coverage_factor: float
    traceability: str

    def __post_init__(self) -> None:
        """Refuse a certificate that could not have been issued like this."""
        where = f"certificate {self.number}"
        require_positive(where, coverage_factor=self.coverage_factor)
        if self.due < self.issued:
            raise EvaluationError(f"{where}: due {self.due} lies before issued {self.issued}")

    @property
    def name(self) -> str:
        """Number and instrument, for messages."""
        return f"{self.number} of {self.maker} {self.model} {self.serial}"


def overdue(head: CertificateHead, today: date) -> int:
    """Return how many days the certificate is past its due day, 0 or less while it is in date."""
    return (today - head.due).days


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PowerMeterCertificate:
    """Optical power meter with its head: true power = indication × correction factor.

    The factor holds for light of the single wavelength that the meter is set to.

    Attributes:
        head: Number, instrument, dates.
        head_model, head_serial: The measuring head.
        aperture_area_mm2: Area of the precision aperture. [mm2]
        aperture_area_u_mm2: Its standard uncertainty. [mm2]
        linearity_u: Standard uncertainty for a power other than that of the calibration, a
            fraction of the reading.
        zero_u_w: Standard uncertainty of the zero within one measurement. [W]
        wavelength_nm: Rising wavelengths of the table, shape (n,). [nm]
        correction_factor: Factor at these wavelengths, shape (n,).
        u_rel: Standard uncertainty of the factor as a fraction of it, shape (n,).
        relative_responsivity: The head's relative spectral responsivity, shape (n,); it comes
            from the same calibration as the factor and errs as the factor's reciprocal.
        correlation_length_nm: How far the errors of the table go together. [nm]
        covariance_rel: Covariance of the relative errors instead, shape (n, n), or None.
        temperature_coefficient_per_k: Relative change of the responsivity with the head's
            temperature, shape (n,), or None where the certificate states none. [1/K]
        temperature_coefficient_u_per_k: Its standard uncertainty. [1/K]
        calibration_degc: Temperature of the head at its calibration. [degC]
        range_u: Standard uncertainty by another range than that of the calibration, a fraction.
        calibration_range_w: Upper limit of the range of the calibration, or None. [W]
        errors: The errors of the table as independent modes; follows from the others.
    """

    head: CertificateHead
    head_model: str
    head_serial: str
    aperture_area_mm2: float
    aperture_area_u_mm2: float
    linearity_u: float
    zero_u_w: float
    wavelength_nm: FloatArray
    correction_factor: FloatArray
    u_rel: FloatArray
    relative_responsivity: FloatArray
    correlation_length_nm: float = CORRELATION_LENGTH_NM
    covariance_rel: FloatArray | None = None
    temperature_coefficient_per_k: FloatArray | None = None
    temperature_coefficient_u_per_k: float = 0.0
    calibration_degc: float = 23.0
    range_u: float = 0.0
    calibration_range_w: float | None = None
    errors: CorrelatedErrors = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse values that no certificate can mean."""
        where = f"certificate {self.head.number}"
        require_positive(where, aperture_area_mm2=self.aperture_area_mm2)
        require_u(
            where,
            aperture_area_u_mm2=self.aperture_area_u_mm2,
            linearity_u=self.linearity_u,
            zero_u_w=self.zero_u_w,
        )
        positive = {
            "correction_factor": self.correction_factor,
            "relative_responsivity": self.relative_responsivity,
        }
        require_table(where, self.wavelength_nm, positive, self.u_rel)
        if self.temperature_coefficient_per_k is not None:
            column = {"temperature_coefficient_per_k": self.temperature_coefficient_per_k}
            require_columns(where, self.wavelength_nm, column, require_finite)
        require_finite(where, calibration_degc=self.calibration_degc)
        require_u(
            where,
            temperature_coefficient_u_per_k=self.temperature_coefficient_u_per_k,
            range_u=self.range_u,
        )
        errors = correlated_errors(
            "power meter certificate",
            self.head.number,
            self.wavelength_nm,
            self.u_rel,
            self.correlation_length_nm if self.covariance_rel is None else self.covariance_rel,
        )
        object.__setattr__(self, "errors", errors)

    def factor_at(self, wavelength_nm: float) -> Estimate:
        """Return the correction factor for the meter set to a wavelength. [1]

        Args:
            wavelength_nm: The wavelength setting. [nm]

        Raises:
            OutsideCertificate: The certificate does not cover the wavelength.
        """
        at_nm = np.array([wavelength_nm])
        require_covered(self.head.name, at_nm, self.wavelength_nm)
        factor = np.interp(at_nm, self.wavelength_nm, self.correction_factor)
        return self.errors.on(factor, at_nm).estimate("1")

    def responsivity_at(self, wavelength_nm: FloatArray) -> UncertainArray:
        """Return the head's relative spectral responsivity, shape as the argument's. [1]

        Its errors are those of the correction factor with the other sign, so that the error at
        the wavelength setting cancels in an irradiance (metrology of CIE S 023's F*).

        Raises:
            OutsideCertificate: The certificate does not cover one of the wavelengths.
        """
        require_covered(self.head.name, wavelength_nm, self.wavelength_nm)
        relative = np.interp(wavelength_nm, self.wavelength_nm, self.relative_responsivity)
        return self.errors.on(relative, wavelength_nm, sign=-1.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SpectrometerCertificate:
    """Spectroradiometer: true wavelength = indicated + correction, then a factor over wavelength.

    Attributes:
        head: Number, instrument, dates.
        wavelength_correction_nm: Correction added to the indicated wavelength. [nm]
        wavelength_u_nm: Its standard uncertainty. [nm]
        bandpass_nm: Bandpass (FWHM) of the instrument. [nm]
        wavelength_nm: Rising wavelengths of the table, shape (n,). [nm]
        correction_factor: True = indicated spectral irradiance × factor, shape (n,).
        u_rel: Standard uncertainty of the factor as a fraction of it, shape (n,).
        correlation_length_nm: How far the errors of the table go together. [nm]
        covariance_rel: Covariance of the relative errors instead, shape (n, n), or None.
        errors: The errors of the table as independent modes; follows from the others.
    """

    head: CertificateHead
    wavelength_correction_nm: float
    wavelength_u_nm: float
    bandpass_nm: float
    wavelength_nm: FloatArray
    correction_factor: FloatArray
    u_rel: FloatArray
    correlation_length_nm: float = CORRELATION_LENGTH_NM
    covariance_rel: FloatArray | None = None
    errors: CorrelatedErrors = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse values that no certificate can mean."""
        where = f"certificate {self.head.number}"
        require_positive(where, bandpass_nm=self.bandpass_nm)
        require_u(where, wavelength_u_nm=self.wavelength_u_nm)
        require_finite(where, wavelength_correction_nm=self.wavelength_correction_nm)
        positive = {"correction_factor": self.correction_factor}
        require_table(where, self.wavelength_nm, positive, self.u_rel)
        errors = correlated_errors(
            "spectrometer certificate",
            self.head.number,
            self.wavelength_nm,
            self.u_rel,
            self.correlation_length_nm if self.covariance_rel is None else self.covariance_rel,
        )
        object.__setattr__(self, "errors", errors)

    def factor_at(self, wavelength_nm: FloatArray) -> UncertainArray:
        """Return the correction factors at true wavelengths, shape as the argument's. [1]

        Raises:
            OutsideCertificate: The certificate does not cover one of the wavelengths.
        """
        require_covered(self.head.name, wavelength_nm, self.wavelength_nm)
        factor = np.interp(wavelength_nm, self.wavelength_nm, self.correction_factor)
        return self.errors.on(factor, wavelength_nm)
