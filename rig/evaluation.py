"""From an observation to its results, with the certificates of the bench that made it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ledcal.calibration.agreement import Agreement, cross_check
from ledcal.calibration.band import Band, describe_band
from ledcal.calibration.board_temperature import board_at_light
from ledcal.calibration.curve import ChannelCurve, Point
from ledcal.calibration.errors import EvaluationError
from ledcal.calibration.estimate import Component, Estimate, united
from ledcal.calibration.fusion import mismatch_factor, weighted_irradiance
from ledcal.calibration.indication import (
    Observation,
    PowerIndication,
    Readings,
    TemperatureIndication,
)
from ledcal.calibration.irradiance import (
    ReferencePlane,
    ambient_irradiance,
    board_degc,
    irradiance,
)
from ledcal.calibration.spectrum import Spectrum, corrected_spectrum
from ledcal.rig.certificates import Certificates
from ledcal.rig.observation import FULL_CODE
from ledcal.rig.station import PlaneSettings

BOARD = "board temperature"
"""Name of the error of the panel's own sensor in a curve."""
AMBIENT = "ambient"
"""Name of the thermocouple in the air of the box."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """One observation with what follows from it.

    Attributes:
        spectrum: Corrected spectrum of the lit channels.
        band: Its band, that of the strongest channel when several are lit.
        mismatch: Spectral mismatch factor of the power meter's head. [1]
        irradiance: At the reference plane. [W/m2]
        board_degc: LED board temperature. [degC]
    """

    observation: Observation
    spectrum: Spectrum
    band: Band
    mismatch: Estimate
    irradiance: Estimate
    board_degc: float

    @property
    def drive(self) -> float:
        """Drive of the first lit channel as a fraction of full drive."""
        return self.observation.drive_code[0] / FULL_CODE

    def point(self, u_reading_k: float) -> Point:
        """Return the observation as a point for the fit.

        Args:
            u_reading_k: Standard uncertainty of a reading of the board's sensor in a run. [K]
        """
        board = board_at_light(self.observation, u_reading_k)
        return Point(
            drive=self.drive,
            board_degc=board.value,
            irradiance=self.irradiance,
            # A code is exact; what the driver makes of it is what the curve is about.
            u_drive=0.0,
            u_board_k=board.u,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluator:
    """Evaluates the observations of one bench.

    Attributes:
        certificates: Of the bench's instruments.
        plane: The reference plane.
    """

    certificates: Certificates
    plane: ReferencePlane

    def evaluate(self, observation: Observation) -> Evaluated:
        """Return all results of an observation.

        Raises:
            EvaluationError: It cannot give a result; see the calibration layer.
        """
        spectrum, mismatch, found = self.irradiance(observation)
        return Evaluated(
            observation=observation,
            spectrum=spectrum,
            band=describe_band(spectrum, self.certificates.spectrometer),
            mismatch=mismatch,
            irradiance=found,
            board_degc=board_degc(observation),
        )

    def irradiance(self, observation: Observation) -> tuple[Spectrum, Estimate, Estimate]:
        """Return spectrum, mismatch factor and irradiance, of several channels together too.

        Raises:
            EvaluationError: The observation cannot give a result.
        """
        spectrum = corrected_spectrum(observation, self.certificates.spectrometer)
        setting_nm = observation.lit.power[0].wavelength_nm
        mismatch = mismatch_factor(spectrum, setting_nm, self.certificates.power_meter)
        found = irradiance(
            observation,
            self.certificates.power_meter,
            mismatch,
            self.plane,
            self.head_degc(observation.lit.temperature),
        )
        return spectrum, mismatch, found

    def head_degc(self, temperature: TemperatureIndication) -> Estimate | None:
        """Return the temperature of the meter's head, taken as that of the room in the box.

        None where the head's certificate states no temperature coefficient.

        Raises:
            EvaluationError: There is no ambient thermocouple, or it shows no number.
        """
        if self.certificates.power_meter.temperature_coefficient_per_k is None:
            return None
        indicated_degc = temperature.thermocouple_degc.get(AMBIENT, math.nan)
        return self.certificates.thermocouple_logger.corrected(AMBIENT, indicated_degc)


def reference_plane(settings: PlaneSettings) -> ReferencePlane:
    """Return the station's reference plane as the calibration layer knows it."""
    return ReferencePlane(
        distance_mm=settings.distance_mm,
        u_distance_mm=settings.u_distance_mm,
        distance_sensitivity_per_mm=settings.distance_sensitivity_per_mm,
        u_cosine=settings.u_cosine,
    )


