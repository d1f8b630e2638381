"""Whether a series has come to rest: the stability rule."""

import math
from collections.abc import Sequence
from itertools import pairwise

from ledcal.calibration.errors import EvaluationError


def drift_rel(series: Sequence[tuple[float, float]], window_s: float) -> float:
    """Return (max − min) / mean over the last window of a series, a fraction.

    The stability rule of CIE S 025 has this form. A series that does not yet span the window
    has not shown that it is stable: the result is then infinite, which meets no limit.

    Args:
        series: Pairs of time and value, times rising; the time in seconds.
        window_s: Length of the window. [s]

    Raises:
        EvaluationError: Nothing in the series, a value that is not finite, times that do not
            rise, or a mean that is not positive.
    """
    if not series:
        raise EvaluationError("the series is empty; nothing can be said of its stability")
    for at_s, value in series:
        if not (math.isfinite(at_s) and math.isfinite(value)):
            raise EvaluationError(f"the value {value} at {at_s} s is not finite")
    if any(later[0] <= earlier[0] for earlier, later in pairwise(series)):
        raise EvaluationError("the times of the series do not rise throughout")
    last_s = series[-1][0]
    if last_s - series[0][0] < window_s:
        return math.inf
    # The last reading before the window belongs to it: the readings must span all of it.
    first = max(n for n, (at_s, _) in enumerate(series) if at_s <= last_s - window_s)
    window = [value for _, value in series[first:]]
    mean = math.fsum(window) / len(window)
    if mean <= 0:
        raise EvaluationError(f"the mean {mean:g} of the last {window_s:g} s is not positive")
    return (max(window) - min(window)) / mean
