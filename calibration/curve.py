"""The fit of a channel's calibration curve to measured points."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from odrpack import odr_fit

from ledcal.calibration.channel_curve import ChannelCurve, ReferenceCondition
from ledcal.calibration.drive_model import (
    COEFFICIENTS,
    MODEL,
    covariance,
    jacobian,
    predicted,
    start_values,
)
from ledcal.calibration.errors import FitError
from ledcal.calibration.estimate import Estimate
from ledcal.calibration.indication import FloatArray

__all__ = ["MODEL", "ChannelCurve", "Point", "ReferenceCondition", "fit_channel"]

LEAST_POINTS = len(COEFFICIENTS) + 2
LEAST_TEMPERATURE_SPAN_K = 5.0
"""Below this span of board temperatures b1 and b2 would be read out of the noise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One measured point of the curve.

    Attributes:
        drive: Fraction of full drive, 0 to 1.
        board_degc: LED board temperature while it was measured. [degC]
        irradiance: At the reference plane. [W/m2]
    """

    drive: float
    board_degc: float
    irradiance: Estimate


def fit_channel(
    channel: int, points: Sequence[Point], reference: ReferenceCondition, u_board_k: float
) -> ChannelCurve:
    """Return the curve through the points by weighted least squares, jointly in drive and T.

    The weights come from the part of each uncertainty that is the point's own. Such a figure
    from few readings may be small by luck, so none counts for less than the median of all (as
    fractions). The common part is no scatter: it is added to the result. Where chi-square
    exceeds its degrees of freedom the covariance is inflated by their ratio (Birge) and the
    excess is carried as an uncertainty of the model besides, since what a model cannot follow
    does not average out.

    Args:
        channel: LED channel number, for messages.
        points: At least 7, at several drives and over at least 5 K.
        reference: Reference temperature and range of use.
        u_board_k: Standard uncertainty of the board temperature in use. [K]

    Raises:
        FitError: Points too few, not usable or too close together, or no fit found.

    References:
        [1] ISO/TS 28037:2010, weighted least squares and validation by chi-square.
        [2] Zwolak, Boggs & Watson, ODRPACK95 (ACM TOMS 33, 27, 2007).
    """
    _require_points(channel, points)
    if not (math.isfinite(u_board_k) and u_board_k >= 0):
        raise FitError(f"channel {channel}: u_board_k = {u_board_k} is not a number of at least 0")
    x = np.array([(p.drive, p.board_degc - reference.t_ref_degc) for p in points]).T
    y = np.array([p.irradiance.value for p in points])
    u_y = y * _own_u_rel(points)
    found = odr_fit(
        predicted,
        x,
        y,
        start_values(x, y),
        weight_y=1 / u_y**2,
        bounds=([0.0, 0.0, 0.0, -np.inf, -np.inf], None),
        task="OLS",
        jac_beta=lambda at, beta: jacobian(at, beta)[np.newaxis],
        maxit=200,
    )
    if not found.success:
        raise FitError(f"channel {channel}: no fit found: {found.stopreason}")
    beta = found.beta
    _require_positive_correction(channel, beta, x[1], reference)
    fitted = predicted(x, beta)
    p0, p1, p2, b1, b2 = beta.tolist()
    chi2 = float(np.sum(((y - fitted) / u_y) ** 2))
    dof = len(points) - len(COEFFICIENTS)
    birge = max(1.0, chi2 / dof)
    residual_rel = y / fitted - 1
    return ChannelCurve(
        channel=channel,
        coefficients=(p0, p1, p2, b1, b2),
        covariance=_covariance(channel, jacobian(x, beta) / u_y) * birge,
        reference=reference,
        drive_min=float(min(p.drive for p in points)),
        drive_max=float(max(p.drive for p in points)),
        chi2=chi2,
        dof=dof,
        residual_rel=tuple(residual_rel.tolist()),
        u_common=max(p.irradiance.u_common / p.irradiance.value for p in points),
        u_model=math.sqrt(float(np.sum(residual_rel**2)) / dof * (1 - 1 / birge)),
        u_board_k=u_board_k,
    )


def _require_points(channel: int, points: Sequence[Point]) -> None:
    where = f"channel {channel}"
    if len(points) < LEAST_POINTS:
        raise FitError(
            f"{where}: {len(points)} points for {len(COEFFICIENTS)} coefficients; measure at "
            f"least {LEAST_POINTS}"
        )
    for n, point in enumerate(points, start=1):
        if not 0 < point.drive <= 1:
            raise FitError(f"{where}, point {n}: drive {point.drive} is not within 0 to 1")
        if not math.isfinite(point.board_degc):
            raise FitError(f"{where}, point {n}: board temperature {point.board_degc} not finite")
        if point.irradiance.value <= 0:
            raise FitError(f"{where}, point {n}: irradiance {point.irradiance.value} is not > 0")
        if point.irradiance.u_independent <= 0:
            raise FitError(f"{where}, point {n}: it has no uncertainty of its own to weigh it by")
    temperatures_degc = [point.board_degc for point in points]
    span_k = max(temperatures_degc) - min(temperatures_degc)
    if span_k < LEAST_TEMPERATURE_SPAN_K:
        raise FitError(
            f"{where}: the points span {span_k:.1f} K of board temperature; the temperature "
            f"coefficients need at least {LEAST_TEMPERATURE_SPAN_K:g} K"
        )


def _own_u_rel(points: Sequence[Point]) -> FloatArray:
    u_rel = np.array([p.irradiance.u_independent / p.irradiance.value for p in points])
    return np.asarray(np.maximum(u_rel, np.median(u_rel)), dtype=np.float64)


def _covariance(channel: int, weighted: FloatArray) -> FloatArray:
    try:
        return covariance(weighted)
    except np.linalg.LinAlgError as error:
        raise FitError(
            f"channel {channel}: the points do not tell the coefficients {', '.join(COEFFICIENTS)}"
            " apart; measure more drive levels and temperatures"
        ) from error


def _require_positive_correction(
    channel: int, beta: FloatArray, measured_k: FloatArray, reference: ReferenceCondition
) -> None:
    limits_k = (
        reference.t_min_degc - reference.t_ref_degc,
        reference.t_max_degc - reference.t_ref_degc,
    )
    low, high = min(*limits_k, *measured_k), max(*limits_k, *measured_k)
    difference_k = np.linspace(low, high, 101)
    correction = 1 + beta[3] * difference_k + beta[4] * difference_k**2
    if not np.all(np.isfinite(beta)) or np.min(correction) <= 0:
        raise FitError(
            f"channel {channel}: the temperature correction falls to {np.min(correction):.3g} "
            f"between {low:.1f} and {high:.1f} K from t_ref; it must stay above 0"
        )
