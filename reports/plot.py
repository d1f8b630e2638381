"""Small SVG plots: a frame with axes, and marks drawn into it by presentation attributes.

No style attribute and no class is used: a strict content security policy blocks the first, and
PDF makers other than browsers ignore the second inside SVG.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
from markupsafe import Markup, escape

from ledcal.reports.number import MINUS, at_place, decimal
from ledcal.reports.text import legible

INK = "#1b242c"
SOFT = "#5b6770"
GRID = "#e3e7ea"
ACCENT = "#0b4f6c"
LIMIT_STROKE = f'stroke="{INK}" stroke-width="1.2" stroke-dasharray="6 3"'
"""How every limit is drawn."""
MW_CM2 = 0.1
"""mW/cm2 per W/m2."""
# Okabe and Ito 2008, for readers of any colour vision; the pale yellow is left out.
PALETTE = ("#d55e00", "#cc79a7", "#0072b2", "#009e73", "#e69f00", "#56b4e9", "#000000")
_FONT = "-apple-system, 'Segoe UI', Inter, 'Noto Sans', 'Liberation Sans', Arial, sans-serif"


def colour(channel: int) -> str:
    """Return the colour of an LED channel; it only repeats what a label says."""
    return PALETTE[(channel - 1) % len(PALETTE)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The plot area and the data ranges it shows.

    Attributes:
        left, top, width, height: The area in the drawing's pixels.
        x_range, y_range: Data values at its left and right, bottom and top.
    """

    left: int
    top: int
    width: int
    height: int
    x_range: tuple[float, float]
    y_range: tuple[float, float]

    def x(self, value: float) -> float:
        """Return the horizontal position of a data value."""
        first, last = self.x_range
        return self.left + self.width * (value - first) / (last - first)

    def y(self, value: float) -> float:
        """Return the vertical position of a data value."""
        first, last = self.y_range
        return self.top + self.height * (last - value) / (last - first)


def ticks(span: tuple[float, float], count: int) -> list[float]:
    """Return about `count` round values, a step of 1, 2 or 5 apart, inside the span."""
    first, last = span
    rough = (last - first) / max(count, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1.0, 2.0, 5.0, 10.0) if m * power >= rough * 0.999)
    start, stop = math.ceil(first / step - 1e-9), math.floor(last / step + 1e-9)
    return [n * step for n in range(start, stop + 1)]


def room_above(highest: float, *, part: float = 0.08) -> float:
    """Return the end of an axis that starts at zero and holds the value with some room."""
    return highest * (1 + part) if highest > 0 else 1.0


def decimated(
    x: Sequence[float], y: Sequence[float], frame: Frame
) -> tuple[list[float], list[float]]:
    """Return the points that a line needs: lowest and highest of each pixel column, in order.

    A stride would drop the peak of a narrow band; the extremes of a column never do.

    Args:
        x: Rising positions.
        y: One value for each.
        frame: Where they are drawn.
    """
    across = np.asarray(x, dtype=np.float64)
    along = np.asarray(y, dtype=np.float64)
    first, last = frame.x_range
    inside = np.flatnonzero((across >= first) & (across <= last))
    column = ((across[inside] - first) / (last - first) * frame.width).astype(np.int64)
    # By column and then by value: the ends of each column's stretch are its extremes.
    by_value = inside[np.lexsort((along[inside], column))]
    first_of = np.flatnonzero(np.diff(column, prepend=-1))
    last_of = np.append(first_of[1:], column.size)[: first_of.size] - 1
    ends = (inside[first_of], inside[last_of], by_value[first_of], by_value[last_of])
    order = np.unique(np.concatenate(ends)).tolist()
    return [float(across[i]) for i in order], [float(along[i]) for i in order]


def drawing(name: str, *, size: tuple[int, int], title: str, text: str, marks: str) -> Markup:
    """Return a whole SVG image with its text alternative.

    Args:
        name: Distinguishes the ids of several images on one page: letters, digits and hyphens.
        size: Width and height in pixels; the page may scale it.
        title: What is shown, in a few words.
        text: What a reader who cannot see the image should know.
        marks: The SVG elements, already escaped.
    """
    width, height = size
    return Markup(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" '
        f'aria-labelledby="{name}-title {name}-desc" font-family="{escape(_FONT)}" '
        f'font-size="13" fill="{INK}">'
        f'<title id="{name}-title">{escape(legible(title))}</title>'
        f'<desc id="{name}-desc">{escape(legible(text, longest=1000))}</desc>{marks}</svg>'
    )


