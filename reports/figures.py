"""The figures of a certificate, each a function of what the record holds."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from markupsafe import Markup

from ledcal.calibration.outcome import Verdict
from ledcal.calibration.record import Measured, SpectrumTaken
from ledcal.reports.number import significant
from ledcal.reports.plot import (
    GRID,
    INK,
    LIMIT_STROKE,
    MW_CM2,
    SOFT,
    Frame,
    box,
    colour,
    decimated,
    drawing,
    label,
    line,
    path,
    polyline,
    room_above,
    spread,
    x_axis,
    y_axis,
)
from ledcal.reports.quantity import PERCENT
from ledcal.reports.shapes import verdict_shape

_ACCEPTED = 'fill="#e6eef2"'
_MIDDLE_BOLD = 'text-anchor="middle" font-weight="600"'
_MIDDLE_SOFT = f'text-anchor="middle" fill="{SOFT}"'
_LEGEND = "".join(
    (
        f'<circle cx="566" cy="24" r="4" fill="{SOFT}"/>',
        line(566, 15, 566, 33, f'stroke="{SOFT}" stroke-width="1.6"'),
        label(576, 28, "measured, bar: U", f'fill="{SOFT}"'),
        line(694, 24, 722, 24, LIMIT_STROKE),
        label(728, 28, "limits", f'fill="{SOFT}"'),
        box(786, 814, 18, 30, _ACCEPTED),
        label(820, 28, "acceptance limits", f'fill="{SOFT}"'),
    )
)


def _open_diamond(x: float, y: float) -> str:
    """Return an open mark about a place."""
    corners = f"M{x:.1f} {y - 5:.1f}l5 5l-5 5l-5-5z"
    return f'<path d="{corners}" fill="#fff" stroke="{INK}" stroke-width="1.4"/>'


_FOUND_LEGEND = _open_diamond(470, 24) + label(480, 28, "as found", f'fill="{SOFT}"')


def verification_figure(
    points: Sequence[Measured], names: Mapping[int, str], before: Sequence[Measured] = ()
) -> Markup:
    """Return the deviation of every verified point with its expanded uncertainty and limits.

    Args:
        points: The points as left.
        names: Of the channels.
        before: Points as found; each is drawn beside that of the same channel and request.
    """
    rows = [_relative(point) for point in points]
    found = _places(points, before)
    passed = sum(point.verdict is Verdict.PASS for point in points)
    room = 1.12 if passed == len(points) else 1.3
    reach = room * max(_reach(row) for row in (*rows, *found.values())) or 1.0
    frame = Frame(
        left=46, top=40, width=908, height=170, x_range=(0, len(rows)), y_range=(-reach, reach)
    )
    shade = [
        box(frame.x(start), frame.x(stop), frame.y(upper), frame.y(lower), _ACCEPTED)
        for start, stop, (lower, upper) in _runs(rows, "acceptance_lower", "acceptance_upper")
    ]
    lines = [
        line(frame.x(start), frame.y(limit), frame.x(stop), frame.y(limit), LIMIT_STROKE)
        for side in ("lower", "upper")
        for start, stop, (limit,) in _runs(rows, side)
    ]
    whiskers = []
    for position, (point, row) in enumerate(zip(points, rows, strict=True)):
        whiskers.append(_whisker(frame, position, row, colour(point.channel or 1)))
        if point.verdict is not Verdict.PASS:
            whiskers.append(_sign(frame, position, row, point.verdict))
        whiskers.append(label(frame.x(position + 0.5), 228, _share(point), _MIDDLE_SOFT))
    diamonds = [_diamond(frame, position, row) for position, row in found.items()]
    legend = _LEGEND + (_FOUND_LEGEND if found else "")
    zero = line(frame.left, frame.y(0), frame.left + frame.width, frame.y(0), f'stroke="{INK}"')
    axis = y_axis(frame, "Deviation from what was asked / %", count=6)
    brackets = _channel_brackets(frame, points, names)
    worst = max(rows, key=lambda row: abs(row["value"]))["value"]
    return drawing(
        "verification",
        size=(960, 258),
        title="Deviation of the delivered from the requested irradiance",
        text=f"{len(rows)} points with bars of expanded uncertainty and their limits, {passed} of "
        f"them PASS; the largest deviation is {worst:.2f} %. The numbers are in the table of the "
        f"verification.{_found_words(found.values())}",
        marks="".join([*shade, axis, zero, *lines, *diamonds, *whiskers, *brackets, legend]),
    )


def _places(points: Sequence[Measured], before: Sequence[Measured]) -> dict[int, dict[str, float]]:
    """Return the points as found by the position of the point as left of the same request."""
    position = {(p.channel, _share(p)): place for place, p in enumerate(points)}
    known = [one for one in before if (one.channel, _share(one)) in position]
    return {position[(one.channel, _share(one))]: _relative(one) for one in known}


def _diamond(frame: Frame, position: int, row: Mapping[str, float]) -> str:
    """Return the open mark of a point as found, left of the point as left, with its bar."""
    x, y = frame.x(position + 0.5) - 13, frame.y(row["value"])
    high, low = frame.y(row["value"] + row["u"]), frame.y(row["value"] - row["u"])
    return line(x, high, x, low, f'stroke="{SOFT}"') + _open_diamond(x, y)


def _found_words(rows: Iterable[Mapping[str, float]]) -> str:
    values = [row["value"] for row in rows]
    if not values:
        return ""
    worst = max(values, key=abs)
    points = "1 point" if len(values) == 1 else f"{len(values)} points"
    return f" Drawn too: {points} as found, of which the farthest deviates by {worst:.2f} %."


def spectra_figure(spectra: Sequence[SpectrumTaken], names: Mapping[int, str]) -> Markup:
    """Return the spectral irradiance of all channels over the wavelengths where there is light."""
    highest = max(max(s.irradiance_w_m2_nm) for s in spectra) * MW_CM2
    frame = Frame(
        left=46,
        top=62,
        width=908,
        height=220,
        x_range=_lit_range(spectra),
        y_range=(0, room_above(highest)),
    )
    curves, peaks = [], []
    for s in spectra:
        x, y = decimated(s.wavelength_nm, s.irradiance_w_m2_nm, frame)
        height = [max(value, 0.0) * MW_CM2 for value in y]
        curves.append(path(frame, x, height, f'stroke="{colour(s.channel)}" stroke-width="2"'))
        top = max(range(len(height)), key=height.__getitem__)
        peaks.append((frame.x(x[top]), frame.y(height[top]), s.channel))
    peaks.sort()
    places = spread([x for x, _, _ in peaks], 88, (frame.left + 40, frame.left + frame.width - 40))
    for place, (across, above, channel) in zip(places, peaks, strict=True):
        curves.append(
            polyline([(place, 36), (across, 58), (across, above - 3)], f'stroke="{SOFT}"')
        )
        curves.append(label(place, 30, f"{channel} · {names[channel]}", _MIDDLE_BOLD))
    return drawing(
        "spectra",
        size=(960, 326),
        title="Spectral irradiance of each channel at the reference plane",
        text="One band for each channel; centroid, peak and width are in the results by channel.",
        marks=y_axis(frame, "mW/(cm²·nm)", count=6)
        + "".join(curves)
        + x_axis(frame, "Wavelength / nm", count=12),
    )


def _relative(point: Measured) -> dict[str, float]:
    """Return value and limits as deviations from the request, and the half bar of U. [%]"""
    nominal = point.nominal or 1.0
    known = {
        "value": point.value,
        "lower": point.lower,
        "upper": point.upper,
        "acceptance_lower": point.acceptance_lower,
        "acceptance_upper": point.acceptance_upper,
    }
    row = {name: 100 * (v / nominal - 1) for name, v in known.items() if v is not None}
    return row | {"u": 100 * point.expanded_uncertainty / nominal}


def _runs(
    rows: Sequence[Mapping[str, float]], *names: str
) -> Iterator[tuple[int, int, tuple[float, ...]]]:
    """Yield first and end position of each run of points that share the named limits."""
    keyed = [tuple(round(row[n], 3) for n in names if n in row) for row in rows]
    start = 0
    for limits, run in groupby(keyed):
        stop = start + len(list(run))
        if len(limits) == len(names):
            yield start, stop, limits
        start = stop


def _share(point: Measured) -> str:
    share = point.where.get("request_fraction")
    if isinstance(share, float | int):
        return f"{significant(share, 3, shift=PERCENT)} %"
    return "–"


def _lit_range(spectra: Sequence[SpectrumTaken]) -> tuple[float, float]:
    """Return the wavelengths that hold all light above 0.5 % of the highest value. [nm]"""
    highest = max(max(s.irradiance_w_m2_nm) for s in spectra)
    lit = [
        wavelength_nm
        for s in spectra
        for wavelength_nm, value in zip(s.wavelength_nm, s.irradiance_w_m2_nm, strict=True)
        if value >= 0.005 * highest
    ] or [wavelength_nm for s in spectra for wavelength_nm in s.wavelength_nm]
    return 20.0 * (min(lit) // 20 - 1), 20.0 * (max(lit) // 20 + 2)


def _reach(row: Mapping[str, float]) -> float:
    """Return how far from zero a point with its bar and its limits reaches. [%]"""
    limits = (abs(row[name]) for name in ("lower", "upper") if name in row)
    return max(abs(row["value"]) + row["u"], *limits, 0.0)


def _whisker(frame: Frame, position: int, row: Mapping[str, float], tint: str) -> str:
    x = frame.x(position + 0.5)
    high, low = frame.y(row["value"] + row["u"]), frame.y(row["value"] - row["u"])
    stroke = f'stroke="{tint}" stroke-width="1.6"'
    return (
        line(x, high, x, low, stroke)
        + line(x - 5, high, x + 5, high, stroke)
        + line(x - 5, low, x + 5, low, stroke)
        + f'<circle cx="{x:.1f}" cy="{frame.y(row["value"]):.1f}" r="4" fill="{tint}" '
        'stroke="#fff"/>'
    )


def _sign(frame: Frame, position: int, row: Mapping[str, float], verdict: Verdict) -> str:
    """Return the sign of a verdict beyond the bar of its point, on the side away from zero."""
    x = frame.x(position + 0.5) - 8
    if row["value"] < 0:
        y = frame.y(row["value"] - row["u"]) + 4
    else:
        y = frame.y(row["value"] + row["u"]) - 20
    return f'<g transform="translate({x:.1f} {y:.1f})">{verdict_shape(verdict, 16)}</g>'


def _channel_brackets(
    frame: Frame, points: Sequence[Measured], names: Mapping[int, str]
) -> list[str]:
    """Name each run of points of one channel under the axis and part it from the next."""
    marks = []
    start = 0
    foot = frame.top + frame.height + 26
    for channel, run in groupby(point.channel or 0 for point in points):
        stop = start + len(list(run))
        left, right = frame.x(start) + 6, frame.x(stop) - 6
        marks.append(line(left, foot, right, foot, f'stroke="{colour(channel)}" stroke-width="2"'))
        words = f"{channel} · {names.get(channel, '')}"
        marks.append(label((left + right) / 2, foot + 17, words, _MIDDLE_BOLD))
        if stop < len(points):
            x = frame.x(stop)
            marks.append(line(x, frame.top, x, frame.top + frame.height, f'stroke="{GRID}"'))
        start = stop
    return marks
