"""The calibration curve of one channel: irradiance over drive and LED board temperature.

E(x, T) = x² / (p0·x + p1 + p2·x²) / c(T),  c(T) = 1 + b1·ΔT + b2·ΔT²,  ΔT = T − t_ref

With p0, p1, p2 ≥ 0 the curve rises with drive for every set of coefficients, and both the drive
for an irradiance and the correction c(T) by which the firmware multiplies are closed formulas.
"""

import math
from dataclasses import dataclass

import numpy as np

from ledcal.calibration.drive_model import jacobian, predicted
from ledcal.calibration.errors import EvaluationError
from ledcal.calibration.estimate import Component, Estimate
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
class ChannelCurve:
    """The fitted curve of one channel.

    Attributes:
        channel: LED channel number.
        coefficients: p0 [m2/W], p1 [m2/W], p2 [m2/W], b1 [1/K], b2 [1/K2].
        covariance: Of the coefficients by scatter alone, inflated where chi2 exceeds dof,
            shape (5, 5).
        reference: Reference temperature and range.
        drive_min, drive_max: Range of the measured drives, fractions.
        chi2, dof: Of the fit, before inflation.
        residual_rel: Measured over fitted minus 1 for each point, shape (n,).
        u_common: Standard uncertainty that all points share, a fraction.
        u_model: Standard uncertainty by what the model cannot follow, a fraction; 0 where the
            scatter explains the residuals.
        u_board_k: Standard uncertainty of the board temperature in use. [K]
    """

    channel: int
    coefficients: tuple[float, float, float, float, float]
    covariance: FloatArray
    reference: ReferenceCondition
    drive_min: float
    drive_max: float
    chi2: float
    dof: int
    residual_rel: tuple[float, ...]
    u_common: float
    u_model: float
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

    def irradiance_w_m2(self, drive: float, board_degc: float) -> float:
        """Return the irradiance at a drive and a board temperature. [W/m2]

        Raises:
            EvaluationError: Drive outside the measured ones or temperature outside the range of
                use: the curve is not extrapolated.
        """
        self._require_inside(drive, board_degc)
        return float(predicted(self._at(drive, board_degc), np.array(self.coefficients))[0])

    def correction(self, board_degc: float) -> float:
        """Return c(T), by which a request is multiplied to find its value at t_ref. [1]

        Raises:
            EvaluationError: Temperature outside the range of use.
        """
        self._require_inside(self.drive_max, board_degc)
        _, _, _, b1, b2 = self.coefficients
        difference_k = board_degc - self.t_ref_degc
        return 1 + b1 * difference_k + b2 * difference_k**2

    def u_rel(self, drive: float, board_degc: float) -> float:
        """Return the standard uncertainty of the irradiance as a fraction of it, all included.

        Raises:
            EvaluationError: As for `irradiance_w_m2`.
        """
        estimate = self.estimate(drive, board_degc)
        return estimate.u / estimate.value

    def estimate(self, drive: float, board_degc: float) -> Estimate:
        """Return the irradiance with its uncertainty budget. [W/m2]

        Raises:
            EvaluationError: As for `irradiance_w_m2`.
        """
        value = self.irradiance_w_m2(drive, board_degc)
        gradient = jacobian(self._at(drive, board_degc), np.array(self.coefficients))[:, 0]
        _, _, _, b1, b2 = self.coefficients
        difference_k = board_degc - self.t_ref_degc
        slope_per_k = (b1 + 2 * b2 * difference_k) / self.correction(board_degc)
        fit = Component(
            name="fit",
            u_input=math.sqrt(max(0.0, float(gradient @ self.covariance @ gradient))),
            evaluation="A",
            common=False,
            source="scatter about the curve",
        )
        model = Component(
            name="model",
            u_input=value * self.u_model,
            evaluation="A",
            common=False,
            source="residuals beyond scatter",
        )
        temperature = Component(
            name="board temperature",
            u_input=value * abs(slope_per_k) * self.u_board_k,
            evaluation="B",
            common=False,
            source="panel's own sensor",
        )
        shared = Component(
            name="common to all points",
            u_input=value * self.u_common,
            evaluation="B",
            common=True,
            source="instruments' certificates and reference plane",
        )
        return Estimate(value=value, unit="W/m2", components=(fit, model, temperature, shared))

    def drive_for(self, irradiance_w_m2: float, board_degc: float) -> float:
        """Return the drive that gives an irradiance, the inverse of `irradiance_w_m2`.

        Raises:
            EvaluationError: No drive among the measured ones gives it.
        """
        p0, p1, p2, _, _ = self.coefficients
        at_ref_w_m2 = irradiance_w_m2 * self.correction(board_degc)
        # x²·(1 − y·p2) − x·y·p0 − y·p1 = 0
        lead = 1 - at_ref_w_m2 * p2
        linear = at_ref_w_m2 * p0
        drive = math.inf
        if lead > 0 and at_ref_w_m2 > 0:
            drive = (linear + math.sqrt(linear**2 + 4 * lead * at_ref_w_m2 * p1)) / (2 * lead)
        if not self.drive_min <= drive <= self.drive_max:
            raise EvaluationError(
                f"channel {self.channel}: {irradiance_w_m2:g} W/m2 at {board_degc:g} degC needs "
                f"a drive outside {self.drive_min:g} to {self.drive_max:g}, the measured range"
            )
        return drive

    def _at(self, drive: float, board_degc: float) -> FloatArray:
        return np.array([[drive], [board_degc - self.t_ref_degc]])

    def _require_inside(self, drive: float, board_degc: float) -> None:
        if not self.drive_min <= drive <= self.drive_max:
            raise EvaluationError(
                f"channel {self.channel}: drive {drive:g} is outside {self.drive_min:g} to "
                f"{self.drive_max:g}, the measured range; the curve is not extrapolated"
            )
        if not self.t_min_degc <= board_degc <= self.t_max_degc:
            raise EvaluationError(
                f"channel {self.channel}: board temperature {board_degc:g} degC is outside "
                f"{self.t_min_degc:g} to {self.t_max_degc:g} degC, the range of use"
            )
