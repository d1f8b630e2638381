"""The fit of a channel's calibration curve to measured points."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from ledcal.calibration.bounded_fit import bounded_fit
from ledcal.calibration.channel_curve import (
    ChannelCurve,
    OwnErrors,
    ReferenceCondition,
    SharedError,
)
from ledcal.calibration.curve_points import Point, PointArrays, point_arrays
from ledcal.calibration.drive_shape import (
    DriveShape,
    PhysicalShape,
    correction,
    jacobian,
    predicted,
    slopes,
    start_values,
)
from ledcal.calibration.errors import FitError
from ledcal.calibration.fit_statistics import FitStatistics, fit_statistics
from ledcal.calibration.indication import FloatArray
from ledcal.calibration.least_squares import invert_design, whitening
from ledcal.calibration.monotone_spline import MonotoneSpline

__all__ = ["ChannelCurve", "Point", "ReferenceCondition", "fit_channel"]

LEAST_POINTS = 8
LEAST_TEMPERATURE_SPAN_K = 5.0
"""Below this span of board temperatures b1 and b2 would be read out of the noise."""
AGREES = 0.05
"""A model whose chi-square would be exceeded with less than this probability is passed over."""
IMPOSSIBLE = 1e-4
"""Below this probability a model is refused. At 5 % one sound channel in twenty would be."""
LARGEST_NORMALISED = 3.5
"""A model is passed over when a residual exceeds this many of its standard uncertainties."""
_PASSES = 2
"""The second weighs the points by the slopes and values of the first."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Solution:
    """One shape fitted to the points."""

    shape: DriveShape
    beta: FloatArray
    gain: FloatArray
    own: FloatArray
    shared: FloatArray
    statistics: FitStatistics

    @property
    def agrees(self) -> bool:
        """True where the residuals are what the stated uncertainties lead one to expect."""
        judged = self.statistics
        return (
            judged.chi2_probability >= AGREES
            and abs(judged.largest_normalised) < LARGEST_NORMALISED
        )


def fit_channel(
    channel: int, points: Sequence[Point], reference: ReferenceCondition, u_board_k: float
) -> ChannelCurve:
    """Return the curve through the points by generalised least squares, jointly in drive and T.

    The covariance of the points holds their own errors (scatter, all else, drive and board
    temperature through the curve's slopes) and those they share. The physical shape is kept if
    chi-square at 95 % and the largest residual let it; else a monotone spline on the same terms;
    else the first of them that is not impossible at 99.99 %, its covariance widened by chi2/dof.

    Args:
        channel: LED channel number, for messages.
        points: At least 8, at several drives and over at least 5 K.
        reference: Reference temperature and range of use.
        u_board_k: Standard uncertainty of the board temperature in use. [K]

    Raises:
        FitError: Points too few, not usable or too close together, or no model agrees with them.

    References:
        [1] ISO/TS 28037:2010 clause 9, generalised Gauss-Markov regression and its validation.
    """
    try:
        measured = _measured(points, reference, u_board_k)
        chosen, strained = _choose(measured)
    except FitError as error:
        raise FitError(f"channel {channel}: {error}") from error
    _require_positive_correction(channel, chosen.beta, measured.x[1], reference)
    widened = max(1.0, chosen.statistics.chi2 / chosen.statistics.dof) if strained else 1.0
    fitted = predicted(chosen.shape, measured.x, chosen.beta)
    return ChannelCurve(
        channel=channel,
        shape=chosen.shape,
        coefficients=tuple(chosen.beta.tolist()),
        own_errors=_own_errors(measured, chosen, widened),
        shared_errors=tuple(
            SharedError(component=component, shift=chosen.gain @ errors)
            for component, errors in zip(measured.inputs, chosen.shared.T, strict=True)
        ),
        reference=reference,
        drive_min=float(measured.x[0].min()),
        drive_max=float(measured.x[0].max()),
        statistics=chosen.statistics,
        strained=strained,
        residual_rel=tuple((measured.y / fitted - 1).tolist()),
        u_board_k=u_board_k,
    )


def _measured(
    points: Sequence[Point], reference: ReferenceCondition, u_board_k: float
) -> PointArrays:
    if not (math.isfinite(u_board_k) and u_board_k >= 0):
        raise FitError(f"u_board_k = {u_board_k} is not a number of at least 0")
    if len(points) < LEAST_POINTS:
        raise FitError(f"{len(points)} points; measure at least {LEAST_POINTS}")
    measured = point_arrays(points, reference.t_ref_degc)
    span_k = float(np.ptp(measured.x[1]))
    if span_k < LEAST_TEMPERATURE_SPAN_K:
        raise FitError(
            f"the points span {span_k:.1f} K of board temperature; the temperature coefficients "
            f"need at least {LEAST_TEMPERATURE_SPAN_K:g} K"
        )
    return measured


