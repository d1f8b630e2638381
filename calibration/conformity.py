"""Probabilities behind a statement of conformity, as functions of plain numbers.

The risk of one decision comes from the measurement alone (specific); the risk of a whole
production comes from how its units are spread besides (global). JCGM 106:2012 is the source of
both; its symbols stand in brackets.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from scipy.special import gammaln, ndtr, stdtr

from ledcal.calibration.errors import EvaluationError
from ledcal.calibration.indication import FloatArray

GuardBandMethod = Literal["managed risk", "root sum square", "RP-10", "w = U"]

_REACH = 9.0
"""Integrals end this many standard deviations out: the rest is below 1e-18."""
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(48)


class ProcessPrior(Protocol):
    """How the true values of a production are spread, known before a unit is measured."""

    @property
    def span(self) -> tuple[float, float]:
        """Where practically all units lie."""

    def density(self, x: FloatArray) -> FloatArray:
        """Return the probability density [g0] at true values, shape as the argument's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalPrior:
    """A process with normally distributed true values.

    Attributes:
        mean, sd: Mean and standard deviation, in the unit of the quantity.
    """

    mean: float
    sd: float

    def __post_init__(self) -> None:
        """Refuse what is no distribution."""
        _require_prior(self.mean, self.sd)

    @property
    def span(self) -> tuple[float, float]:
        """Where practically all units lie."""
        return self.mean - _REACH * self.sd, self.mean + _REACH * self.sd

    def density(self, x: FloatArray) -> FloatArray:
        """Return the probability density at true values, shape as the argument's."""
        z = (x - self.mean) / self.sd
        return np.asarray(np.exp(-(z**2) / 2) / (self.sd * math.sqrt(2 * math.pi)))


