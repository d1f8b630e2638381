"""Repeated observation of an inconclusive result, where repetition can help."""

from collections.abc import Sequence
from dataclasses import replace

from ledcal.calibration.decision import Tolerance, decide
from ledcal.calibration.errors import EvaluationError
from ledcal.calibration.estimate import Estimate
from ledcal.calibration.outcome import Verdict


def repetition_helps(estimate: Estimate, tolerance: Tolerance) -> bool:
    """Tell whether further observations could decide an inconclusive result.

    They lessen what differs from one observation to the next and nothing else. The value itself
    may move by that part: within two of its standard uncertainties there must be a value that
    would be decided with the common part alone.

    Raises:
        EvaluationError: The tolerance has no limit at all.
    """
    if decide(estimate, tolerance).verdict is not Verdict.INCONCLUSIVE:
        return False
    common = tuple(one for one in estimate.components if one.common)
    reach = 2 * estimate.u_independent
    return any(
        decide(
            replace(estimate, value=estimate.value + step, components=common), tolerance
        ).verdict
        is not Verdict.INCONCLUSIVE
        for step in (-reach, 0.0, reach)
    )


def mean_of(estimates: Sequence[Estimate]) -> Estimate:
    """Return the mean of repeated observations of one quantity.

    Independent components of each observation stay components of their own, divided by their
    number; the common ones are the same error in all and do not lessen.

    Raises:
        EvaluationError: There is no observation, or the units differ.
    """
    if not estimates:
        raise EvaluationError("there is no observation to take the mean of")
    units = {one.unit for one in estimates}
    if len(units) != 1:
        raise EvaluationError(f"observations in different units: {', '.join(sorted(units))}")
    share = 1 / len(estimates)
    components = [c.times(share) for one in estimates for c in one.components]
    value = sum(one.value for one in estimates) * share
    return Estimate(value=value, unit=estimates[0].unit, components=tuple(components))
