"""The calibration curve of one channel: irradiance over drive and LED board temperature.

E(x, T) = R(x) / c(T),  c(T) = 1 + b1·ΔT + b2·ΔT²,  ΔT = T − t_ref

R rises with drive; c(T) is what the firmware multiplies a request by.
"""

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from ledcal.calibration.drive_shape import (
    TEMPERATURE_COEFFICIENTS,
    DriveShape,
    jacobian,
    predicted,
    slopes,
)
from ledcal.calibration.errors import EvaluationError
from ledcal.calibration.estimate import Component, Estimate
from ledcal.calibration.fit_statistics import FitStatistics
from ledcal.calibration.indication import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceCondition:
    """LED board temperature for which the curve holds, and the range over which it is corrected.

    Attributes:
        t_ref_degc: Reference temperature. [degC]
        t_min_degc, t_max_degc: Range of use. [degC]
    """

    t_ref_degc: float
    t_min_degc: float
    t_max_degc: float

    def __post_init__(self) -> None:
        """Refuse a range that does not hold the reference temperature."""
        if not self.t_min_degc <= self.t_ref_degc <= self.t_max_degc:
            raise EvaluationError(
                f"t_ref_degc = {self.t_ref_degc} is not within t_min_degc = {self.t_min_degc} "
                f"to t_max_degc = {self.t_max_degc}"
            )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OwnErrors:
    """Errors that each point of the fit had on its own, and what they leave in the curve.

    Attributes:
        name, evaluation, source, dof: As of a `Component`.
        covariance: Of the coefficients by these errors, shape (p, p).
    """

    name: str
    evaluation: Literal["A", "B"]
    source: str
    dof: float
    covariance: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SharedError:
    """One error that points of the fit had in common, and what it does to the curve.

    Attributes:
        component: The input as the points' budgets name it; its sensitivity is theirs.
        shift: Change of the coefficients by one standard uncertainty of it, shape (p,).
    """

    component: Component
    shift: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ChannelCurve:
    """The fitted curve of one channel.

    Attributes:
        channel: LED channel number.
        shape: The shape over drive.
        coefficients: p of the shape, then b1 [1/K] and b2 [1/K2].
        own_errors: Errors of single points, widened by chi2/dof where the fit is `strained`.
        shared_errors: Errors that points had in common, by name.
        reference: Reference temperature and range.
        drive_min, drive_max: Range of the measured drives, fractions.
        statistics: The residuals, judged.
        strained: True where no model agreed with the points at 95 % and this one still does at
            99.99 %.
        residual_rel: Measured over fitted minus 1 for each point, shape (n,).
        u_board_k: Standard uncertainty of the board temperature in use. [K]
    """

    channel: int
    shape: DriveShape
    coefficients: tuple[float, ...]
    own_errors: tuple[OwnErrors, ...]
    shared_errors: tuple[SharedError, ...]
    reference: ReferenceCondition
    drive_min: float
    drive_max: float
    statistics: FitStatistics
    strained: bool
    residual_rel: tuple[float, ...]
    u_board_k: float

    @property
    def t_ref_degc(self) -> float:
        """Reference temperature. [degC]"""
        return self.reference.t_ref_degc

    @property
    def t_min_degc(self) -> float:
        """Lowest board temperature of use. [degC]"""
        return self.reference.t_min_degc

    @property
    def t_max_degc(self) -> float:
        """Highest board temperature of use. [degC]"""
        return self.reference.t_max_degc

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the coefficients."""
        return (*self.shape.coefficients, *TEMPERATURE_COEFFICIENTS)

    @property
    def formula(self) -> str:
        """The formula of the curve in words."""
        return f"E = R / (1 + b1·ΔT + b2·ΔT²), R = {self.shape.formula}"

    @property
    def b1_per_k(self) -> float:
        """Linear coefficient of the correction. [1/K]"""
        return self.coefficients[-2]

    @property
    def b2_per_k2(self) -> float:
        """Quadratic coefficient of the correction. [1/K2]"""
        return self.coefficients[-1]

    @property
    def covariance(self) -> FloatArray:
        """Of the coefficients by all errors, shape (p, p)."""
        own = sum((one.covariance for one in self.own_errors), np.zeros((1, 1)))
        shared = sum((np.outer(e.shift, e.shift) for e in self.shared_errors), np.zeros((1, 1)))
        return np.asarray(own + shared, dtype=np.float64)

    def coefficient(self, name: str) -> Estimate:
        """Return one coefficient with its budget, in the unit that `coefficients` tells."""
        n = self.names.index(name)
        return Estimate(
            value=self.coefficients[n],
            unit={"b1": "K-1", "b2": "K-2"}.get(name, "1"),
            components=self._by_fit(np.eye(len(self.names))[n]),
        )

    def irradiance_w_m2(self, drive: float, board_degc: float) -> float:
        """Return the irradiance at a drive and a board temperature. [W/m2]

        Raises:
            EvaluationError: Drive outside the measured ones or temperature outside the range of
                use: the curve is not extrapolated.
        """
        return float(self.evaluate(np.array([drive]), np.array([board_degc]))[0][0])

    def correction(self, board_degc: float) -> float:
        """Return c(T), by which a request is multiplied to find its value at t_ref. [1]

        Raises:
            EvaluationError: Temperature outside the range of use.
        """
        self._require_inside(np.array([self.drive_max]), np.array([board_degc]))
        difference_k = board_degc - self.t_ref_degc
        return 1 + difference_k * (self.b1_per_k + difference_k * self.b2_per_k2)

    def u_rel(self, drive: float, board_degc: float) -> float:
        """Return the standard uncertainty of the irradiance as a fraction of it, all included.

        Raises:
            EvaluationError: As for `irradiance_w_m2`.
        """
        value, u = self.evaluate(np.array([drive]), np.array([board_degc]))
        return float(u[0] / value[0])

    def evaluate(self, drive: FloatArray, board_degc: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return irradiances and their standard uncertainties, shape (n,) each. [W/m2]

        Args:
            drive: Fractions of full drive, shape (n,).
            board_degc: Board temperatures, shape (n,). [degC]

        Raises:
            EvaluationError: As for `irradiance_w_m2`.
        """
        self._require_inside(drive, board_degc)
        x, beta = np.array([drive, board_degc - self.t_ref_degc]), np.array(self.coefficients)
        gradient = jacobian(self.shape, x, beta)
        _, by_k = slopes(self.shape, x, beta)
        variance = np.sum((self.covariance @ gradient) * gradient, axis=0)
        variance = np.maximum(variance, 0.0) + (by_k * self.u_board_k) ** 2
        return predicted(self.shape, x, beta), np.asarray(np.sqrt(variance), dtype=np.float64)

    def estimate(self, drive: float, board_degc: float) -> Estimate:
        """Return the irradiance with its uncertainty budget. [W/m2]

        What the points had in common keeps its name and sign, so that the curves of all channels
        of a run, and the run's other results, stay correlated.

        Raises:
            EvaluationError: As for `irradiance_w_m2`.
        """
        value = self.irradiance_w_m2(drive, board_degc)
        x = np.array([[drive], [board_degc - self.t_ref_degc]])
        beta = np.array(self.coefficients)
        _, by_k = slopes(self.shape, x, beta)
        temperature = Component(
            name="board temperature",
            value=board_degc,
            u_input=self.u_board_k,
            sensitivity=float(by_k[0]),
            evaluation="B",
            common=False,
            source="panel's own sensor",
        )
        by_fit = self._by_fit(jacobian(self.shape, x, beta)[:, 0])
        return Estimate(value=value, unit="W/m2", components=(*by_fit, temperature))

    def _by_fit(self, gradient: FloatArray) -> tuple[Component, ...]:
        own = (
            Component(
                name=one.name,
                u_input=math.sqrt(max(0.0, float(gradient @ one.covariance @ gradient))),
                evaluation=one.evaluation,
                common=False,
                source=one.source,
                dof=one.dof,
            )
            for one in self.own_errors
        )
        shared = (
            replace(
                one.component,
                sensitivity=float(gradient @ one.shift) / one.component.u_input,
            )
            for one in self.shared_errors
        )
        return (*own, *shared)

    def _require_inside(self, drive: FloatArray, board_degc: FloatArray) -> None:
        outside = ~((self.drive_min <= drive) & (drive <= self.drive_max))
        if np.any(outside):
            raise EvaluationError(
                f"channel {self.channel}: drive {drive[outside][0]:g} is outside "
                f"{self.drive_min:g} to {self.drive_max:g}, the measured range; the curve is not "
                "extrapolated"
            )
        outside = ~((self.t_min_degc <= board_degc) & (board_degc <= self.t_max_degc))
        if np.any(outside):
            raise EvaluationError(
                f"channel {self.channel}: board temperature {board_degc[outside][0]:g} degC is "
                f"outside {self.t_min_degc:g} to {self.t_max_degc:g} degC, the range of use"
            )
