"""The instruments' own calibration certificates: corrections with their standard uncertainties.

The reader of the certificate files divides the stated expanded uncertainties by the stated
coverage factor: everything here is a standard uncertainty.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from ledcal.calibration.errors import EvaluationError, OutsideCertificate
from ledcal.calibration.estimate import Component, Estimate
from ledcal.calibration.indication import FloatArray


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
        _require(where, coverage_factor=self.coverage_factor)
        if self.due < self.issued:
            raise EvaluationError(f"{where}: due {self.due} lies before issued {self.issued}")


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
        relative_responsivity: The head's relative spectral responsivity, shape (n,).
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

    def __post_init__(self) -> None:
        """Refuse values that no certificate can mean."""
        where = f"certificate {self.head.number}"
        _require(where, aperture_area_mm2=self.aperture_area_mm2)
        _require_u(
            where,
            aperture_area_u_mm2=self.aperture_area_u_mm2,
            linearity_u=self.linearity_u,
            zero_u_w=self.zero_u_w,
        )
        positive = {
            "correction_factor": self.correction_factor,
            "relative_responsivity": self.relative_responsivity,
        }
        _require_table(where, self.wavelength_nm, positive, self.u_rel)

    def factor_at(self, wavelength_nm: float) -> Estimate:
        """Return the correction factor for the meter set to a wavelength. [1]

        Args:
            wavelength_nm: The wavelength setting. [nm]

        Raises:
            OutsideCertificate: The certificate does not cover the wavelength.
        """
        _require_covered(self.head, np.array([wavelength_nm]), self.wavelength_nm)
        factor = float(np.interp(wavelength_nm, self.wavelength_nm, self.correction_factor))
        u_rel = float(np.interp(wavelength_nm, self.wavelength_nm, self.u_rel))
        component = _component("power meter certificate", factor * u_rel, self.head, factor)
        return Estimate(value=factor, unit="1", components=(component,))

    def responsivity_at(self, wavelength_nm: FloatArray) -> FloatArray:
        """Return the head's relative spectral responsivity, shape as the argument's. [1]

        Raises:
            OutsideCertificate: The certificate does not cover one of the wavelengths.
        """
        _require_covered(self.head, wavelength_nm, self.wavelength_nm)
        return np.interp(wavelength_nm, self.wavelength_nm, self.relative_responsivity)


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
    """

    head: CertificateHead
    wavelength_correction_nm: float
    wavelength_u_nm: float
    bandpass_nm: float
    wavelength_nm: FloatArray
    correction_factor: FloatArray
    u_rel: FloatArray

    def __post_init__(self) -> None:
        """Refuse values that no certificate can mean."""
        where = f"certificate {self.head.number}"
        _require(where, bandpass_nm=self.bandpass_nm)
        _require_u(where, wavelength_u_nm=self.wavelength_u_nm)
        _require_finite(where, wavelength_correction_nm=self.wavelength_correction_nm)
        positive = {"correction_factor": self.correction_factor}
        _require_table(where, self.wavelength_nm, positive, self.u_rel)

    def factor_at(self, wavelength_nm: FloatArray) -> FloatArray:
        """Return the correction factors at true wavelengths, shape as the argument's. [1]

        Raises:
            OutsideCertificate: The certificate does not cover one of the wavelengths.
        """
        _require_covered(self.head, wavelength_nm, self.wavelength_nm)
        return np.interp(wavelength_nm, self.wavelength_nm, self.correction_factor)

    def u_rel_at(self, wavelength_nm: float) -> float:
        """Return the standard uncertainty of the factor at a wavelength, as a fraction of it.

        Raises:
            OutsideCertificate: The certificate does not cover the wavelength.
        """
        _require_covered(self.head, np.array([wavelength_nm]), self.wavelength_nm)
        return float(np.interp(wavelength_nm, self.wavelength_nm, self.u_rel))


