"""From power in the aperture to irradiance at the reference plane, with its budget.

The measurement equation is that of one channel with blank-lit-blank:
E = (mean lit − mean of the blanks) · k_cal(λ0) / (A · M · k_T), with the meter set to λ0 and the
head's responsivity changed by k_T = 1 + α(λ0)·(T − T_cal). Linearity, range, distance and
directional response are taken as 1, each with its uncertainty.
"""

import math
import statistics
from dataclasses import dataclass, replace

import numpy as np

from ledcal.calibration.blank import (
    common_setting_nm,
    one_setting_nm,
    powers_w,
    repeatability,
    signal_w,
)
from ledcal.calibration.certificate import PowerMeterCertificate
from ledcal.calibration.errors import EvaluationError
from ledcal.calibration.estimate import Component, Estimate, united
from ledcal.calibration.indication import Observation, Readings

MM2_PER_M2 = 1e6
AMBIENT_RESPONSIVITY_HALF_WIDTH = 0.5
"""Ambient light has an unknown spectrum; over the visible and near infrared the responsivity of
a silicon head lies within about this fraction of its value at the setting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferencePlane:
    """Where the irradiance is stated, and how well the head sits there.

    Attributes:
        distance_mm: Distance of the plane from the panel's window. [mm]
        u_distance_mm: Standard uncertainty of the head's distance. [mm]
        distance_sensitivity_per_mm: Relative change of irradiance with distance, as a positive
            fraction. [1/mm]
        u_cosine: Standard uncertainty by the head's directional response, a fraction.
    """

    distance_mm: float
    u_distance_mm: float
    distance_sensitivity_per_mm: float
    u_cosine: float

    def __post_init__(self) -> None:
        """Refuse what would make the budget meaningless."""
        if not (math.isfinite(self.distance_mm) and self.distance_mm > 0):
            raise EvaluationError(f"reference plane: distance_mm = {self.distance_mm} is not > 0")
        for name in ("u_distance_mm", "distance_sensitivity_per_mm", "u_cosine"):
            number = getattr(self, name)
            if not (math.isfinite(number) and number >= 0):
                raise EvaluationError(f"reference plane: {name} = {number} is not >= 0")


def irradiance(
    observation: Observation,
    certificate: PowerMeterCertificate,
    mismatch: Estimate,
    plane: ReferencePlane,
    head_degc: Estimate | None = None,
) -> Estimate:
    """Return the irradiance at the reference plane. [W/m2]

    Scatter, drift between the blanks, zero and the noise of the spectrum differ from one
    observation to the next. All else is common to a run: it neither averages out nor scatters
    points about a curve. Linearity is counted as common since it is the same at the same level
    every time.

    Args:
        observation: Blank-lit-blank; at least two power readings in the lit state.
        certificate: Of the power meter and its head.
        mismatch: Spectral mismatch factor M of the head at its wavelength setting. [1]
        plane: The reference plane and the head's place in it.
        head_degc: Temperature of the head; needed where the certificate states a temperature
            coefficient. [degC]

    Raises:
        EvaluationError: A head temperature is needed and not given; readings are not finite, too
            few, taken at different wavelength settings, or show no light above the blanks.
        OutsideCertificate: The certificate does not cover the wavelength setting.

    References:
        [1] JCGM 100:2008 4.2 (repeated indications), 4.3.7 (rectangular distribution).
    """
    setting_nm = common_setting_nm(observation)
    if mismatch.value <= 0:
        raise EvaluationError(f"the mismatch factor {mismatch.value:g} is not positive")
    signal = signal_w(observation, certificate)
    factor = certificate.factor_at(setting_nm)
    area_m2 = certificate.aperture_area_mm2 / MM2_PER_M2
    scale = factor.value / (area_m2 * mismatch.value)
    warmth, in_warmth = _head_temperature(certificate, setting_nm, head_degc)
    scale /= warmth
    value = signal.value * scale
    number = certificate.head.number
    area_mm2 = certificate.aperture_area_mm2
    area = Component(
        name="aperture area",
        value=area_mm2,
        u_input=certificate.aperture_area_u_mm2,
        sensitivity=-value / area_mm2,
        evaluation="B",
        common=True,
        source=number,
        relation="quotient",
    )
    # Input, its value, its standard uncertainty, dE/d(input), where the figure stands.
    inputs = [
        ("linearity", 1.0, certificate.linearity_u, value, number),
        (
            "distance",
            plane.distance_mm,
            plane.u_distance_mm,
            -value * plane.distance_sensitivity_per_mm,
            "reference plane",
        ),
        ("directional response", 1.0, plane.u_cosine, value, "reference plane"),
    ]
    if _other_range(observation, certificate):
        inputs.append(("range", 1.0, certificate.range_u, value, number))
    in_scale = [
        Component(
            name=name,
            value=at,
            u_input=u,
            sensitivity=sensitivity,
            evaluation="B",
            common=True,
            source=source,
            relation="product",
        )
        for name, at, u, sensitivity, source in inputs
    ]
    in_mismatch = [
        # A common input keeps its name: the same error sits in the band that it describes.
        replace(
            c,
            name=c.name if c.common else f"spectral mismatch: {c.name}",
            sensitivity=c.sensitivity * -value / mismatch.value,
            relation="quotient",
        )
        for c in mismatch.components
    ]
    components = (
        *(c.times(scale) for c in signal.components),
        # Before the mismatch, whose part of the same errors joins them here.
        *(replace(c.times(value / factor.value), relation="product") for c in factor.components),
        *in_mismatch,
        area,
        *in_scale,
        *(replace(c.times(-value / warmth), relation="quotient") for c in in_warmth),
    )
    return Estimate(value=value, unit="W/m2", components=united(components))


def ambient_irradiance(readings: Readings, certificate: PowerMeterCertificate) -> Estimate:
    """Return the irradiance that a dark panel leaves at the reference plane. [W/m2]

    The zero of the meter is part of it, and so is light of unknown spectrum, for which a
    rectangular distribution of the responsivity is added. The value may be below zero.

    Args:
        readings: Readings with the panel dark.
        certificate: Of the power meter and its head.

    Raises:
        EvaluationError: A reading is not finite, or they differ in wavelength setting.
        OutsideCertificate: The certificate does not cover the wavelength setting.
    """
    setting_nm = one_setting_nm(readings.power)
    power_w = powers_w(readings.power, "blank")
    factor = certificate.factor_at(setting_nm)
    scale = factor.value / (certificate.aperture_area_mm2 / MM2_PER_M2)
    value = statistics.fmean(power_w) * scale
    spectrum_u = abs(value) * AMBIENT_RESPONSIVITY_HALF_WIDTH / math.sqrt(3)
    components = (
        repeatability((power_w, scale)),
        Component(
            name="zero",
            u_input=certificate.zero_u_w,
            sensitivity=scale,
            evaluation="B",
            common=False,
            source=certificate.head.number,
        ),
        Component(
            name="spectrum of ambient light",
            u_input=spectrum_u,
            evaluation="B",
            common=True,
            source="unknown spectrum, rectangular",
            distribution="rectangular",
        ),
        *(c.times(value / factor.value) for c in factor.components),
    )
    return Estimate(value=value, unit="W/m2", components=components)


def board_degc(observation: Observation) -> float:
    """Return the panel's LED board temperature in the lit state. [degC]

    Raises:
        EvaluationError: The panel's indication is not finite.
    """
    board = observation.lit.panel.board_degc
    if not math.isfinite(board):
        raise EvaluationError(
            f"the panel says its board temperature is {board} degC; check its sensor"
        )
    return board


def _head_temperature(
    certificate: PowerMeterCertificate, setting_nm: float, head_degc: Estimate | None
) -> tuple[float, list[Component]]:
    """Return the responsivity over that at the calibration's temperature, with its inputs."""
    table = certificate.temperature_coefficient_per_k
    if table is None:
        return 1.0, []
    if head_degc is None:
        raise EvaluationError(
            f"certificate {certificate.head.number} states a temperature coefficient, but there "
            "is no temperature of the head; wire the ambient thermocouple to it"
        )
    per_k = float(np.interp(setting_nm, certificate.wavelength_nm, table))
    warmer_k = head_degc.value - certificate.calibration_degc
    coefficient = Component(
        name="temperature coefficient of the head",
        value=per_k,
        u_input=certificate.temperature_coefficient_u_per_k,
        sensitivity=warmer_k,
        evaluation="B",
        common=True,
        source=certificate.head.number,
    )
    return 1 + per_k * warmer_k, [coefficient, *(c.times(per_k) for c in head_degc.components)]


def _other_range(observation: Observation, certificate: PowerMeterCertificate) -> bool:
    calibrated_w = certificate.calibration_range_w
    return calibrated_w is not None and any(
        not math.isclose(reading.range_w, calibrated_w, rel_tol=0.05)
        for reading in observation.lit.power
    )
