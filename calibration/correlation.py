"""How the errors of a certificate's table go together over wavelength.

A table states an uncertainty at each wavelength; what a sum or a centroid over a band makes of
them depends on their correlation. It is stated by a correlation length or a whole covariance
matrix, and reduced to a few errors that are independent of one another.
"""

import math
from dataclasses import dataclass

import numpy as np

from ledcal.calibration.errors import EvaluationError
from ledcal.calibration.indication import FloatArray
from ledcal.calibration.influence import Factor
from ledcal.calibration.uncertain import UncertainArray, uncertain

REST = 1e-3
"""Modes are kept until what they leave of the total variance is below this fraction."""
KNOTS_PER_LENGTH = 5
"""Knots per correlation length; a linear interpolation between them errs by less than 0.5 %."""
LEAST_LENGTH_PER_SPAN = 1 / 50
LEAST_EIGENVALUE = 1e-12
"""Smallest eigenvalue over the largest, below which a matrix is singular in double precision."""
SAME_U = 0.02
"""A matrix whose diagonal differs by more from the stated uncertainties contradicts them."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CorrelatedErrors:
    """Relative errors over wavelength as a sum of modes, each an error of unit variance.

    Attributes:
        factors: The modes as common factors, m of them.
        wavelength_nm, u_rel: The table of standard uncertainties, as fractions, shape (n,). [nm]
        axis_nm: Where the modes are given, shape (a,). [nm]
        modes: Shape (a, m); the squares of a row sum to nearly 1.
    """

    factors: tuple[Factor, ...]
    wavelength_nm: FloatArray
    u_rel: FloatArray
    axis_nm: FloatArray
    modes: FloatArray

    def at(self, wavelength_nm: FloatArray) -> FloatArray:
        """Return the standard relative error by each mode, signed, shape (n, m)."""
        columns = [np.interp(wavelength_nm, self.axis_nm, mode) for mode in self.modes.T]
        shape = np.column_stack(columns)
        # What the modes left out and the interpolation flattened goes back into them, so that
        # the uncertainty at each wavelength is the one that the certificate states.
        shape /= np.linalg.norm(shape, axis=1, keepdims=True)
        u_rel = np.interp(wavelength_nm, self.wavelength_nm, self.u_rel)
        return np.asarray(shape * u_rel[:, None], dtype=np.float64)

    def on(
        self, values: FloatArray, wavelength_nm: FloatArray, sign: float = 1.0
    ) -> UncertainArray:
        """Return values of the table's quantity with its errors.

        Args:
            values: Shape (n,).
            wavelength_nm: Where they lie, shape (n,). [nm]
            sign: −1 for a quantity that errs as the reciprocal.
        """
        sensitivity = sign * values[:, None] * self.at(wavelength_nm)
        return uncertain(values, self.factors, sensitivity)


def correlated_errors(
    name: str,
    source: str,
    wavelength_nm: FloatArray,
    u_rel: FloatArray,
    correlation: float | FloatArray,
) -> CorrelatedErrors:
    """Return the errors of a table, correlated by a length [nm] or a covariance matrix.

    Raises:
        EvaluationError: As for `errors_by_length` and `errors_by_covariance`.
    """
    if isinstance(correlation, np.ndarray):
        return errors_by_covariance(name, source, wavelength_nm, u_rel, correlation)
    return errors_by_length(name, source, wavelength_nm, u_rel, correlation)


def errors_by_length(
    name: str, source: str, wavelength_nm: FloatArray, u_rel: FloatArray, length_nm: float
) -> CorrelatedErrors:
    """Return errors whose correlation falls as exp(−d²/2L²) with the distance d.

    An error of standard uncertainty u then has a slope of standard uncertainty u/L.

    Args:
        name: What they are, "power meter certificate" for example.
        source: Number of the certificate.
        wavelength_nm: Rising wavelengths of the table, shape (n,). [nm]
        u_rel: Standard uncertainties there as fractions, shape (n,).
        length_nm: The correlation length L. [nm]

    Raises:
        EvaluationError: The length is not positive, or tiny against the range of the table.
    """
    span_nm = float(wavelength_nm[-1] - wavelength_nm[0])
    if not (math.isfinite(length_nm) and length_nm >= span_nm * LEAST_LENGTH_PER_SPAN):
        raise EvaluationError(
            f"certificate {source}: the correlation length {length_nm:g} nm is not at least "
            f"{span_nm * LEAST_LENGTH_PER_SPAN:g} nm, {LEAST_LENGTH_PER_SPAN:.0%} of the range of "
            "the table; state a covariance matrix instead"
        )
    knots = max(2, math.ceil(KNOTS_PER_LENGTH * span_nm / length_nm) + 1)
    axis_nm = np.linspace(wavelength_nm[0], wavelength_nm[-1], knots)
    correlation = np.exp(-0.5 * np.subtract.outer(axis_nm, axis_nm) ** 2 / length_nm**2)
    return _reduced(name, source, wavelength_nm, u_rel, axis_nm, correlation)


def errors_by_covariance(
    name: str,
    source: str,
    wavelength_nm: FloatArray,
    u_rel: FloatArray,
    covariance_rel: FloatArray,
) -> CorrelatedErrors:
    """Return errors with a stated covariance matrix.

    Args:
        name: What they are.
        source: Number of the certificate.
        wavelength_nm: Rising wavelengths of the table, shape (n,). [nm]
        u_rel: Standard uncertainties there as fractions, shape (n,).
        covariance_rel: Covariance of the relative errors, shape (n, n).

    Raises:
        EvaluationError: The matrix has another shape, is not finite, not symmetric, singular,
            indefinite, or contradicts the stated uncertainties.
    """
    require_covariance(f"certificate {source}", covariance_rel, u_rel.size)
    of_matrix = np.sqrt(np.diag(covariance_rel))
    off = np.abs(of_matrix - u_rel) > SAME_U * of_matrix
    if np.any(off):
        at = int(np.argmax(off))
        raise EvaluationError(
            f"certificate {source}: at {wavelength_nm[at]:g} nm the covariance matrix means a "
            f"standard uncertainty of {of_matrix[at]:.4g}, the table states {u_rel[at]:.4g}; they "
            f"may differ by {SAME_U:.0%}"
        )
    correlation = covariance_rel / np.outer(of_matrix, of_matrix)
    return _reduced(name, source, wavelength_nm, u_rel, wavelength_nm, correlation)


def require_covariance(where: str, matrix: FloatArray, size: int) -> None:
    """Refuse a matrix that is no regular covariance of `size` values.

    Raises:
        EvaluationError: It has another shape, is not finite, not symmetric, singular or
            indefinite; the text names the smallest eigenvalue.
    """
    if matrix.shape != (size, size):
        raise EvaluationError(
            f"{where}: the covariance matrix of shape {matrix.shape} is not {size} by {size}"
        )
    if not np.all(np.isfinite(matrix)):
        row, column = np.argwhere(~np.isfinite(matrix))[0]
        raise EvaluationError(
            f"{where}: row {row + 1}, column {column + 1} of the covariance matrix is not finite"
        )
    skew = np.abs(matrix - matrix.T)
    if float(skew.max()) > 1e-9 * float(np.abs(matrix).max()):
        row, column = np.unravel_index(int(np.argmax(skew)), skew.shape)
        raise EvaluationError(
            f"{where}: the covariance matrix is not symmetric, see row {row + 1}, column "
            f"{column + 1}"
        )
    values = np.linalg.eigvalsh(matrix)
    limit = LEAST_EIGENVALUE * float(np.abs(values).max())
    if not float(values[0]) > limit:
        kind = "indefinite" if float(values[0]) < -limit else "singular"
        raise EvaluationError(
            f"{where}: the covariance matrix is {kind}: its smallest eigenvalue is "
            f"{values[0]:.3g}, it must be above {limit:.3g}; state more digits, or fewer values"
        )


def _reduced(
    name: str,
    source: str,
    wavelength_nm: FloatArray,
    u_rel: FloatArray,
    axis_nm: FloatArray,
    correlation: FloatArray,
) -> CorrelatedErrors:
    values, vectors = np.linalg.eigh(correlation)
    values, vectors = values[::-1], vectors[:, ::-1]
    left = 1 - np.cumsum(values) / np.sum(values)
    rank = int(np.argmax(left < REST)) + 1
    modes = vectors[:, :rank] * np.sqrt(values[:rank])
    factors = tuple(
        Factor(name=f"{name} [{n + 1}]", u_input=1.0, evaluation="B", source=source)
        for n in range(rank)
    )
    return CorrelatedErrors(
        factors=factors, wavelength_nm=wavelength_nm, u_rel=u_rel, axis_nm=axis_nm, modes=modes
    )
