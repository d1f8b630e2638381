"""The few figures at the head of a certificate, each computed from the verification."""

from collections.abc import Sequence
from dataclasses import dataclass

from ledcal.calibration.outcome import Verdict
from ledcal.calibration.record import Measured
from ledcal.reports.conformity import judged
from ledcal.reports.verification import verification_row


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFigure:
    """One figure, what it is, and the words that set it in proportion."""

    label: str
    figure: str
    remark: str


def key_figures(verified: Sequence[Measured]) -> list[KeyFigure]:
    """Return points passed, largest deviation and largest uncertainty of the verification."""
    if not verified:
        return []
    passed = sum(judged(m) and m.verdict is Verdict.PASS for m in verified)
    channels = len({m.channel for m in verified})
    farthest = max(verified, key=lambda m: abs(m.value / (m.nominal or 1.0) - 1))
    widest = max(verified, key=lambda m: m.expanded_uncertainty / (m.nominal or 1.0))
    deviation, uncertainty = verification_row(farthest), verification_row(widest)
    return [
        KeyFigure(
            label="Verified by light",
            figure=f"{passed} of {len(verified)}",
            remark=f"points PASS, on {channels} {'channel' if channels == 1 else 'channels'}",
        ),
        KeyFigure(
            label="Largest deviation",
            figure=f"{deviation.deviation} %",
            remark=f"channel {deviation.channel} at {deviation.share} %; limits "
            f"{deviation.limits} %",
        ),
        KeyFigure(
            label="Largest uncertainty",
            figure=f"{uncertainty.u_rel} %",
            remark=f"U, k = {uncertainty.k}, channel {uncertainty.channel} at "
            f"{uncertainty.share} %",
        ),
    ]
