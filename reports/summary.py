"""The few figures at the head of a certificate, each computed from the verification."""

from collections.abc import Sequence
from dataclasses import dataclass

from ledcal.calibration.record import Measured
from ledcal.reports.conformity import judged, wrong_verdict_at_most
from ledcal.reports.number import significant
from ledcal.reports.verification import VerificationRow, verification_row


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFigure:
    """One figure, what it is, and the words that set it in proportion."""

    label: str
    figure: str
    remark: str


def key_figures(verified: Sequence[Measured]) -> list[KeyFigure]:
    """Return largest deviation, largest uncertainty and smallest TUR of the verification."""
    if not verified:
        return []
    widest = max(verified, key=lambda m: m.expanded_uncertainty / (m.nominal or 1.0))
    deviation, uncertainty = verification_row(farthest(verified)), verification_row(widest)
    limits = f"limits {deviation.limits} %, accepted {deviation.acceptance} %"
    figures = [
        KeyFigure(
            label="Largest deviation as left",
            figure=f"{deviation.deviation} %",
            remark=f"{point_words(deviation)}; {limits if judged(farthest(verified)) else 'none'}",
        ),
        KeyFigure(
            label="Largest uncertainty",
            figure=f"{uncertainty.u_rel} %",
            remark=f"U, k = {uncertainty.k}, {point_words(uncertainty)}",
        ),
    ]
    ratios = [m.tur for m in verified if m.tur is not None]
    if ratios:
        risk = wrong_verdict_at_most(verified)
        figures.append(
            KeyFigure(
                label="Test uncertainty ratio",
                figure=significant(min(ratios), 2),
                remark="smallest TUR" + (f"; risk of a wrong verdict ≤ {risk} %" if risk else ""),
            )
        )
    return figures


def farthest(points: Sequence[Measured]) -> Measured:
    """Return the point that deviates most from what was asked for."""
    return max(points, key=lambda m: abs(m.value / (m.nominal or 1.0) - 1))


def point_words(row: VerificationRow) -> str:
    """Return which point a row is."""
    return f"channel {row.channel} at {row.share} %"
