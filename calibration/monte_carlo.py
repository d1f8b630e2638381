"""Propagation of distributions (JCGM 101) as a check of the interval that is stated.

The measurement equation is run with draws of its inputs instead of derivatives: what is added,
what multiplies and what divides does so here too, and a rectangular or t-distributed input is
drawn as such. The caller gives the seed; the same seed gives the same digits.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from ledcal.calibration.errors import EvaluationError
from ledcal.calibration.estimate import COVERAGE_PROBABILITY, Component, Estimate, united
from ledcal.calibration.indication import FloatArray

TRIALS = 1_000_000
LEAST_TRIALS = 10_000
DIGITS = 2
"""Significant digits to which expanded uncertainties are stated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonteCarlo:
    """What the draws say of the result.

    Attributes:
        mean: Mean of the draws.
        u: Their standard deviation.
        lower: Lower end of the probabilistically symmetric coverage interval.
        upper: Its upper end.
        probability: Coverage probability of the interval.
        trials: How many draws.
        seed: Seed of the PCG64 generator.
    """

    mean: float
    u: float
    lower: float
    upper: float
    probability: float
    trials: int
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """The interval by the law of propagation against that by Monte Carlo (JCGM 101 8.2).

    Attributes:
        drawn: The Monte Carlo result.
        lower: Lower end of the stated interval, value − U.
        upper: Its upper end, value + U.
        delta: Half of the last stated place of the expanded uncertainty.
        validated: True when both ends agree within the tolerance.
    """

    drawn: MonteCarlo
    lower: float
    upper: float
    delta: float
    validated: bool


def simulate(
    estimate: Estimate,
    *,
    seed: int,
    trials: int = TRIALS,
    probability: float = COVERAGE_PROBABILITY,
) -> MonteCarlo:
    """Return the distribution of a result by draws of its inputs.

    (value + Σ added) · Π (1 + factor) / Π (1 + divisor), each drawn from its distribution.
    Normal inputs that only ever appear as a sum are drawn as that sum.

    Args:
        estimate: The result with its inputs.
        seed: At least 0.
        trials: At least 10 000.
        probability: Coverage probability of the interval.

    Raises:
        EvaluationError: Too few trials, a bad seed or probability, a factor of a result of zero.
    """
    if trials < LEAST_TRIALS or seed < 0 or not 0 < probability < 1:
        raise EvaluationError(
            f"{trials} trials (at least {LEAST_TRIALS}), seed {seed} (at least 0) and probability "
            f"{probability:g} (within 0 to 1) make no Monte Carlo calculation"
        )
    rng = np.random.Generator(np.random.PCG64(seed))
    result, linear = np.full(trials, estimate.value), np.zeros(trials)
    u_linear = 0.0
    for one in _independent(estimate):
        drawn = _draw(one, rng, trials)
        if _normal(one):
            linear += drawn
            u_linear = math.hypot(u_linear, one.u)
        _apply(one, drawn, result, estimate.value)
    tails = np.array([(1 - probability) / 2, (1 + probability) / 2])
    ends = np.quantile(result, tails)
    u = float(result.std(ddof=1))
    if u_linear > 0:
        # Control variate: the sum of the normal inputs has quantiles that are known. What the
        # draws make of them wrongly they make of the result too, as far as it consists of them.
        wrong = np.quantile(linear, tails) - u_linear * special.ndtri(tails)
        ends -= min(1.0, (u_linear / u) ** 2) * wrong
    lower, upper = ends
    return MonteCarlo(
        mean=float(result.mean()),
        u=u,
        lower=float(lower),
        upper=float(upper),
        probability=probability,
        trials=trials,
        seed=seed,
    )


def validate(estimate: Estimate, *, seed: int, trials: int = TRIALS) -> Validation:
    """Return whether the stated interval, value ± U, is that of the propagated distributions.

    It is when both ends agree to half of the last place to which U is stated. (JCGM 101 takes
    the digits of u; what a reader uses, and what decides, is U.)

    Args:
        estimate: The result with its inputs.
        seed: At least 0.
        trials: At least 10 000.

    Raises:
        EvaluationError: As for `simulate`.

    References:
        [1] JCGM 101:2008, 8.1 (comparison with the GUM uncertainty framework) and 7.9.2 (numerical
            tolerance).
    """
    drawn = simulate(estimate, seed=seed, trials=trials)
    lower = estimate.value - estimate.expanded_uncertainty
    upper = estimate.value + estimate.expanded_uncertainty
    delta = numerical_tolerance(estimate.expanded_uncertainty)
    return Validation(
        drawn=drawn,
        lower=lower,
        upper=upper,
        delta=delta,
        validated=max(abs(drawn.lower - lower), abs(drawn.upper - upper)) <= delta,
    )


def numerical_tolerance(u: float, digits: int = DIGITS) -> float:
    """Return half of the last place of an uncertainty written with so many digits.

    References:
        [1] JCGM 101:2008, 7.9.2: u = c · 10^l with c of that many digits, δ = 10^l / 2.
    """
    if u <= 0:
        return 0.0
    place = math.floor(math.log10(u)) - (digits - 1)
    if round(u / 10**place) >= 10**digits:
        place += 1
    return 0.5 * 10.0**place


def _independent(estimate: Estimate) -> list[Component]:
    """Return the inputs, normal ones that add up to one normal error as one."""
    merged: dict[object, Component] = {}
    for number, one in enumerate(united(estimate.components)):
        key: object = number
        if _normal(one):
            # Whatever is added is one sum; the modes of one certificate are one factor.
            group = "" if one.relation == "sum" else one.name.partition(" [")[0]
            key = (one.relation, group)
        known = merged.get(key)
        u = one.u if known is None else math.hypot(known.u, one.u)
        merged[key] = Component(
            name=one.name,
            u_input=u,
            sensitivity=math.copysign(1.0, one.sensitivity),
            evaluation=one.evaluation,
            common=one.common,
            source=one.source,
            dof=one.dof,
            distribution=one.distribution,
            relation=one.relation,
        )
    # First what is added: factors act on the sum.
    order = sorted(merged.values(), key=lambda one: one.relation != "sum")
    return [one for one in order if one.u > 0]


def _normal(one: Component) -> bool:
    return one.distribution == "normal" and math.isinf(one.dof)


def _apply(one: Component, drawn: FloatArray, result: FloatArray, value: float) -> None:
    """Put the drawn contributions into the result, in place."""
    if one.relation == "sum":
        result += drawn
        return
    if value == 0:
        raise EvaluationError(f"{one.name} multiplies a result of 0; its effect is not known")
    if one.relation == "product":
        result *= 1 + drawn / value
    else:
        result /= 1 - drawn / value


def _draw(one: Component, rng: np.random.Generator, trials: int) -> FloatArray:
    """Return draws of a component's contribution, in the unit of the result."""
    if one.distribution == "rectangular":
        half_width = math.sqrt(3) * one.u
        return rng.uniform(-half_width, half_width, trials)
    if _normal(one):
        drawn = rng.standard_normal(trials)
    else:
        drawn = rng.standard_t(one.dof, trials)
    drawn *= one.contribution
    return drawn