def spectrometer_check(seen: Evaluated, settings: PlaneSettings) -> Agreement | None:
    """Compare the spectrometer's irradiance with the power meter's, each by its certificate.

    None where the station file does not tell the ratio of the two heads' places.

    Raises:
        EvaluationError: They cannot be compared.
    """
    if settings.spectrometer_ratio is None:
        return None
    place = Component(
        name="place of the spectrometer's head",
        value=settings.spectrometer_ratio,
        u_input=settings.u_spectrometer_ratio,
        evaluation="B",
        common=True,
        source="station file",
    )
    everywhere = np.ones_like(seen.spectrum.wavelength_nm)
    return cross_check(
        weighted_irradiance(seen.spectrum, everywhere),
        seen.irradiance,
        Estimate(value=settings.spectrometer_ratio, unit="1", components=(place,)),
    )


def blank_drift(
    observation: Observation, certificates: Certificates, least_w_m2: float
) -> Estimate:
    """Return how far the blanks around a reading differ, over an irradiance. [1]

    Raises:
        EvaluationError: A blank cannot be evaluated.
    """
    before = ambient_irradiance(observation.blank_before, certificates.power_meter)
    after = ambient_irradiance(observation.blank_after, certificates.power_meter)
    scatter = Component(
        name="repeatability",
        u_input=math.hypot(before.u_independent, after.u_independent) / least_w_m2,
        evaluation="A",
        common=False,
        source="repeated indications",
    )
    value = abs(after.value - before.value) / least_w_m2
    return Estimate(value=value, unit="1", components=(scatter,))


def ambient_peak(
    blank: Readings, short: tuple[PowerIndication, ...], certificates: Certificates
) -> Estimate:
    """Return the highest light from elsewhere, by readings shorter than a lamp's flicker. [W/m2]

    Args:
        blank: With the panel dark; of the same meter setting.
        short: Readings averaged over a few milliseconds.
        certificates: Of the bench's instruments.

    Raises:
        EvaluationError: A reading cannot be evaluated.
    """
    highest = max(short, key=lambda one: one.power_w)
    mean = ambient_irradiance(replace(blank, power=short), certificates.power_meter)
    peak = ambient_irradiance(replace(blank, power=(highest, highest)), certificates.power_meter)
    return Estimate(value=peak.value, unit=peak.unit, components=mean.components)


def superposition_ratio(
    evaluator: Evaluator, curves: Mapping[int, ChannelCurve], together: Observation
) -> Estimate:
    """Return the irradiance of all channels on together over the sum of their curves. [1]

    Errors that the reading and the curves have in common by name cancel as far as they are the
    same; those of the certificate's wavelengths do so only in part, since the mixed light has
    others than each channel. One reading of the board temperature serves all curves.

    Raises:
        EvaluationError: The observation cannot give a result, or a curve does not cover it.
    """
    _, _, measured = evaluator.irradiance(together)
    # The sensor's own error is in the curves' budgets; here only what the board did meanwhile.
    board = board_at_light(together, u_reading_k=0.0)
    alone = [
        curves[channel].estimate(code / FULL_CODE, board.value)
        for channel, code in zip(together.channels, together.drive_code, strict=True)
    ]
    total_w_m2 = sum(estimate.value for estimate in alone)
    value = measured.value / total_w_m2
    of_reading = [one.times(1 / total_w_m2) for one in measured.components]
    of_curves = [
        replace(one, common=one.common or one.name == BOARD).times(-value / total_w_m2)
        for estimate in alone
        for one in estimate.components
    ]
    per_k = sum(one.sensitivity for one in of_curves if one.name == BOARD)
    of_board = [one.times(per_k) for one in board.components]
    parts = (*of_reading, *of_curves, *of_board)
    components = united(replace(one, relation="sum") for one in parts)
    return Estimate(value=value, unit="1", components=components)


def centroid_at(
    band: Band, board_degc: float, warm_up: Sequence[Evaluated], t_ref_degc: float
) -> float:
    """Return the centroid at the reference temperature. [nm]

    The slope over temperature comes from the warm-up, at full drive; the value from the band.

    Args:
        band: The band at nominal irradiance.
        board_degc: LED board temperature at which it was measured. [degC]
        warm_up: The same channel while the board warmed up.
        t_ref_degc: Reference temperature. [degC]

    Raises:
        EvaluationError: Fewer than two warm-up observations at different temperatures.
    """
    temperatures = np.array([one.board_degc for one in warm_up])
    centroids = np.array([one.band.centroid.value for one in warm_up])
    if len(warm_up) < 2 or np.ptp(temperatures) < 1:
        raise EvaluationError(
            f"{len(warm_up)} warm-up observations do not show how the centroid follows "
            "temperature; at least 2 that are 1 K apart are needed"
        )
    slope_nm_per_k = float(np.polyfit(temperatures, centroids, 1)[0])
    return band.centroid.value + slope_nm_per_k * (t_ref_degc - board_degc)
