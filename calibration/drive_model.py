"""The model of irradiance over drive and temperature, on plain arrays.

E(x, ΔT) = x² / (p0·x + p1 + p2·x²) / (1 + b1·ΔT + b2·ΔT²) with p ≥ 0. Its reciprocal is linear
in p, so a non-negative linear fit gives the start values.
"""

import numpy as np
from scipy.optimize import nnls

from ledcal.calibration.indication import FloatArray

COEFFICIENTS = ("p0", "p1", "p2", "b1", "b2")
MODEL = "E = x²/(p0·x + p1 + p2·x²) / (1 + b1·ΔT + b2·ΔT²), p ≥ 0"
_LEAST_SINGULAR = 1e-6


def predicted(x: FloatArray, beta: FloatArray) -> FloatArray:
    """Return the irradiance by the model, shape (n,). [W/m2]

    Args:
        x: Drive as a fraction and difference from the reference temperature in K, shape (2, n).
        beta: p0, p1, p2, b1, b2.
    """
    drive, difference_k = x
    p0, p1, p2, b1, b2 = beta
    at_ref = drive**2 / (p0 * drive + p1 + p2 * drive**2)
    return np.asarray(at_ref / (1 + b1 * difference_k + b2 * difference_k**2), dtype=np.float64)


def jacobian(x: FloatArray, beta: FloatArray) -> FloatArray:
    """Return the derivatives of the model by its coefficients, shape (5, n).

    Args:
        x: As for `predicted`.
        beta: As for `predicted`.
    """
    drive, difference_k = x
    p0, p1, p2, b1, b2 = beta
    below = p0 * drive + p1 + p2 * drive**2
    correction = 1 + b1 * difference_k + b2 * difference_k**2
    e = drive**2 / below / correction
    by_p = -e / below
    by_b = -e / correction
    return np.array(
        [by_p * drive, by_p, by_p * drive**2, by_b * difference_k, by_b * difference_k**2]
    )


def start_values(x: FloatArray, y: FloatArray) -> FloatArray:
    """Return start values: p by NNLS of 1/E without temperature, b from what then remains.

    Args:
        x: As for `predicted`.
        y: Measured irradiance, all above 0, shape (n,). [W/m2]
    """
    drive, difference_k = x
    terms = np.column_stack([1 / drive, 1 / drive**2, np.ones_like(drive)])
    p, _ = nnls(terms * y[:, np.newaxis], np.ones_like(y))
    left = 1 / (y * (terms @ p)) - 1
    b, *_ = np.linalg.lstsq(np.column_stack([difference_k, difference_k**2]), left, rcond=None)
    return np.concatenate([p, b])


def covariance(weighted: FloatArray) -> FloatArray:
    """Return (J·Jᵀ)⁻¹, shape (5, 5), from derivatives over their uncertainties, shape (5, n).

    A coefficient at its bound of 0 keeps its row: the covariance is that of the free fit, which
    is the larger one.

    Raises:
        numpy.linalg.LinAlgError: The points do not tell the coefficients apart.
    """
    norms = np.linalg.norm(weighted, axis=1)
    if not (np.all(np.isfinite(norms)) and np.all(norms > 0)):
        raise np.linalg.LinAlgError("a coefficient has no influence on any point")
    scaled = weighted / norms[:, np.newaxis]
    if np.linalg.svd(scaled, compute_uv=False)[-1] < _LEAST_SINGULAR:
        raise np.linalg.LinAlgError("two combinations of coefficients have the same influence")
    return np.asarray(np.linalg.inv(scaled @ scaled.T) / np.outer(norms, norms), dtype=np.float64)