@dataclass(frozen=True, slots=True, kw_only=True)
class ThermocoupleCorrection:
    """One thermocouple: true = indicated + correction.

    Attributes:
        name: What it is called in the station file, "heatsink" for example.
        input: Logger input that it is wired to.
        kind: Thermocouple type letter.
        correction_k: Correction added to the indication. [K]
        u_k: Its standard uncertainty. [K]
    """

    name: str
    input: int
    kind: str
    correction_k: float
    u_k: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ThermocoupleCertificate:
    """Thermocouple logger with its thermocouples.

    Attributes:
        head: Number, instrument, dates.
        corrections: One for each thermocouple.
    """

    head: CertificateHead
    corrections: tuple[ThermocoupleCorrection, ...]

    def __post_init__(self) -> None:
        """Refuse values that no certificate can mean, and two entries of one name."""
        names: set[str] = set()
        for entry in self.corrections:
            where = f"certificate {self.head.number}, thermocouple {entry.name}"
            if entry.name in names:
                raise EvaluationError(f"{where}: stands there twice")
            names.add(entry.name)
            _require_u(where, u_k=entry.u_k)
            if not math.isfinite(entry.correction_k):
                raise EvaluationError(
                    f"{where}: correction_k = {entry.correction_k} is not finite"
                )

    def corrected(self, name: str, indicated_degc: float) -> Estimate:
        """Return the temperature of one thermocouple. [degC]

        Args:
            name: Name of the thermocouple.
            indicated_degc: What the logger showed. [degC]

        Raises:
            EvaluationError: No such thermocouple, or the indication is not finite.
        """
        by_name = {c.name: c for c in self.corrections}
        if name not in by_name:
            raise EvaluationError(
                f"certificate {self.head.number} has no thermocouple {name!r}, only "
                f"{', '.join(sorted(by_name))}; correct the station file or the certificate file"
            )
        if not math.isfinite(indicated_degc):
            raise EvaluationError(
                f"thermocouple {name}: the indication {indicated_degc} degC is not finite; "
                "check that it is plugged in"
            )
        entry = by_name[name]
        component = _component(f"thermocouple {name}", entry.u_k, self.head, entry.correction_k)
        value_degc = indicated_degc + entry.correction_k
        return Estimate(value=value_degc, unit="Cel", components=(component,))


def _component(name: str, u: float, head: CertificateHead, value: float) -> Component:
    return Component(
        name=name, value=value, u_input=u, evaluation="B", common=True, source=head.number
    )


def _require(where: str, **positive: float) -> None:
    for name, number in positive.items():
        if not (math.isfinite(number) and number > 0):
            raise EvaluationError(f"{where}: {name} = {number} is not a finite number above 0")


def _require_u(where: str, **uncertainties: float) -> None:
    for name, u in uncertainties.items():
        if not (math.isfinite(u) and u >= 0):
            raise EvaluationError(f"{where}: {name} = {u} is not a finite number of at least 0")


def _require_finite(where: str, **numbers: float) -> None:
    for name, number in numbers.items():
        if not math.isfinite(number):
            raise EvaluationError(f"{where}: {name} = {number} is not finite")


def _require_table(
    where: str, wavelength_nm: FloatArray, positive: Mapping[str, FloatArray], u_rel: FloatArray
) -> None:
    rising = np.all(np.isfinite(wavelength_nm)) and np.all(np.diff(wavelength_nm) > 0)
    if wavelength_nm.ndim != 1 or len(wavelength_nm) < 2 or not rising:
        raise EvaluationError(f"{where}: wavelength_nm is not at least 2 rising, finite numbers")
    for name, column in {**positive, "u_rel": u_rel}.items():
        if column.shape != wavelength_nm.shape:
            raise EvaluationError(
                f"{where}: {name} has {column.size} values for {wavelength_nm.size} wavelengths"
            )
        require = _require_u if name == "u_rel" else _require
        for at_nm, number in zip(wavelength_nm, column, strict=True):
            require(f"{where}, {at_nm:g} nm", **{name: float(number)})


def _require_covered(
    head: CertificateHead, wavelength_nm: FloatArray, covered_nm: FloatArray
) -> None:
    inside = (wavelength_nm >= covered_nm[0]) & (wavelength_nm <= covered_nm[-1])
    if not np.all(inside):
        at = float(wavelength_nm[int(np.argmin(inside))])
        raise OutsideCertificate(
            f"{at:g} nm is outside {covered_nm[0]:g} to {covered_nm[-1]:g} nm, which certificate "
            f"{head.number} of {head.maker} {head.model} {head.serial} covers"
        )
