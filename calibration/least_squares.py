"""Least squares on plain arrays, in the conventions of ISO/TS 28037 and ISO/TS 28038.

The covariance of the result follows from the stated uncertainties of the points and is never
scaled by the residuals: whether those agree with what was stated is a test of its own (chi2
against dof). Where the points' uncertainties are unknown, u_y = 1 is stated and the covariance
times chi2/dof is the usual estimate.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from odrpack import odr_fit

from ledcal.calibration.errors import FitError
from ledcal.calibration.indication import FloatArray

Model = Callable[[FloatArray, FloatArray], FloatArray]
"""Takes x, shape (n,) or (m, n), and the coefficients, shape (p,)."""

LEAST_SINGULAR = 1e-9
"""Smallest singular value, over the largest, of a design whose columns are scaled to 1."""
_TIGHT = 1e-15


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LeastSquares:
    """The result of a fit.

    Attributes:
        value: Coefficients, shape (p,).
        covariance: Of the coefficients by the stated uncertainties, shape (p, p).
        chi2: Weighted sum of squared residuals.
        dof: Points less coefficients.
        residual: Measured less fitted, shape (n,).
    """

    value: FloatArray
    covariance: FloatArray
    chi2: float
    dof: int
    residual: FloatArray

    @property
    def u(self) -> FloatArray:
        """Standard uncertainties of the coefficients, shape (p,)."""
        return np.asarray(np.sqrt(np.diag(self.covariance)), dtype=np.float64)


def generalised(design: FloatArray, y: FloatArray, covariance: FloatArray) -> LeastSquares:
    """Return the generalised linear least-squares fit of y = design · value.

    Args:
        design: Values of the terms at the points, shape (n, p).
        y: Measured values, shape (n,).
        covariance: Of the measured values, shape (n, n), or their standard uncertainties where
            they are independent, shape (n,).

    Raises:
        FitError: Something is not finite, there are fewer points than coefficients, the
            covariance is not positive definite or the points do not tell the terms apart.

    References:
        [1] ISO/TS 28037:2010 clauses 6 and 9 (Gauss-Markov). The points are made independent by
            the Cholesky factor of their covariance, then solved by QR.
    """
    require_points(y, design.T)
    n, p = design.shape
    require_count(n, p)
    whiten = whitening(covariance, n)
    own, seen = whiten(design), whiten(y)
    inverse = invert_design(own)
    value = inverse @ seen
    # One step of refinement recovers the digits that a badly scaled design costs.
    value = value + inverse @ (seen - own @ value)
    return LeastSquares(
        value=value,
        covariance=inverse @ inverse.T,
        chi2=float(np.sum((seen - own @ value) ** 2)),
        dof=n - p,
        residual=y - design @ value,
    )


def nonlinear(
    model: Model,
    x: FloatArray,
    y: FloatArray,
    start: FloatArray,
    *,
    u_y: FloatArray | None = None,
    u_x: FloatArray | None = None,
    jacobian: Model | None = None,
    bounds: tuple[FloatArray, FloatArray] | None = None,
) -> LeastSquares:
    """Return the nonlinear fit of y = model(x, value), errors in x included where they are told.

    With `u_x` it is orthogonal distance regression: chi2 counts both errors, and the covariance
    is that of ISO/TS 28037 clause 7 (Gauss-Newton), about 1 % from the one by second derivatives.

    Args:
        model: The model.
        x: Where the points are, shape (n,) or (m, n).
        y: Measured values, shape (n,).
        start: Start values, shape (p,).
        u_y: Standard uncertainties of y, 1 where not told, shape (n,).
        u_x: Standard uncertainties of x, all above 0, of the shape of x; None where x is exact.
        jacobian: Derivatives of the model by its coefficients, shape (p, n); numerically where
            not told.
        bounds: Least and largest coefficients, shape (p,) each.

    Raises:
        FitError: Something is not finite or not above 0, there are fewer points than
            coefficients, or no fit was found.

    References:
        [1] Zwolak, Boggs & Watson, ODRPACK95, ACM TOMS 33, 27 (2007).
    """
    u_y = np.ones_like(y) if u_y is None else u_y
    require_points(y, np.atleast_2d(x))
    require_count(y.size, start.size)
    for name, u in (("u_y", u_y), ("u_x", u_x)):
        if u is not None and not (np.all(np.isfinite(u)) and np.all(u > 0)):
            raise FitError(f"an uncertainty {name} is {u.min():g}: all must be finite and above 0")
    found = odr_fit(
        model,
        x,
        y,
        start,
        weight_y=1 / u_y**2,
        weight_x=None if u_x is None else 1 / u_x**2,
        bounds=bounds,
        task="OLS" if u_x is None else "explicit-ODR",
        jac_beta=None if jacobian is None else lambda at, beta: jacobian(at, beta)[np.newaxis],
        diff_scheme="central",
        maxit=1000,
        sstol=_TIGHT,
        partol=_TIGHT,
    )
    if not found.success:
        raise FitError(f"no fit found: {found.stopreason}; check the start values and the model")
    return LeastSquares(
        value=found.beta,
        covariance=found.cov_beta,
        chi2=found.sum_square,
        dof=y.size - start.size,
        residual=y - model(x, found.beta),
    )


def whitening(covariance: FloatArray, n: int) -> Callable[[FloatArray], FloatArray]:
    """Return the function that makes values with this covariance independent, each with u = 1.

    Args:
        covariance: Shape (n, n), or standard uncertainties, shape (n,).
        n: Number of points.

    Raises:
        FitError: It is not finite, not of that shape, not symmetric or not positive definite.
    """
    if covariance.shape not in ((n,), (n, n)):
        raise FitError(f"the covariance has shape {covariance.shape} for {n} points")
    if not np.all(np.isfinite(covariance)):
        raise FitError("the covariance of the points is not finite")
    if covariance.ndim == 1:
        if not np.all(covariance > 0):
            point = int(np.argmin(covariance))
            raise FitError(f"point {point + 1}: u = {covariance[point]:g} is not above 0")
        return lambda values: (values.T / covariance).T
    u = np.sqrt(np.abs(np.diag(covariance)))
    scale = np.outer(u, u)
    correlation = np.divide(covariance, scale, out=np.zeros_like(covariance), where=scale > 0)
    smallest = float(np.linalg.eigvalsh(correlation)[0])
    if smallest < n * np.finfo(float).eps or not np.allclose(covariance, covariance.T):
        raise FitError(
            f"the covariance of the points is not positive definite: as a correlation its "
            f"smallest eigenvalue is {smallest:.3g}; give each point an uncertainty of its own"
        )
    # Inverted once: many values are made independent by one covariance.
    apart = np.linalg.inv(np.linalg.cholesky(correlation)) / u
    return lambda values: np.asarray(apart @ values, dtype=np.float64)


def invert_design(design: FloatArray, redundant: int = 0) -> FloatArray:
    """Return the left inverse of a design of independent points with u = 1, shape (p, n).

    Its product with itself transposed is the covariance of the coefficients.

    Args:
        design: Derivatives by the coefficients, shape (n, p).
        redundant: So many combinations of the coefficients do not change the model at all; they
            are left out.

    Raises:
        FitError: A term has no influence on any point, or the points do not tell two
            combinations of the terms apart.
    """
    norms = np.linalg.norm(design, axis=0)
    if not (np.all(np.isfinite(norms)) and np.all(norms > 0)):
        raise FitError("a coefficient has no influence on any point")
    left, singular, right = np.linalg.svd(design / norms, full_matrices=False)
    kept = singular.size - redundant
    if singular[kept - 1] < LEAST_SINGULAR * singular[0]:
        raise FitError("two combinations of coefficients have the same influence on all points")
    inverse = (right[:kept].T / singular[:kept]) @ left[:, :kept].T
    return np.asarray(inverse / norms[:, np.newaxis], dtype=np.float64)


def require_points(y: FloatArray, x: FloatArray) -> None:
    """Refuse points that are not finite, telling which.

    Args:
        y: Measured values, shape (n,).
        x: What belongs to them, shape (m, n).

    Raises:
        FitError: A value is not finite, or there are not as many of x as of y.
    """
    if x.shape[-1] != y.size or y.ndim != 1:
        raise FitError(f"{y.size} measured values for {x.shape[-1]} places")
    for point, row in enumerate(np.vstack([y, x]).T, start=1):
        if not np.all(np.isfinite(row)):
            wrong = next(float(value) for value in row if not math.isfinite(value))
            raise FitError(f"point {point}: {wrong} is not a finite number; measure it again")


def require_count(points: int, coefficients: int) -> None:
    """Refuse fewer points than coefficients.

    Raises:
        FitError: There are fewer.
    """
    if points < coefficients:
        raise FitError(
            f"{points} points for {coefficients} coefficients; measure at least {coefficients}"
        )
