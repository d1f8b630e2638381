"""Text that comes from outside, made harmless and still readable whole.

Identities, serials, operator ids and error texts come from instruments, scanners and people. A
page shows them as they are, but nothing in them may act: characters that a reader cannot see or
that turn the writing direction are shown as their code, and no text can fill the page.
"""

import re
from datetime import UTC, datetime

NOT_RECORDED = "not recorded"
"""Stands where the record says nothing: a blank could also be an oversight."""
LONGEST = 300
"""Characters of one text that a page shows."""
_LONGEST_REASON = 2000
_NO_BREAK = "\u00a0"
_UNIT = r"(?:%|°C|mW/|W/|J/|(?:nm|mm|K|V|A|U|W|s|h)(?!\w))"
_TOGETHER = re.compile(
    rf"(?<=\d) (?={_UNIT})|(?<=[=≤≥<>±]) (?=[+\u2212±]?\d)|(?<=\b[kwU]) (?==)"
    r"|(?<=\bworst) (?=[+\u2212\d])|(?<=\bchannel) (?=\d)|(?<=\(TUR\)) (?=\d)|(?<=\d) (?=\+00:00)"
)


def legible(text: str, *, longest: int = LONGEST) -> str:
    r"""Return the text with unseen characters as `\u202e` and cut to a length, with the count.

    Args:
        text: Any text; markup in it is left alone, escaping is the template's work.
        longest: Characters to keep; a longer text says how long it was.
    """
    if not text.strip():
        return NOT_RECORDED
    shown = text[:longest]
    if not shown.isprintable():
        shown = "".join(_visible(character) for character in shown)
    if len(text) > longest:
        return f"{shown}… ({len(text)} characters, the first {longest} shown)"
    return shown


def legible_reason(text: str) -> str:
    """Return the words of an outcome or a note, as `legible`; they end with what is to be done."""
    return legible(text, longest=_LONGEST_REASON)


def tied(text: str) -> str:
    """Return the text with no line break between a number and its unit, relation or name."""
    return _TOGETHER.sub(_NO_BREAK, text)


def instant(at: str) -> str:
    """Return an ISO 8601 time as UTC with its offset; what is no such time stays as it is."""
    try:
        time = datetime.fromisoformat(at)
    except ValueError:
        return at
    if time.tzinfo is None:
        return f"{at} (offset from UTC {NOT_RECORDED})"
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} +00:00"


def css_string(text: str) -> str:
    """Return the text as a quoted CSS string in which only letters, digits and spaces are bare.

    Everything else becomes a hexadecimal escape (CSS Syntax Level 3, 4.3.7), so that neither the
    string nor the style element around it can be ended from within. The space that ends an
    escape is part of it.
    """
    bare = (c if c.isascii() and (c.isalnum() or c == " ") else f"\\{ord(c):x} " for c in text)
    return f'"{"".join(bare)}"'


def _visible(character: str) -> str:
    """Return the character, or its code where it does not show what it is.

    Not printable are control, format (which holds the bidirectional overrides), surrogate,
    private and unassigned characters and every separator but the plain space.
    """
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