def line(x1: float, y1: float, x2: float, y2: float, attributes: str) -> str:
    """Return a straight line between two positions."""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" {attributes}/>'


def label(x: float, y: float, words: str, attributes: str = "") -> str:
    """Return a text at a position."""
    return f'<text x="{x:.1f}" y="{y:.1f}" {attributes}>{escape(legible(words))}</text>'


def path(frame: Frame, x: Iterable[float], y: Iterable[float], attributes: str) -> str:
    """Return an open line through data points."""
    return polyline([(frame.x(a), frame.y(b)) for a, b in zip(x, y, strict=True)], attributes)


def polyline(positions: Iterable[tuple[float, float]], attributes: str) -> str:
    """Return an open line through positions."""
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in positions)
    return f'<polyline points="{points}" fill="none" stroke-linejoin="round" {attributes}/>'


def box(left: float, right: float, top: float, bottom: float, attributes: str) -> str:
    """Return a rectangle between four positions."""
    return (
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" '
        f'height="{bottom - top:.1f}" {attributes}/>'
    )


def spread(wanted: Sequence[float], apart: float, span: tuple[float, float]) -> list[float]:
    """Return rising positions as near as can be to the wanted ones, each `apart` from the next.

    Args:
        wanted: Positions in rising order.
        apart: Least distance.
        span: First and last position allowed; where there is not room enough, `apart` wins.
    """
    # With i * apart taken off, the positions need only not fall: an isotonic regression, by
    # pooling adjacent violators. A cluster so stays centred on what it wanted.
    pools: list[list[float]] = []
    for index, position in enumerate(wanted):
        pools.append([position - index * apart])
        while len(pools) > 1 and fmean(pools[-2]) > fmean(pools[-1]):
            last = pools.pop()
            pools[-1].extend(last)
    level = [fmean(pool) for pool in pools for _ in pool]
    highest = span[1] - apart * (len(level) - 1)
    return [max(min(q, highest), span[0]) + i * apart for i, q in enumerate(level)]


def x_axis(frame: Frame, caption: str, *, count: int = 6) -> str:
    """Return the bottom axis with grid, numbers and caption."""
    foot = frame.top + frame.height
    marks = [line(frame.left, foot, frame.left + frame.width, foot, f'stroke="{SOFT}"')]
    values = ticks(frame.x_range, count)
    for value, words in zip(values, _numbers(values), strict=True):
        x = frame.x(value)
        marks.append(line(x, foot, x, foot + 4, f'stroke="{SOFT}"'))
        marks.append(label(x, foot + 18, words, f'text-anchor="middle" fill="{SOFT}"'))
    middle = frame.left + frame.width / 2
    if caption:
        marks.append(label(middle, foot + 37, caption, 'text-anchor="middle"'))
    return "".join(marks)


def y_axis(frame: Frame, caption: str, *, count: int = 5) -> str:
    """Return the left axis with grid lines and numbers, its caption above the axis."""
    marks = []
    values = ticks(frame.y_range, count)
    for value, words in zip(values, _numbers(values), strict=True):
        y = frame.y(value)
        marks.append(line(frame.left, y, frame.left + frame.width, y, f'stroke="{GRID}"'))
        marks.append(label(frame.left - 7, y + 4, words, f'text-anchor="end" fill="{SOFT}"'))
    marks.append(label(2, frame.top - 12, caption))
    return "".join(marks)


def _numbers(values: Sequence[float]) -> list[str]:
    """Return axis numbers, all with the decimals that the step between them needs."""
    if len(values) < 2:
        return [f"{value:g}".replace("-", MINUS) for value in values]
    place = math.floor(math.log10(values[1] - values[0]) + 1e-9)
    return [at_place(decimal(round(value, 12)), min(place, 0)) for value in values]
