"""What was checked by propagation of distributions, in words."""

from collections.abc import Sequence

from ledcal.calibration.record import Measured
from ledcal.reports.number import grouped, significant
from ledcal.reports.quantity import PERCENT


def check_words(verified: Sequence[Measured]) -> str:
    """Return which points of the verification were checked by JCGM 101, and with what result."""
    checks = [(m, m.monte_carlo) for m in verified if m.monte_carlo is not None]
    if not checks:
        return ""
    trials = " or ".join(grouped(n) for n in sorted({int(c["trials"]) for _, c in checks}))
    refuted = [m for m, check in checks if not check["validated"]]
    found = "validated"
    if refuted:
        rest = "" if len(refuted) == len(checks) else "; the others validated"
        found = f"not validated ({_points(refuted)}){rest}"
    which = f"{len(checks)} of {len(verified)} points"
    if len(checks) < len(verified):
        which += f" ({_points([m for m, _ in checks])})"
    return f"{which}, {trials} trials each: {found}"


def _points(results: Sequence[Measured]) -> str:
    """Return points of the verification as channels at each share of nominal."""
    by_share: dict[str, list[str]] = {}
    for result in results:
        share = result.where.get("request_fraction")
        at = (
            f" at {significant(share, 4, shift=PERCENT)} %"
            if isinstance(share, float | int)
            else ""
        )
        by_share.setdefault(at, []).append(str(result.channel))
    return "; ".join(
        f"channel{'s' * (len(channels) > 1)} {', '.join(channels)}{at}"
        for at, channels in by_share.items()
    )
