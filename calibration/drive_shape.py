"""Models of irradiance over drive and temperature, on plain arrays.

E(x, ΔT) = R(x; p) / c(ΔT),  c = 1 + b1·ΔT + b2·ΔT²: every model is a shape R over drive times the
law of temperature of the calibration file. Its coefficients are p, then b1, b2.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from ledcal.calibration.indication import FloatArray

TEMPERATURE_COEFFICIENTS = ("b1", "b2")
_START_ONSET = 0.01
_NO_P1 = 1e-7


class DriveShape(Protocol):
    """Irradiance at the reference temperature over drive; rises with drive where it is sound."""

    @property
    def formula(self) -> str:
        """The formula of R in words."""

    @property
    def coefficients(self) -> tuple[str, ...]:
        """Names of p."""

    def at_reference(self, drive: FloatArray, p: FloatArray) -> FloatArray:
        """Return R, shape (n,). [W/m2]"""

    def gradient(self, drive: FloatArray, p: FloatArray) -> FloatArray:
        """Return the derivatives of R by p, shape (len(p), n)."""

    def slope(self, drive: FloatArray, p: FloatArray) -> FloatArray:
        """Return the derivative of R by drive, shape (n,). [W/m2]"""

    def start(self, drive: FloatArray, y: FloatArray) -> FloatArray:
        """Return start values of p for irradiances at the reference temperature."""

    def largest(self, drive_min: float) -> FloatArray:
        """Return the largest p for measured drives from `drive_min`; the least are 0."""

    def free(self, p: FloatArray) -> NDArray[np.bool_]:
        """Tell which of p no bound holds at 0, shape (len(p),)."""

    def redundant(self, p: FloatArray) -> int:
        """Return the number of combinations of p that do not change R there."""


@dataclass(frozen=True, slots=True)
class PhysicalShape:
    """An LED channel: R = u² / (p1 + p0·u + p2·u² + p3·u³) with u = x − x0.

    In u²/(p1 + p0·u + p2·u²) the terms are non-radiative, radiative and Auger recombination (the
    ABC model solved for the current); p3 is what the junction's own heat adds, x0 the drive at
    which current begins. R rises with drive as long as p0·u + 2·p1 > p3·u³.
    """

    @property
    def formula(self) -> str:
        """The formula of R in words."""
        return "u²/(p0·u + p1 + p2·u² + p3·u³), u = x − x0"

    @property
    def coefficients(self) -> tuple[str, ...]:
        """Names of p."""
        return ("p0", "p1", "p2", "p3", "x0")

    def at_reference(self, drive: FloatArray, p: FloatArray) -> FloatArray:
        """Return R, shape (n,). [W/m2]"""
        u = drive - p[4]
        return np.asarray(u**2 / self._below(u, p), dtype=np.float64)

    def gradient(self, drive: FloatArray, p: FloatArray) -> FloatArray:
        """Return the derivatives of R by p, shape (5, n)."""
        u = drive - p[4]
        by_below = -(u**2) / self._below(u, p) ** 2
        powers = np.array([u, np.ones_like(u), u**2, u**3])
        return np.vstack([by_below * powers, -self.slope(drive, p)])

    def slope(self, drive: FloatArray, p: FloatArray) -> FloatArray:
        """Return the derivative of R by drive, shape (n,). [W/m2]"""
        u = drive - p[4]
        rising = u * (p[0] * u + 2 * p[1] - p[3] * u**3)
        return np.asarray(rising / self._below(u, p) ** 2, dtype=np.float64)

    def start(self, drive: FloatArray, y: FloatArray) -> FloatArray:
        """Return start values: 1/R is linear in p0 to p3, so NNLS finds them for a small x0."""
        onset = _START_ONSET * float(drive.min())
        u = drive - onset
        terms = np.column_stack([1 / u, 1 / u**2, np.ones_like(u), u])
        p, _ = nnls(terms * y[:, np.newaxis], np.ones_like(y))
        return np.append(p, onset)

    def largest(self, drive_min: float) -> FloatArray:
        """Return the largest p; x0 stays well below the lowest measured drive."""
        return np.array([np.inf, np.inf, np.inf, np.inf, drive_min / 2])

    def free(self, p: FloatArray) -> NDArray[np.bool_]:
        """Tell which of p no bound holds at 0, shape (5,)."""
        least = np.array([0.0, _NO_P1 * p[0], 0.0, 0.0, 0.0])
        return np.asarray(p > least, dtype=np.bool_)

    def redundant(self, p: FloatArray) -> int:
        """Return 1 where p1 is 0: then x0 does what p1 and p2 together do."""
        return int(not self.free(p)[1])

    @staticmethod
    def _below(u: FloatArray, p: FloatArray) -> FloatArray:
        return np.asarray(p[1] + u * (p[0] + u * (p[2] + u * p[3])), dtype=np.float64)


def predicted(shape: DriveShape, x: FloatArray, beta: FloatArray) -> FloatArray:
    """Return the irradiance by the model, shape (n,). [W/m2]

    Args:
        shape: The shape over drive.
        x: Drive as a fraction and difference from the reference temperature in K, shape (2, n).
        beta: p of the shape, then b1, b2.
    """
    drive, difference_k = x
    return np.asarray(
        shape.at_reference(drive, beta[:-2]) / correction(difference_k, beta), dtype=np.float64
    )


def jacobian(shape: DriveShape, x: FloatArray, beta: FloatArray) -> FloatArray:
    """Return the derivatives of the model by its coefficients, shape (len(beta), n).

    Args:
        shape: The shape over drive.
        x: As for `predicted`.
        beta: As for `predicted`.
    """
    drive, difference_k = x
    below = correction(difference_k, beta)
    by_c = -shape.at_reference(drive, beta[:-2]) / below**2
    by_b = np.array([by_c * difference_k, by_c * difference_k**2])
    return np.vstack([shape.gradient(drive, beta[:-2]) / below, by_b])


def slopes(shape: DriveShape, x: FloatArray, beta: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the derivatives by drive [W/m2] and by temperature [W/m2/K], shape (n,) each.

    Args:
        shape: The shape over drive.
        x: As for `predicted`.
        beta: As for `predicted`.
    """
    drive, difference_k = x
    below = correction(difference_k, beta)
    *_, b1, b2 = beta
    by_drive = shape.slope(drive, beta[:-2]) / below
    by_k = -shape.at_reference(drive, beta[:-2]) * (b1 + 2 * b2 * difference_k) / below**2
    return np.asarray(by_drive, dtype=np.float64), np.asarray(by_k, dtype=np.float64)


def correction(difference_k: FloatArray, beta: FloatArray) -> FloatArray:
    """Return c(ΔT), shape (n,).

    Args:
        difference_k: Difference from the reference temperature, shape (n,). [K]
        beta: As for `predicted`.
    """
    *_, b1, b2 = beta
    return np.asarray(1 + difference_k * (b1 + difference_k * b2), dtype=np.float64)


def start_values(shape: DriveShape, x: FloatArray, y: FloatArray) -> FloatArray:
    """Return start values of p, b1 and b2.

    ln E is nearly a straight line over temperature and a cubic in ln x over drive; its slope k
    gives c = exp(k·ΔT), of which b1 = k and b2 = k²/2 are the first terms.

    Args:
        shape: The shape over drive.
        x: As for `predicted`.
        y: Measured irradiance, all above 0, shape (n,). [W/m2]
    """
    drive, difference_k = x
    log_drive = np.log(drive)
    terms = np.column_stack([difference_k, np.vander(log_drive, 4)])
    (by_k, *_), *_ = np.linalg.lstsq(terms, -np.log(y), rcond=None)
    b = np.array([by_k, by_k**2 / 2])
    p = shape.start(drive, y * correction(difference_k, b))
    return np.concatenate([p, b])
