"""The figure of one channel's calibration curve: irradiance over drive, and its residuals."""

import math
from collections.abc import Sequence

from markupsafe import Markup

from ledcal.calibration.record import CurveFitted
from ledcal.reports.plot import (
    ACCENT,
    INK,
    LIMIT_STROKE,
    MW_CM2,
    SOFT,
    Frame,
    colour,
    drawing,
    label,
    line,
    path,
    room_above,
    x_axis,
    y_axis,
)

_FULL_CODE = 65535


def curve_figure(curve: CurveFitted, name: str, residual_reach: float) -> Markup:
    """Return irradiance over drive of one channel, and below it what the curve leaves over.

    Args:
        curve: The fitted curve with its points and knots.
        name: The channel's name for the heading.
        residual_reach: End of the residual axis, the same for all channels. [%]
    """
    tint = colour(curve.channel)
    seen = [p["irradiance_w_m2"] for p in curve.points]
    tops = [*curve.curve_irradiance_w_m2, *curve.knot_irradiance_w_m2, *seen, curve.ceiling_w_m2]
    upper = Frame(
        left=40,
        top=56,
        width=252,
        height=160,
        x_range=(0, 100),
        y_range=(0, room_above(max(tops) * MW_CM2)),
    )
    lower = Frame(
        left=40,
        top=252,
        width=252,
        height=60,
        x_range=(0, 100),
        y_range=(-1.1 * residual_reach, 1.1 * residual_reach),
    )
    right, foot = upper.left + upper.width, upper.top + upper.height
    ceiling, zero = upper.y(curve.ceiling_w_m2 * MW_CM2), lower.y(0)
    drive = [100 * d for d in curve.curve_drive]
    height = [e * MW_CM2 for e in curve.curve_irradiance_w_m2]
    marks = [
        label(2, 15, f"{curve.channel} · {name}", 'font-size="15" font-weight="600"'),
        y_axis(upper, "Irradiance / mW/cm²"),
        line(upper.left, ceiling, right, ceiling, LIMIT_STROKE),
        label(upper.left + 5, ceiling - 5, "ceiling", f'fill="{SOFT}"'),
        path(upper, drive, height, f'stroke="{tint}" stroke-width="2"'),
        _knots(upper, curve),
        _dots(
            upper, [(100 * p["drive"], p["irradiance_w_m2"] * MW_CM2) for p in curve.points], tint
        ),
        line(upper.left, foot, right, foot, f'stroke="{SOFT}"'),
        y_axis(lower, "Residual / %", count=3),
        line(lower.left, zero, right, zero, f'stroke="{INK}"'),
        _dots(lower, [(100 * p["drive"], 100 * p["residual_rel"]) for p in curve.points], tint),
        x_axis(lower, "Drive / %", count=5),
    ]
    return drawing(
        f"curve-{curve.channel}",
        size=(306, 356),
        title=f"Irradiance over drive and residuals of channel {curve.channel}",
        text=f"{len(curve.points)} measured points, the fitted curve at {curve.t_ref_degc:g} °C "
        f"and {len(curve.knot_drive_code)} knots; the numbers are in the tables of coefficients.",
        marks="".join(marks),
    )


def residual_reach(curves: Sequence[CurveFitted]) -> float:
    """Return the round number that holds the residuals of all channels. [%]"""
    largest = max((abs(p["residual_rel"]) for c in curves for p in c.points), default=0.0)
    wanted = max(100 * largest, 0.05)
    power = 10.0 ** math.floor(math.log10(wanted))
    return next(m * power for m in (1.0, 2.0, 5.0, 10.0) if m * power >= wanted)


def _knots(frame: Frame, curve: CurveFitted) -> str:
    cross = "".join(
        f"M{frame.x(100 * code / _FULL_CODE) - 3:.1f} {frame.y(e * MW_CM2):.1f}h6m-3 -3v6"
        for code, e in zip(curve.knot_drive_code, curve.knot_irradiance_w_m2, strict=True)
    )
    return f'<path d="{cross}" stroke="{ACCENT}" fill="none"/>'


def _dots(frame: Frame, points: Sequence[tuple[float, float]], tint: str) -> str:
    return "".join(
        f'<circle cx="{frame.x(x):.1f}" cy="{frame.y(y):.1f}" r="3.2" fill="#fff" '
        f'stroke="{tint}" stroke-width="1.4"/>'
        for x, y in points
    )
