"""The shape that goes with each verdict word, so that nothing is told by colour alone."""

from markupsafe import Markup

# Darkened Okabe-Ito colours: at least 4.5 to 1 on white, and told apart in grey by their shape.
_GOOD = "#00704f"
_BAD = "#a83f00"
_OPEN = "#6b5900"
_STOPPED = "#44505a"

_TICK = "M7 12.6l3.4 3.4 6.8-7.6"
_CROSS = "M8 8l8 8M16 8l-8 8"
_QUESTION = "M9.3 9.6a2.8 2.8 0 1 1 3.9 2.6c-.9.4-1.2.9-1.2 1.8M12 16.6v.6"
_MARK = "M12 7.6v6M12 16.4v.8"
_BAR = "M8 12h8"
_ROUND = '<circle cx="12" cy="12" r="11" fill="{0}"/>'
_OCTAGON = '<path d="M7.4 1h9.2L23 7.4v9.2L16.6 23H7.4L1 16.6V7.4z" fill="{0}"/>'
_DIAMOND = '<path d="M12 .5L23.5 12 12 23.5.5 12z" fill="{0}"/>'
_TRIANGLE = '<path d="M12 1.5L23.5 22.5H.5z" fill="{0}"/>'
_SQUARE = '<rect x="1.5" y="1.5" width="21" height="21" rx="2" fill="{0}"/>'

_SHAPES = {
    "PASS": (_ROUND, _GOOD, _TICK),
    "FAIL": (_OCTAGON, _BAD, _CROSS),
    "ERROR": (_TRIANGLE, _STOPPED, _MARK),
    "INCONCLUSIVE": (_DIAMOND, _OPEN, _QUESTION),
    "SETUP": (_TRIANGLE, _STOPPED, _MARK),
    "STATION": (_TRIANGLE, _STOPPED, _MARK),
}
_OTHER = (_SQUARE, _STOPPED, _BAR)


def verdict_shape(word: str, size: int) -> Markup:
    """Return the shape of a verdict as an image of `size` pixels, to stand beside its word."""
    outline, tint, sign = _SHAPES.get(word, _OTHER)
    return Markup(
        f'<svg viewBox="0 0 24 24" width="{size}" height="{size}" aria-hidden="true">'
        f"{outline.format(tint)}"
        f'<path d="{sign}" fill="none" stroke="#fff" stroke-width="2.2" '
        'stroke-linecap="round" stroke-linejoin="round"/></svg>'
    )