@dataclass(frozen=True, slots=True, kw_only=True)
class GammaPrior:
    """A process whose true values are never negative: a gamma distribution (JCGM 106 A.4.4).

    Attributes:
        mean, sd: Mean and standard deviation, in the unit of the quantity.
    """

    mean: float
    sd: float

    def __post_init__(self) -> None:
        """Refuse what is no distribution."""
        _require_prior(self.mean, self.sd)
        if self.mean <= 0:
            raise EvaluationError(f"process prior: the mean {self.mean:g} must be above 0")

    @property
    def span(self) -> tuple[float, float]:
        """Where practically all units lie."""
        return 0.0, self.mean + 3 * _REACH * self.sd

    def density(self, x: FloatArray) -> FloatArray:
        """Return the probability density at true values, shape as the argument's."""
        shape = (self.mean / self.sd) ** 2
        rate = self.mean / self.sd**2
        positive = np.where(x > 0, x, 1.0)
        log = shape * math.log(rate) + (shape - 1) * np.log(positive) - rate * positive
        return np.asarray(np.where(x > 0, np.exp(log - float(gammaln(shape))), 0.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class GlobalRisk:
    """What a production with one decision rule has to expect, as fractions of all units.

    Attributes:
        nonconforming: Units outside the tolerance.
        false_accept: Consumer's risk [R_C]: outside the tolerance, yet accepted.
        false_reject: Producer's risk [R_P]: within the tolerance, yet not accepted.
    """

    nonconforming: float
    false_accept: float
    false_reject: float


def conformance_probability(
    value: float, u: float, lower: float | None, upper: float | None, dof: float = math.inf
) -> float:
    """Return the probability that the true value lies within the limits [p_c]. [1]

    For a t-distribution about the result, normal where the degrees of freedom are infinite;
    nothing is taken as known of the unit beforehand.

    Args:
        value: Measured value.
        u: Its standard uncertainty, at least 0.
        lower: Lower limit, None where that side is open.
        upper: Upper limit, None where that side is open.
        dof: Effective degrees of freedom of the uncertainty.

    Raises:
        EvaluationError: A value that is not finite, or a negative uncertainty.

    References:
        JCGM 106:2012, 7.3 (one-sided) and 7.4 (two-sided interval); JCGM 101:2008, 6.4.9.2
        (t-distribution of a result).
    """
    _require_result(value, u)
    low, high = _open(lower, upper)
    if u == 0:
        return float(low <= value <= high)
    # The tails are added, so that a small risk keeps its digits.
    below, above = stdtr(dof, (low - value) / u), stdtr(dof, (value - high) / u)
    return float(max(0.0, 1.0 - below - above))


def global_risk(
    process: ProcessPrior,
    u: float,
    tolerance: tuple[float | None, float | None],
    acceptance: tuple[float | None, float | None],
) -> GlobalRisk:
    """Return the risks of accepting by acceptance limits what the process makes.

    R_C = ∫ outside the tolerance, R_P = 1 − accepted inside, of g0(x)·P(accepted | x) dx, by
    Gauss-Legendre quadrature between all points at which the integrand bends.

    Args:
        process: How the true values are spread.
        u: Standard uncertainty of one measurement, at least 0.
        tolerance: Lower and upper tolerance limit, None where that side is open.
        acceptance: Lower and upper acceptance limit; a lower one above the upper accepts nothing.

    Raises:
        EvaluationError: The uncertainty is not a number of at least 0.

    References:
        JCGM 106:2012, 9.5.2: formulas (17), (18) and Annex A.
    """
    _require_result(0.0, u)
    t_low, t_high = _open(*tolerance)
    a_low, a_high = _open(*acceptance)
    edges = [t_low, t_high]
    for limit in (a_low, a_high):
        edges += [limit + n * u for n in (-_REACH, -3.0, 0.0, 3.0, _REACH)]
    x, weight = _quadrature(process.span, edges)
    units = process.density(x) * weight
    accepted = _accepted(x, u, a_low, a_high)
    inside = (x >= t_low) & (x <= t_high)
    return GlobalRisk(
        nonconforming=float(units[~inside].sum()),
        false_accept=float((units * accepted)[~inside].sum()),
        false_reject=float((units * (1 - accepted))[inside].sum()),
    )


def uncertainty_ratio(
    lower: float | None, upper: float | None, expanded_uncertainty: float
) -> float | None:
    """Return TUR = (upper − lower) / (2·U), None where a side is open or U is 0. [1]

    References:
        ANSI/NCSL Z540.3-2006; the C_m of JCGM 106:2012 7.6 with k = 2.
    """
    if lower is None or upper is None or expanded_uncertainty <= 0:
        return None
    return (upper - lower) / (2 * expanded_uncertainty)


def acceptance_fraction(tur: float, method: GuardBandMethod) -> float:
    """Return acceptance limit over tolerance limit, for a tolerance symmetric about 0. [1]

    Args:
        tur: Test uncertainty ratio.
        method: "managed risk" keeps the global false accepts at 2 % at most for every process;
            the others are fixed recipes in use.

    Raises:
        EvaluationError: The ratio is too small for the method, or not a number.

    References:
        M. Dobbert, A guard-band strategy for managing false-accept risk, NCSLI Measure 3 (2008)
        44; ANSI/NCSL Z540.3 Handbook 5.3; NCSL RP-10.
    """
    if not (math.isfinite(tur) and tur > 0):
        raise EvaluationError(f"the test uncertainty ratio {tur} is not a number above 0")
    if method == "managed risk":
        factor = 1.04 - math.exp(0.38 * math.log(tur) - 0.54)
        fraction = 1 - max(0.0, factor) / tur
    elif method == "root sum square":
        fraction = math.sqrt(1 - 1 / tur**2) if tur > 1 else 0.0
    elif method == "RP-10":
        fraction = min(1.0, 1.25 - 1 / tur)
    else:
        fraction = 1 - 1 / tur
    if fraction <= 0:
        raise EvaluationError(
            f"with a test uncertainty ratio of {tur:g} the method {method!r} accepts nothing; "
            "measure with less uncertainty or widen the tolerance"
        )
    return fraction


def _quadrature(
    span: tuple[float, float], edges: Sequence[float]
) -> tuple[FloatArray, FloatArray]:
    """Return nodes and weights over the span, in pieces that end at the edges."""
    low, high = span
    inner = sorted(edge for edge in edges if low < edge < high)
    ends = np.unique([low, *inner, *np.linspace(low, high, 25).tolist(), high])
    half = np.diff(ends) / 2
    x = (ends[:-1] + half)[:, np.newaxis] + half[:, np.newaxis] * _NODES
    weight = half[:, np.newaxis] * _WEIGHTS
    return x.ravel(), weight.ravel()


def _accepted(x: FloatArray, u: float, low: float, high: float) -> FloatArray:
    """Return the probability that a unit with true value x is measured within the limits."""
    if low > high:
        return np.zeros_like(x)
    if u == 0:
        return np.asarray((x >= low) & (x <= high), dtype=np.float64)
    return np.asarray(ndtr((high - x) / u) - ndtr((low - x) / u), dtype=np.float64)


def _open(lower: float | None, upper: float | None) -> tuple[float, float]:
    return (-math.inf if lower is None else lower, math.inf if upper is None else upper)


def _require_result(value: float, u: float) -> None:
    if not math.isfinite(value):
        raise EvaluationError(f"the value {value} is not finite")
    if not (math.isfinite(u) and u >= 0):
        raise EvaluationError(f"the standard uncertainty {u} is not a number of at least 0")


def _require_prior(mean: float, sd: float) -> None:
    if not (math.isfinite(mean) and math.isfinite(sd) and sd > 0):
        raise EvaluationError(
            f"process prior: mean {mean} and standard deviation {sd} must be finite, the latter "
            "above 0"
        )
