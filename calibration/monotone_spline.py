"""A shape over drive for channels that the physical one cannot follow: a monotone cubic spline.

R = Σ cₘ·Bₘ(x) with B-splines Bₘ and coefficients that rise by non-negative increments,
cₘ = a0 + … + aₘ: the sums of B-splines that the increments stand before are I-splines, so that R
never falls whatever the increments are.

References:
    [1] Ramsay, Monotone regression splines in action, Statistical Science 3, 425 (1988).
    [2] de Boor, A Practical Guide to Splines, 2001, chapters IX and X.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from ledcal.calibration.errors import FitError
from ledcal.calibration.indication import FloatArray

DEGREE = 3
_LEAST_DRIVES = DEGREE + 2
_MOST_INNER = 6


@dataclass(frozen=True, slots=True)
class MonotoneSpline:
    """The shape R = Σ aⱼ·Iⱼ(x), a ≥ 0.

    Attributes:
        breaks: Ends of the polynomial pieces, rising drives; the first and last are the range.
    """

    breaks: tuple[float, ...]

    @classmethod
    def through(cls, drives: Iterable[float]) -> Self:
        """Return a spline whose pieces hold about as many of the measured drives each.

        Raises:
            FitError: Fewer than five different drives.
        """
        distinct = np.unique(np.fromiter(drives, dtype=np.float64))
        if distinct.size < _LEAST_DRIVES:
            raise FitError(
                f"{distinct.size} different drives; a monotone spline needs {_LEAST_DRIVES}"
            )
        inner = min(distinct.size - _LEAST_DRIVES, _MOST_INNER)
        return cls(tuple(np.quantile(distinct, np.linspace(0, 1, inner + 2)).tolist()))

    @property
    def formula(self) -> str:
        """The formula of R in words."""
        return f"monotone cubic spline of {len(self.breaks) - 1} pieces"

    @property
    def coefficients(self) -> tuple[str, ...]:
        """Names of the increments. [W/m2]"""
        return tuple(f"a{n}" for n in range(len(self.breaks) + DEGREE - 1))

    def at_reference(self, drive: FloatArray, p: FloatArray) -> FloatArray:
        """Return R, shape (n,). [W/m2]"""
        return np.asarray(p @ self.gradient(drive, p), dtype=np.float64)

    def gradient(self, drive: FloatArray, p: FloatArray) -> FloatArray:
        """Return the I-splines, the derivatives of R by the increments, shape (len(p), n)."""
        b_splines = self._b_splines(drive, DEGREE)
        return np.asarray(np.cumsum(b_splines[::-1], axis=0)[::-1], dtype=np.float64)

    def slope(self, drive: FloatArray, p: FloatArray) -> FloatArray:
        """Return the derivative of R by drive, shape (n,). [W/m2]"""
        knots = self._knots(DEGREE)
        spans = knots[DEGREE + 1 : -1] - knots[1 : -DEGREE - 1]
        rises = DEGREE * p[1:] / spans
        return np.asarray(rises @ self._b_splines(drive, DEGREE - 1), dtype=np.float64)

    def start(self, drive: FloatArray, y: FloatArray) -> FloatArray:
        """Return the increments that fit irradiances at the reference temperature."""
        terms = (self.gradient(drive, np.zeros(len(self.coefficients))) / y).T
        p, _ = nnls(terms, np.ones_like(y))
        return np.asarray(p, dtype=np.float64)

    def largest(self, drive_min: float) -> FloatArray:
        """Return the largest increments: none."""
        return np.full(len(self.coefficients), np.inf)

    def free(self, p: FloatArray) -> NDArray[np.bool_]:
        """Tell which increments no bound holds at 0, shape (len(p),)."""
        return np.asarray(p > 0, dtype=np.bool_)

    def redundant(self, p: FloatArray) -> int:
        """Return 0: each increment changes R."""
        return 0

    def _knots(self, degree: int) -> FloatArray:
        first, *_, last = self.breaks
        return np.array([first] * degree + list(self.breaks) + [last] * degree)

    def _b_splines(self, drive: FloatArray, degree: int) -> FloatArray:
        """Return the B-splines of a degree by the recursion of Cox and de Boor, shape (m, n)."""
        knots = self._knots(degree)
        inside = np.clip(drive, knots[0], knots[-1])
        # The last piece holds its right end, which no half-open interval would.
        piece = np.searchsorted(self.breaks, inside, side="right") - 1
        piece = np.minimum(piece, len(self.breaks) - 2) + degree
        splines = (np.arange(knots.size - 1)[:, np.newaxis] == piece).astype(np.float64)
        for order in range(1, degree + 1):
            count = knots.size - 1 - order
            rise = knots[order : order + count] - knots[:count]
            fall = knots[order + 1 : order + 1 + count] - knots[1 : 1 + count]
            up = (inside - knots[:count, np.newaxis]) / np.where(rise > 0, rise, 1.0)[
                :, np.newaxis
            ]
            down = knots[order + 1 : order + 1 + count, np.newaxis] - inside
            down = down / np.where(fall > 0, fall, 1.0)[:, np.newaxis]
            splines = up * splines[:count] + down * splines[1 : 1 + count]
        return np.asarray(splines, dtype=np.float64)
