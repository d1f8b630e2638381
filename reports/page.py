"""The template of the certificate, compiled, and what it lets through to the page."""

import base64
import hashlib
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template, Undefined
from markupsafe import Markup, escape

from ledcal.reports.number import at_place, decimal, significant
from ledcal.reports.sections import SECTIONS
from ledcal.reports.shapes import verdict_shape
from ledcal.reports.text import NOT_RECORDED, legible, legible_reason, tied

_PARTS = (
    "certificate_amendments.html",
    "certificate_parts.html",
    "certificate_sections.html",
    "certificate_safety.html",
    "certificate_beam.html",
    "certificate_budgets.html",
)


def csp_hash(style: str) -> str:
    """Return the source by which a content security policy allows a style sheet."""
    digest = hashlib.sha256(style.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def source(name: str) -> str:
    """Return the text of a file that lies beside this module."""
    return files("ledcal.reports").joinpath(name).read_text(encoding="utf-8")


def _printed(value: Any) -> Any:
    """Let through what may stand on the page.

    Raises:
        TypeError: The value is a float, whose digits nobody chose, or no text at all.
    """
    if isinstance(value, Markup | Undefined):
        return value
    if isinstance(value, str):
        return tied(legible(value))
    if isinstance(value, int):
        return str(value)
    raise TypeError(f"{value!r} cannot be printed: round it with its uncertainty first")


def _reason(text: str) -> Markup:
    return escape(tied(legible_reason(text)))


def _tenths(duration_s: float) -> str:
    return at_place(decimal(duration_s), -1)


def _compiled() -> Template:
    """Compile the page and its parts once: that takes longer than to fill them."""
    environment = Environment(
        loader=FunctionLoader(source),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printed,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(significant=significant, seconds=_tenths, reason=_reason)
    environment.globals.update(shape=verdict_shape, not_recorded=NOT_RECORDED, sections=SECTIONS)
    for part in _PARTS:
        environment.get_template(part)
    return environment.get_template("certificate.html")


PAGE = _compiled()
"""Takes what `certificate_html` gives it."""
