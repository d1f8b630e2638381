"""A measured quantity value with its standard uncertainty and where that comes from."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from ledcal.calibration.errors import EvaluationError

COVERAGE_FACTOR = 2.0
"""Coverage factor of every expanded uncertainty that ledcal states (about 95 %)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One contribution to a standard uncertainty, in the unit of the estimate.

    Attributes:
        name: What varies, "power meter certificate" for example.
        u: Standard uncertainty contributed, in the unit of the estimate.
        evaluation: "A" by statistics of repeated indications, "B" by other knowledge.
        common: True when the same error sits in every value that was measured with the same
            instruments in the same run; it then does not average out and is no part of the
            scatter about a fitted curve.
        source: Where the figure comes from: a certificate number, the product file, ...
    """

    name: str
    u: float
    evaluation: Literal["A", "B"]
    common: bool
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A measured quantity value with its uncertainty budget.

    Attributes:
        value: The measured quantity value.
        unit: Its unit as a UCUM string: "W/m2", "nm", "Cel", "1".
        components: The contributions; they are combined as uncorrelated (GUM 5.1.2).
    """

    value: float
    unit: str
    components: tuple[Component, ...]

    def __post_init__(self) -> None:
        """Refuse what could hide in a mean: NaN, infinity, a negative uncertainty."""
        if not math.isfinite(self.value):
            raise EvaluationError(f"the value {self.value} [{self.unit}] is not finite")
        for component in self.components:
            if not (math.isfinite(component.u) and component.u >= 0):
                raise EvaluationError(
                    f"the uncertainty {component.u} [{self.unit}] of {component.name!r} is not "
                    "a finite number of at least 0"
                )

    @property
    def u(self) -> float:
        """Combined standard uncertainty, in the unit of the value."""
        return math.sqrt(math.fsum(component.u**2 for component in self.components))

    @property
    def u_independent(self) -> float:
        """Standard uncertainty of the part that differs from one reading to the next."""
        return math.sqrt(math.fsum(c.u**2 for c in self.components if not c.common))

    @property
    def u_common(self) -> float:
        """Standard uncertainty of the part that all values of one run share."""
        return math.sqrt(math.fsum(c.u**2 for c in self.components if c.common))

    @property
    def expanded_uncertainty(self) -> float:
        """Expanded uncertainty with k = 2, in the unit of the value."""
        return COVERAGE_FACTOR * self.u

    def with_components(self, extra: Iterable[Component]) -> "Estimate":
        """Return the same value with further contributions in its budget."""
        return replace(self, components=(*self.components, *extra))
