"""Whether a fit agrees with the uncertainties that its points were given.

Chi-square judges all residuals together, the largest normalised residual each one, the runs
their order, and leaving one out how well the curve foretells a point that it has not seen.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from ledcal.calibration.errors import FitError
from ledcal.calibration.indication import FloatArray
from ledcal.calibration.least_squares import invert_design, whitening

_LEAST_REDUNDANCY = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class FitStatistics:
    """The residuals of a fit, judged.

    Attributes:
        chi2: Weighted sum of squared residuals.
        dof: Points less coefficients.
        chi2_probability: Probability of this chi-square or a greater one if all that was stated
            is true.
        runs: Runs of residuals of one sign, in the order given.
        runs_probability: Probability of so few runs or fewer if the signs are in random order.
        largest_normalised: Residual of greatest size over its own standard uncertainty, signed.
        largest_point: The point that it belongs to, from 1.
        leave_one_out_rel: Root mean square of what the fit to the other points foretells wrongly
            of each point, as a fraction of the point.
        unchecked: Points that the fit cannot do without: no other point tells of them.
    """

    chi2: float
    dof: int
    chi2_probability: float
    runs: int
    runs_probability: float
    largest_normalised: float
    largest_point: int
    leave_one_out_rel: float
    unchecked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisOfVariance:
    """Variance between and within groups.

    Attributes:
        between, within: Sums of squares.
        between_dof, within_dof: Their degrees of freedom.
        f: Mean square between over that within.
        probability: Probability of this F or a greater one if the groups have one mean.
    """

    between: float
    within: float
    between_dof: int
    within_dof: int
    f: float
    probability: float

    @property
    def residual_sd(self) -> float:
        """Experimental standard deviation within the groups."""
        return math.sqrt(self.within / self.within_dof)

    @property
    def r_squared(self) -> float:
        """Part of the whole sum of squares that lies between the groups."""
        return self.between / (self.between + self.within)


def fit_statistics(
    y: FloatArray,
    residual: FloatArray,
    design: FloatArray,
    covariance: FloatArray,
    order: Sequence[int],
    covariance_dof: float = math.inf,
) -> FitStatistics:
    """Judge a fit at its solution.

    With Q = V⁻¹ − V⁻¹·J·(Jᵀ·V⁻¹·J)⁻¹·Jᵀ·V⁻¹ the normalised residuals are (Q·r)ᵢ/√Qᵢᵢ and the
    errors of prediction (Q·r)ᵢ/Qᵢᵢ; correlation of the points is in both.

    Args:
        y: Measured values, shape (n,).
        residual: Measured less fitted, shape (n,).
        design: Derivatives of the fitted values by the coefficients, shape (n, p).
        covariance: Of the measured values, shape (n, n).
        order: Indices of the points in the order in which runs are counted.
        covariance_dof: Degrees of freedom with which the covariance is known; where it comes from
            few readings, a greater chi-square is to be expected (F-test).

    Raises:
        FitError: Not more points than coefficients, or a singular covariance or design.

    References:
        [1] ISO/TS 28037:2010 clause 6 (validation by chi-square).
        [2] Baarda, A testing procedure for use in geodetic networks, 1968 (normalised residual).
        [3] Wald & Wolfowitz, Ann. Math. Statist. 11, 147 (1940) (runs).
    """
    n, p = design.shape
    if n <= p:
        raise FitError(f"{n} points for {p} coefficients leave nothing to test; measure {p + 1}")
    whiten = whitening(covariance, n)
    weight = whiten(np.eye(n))
    white = whiten(design)
    hat = white @ invert_design(white)
    q = weight.T @ (np.eye(n) - hat) @ weight
    redundancy = np.diag(q) * np.diag(covariance)
    checked = redundancy > _LEAST_REDUNDANCY
    own = np.where(checked, np.diag(q), 1.0)
    left = np.where(checked, q @ residual, 0.0)
    normalised = left / np.sqrt(own)
    largest = int(np.argmax(np.abs(normalised)))
    chi2 = float(np.sum(whiten(residual) ** 2))
    runs, runs_probability = count_runs(residual[list(order)])
    foretold = (left / own / y)[checked]
    return FitStatistics(
        chi2=chi2,
        dof=n - p,
        chi2_probability=chi2_probability(chi2, n - p, covariance_dof),
        runs=runs,
        runs_probability=runs_probability,
        largest_normalised=float(normalised[largest]),
        largest_point=largest + 1,
        leave_one_out_rel=float(np.sqrt(np.mean(foretold**2))) if foretold.size else math.inf,
        unchecked=int(np.sum(~checked)),
    )


def chi2_probability(chi2: float, dof: int, covariance_dof: float = math.inf) -> float:
    """Return the probability of this chi-square or a greater one.

    Args:
        chi2: Weighted sum of squared residuals.
        dof: Its degrees of freedom.
        covariance_dof: Those of the variances by which it was weighted.

    Raises:
        FitError: No degree of freedom, or a chi-square that is not a number of at least 0.
    """
    if dof < 1 or not chi2 >= 0:
        raise FitError(f"chi-square {chi2:g} with {dof} degrees of freedom is no test")
    if math.isinf(covariance_dof):
        return float(special.chdtrc(dof, chi2))
    return float(special.fdtrc(dof, covariance_dof, chi2 / dof))


def count_runs(residual: FloatArray) -> tuple[int, float]:
    """Return the number of runs of one sign and the probability of so few or fewer by chance.

    Exact, from the number of ways to put the signs in order; residuals of 0 are left out.

    Args:
        residual: In order, shape (n,).

    References:
        [1] Wald & Wolfowitz, Ann. Math. Statist. 11, 147 (1940).
    """
    above = residual[residual != 0] > 0
    plus, minus = int(np.sum(above)), int(np.sum(~above))
    runs = int(np.sum(above[1:] != above[:-1])) + 1 if above.size else 0
    if plus == 0 or minus == 0:
        return runs, 1.0
    ways = 0
    for number in range(2, runs + 1):
        half = number // 2
        # A run of the one sign more than of the other where their number is odd.
        more, fewer = (half, half - 1) if number % 2 else (half - 1, half - 1)
        ways += math.comb(plus - 1, more) * math.comb(minus - 1, fewer)
        ways += math.comb(plus - 1, fewer) * math.comb(minus - 1, more)
    return runs, ways / math.comb(plus + minus, plus)


def analyse_variance(groups: Sequence[FloatArray]) -> AnalysisOfVariance:
    """Return the one-way analysis of variance.

    In two passes, on differences from the means, so that leading digits that all values share
    do not cost digits of the result.

    Args:
        groups: Values of each group, shape (n,) each; their lengths may differ.

    Raises:
        FitError: Fewer than two groups, no group with two values, a value that is not finite,
            or no scatter within the groups.
    """
    if len(groups) < 2 or any(group.size == 0 for group in groups):
        raise FitError(f"{len(groups)} groups, none may be empty: at least 2 are needed")
    values = np.concatenate(groups)
    if not np.all(np.isfinite(values)):
        raise FitError("a value in the groups is not finite; measure it again")
    between_dof, within_dof = len(groups) - 1, values.size - len(groups)
    if within_dof < 1:
        raise FitError("no group has two values: there is no scatter to compare with")
    origin = float(values[0])
    rest = [group - origin for group in groups]
    mean = math.fsum(np.concatenate(rest)) / values.size
    means = [math.fsum(group) / group.size for group in rest]
    between = math.fsum(
        group.size * (own - mean) ** 2 for group, own in zip(rest, means, strict=True)
    )
    within = math.fsum(
        float(value - own) ** 2
        for group, own in zip(rest, means, strict=True)
        for value in group.tolist()
    )
    if within == 0:
        raise FitError("the values within the groups do not scatter at all")
    f = between / between_dof / (within / within_dof)
    return AnalysisOfVariance(
        between=between,
        within=within,
        between_dof=between_dof,
        within_dof=within_dof,
        f=f,
        probability=float(special.fdtrc(between_dof, within_dof, f)),
    )
