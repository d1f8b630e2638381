"""The points of a curve as arrays: their places, values and errors, own and shared."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from ledcal.calibration.errors import FitError
from ledcal.calibration.estimate import Component, Estimate, effective_dof
from ledcal.calibration.indication import FloatArray

_CHANCE = 0.001
"""A point's scatter is its own when equal ones would show it with less than this probability."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One measured point of the curve.

    Attributes:
        drive: Fraction of full drive, 0 to 1.
        board_degc: LED board temperature while it was measured. [degC]
        irradiance: At the reference plane. [W/m2]
        u_drive: Standard uncertainty of the drive by itself, a fraction; 0 where it is exact.
        u_board_k: Standard uncertainty of this temperature against the others of the run; 0
            where it is exact. [K]
    """

    drive: float
    board_degc: float
    irradiance: Estimate
    u_drive: float
    u_board_k: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PointArrays:
    """The points of one channel; the uncertainties of irradiance are fractions of it.

    Attributes:
        x: Drive and difference from the reference temperature in K, shape (2, n).
        y: Irradiance, shape (n,). [W/m2]
        scatter: Standard uncertainty by repeated indications, pooled, shape (n,).
        scatter_dof: Degrees of freedom of the pooled figure.
        other: Standard uncertainty by all else that is a point's own, shape (n,).
        u_drive, u_board_k: As of `Point`, shape (n,).
        inputs: One component for each shared error.
        shared: Signed contributions of the shared errors, shape (n, m).
    """

    x: FloatArray
    y: FloatArray
    scatter: FloatArray
    scatter_dof: float
    other: FloatArray
    u_drive: FloatArray
    u_board_k: FloatArray
    inputs: tuple[Component, ...]
    shared: FloatArray


def point_arrays(points: Sequence[Point], t_ref_degc: float) -> PointArrays:
    """Return the points as arrays.

    Args:
        points: The points.
        t_ref_degc: Reference temperature. [degC]

    Raises:
        FitError: A point is not usable.
    """
    for n, point in enumerate(points, start=1):
        _require_usable(n, point)
    y = np.array([point.irradiance.value for point in points])
    scatter, scatter_dof = _pooled_scatter(points)
    own = [[c for c in p.irradiance.components if not c.common] for p in points]
    other = [math.hypot(*(c.contribution for c in each if not _scatters(c))) for each in own]
    inputs = {
        c.name: c for p in points for c in p.irradiance.components if c.common and c.u_input > 0
    }
    contributions = [point.irradiance.common_contributions for point in points]
    shared = [[each.get(name, 0.0) for name in inputs] for each in contributions]
    arrays = PointArrays(
        x=np.array([[p.drive, p.board_degc - t_ref_degc] for p in points]).T,
        y=y,
        scatter=scatter,
        scatter_dof=scatter_dof,
        other=np.array(other) / y,
        u_drive=np.array([point.u_drive for point in points]),
        u_board_k=np.array([point.u_board_k for point in points]),
        inputs=tuple(inputs.values()),
        shared=np.array(shared).reshape(len(points), len(inputs)) / y[:, np.newaxis],
    )
    for n, u in enumerate(np.hypot(arrays.scatter, arrays.other), start=1):
        if not u > 0:
            raise FitError(f"point {n}: it has no uncertainty of its own to weigh it by")
    return arrays


def _require_usable(n: int, point: Point) -> None:
    if not 0 < point.drive <= 1:
        raise FitError(f"point {n}: drive {point.drive} is not within 0 to 1")
    if not math.isfinite(point.board_degc):
        raise FitError(f"point {n}: board temperature {point.board_degc} not finite")
    if point.irradiance.value <= 0:
        raise FitError(f"point {n}: irradiance {point.irradiance.value} is not > 0")
    for name, u in (("u_drive", point.u_drive), ("u_board_k", point.u_board_k)):
        if not (math.isfinite(u) and u >= 0):
            raise FitError(f"point {n}: {name} = {u} is not a number of at least 0")


def _scatters(component: Component) -> bool:
    """Tell whether a figure comes from the scatter of a few indications."""
    return not component.common and component.evaluation == "A" and math.isfinite(component.dof)


def _pooled_scatter(points: Sequence[Point]) -> tuple[FloatArray, float]:
    """Return the relative scatter of each point, and the degrees of freedom of the pool.

    The scatter of two or three readings tells little of their own standard deviation, and may
    be small by luck. The points were measured in the same way, so their relative variances are
    pooled (JCGM 100 4.2.4); one that is too great for chance (F-test) stays what it is.
    """
    variance, dof = np.zeros(len(points)), np.zeros(len(points))
    for n, point in enumerate(points):
        parts = [(c.contribution, c.dof) for c in point.irradiance.components if _scatters(c)]
        if parts:
            variance[n] = (math.hypot(*(u for u, _ in parts)) / point.irradiance.value) ** 2
            dof[n] = min(effective_dof(parts), sum(own for _, own in parts))
    total = float(np.sum(dof))
    if total == 0:
        return np.zeros(len(points)), math.inf
    pooled = float(np.sum(dof * variance)) / total
    known = np.maximum(dof, 1.0)
    beyond = variance > pooled * special.fdtri(known, total, 1 - _CHANCE)
    own = np.where(beyond, variance, np.where(dof > 0, pooled, 0.0))
    return np.asarray(np.sqrt(own), dtype=np.float64), total