def _choose(measured: PointArrays) -> tuple[_Solution, bool]:
    """Return the solution to keep, and whether it is a strained one."""
    solutions, reasons = [], []
    for name in ("physical", "spline"):
        try:
            shape: DriveShape = (
                PhysicalShape() if name == "physical" else MonotoneSpline.through(measured.x[0])
            )
            solution = _solve(shape, measured)
        except FitError as error:
            reasons.append(f"{name}: {error}")
            continue
        if solution.agrees:
            return solution, False
        judged = solution.statistics
        solutions.append(solution)
        reasons.append(
            f"{name}: chi-square {judged.chi2:.1f} with {judged.dof} degrees of freedom, largest "
            f"residual {judged.largest_normalised:.1f} u at point {judged.largest_point}"
        )
    for solution in solutions:
        if solution.statistics.chi2_probability >= IMPOSSIBLE:
            return solution, True
    raise FitError(
        f"no model agrees with the points ({'; '.join(reasons)}); look for a point that was "
        "disturbed, a channel that does not rise with drive, or an uncertainty that is too small"
    )


def _solve(shape: DriveShape, measured: PointArrays) -> _Solution:
    x, y = measured.x, measured.y
    largest = shape.largest(float(x[0].min()))
    beta = start_values(shape, x, y)
    for _ in range(_PASSES):
        own, shared = _errors(shape, measured, beta)
        covariance = np.diag(np.sum(own, axis=0)) + shared @ shared.T
        beta = bounded_fit(
            partial(predicted, shape), partial(jacobian, shape), x, y, covariance, beta, largest
        )
    _require_rising(shape, x[0], beta)
    design, whiten = jacobian(shape, x, beta).T, whitening(covariance, y.size)
    # A coefficient that its bound holds at 0 takes no degree of freedom (chi-bar-square).
    free = np.append(shape.free(beta[:-2]), [True, True])
    return _Solution(
        shape=shape,
        beta=beta,
        gain=invert_design(whiten(design), shape.redundant(beta[:-2])) @ whiten(np.eye(y.size)),
        own=own,
        shared=shared,
        statistics=fit_statistics(
            y,
            y - predicted(shape, x, beta),
            design[:, free],
            covariance,
            np.lexsort((x[1], x[0])).tolist(),
            _own_dof(measured, own),
        ),
    )


def _errors(
    shape: DriveShape, measured: PointArrays, beta: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the own variances by kind, shape (3, n), and the shared errors, shape (n, m).

    Fractions are taken of the fitted values: of the measured ones, points that are low by chance
    would count for more (Peelle's puzzle). Errors of drive and temperature enter by the curve's
    slopes, which for such small ones is regression with errors in both variables.
    """
    fitted = predicted(shape, measured.x, beta)
    by_drive, by_k = slopes(shape, measured.x, beta)
    own = np.array(
        [
            (measured.scatter * fitted) ** 2,
            (measured.other * fitted) ** 2,
            (by_drive * measured.u_drive) ** 2 + (by_k * measured.u_board_k) ** 2,
        ]
    )
    return own, measured.shared * fitted[:, np.newaxis]


def _own_dof(measured: PointArrays, own: FloatArray) -> float:
    """Return how well the own variances are known, as degrees of freedom (JCGM 100 G.4)."""
    share = float(np.mean(own[0] / np.sum(own, axis=0)))
    return measured.scatter_dof / share**2 if share > 0 else math.inf


def _own_errors(measured: PointArrays, chosen: _Solution, widened: float) -> tuple[OwnErrors, ...]:
    kinds = (
        ("fit: scatter of the points", "A", "repeated indications, pooled", measured.scatter_dof),
        ("fit: other errors of single points", "B", "budgets of the points", math.inf),
        ("fit: drive and temperature of the points", "B", "panel's own sensor", math.inf),
    )
    return tuple(
        OwnErrors(
            name=name,
            evaluation="A" if evaluation == "A" else "B",
            source=source,
            dof=dof,
            covariance=widened * (chosen.gain * variance) @ chosen.gain.T,
        )
        for (name, evaluation, source, dof), variance in zip(kinds, chosen.own, strict=True)
    )


def _require_rising(shape: DriveShape, drive: FloatArray, beta: FloatArray) -> None:
    at = np.linspace(drive.min(), drive.max(), 101)
    slope = shape.slope(at, beta[:-2])
    if not np.all(slope >= 0):
        raise FitError(f"irradiance falls with drive at {at[int(np.argmin(slope))]:.2f} of full")


def _require_positive_correction(
    channel: int, beta: FloatArray, measured_k: FloatArray, reference: ReferenceCondition
) -> None:
    limits_k = (
        reference.t_min_degc - reference.t_ref_degc,
        reference.t_max_degc - reference.t_ref_degc,
    )
    low, high = min(*limits_k, *measured_k), max(*limits_k, *measured_k)
    lowest = float(np.min(correction(np.linspace(low, high, 101), beta)))
    if not lowest > 0:
        raise FitError(
            f"channel {channel}: the temperature correction falls to {lowest:.3g} "
            f"between {low:.1f} and {high:.1f} K from t_ref; it must stay above 0"
        )
