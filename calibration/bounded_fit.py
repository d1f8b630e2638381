"""Nonlinear least squares of correlated points with coefficients that may not be negative."""

import numpy as np
from scipy.optimize import nnls

from ledcal.calibration.errors import FitError
from ledcal.calibration.indication import FloatArray
from ledcal.calibration.least_squares import Model, require_count, require_points, whitening

_MOST_STEPS = 200
_FIRST_DAMPING, _DAMPING_STEP = 1e-4, 6.0
_SETTLED = 1e-6
"""A step is the last when it changes chi-square by less than this, or this fraction of it."""


def bounded_fit(
    model: Model,
    jacobian: Model,
    x: FloatArray,
    y: FloatArray,
    covariance: FloatArray,
    start: FloatArray,
    largest: FloatArray,
) -> FloatArray:
    """Return the coefficients that fit y = model(x, value), the first ones within bounds.

    Levenberg-Marquardt; each step solves the damped linear problem with its bounds exactly
    (non-negative least squares, the free coefficients projected out), so that a coefficient that
    ends at 0 is exactly 0. For a few points it takes a small part of the time of `nonlinear`.

    Args:
        model: The model.
        jacobian: Its derivatives by the coefficients, shape (p, n).
        x: Where the points are.
        y: Measured values, shape (n,).
        covariance: Of the measured values, as for `generalised`.
        start: Start values, shape (p,).
        largest: Limits of the first so many coefficients, which may not fall below 0 either,
            shape (b,).

    Raises:
        FitError: Something is not finite, there are fewer points than coefficients, the
            covariance is not positive definite, or the steps do not settle.

    References:
        [1] Marquardt, J. Soc. Indust. Appl. Math. 11, 431 (1963).
        [2] Lawson & Hanson, Solving Least Squares Problems, 1995, chapters 20 and 23.
    """
    require_points(y, np.atleast_2d(x))
    require_count(y.size, start.size)
    whiten = whitening(covariance, y.size)
    value, residual = start, whiten(y - model(x, start))
    design = whiten(jacobian(x, value).T)
    cost, damping = float(residual @ residual), _FIRST_DAMPING
    for _ in range(_MOST_STEPS):
        tried = _bounded_step(design, residual, value, largest, damping)
        left = whiten(y - model(x, tried))
        new = float(left @ left)
        # A step that strong damping made small is no sign of a minimum.
        settled = damping < 1 and abs(cost - new) <= _SETTLED * max(cost, 1.0)
        if new <= cost:
            value, residual, cost = tried, left, new
            design = whiten(jacobian(x, value).T)
            damping /= _DAMPING_STEP
        else:
            damping *= _DAMPING_STEP
        if settled:
            return value
    raise FitError(f"the fit does not settle in {_MOST_STEPS} steps, chi-square {cost:.3g}")


def _bounded_step(
    design: FloatArray,
    residual: FloatArray,
    value: FloatArray,
    largest: FloatArray,
    damping: float,
) -> FloatArray:
    """Return the next coefficients by the damped linear problem, the first ones within bounds."""
    norms = np.linalg.norm(design, axis=0)
    norms = np.where(norms > 0, norms, 1.0)
    scaled = np.vstack([design / norms, np.sqrt(damping) * np.eye(value.size)])
    wanted = np.concatenate([residual, np.zeros(value.size)]) + scaled @ (value * norms)
    own, free = scaled[:, : largest.size], scaled[:, largest.size :]
    basis, triangle = np.linalg.qr(free)
    limit, capped = largest * norms[: largest.size], np.zeros(largest.size, dtype=np.bool_)
    held = np.zeros(largest.size)
    # nnls of SciPy 1.17 does not bear a matrix without columns.
    while not np.all(capped):
        left = wanted - own[:, capped] @ limit[capped]
        rest = own[:, ~capped]
        held[capped] = limit[capped]
        held[~capped], _ = nnls(rest - basis @ (basis.T @ rest), left - basis @ (basis.T @ left))
        if np.all(held <= limit):
            break
        capped |= held > limit
    held = np.minimum(held, limit)
    unbounded = np.linalg.solve(triangle, basis.T @ (wanted - own @ held))
    return np.asarray(np.concatenate([held, unbounded]) / norms, dtype=np.float64)
