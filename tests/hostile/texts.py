"""Texts that try to act, and the fields that texts from outside come through."""

from collections.abc import Mapping

HARMLESS = "plain"
TEXTS: Mapping[str, str] = {
    HARMLESS: "a text that wants nothing",
    "script": '<script>window.hostile=1</script><img src="http://hostile.invalid/x" '
    'onerror="window.hostile=2">',
    "attribute": '"\'><svg/onload=window.hostile=3><a href="javascript:window.hostile=4">x</a>'
    '<b autofocus tabindex=0 onfocus="window.hostile=5">',
    "end of style": "</style></title></script><script>window.hostile=6</script><style>"
    '@import "http://hostile.invalid/"',
    "template": "{{ 7*7 }}{% raw %}${7*7}#{7*7}<%= 7*7 %>&lt;b&gt;",
    "entity": ']]><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>&x;<?php ?><!-- -->'
    "<![CDATA[",
    "terminal": "\x1b[31m\x1b]0;hostile\x07\x9b31m\x08\x7f\x0b\x0crest",
    "lines": "one\r\ntwo\rthree\nfour\tfive\u2028six\u2029seven\x85",
    "bidi": "\u202egnp.exe\u202c\u2066\u200b\u200d\ufeff\U000e0041",
    "formula": '=HYPERLINK("http://hostile.invalid/","x")|\'x\'!A0',
    "sum": "@SUM(1+1)*cmd|' /C calc'!A0",
    "formula after a comma": 'x,=1+1;@SUM(1),"+1", -1',
    "path": "../../../../tmp/hostile/..\\..\\C:\\con|;$(touch hostile)`touch hostile`",
    "NUL": "one\x00two",
    "10 kB": "W" * 10_000,
}
NO_TEXT = {"half a surrogate": "\ud800", "invalid UTF-8": "\udcff\udcfe"}
"""What no record can keep: the second is how Python reads such bytes from a command line."""

REQUEST = ("operator", "reason", "engineer")
"""From the command line."""
EVENTS: Mapping[str, tuple[str, ...]] = {
    "panel": ("maker", "model", "firmware"),
    "instrument": ("maker", "model", "serial", "firmware", "certificate.number"),
    "measured": ("measurand", "rule"),
    "note": ("code", "text"),
    "reason": ("code", "text"),
}
"""From instruments and errors, by the event of the journal that takes them up."""
STATION = ("name", "site", "plane.description", "laboratory.name")
PRODUCT = ("model", "version", "title")
SHORT = {"product model": 36, "product version": 16}
"""Characters that fit beside the mark."""
PERSON = ("name", "remark", "key")
"""Of a statement: who, what else, and what the key is called."""


def fields() -> list[str]:
    """Return every field by its origin and name."""
    by_origin: dict[str, tuple[str, ...]] = {
        "request": REQUEST,
        **EVENTS,
        "station": STATION,
        "product": PRODUCT,
        "person": PERSON,
    }
    return [f"{origin} {name}" for origin, names in by_origin.items() for name in names]


def tagged(text: str, field: str) -> str:
    """Return the text with the field's own mark, by which it is found in an output.

    What a short field could not take is cut, but for the text that is to be too long.
    """
    room = 9_900 if len(text) > 1_000 else SHORT.get(field, 9_900)
    return f"{text[:room]}~{fields().index(field):02d}~"
