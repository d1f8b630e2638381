"""Conformity decisions with a guard band."""

import math
from dataclasses import dataclass

from ledcal.calibration.errors import EvaluationError
from ledcal.calibration.estimate import Estimate
from ledcal.calibration.outcome import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """Permitted values of a quantity, and how wide the guard band is.

    Attributes:
        lower, upper: Tolerance limits in the unit of the quantity, None where that side is open.
        guard_factor: r of the guard band w = r·U; 0 is simple acceptance.
    """

    lower: float | None
    upper: float | None
    guard_factor: float = 1.0

    def __post_init__(self) -> None:
        """Refuse limits that cannot be met or that are not numbers."""
        for name, limit in (("lower", self.lower), ("upper", self.upper)):
            if limit is not None and not math.isfinite(limit):
                raise EvaluationError(f"the {name} tolerance limit {limit} is not finite")
        if self.lower is not None and self.upper is not None and self.lower >= self.upper:
            raise EvaluationError(
                f"the lower tolerance limit {self.lower:g} is not below the upper {self.upper:g}"
            )
        if not (math.isfinite(self.guard_factor) and self.guard_factor >= 0):
            raise EvaluationError(
                f"the guard factor {self.guard_factor} is not a finite number of at least 0"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is said of one result, and by which rule.

    Attributes:
        verdict: PASS, FAIL or INCONCLUSIVE.
        rule: Short name of the rule.
        acceptance_lower, acceptance_upper: Tolerance limits drawn in by the guard band, in the
            unit of the result, None where that side is open.
    """

    verdict: Verdict
    rule: str
    acceptance_lower: float | None
    acceptance_upper: float | None


def decide(estimate: Estimate, tolerance: Tolerance) -> Decision:
    """Return the decision on a result by a guard band on both sides of each limit.

    The guard band is w = r·U with U the expanded uncertainty, k = 2. PASS where the value lies
    within the tolerance limits drawn in by w [1]; with r = 1 the specific risk of a false accept
    is then at most 2.5 %. FAIL where it lies beyond a tolerance limit by more than w: the same
    statement about the contrary. In between the measurement cannot tell: INCONCLUSIVE. Values
    that equal an acceptance limit are accepted.

    Raises:
        EvaluationError: The tolerance has no limit at all; such a result can never pass.

    References:
        [1] ILAC-G8:09/2019, 4.2.2 (binary statement with guard band) and 4.2.3 (more than two
            verdicts).
    """
    if tolerance.lower is None and tolerance.upper is None:
        raise EvaluationError("there is no tolerance limit to decide against; state one")
    guard = tolerance.guard_factor * estimate.expanded_uncertainty
    lower = -math.inf if tolerance.lower is None else tolerance.lower
    upper = math.inf if tolerance.upper is None else tolerance.upper
    if lower + guard <= estimate.value <= upper - guard:
        verdict = Verdict.PASS
    elif estimate.value < lower - guard or estimate.value > upper + guard:
        verdict = Verdict.FAIL
    else:
        verdict = Verdict.INCONCLUSIVE
    return Decision(
        verdict=verdict,
        rule=_rule_name(tolerance.guard_factor),
        acceptance_lower=None if tolerance.lower is None else tolerance.lower + guard,
        acceptance_upper=None if tolerance.upper is None else tolerance.upper - guard,
    )


def rule_text(guard_factor: float) -> str:
    """Return the decision rule as one sentence for the certificate."""
    if guard_factor == 0:
        return (
            "Simple acceptance (ILAC-G8:09/2019, 4.2.1): a result passes within the tolerance "
            "limits and fails outside; the risk of a wrong decision near a limit is up to 50 %."
        )
    return (
        f"Guard band w = {guard_factor:g}·U, k = 2 (ILAC-G8:09/2019, 4.2.2): a result passes at "
        "least w inside the tolerance limits, fails more than w outside them, and is "
        "inconclusive in between."
    )


def _rule_name(guard_factor: float) -> str:
    if guard_factor == 0:
        return "simple acceptance (ILAC-G8:09/2019 4.2.1)"
    return f"guard band w = {guard_factor:g} U (ILAC-G8:09/2019 4.2.2)"
