"""What was checked by propagation of distributions, in words."""

from collections.abc import Sequence

from ledcal.calibration.record import Measured
from ledcal.reports.number import significant
from ledcal.reports.quantity import PERCENT


def check_words(verified: Sequence[Measured]) -> str:
    """Return which points of the verification were checked by JCGM 101, and with what result."""
    checks = [(m, m.monte_carlo) for m in verified if m.monte_carlo is not None]
    if not checks:
        return ""
    trials = sorted({int(check["trials"]) for _, check in checks})
    counts = " or ".join(f"{count:_}".replace("_", "\N{NARROW NO-BREAK SPACE}") for count in trials)
    refuted = [_point(m) for m, check in checks if not check["validated"]]
    result = "validated" if not refuted else f"not validated: {', '.join(refuted)}"
    if refuted and len(refuted) < len(checks):
        result += "; the others validated"
    which = (
        f"all {len(checks)} points"
        if len(checks) == len(verified)
        else f"{len(checks)} of {len(verified)} points ({_which(checks)})"
    )
    return f"{which}, {counts} trials each: {result}"
