"""Conformity decisions by a stated rule, with the probabilities that they are right.

The rules are those of ILAC-G8:09/2019, the probabilities those of JCGM 106:2012.
"""

import math
from dataclasses import dataclass, replace
from enum import StrEnum

from ledcal.calibration.conformity import (
    GlobalRisk,
    ProcessPrior,
    conformance_probability,
    global_risk,
    uncertainty_ratio,
)
from ledcal.calibration.errors import EvaluationError
from ledcal.calibration.estimate import Estimate
from ledcal.calibration.outcome import Verdict


class Rule(StrEnum):
    """How a result near a limit is spoken of."""

    SIMPLE = "simple"
    GUARD_BAND = "guard band"
    NON_BINARY = "non-binary"


class Statement(StrEnum):
    """What is said of conformity, in the words of ILAC-G8:09/2019, 4.2."""

    PASS = "pass"
    CONDITIONAL_PASS = "conditional pass"
    CONDITIONAL_FAIL = "conditional fail"
    FAIL = "fail"
    NO_STATEMENT = "no statement"

    @property
    def verdict(self) -> Verdict:
        """The verdict that it counts as: what holds on conditions only is INCONCLUSIVE."""
        if self is Statement.PASS:
            return Verdict.PASS
        return Verdict.FAIL if self is Statement.FAIL else Verdict.INCONCLUSIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """Permitted values of a quantity, and the rule by which a result is held against them.

    Attributes:
        lower, upper: Tolerance limits in the unit of the quantity, None where that side is open.
        guard_factor: r of the guard band w = r·U; 0 is simple acceptance.
        rule: How results within the guard band are spoken of; SIMPLE has none, whatever r.
        process: How the true values of the production are spread, None where that is not
            stated; the global risks follow from it.
    """

    lower: float | None
    upper: float | None
    guard_factor: float = 1.0
    rule: Rule = Rule.GUARD_BAND
    process: ProcessPrior | None = None

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

    @property
    def effective_guard_factor(self) -> float:
        """The guard factor that the rule applies."""
        return 0.0 if self.rule is Rule.SIMPLE else self.guard_factor


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is said of one result, by which rule, and how sure that is.

    Attributes:
        verdict: PASS, FAIL or INCONCLUSIVE.
        statement: The same in the words of the rule.
        rule: Short name of the rule.
        acceptance_lower, acceptance_upper: Tolerance limits drawn in by the guard band, in the
            unit of the result, None where that side is open.
        guard_band: Width w of the guard band, in the unit of the result.
        conformance_probability: That the true value lies within the tolerance.
        specific_risk: Probability that the statement is wrong: of a false accept for PASS, of a
            false reject for FAIL; None where nothing is claimed.
        tur: Test uncertainty ratio, None where a side is open or U is 0.
        global_risk: Of the whole production under this rule, None without a process prior.
    """

    verdict: Verdict
    statement: Statement
    rule: str
    acceptance_lower: float | None
    acceptance_upper: float | None
    guard_band: float
    conformance_probability: float
    specific_risk: float | None
    tur: float | None
    global_risk: GlobalRisk | None


def decide(estimate: Estimate, tolerance: Tolerance) -> Decision:
    """Return the decision on a result by a guard band on both sides of each limit.

    The guard band is w = r·U with U the expanded uncertainty. "pass" where the value lies within
    the tolerance limits drawn in by w [1]; with r = 1 and k for 95 % the specific risk of a
    false accept is then at most 2.5 %. "fail" where it lies beyond a tolerance limit by more
    than w: the same statement about the contrary. In between the measurement cannot tell; the
    non-binary rule says there on which side of the limit the value lies (conditional pass,
    conditional fail), the guard band rule makes no statement. Values that equal an acceptance
    limit are accepted.

    Raises:
        EvaluationError: The tolerance has no limit at all; such a result can never pass.

    References:
        [1] ILAC-G8:09/2019, 4.2.1 (simple acceptance), 4.2.2 (binary statement with guard band)
            and 4.2.3 (non-binary statement).
        [2] JCGM 106:2012, 7 (conformance probability), 9 (risks).
    """
    if tolerance.lower is None and tolerance.upper is None:
        raise EvaluationError("there is no tolerance limit to decide against; state one")
    expanded = estimate.expanded_uncertainty
    factor = tolerance.effective_guard_factor
    guard = factor * expanded
    acceptance = (
        None if tolerance.lower is None else tolerance.lower + guard,
        None if tolerance.upper is None else tolerance.upper - guard,
    )
    statement = _statement(estimate.value, tolerance, guard)
    limits = (tolerance.lower, tolerance.upper)
    probability = conformance_probability(estimate.value, estimate.u, *limits, estimate.dof)
    wrong = {Verdict.PASS: 1 - probability, Verdict.FAIL: probability}
    risk = None
    if tolerance.process is not None:
        risk = global_risk(tolerance.process, estimate.u, limits, acceptance)
    return Decision(
        verdict=statement.verdict,
        statement=statement,
        rule=_rule_name(factor, tolerance.rule),
        acceptance_lower=acceptance[0],
        acceptance_upper=acceptance[1],
        guard_band=guard,
        conformance_probability=probability,
        specific_risk=wrong.get(statement.verdict),
        tur=uncertainty_ratio(*limits, expanded),
        global_risk=risk,
    )


def repetition_can_help(estimate: Estimate, tolerance: Tolerance) -> bool:
    """Tell whether an inconclusive result could become conclusive by measuring again.

    It could if it would be without what differs from one observation to the next; what all
    observations of a run share does not average out.
    """
    if decide(estimate, tolerance).verdict is not Verdict.INCONCLUSIVE:
        return False
    shared = replace(estimate, components=tuple(c for c in estimate.components if c.common))
    return decide(shared, tolerance).verdict is not Verdict.INCONCLUSIVE


def rule_text(guard_factor: float, rule: Rule = Rule.GUARD_BAND) -> str:
    """Return the decision rule as one sentence for the certificate."""
    if guard_factor == 0 or rule is Rule.SIMPLE:
        return (
            "Simple acceptance (ILAC-G8:09/2019, 4.2.1): a result passes within the tolerance "
            "limits and fails outside; the risk of a wrong decision near a limit is up to 50 %."
        )
    if rule is Rule.NON_BINARY:
        return (
            f"Non-binary statement with guard band w = {guard_factor:g}·U, k for 95 % "
            "(ILAC-G8:09/2019, 4.2.3): a result passes at least w inside the tolerance limits, "
            "fails more than w outside them; in between it passes or fails conditionally, by the "
            "side of the limit on which it lies, and counts as inconclusive."
        )
    return (
        f"Guard band w = {guard_factor:g}·U, k for 95 % (ILAC-G8:09/2019, 4.2.2): a result "
        "passes at least w inside the tolerance limits, fails more than w outside them, and is "
        "inconclusive in between."
    )


def _statement(value: float, tolerance: Tolerance, guard: float) -> Statement:
    lower = -math.inf if tolerance.lower is None else tolerance.lower
    upper = math.inf if tolerance.upper is None else tolerance.upper
    if lower + guard <= value <= upper - guard:
        return Statement.PASS
    if value < lower - guard or value > upper + guard:
        return Statement.FAIL
    if tolerance.rule is not Rule.NON_BINARY:
        return Statement.NO_STATEMENT
    inside = lower <= value <= upper
    return Statement.CONDITIONAL_PASS if inside else Statement.CONDITIONAL_FAIL


def _rule_name(guard_factor: float, rule: Rule) -> str:
    if guard_factor == 0:
        return "simple acceptance (ILAC-G8:09/2019 4.2.1)"
    if rule is Rule.NON_BINARY:
        return f"non-binary, w = {guard_factor:g} U (ILAC-G8:09/2019 4.2.3)"
    return f"guard band w = {guard_factor:g} U (ILAC-G8:09/2019 4.2.2)"
