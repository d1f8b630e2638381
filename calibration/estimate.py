"""A measured quantity value with its standard uncertainty and where that comes from."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy import special

from ledcal.calibration.errors import EvaluationError
from ledcal.calibration.indication import FloatArray

COVERAGE_FACTOR = 2.0
"""Coverage factor of a normal distribution that ledcal states, and that of a file's `u_rel`."""
COVERAGE_PROBABILITY = math.erf(COVERAGE_FACTOR / math.sqrt(2))
"""Probability of the interval that k = 2 spans of a normal distribution, 95.45 % (EA-4/02)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One input quantity with what its uncertainty does to the result.

    Attributes:
        name: What varies, "power meter certificate" for example. A common input of the same
            name in two estimates is the same error in both.
        u_input: Standard uncertainty of the input, in the unit of the input.
        sensitivity: Signed derivative of the result with respect to the input.
        evaluation: "A" by statistics of repeated indications, "B" by other knowledge.
        common: True when the same error sits in every value that was measured with the same
            instruments in the same run; it then does not average out and is no part of the
            scatter about a fitted curve.
        source: Where the figure comes from: a certificate number, the product file, ...
        dof: Degrees of freedom of `u_input`; of a Type B evaluation infinite unless stated.
        value: Value of the input where it is worth telling, in its own unit.
        distribution: Of the input's possible values; with few degrees of freedom "normal" means
            the t-distribution that belongs to them (JCGM 101 6.4.9).
        relation: How the input enters the result: added to it, as a factor, or as a divisor.
    """

    name: str
    u_input: float
    evaluation: Literal["A", "B"]
    common: bool
    source: str
    sensitivity: float = 1.0
    dof: float = math.inf
    value: float | None = None
    distribution: Literal["normal", "rectangular"] = "normal"
    relation: Literal["sum", "product", "quotient"] = "sum"

    def __post_init__(self) -> None:
        """Refuse what could hide in a sum: NaN, infinity, a negative uncertainty."""
        if not (math.isfinite(self.u_input) and self.u_input >= 0):
            raise EvaluationError(
                f"the uncertainty {self.u_input} of {self.name!r} is not a finite number of at "
                "least 0"
            )
        if not math.isfinite(self.sensitivity):
            raise EvaluationError(
                f"the sensitivity {self.sensitivity} to {self.name!r} is not finite"
            )
        if not self.dof > 0:
            raise EvaluationError(
                f"the degrees of freedom {self.dof} of {self.name!r} are not > 0"
            )

    @property
    def contribution(self) -> float:
        """Sensitivity times uncertainty, with its sign, in the unit of the result."""
        return self.sensitivity * self.u_input

    @property
    def u(self) -> float:
        """Standard uncertainty that it contributes, in the unit of the result."""
        return abs(self.contribution)

    def times(self, factor: float) -> "Component":
        """Return the component of a result that changes by `factor` per unit of this one."""
        return replace(self, sensitivity=self.sensitivity * factor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A measured quantity value with its uncertainty budget.

    Attributes:
        value: The measured quantity value.
        unit: Its unit as a UCUM string: "W/m2", "nm", "Cel", "1".
        components: The inputs. Common ones of one name are one error and add up with their
            signs; all others are uncorrelated (JCGM 100 5.1.2).
    """

    value: float
    unit: str
    components: tuple[Component, ...]

    def __post_init__(self) -> None:
        """Refuse a value that is not finite."""
        if not math.isfinite(self.value):
            raise EvaluationError(f"the value {self.value} [{self.unit}] is not finite")

    @property
    def u(self) -> float:
        """Combined standard uncertainty, in the unit of the value."""
        return math.hypot(self.u_independent, self.u_common)

    @property
    def u_independent(self) -> float:
        """Standard uncertainty of the part that differs from one reading to the next."""
        return math.hypot(*(c.contribution for c in self.components if not c.common))

    @property
    def u_common(self) -> float:
        """Standard uncertainty of the part that all values of one run share."""
        return math.hypot(*self.common_contributions.values())

    @property
    def common_contributions(self) -> dict[str, float]:
        """Signed contribution of each common input by its name, in the unit of the value."""
        by_name: dict[str, float] = {}
        for one in self.components:
            if one.common:
                by_name[one.name] = by_name.get(one.name, 0.0) + one.contribution
        return by_name

    @property
    def dof(self) -> float:
        """Effective degrees of freedom by Welch-Satterthwaite (JCGM 100 G.4.1).

        Common inputs of one name count as one, with the fewest degrees of freedom among them.
        """
        parts = [(c.contribution, c.dof) for c in self.components if not c.common]
        for name, contribution in self.common_contributions.items():
            fewest = min(c.dof for c in self.components if c.common and c.name == name)
            parts.append((contribution, fewest))
        return effective_dof(parts)

    @property
    def coverage_factor(self) -> float:
        """Coverage factor k for 95.45 % of a t-distribution of `dof`; 2 when that is infinite."""
        return coverage_factor(self.dof)

    @property
    def expanded_uncertainty(self) -> float:
        """Expanded uncertainty U = k·u, in the unit of the value."""
        return self.coverage_factor * self.u

    def with_components(self, extra: Iterable[Component]) -> "Estimate":
        """Return the same value with further contributions in its budget."""
        return replace(self, components=(*self.components, *extra))


def united(components: Iterable[Component]) -> tuple[Component, ...]:
    """Return the components with common inputs of one name as one, their effects added up.

    The first of a name gives value, uncertainty and source of the input.
    """
    kept: dict[object, Component] = {}
    for number, one in enumerate(components):
        key: object = one.name if one.common else number
        known = kept.get(key)
        if known is None or known.u_input == 0:
            kept[key] = one
        else:
            sensitivity = (known.contribution + one.contribution) / known.u_input
            kept[key] = replace(known, sensitivity=sensitivity, dof=min(known.dof, one.dof))
    return tuple(kept.values())


def effective_dof(contributions: Iterable[tuple[float, float]]) -> float:
    """Return the effective degrees of freedom of a sum of uncorrelated contributions.

    Args:
        contributions: Pairs of contribution (standard, in the unit of the result) and its
            degrees of freedom.

    References:
        [1] JCGM 100:2008 G.4.1, Welch-Satterthwaite; not truncated to an integer (G.4.1 note 1).
    """
    parts = list(contributions)
    total = math.hypot(*(u for u, _ in parts))
    if total == 0:
        return math.inf
    # Fractions first: the fourth power of a small figure in SI units would underflow.
    share = math.fsum((u / total) ** 4 / dof for u, dof in parts)
    return 1 / share if share > 0 else math.inf


def coverage_factor(dof: float, probability: float = COVERAGE_PROBABILITY) -> float:
    """Return the coverage factor of a t-distribution for an interval of that probability.

    Rounded to two decimals, as it is printed: a reader who multiplies by it gets our figures.

    References:
        [1] JCGM 100:2008 G.3 and table G.2; EA-4/02 M:2022 on k for about 95 %.
    """
    return round(float(special.stdtrit(dof, (1 + probability) / 2)), 2)


def covariance(estimates: Sequence[Estimate]) -> FloatArray:
    """Return the covariance matrix of estimates of one run, shape (n, n).

    Common inputs of one name are one error, fully correlated with the signs of their
    contributions; everything else is independent (JCGM 100 5.2.2, F.1.2.3). An estimate that
    stands twice in the sequence counts as two observations.
    """
    parts = [estimate.common_contributions for estimate in estimates]
    names = list(dict.fromkeys(name for own in parts for name in own))
    shared = np.array([[own.get(name, 0.0) for name in names] for own in parts])
    shared = shared.reshape(len(estimates), len(names))
    independent = np.array([estimate.u_independent for estimate in estimates])
    return np.asarray(shared @ shared.T + np.diag(independent**2), dtype=np.float64)
