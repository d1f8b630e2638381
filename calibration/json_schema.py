"""The JSON Schemas (2020-12) of what ledcal signs, made from the classes that its readers build.

Titles and descriptions are the classes' own docstrings, with the unit in brackets as they have it.
What the reader takes, the schema takes; that events are numbered without a gap only the reader
can tell.
"""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any, get_args

from ledcal.calibration.amendment import AMENDMENT_FORMAT, Amendment
from ledcal.calibration.form import hints_of, required, schema_of
from ledcal.calibration.record import RECORD_FORMAT
from ledcal.calibration.record_reader import EVENTS, EventHead
from ledcal.calibration.statement import STATEMENT_FORMATS, Statement

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ATTRIBUTE = re.compile(r"^    (?P<names>\w+(?:, \w+)*): (?P<words>.*)$")
_SHA256 = {"type": "string", "pattern": "^[0-9a-f]{64}$"}


def record_schema() -> dict[str, Any]:
    """Return the schema of a record's file, `record.json`."""
    events = [
        {
            "if": {"properties": {"event": {"const": kind}}, "required": ["event"]},
            "then": {"$ref": f"#/$defs/{of.__name__}"},
        }
        for kind, of in EVENTS.items()
    ]
    first = {"properties": {"event": {"const": "run_started"}, "n": {"const": 1}}}
    return {
        "$schema": DIALECT,
        "$id": _id(RECORD_FORMAT),
        "title": "The record of one run: the events of its closed journal",
        "description": "Units in the record are UCUM strings; keys end in the unit of their "
        "value. A number that was not finite is null; an integer beyond 2^53 is its digits.",
        "type": "object",
        "required": ["format", "events"],
        "properties": {
            "format": {"const": RECORD_FORMAT},
            "events": {
                "type": "array",
                "minItems": 1,
                "items": {"$ref": "#/$defs/Event"},
                "allOf": [{"prefixItems": [first]}],  # beside `items` it would hide the first
            },
        },
        "$defs": {"Event": _class(EventHead) | {"allOf": events}} | _definitions(*EVENTS.values()),
    }


def statement_schema() -> dict[str, Any]:
    """Return the schema of a statement: the payload of its DSSE envelope."""
    one = _of_class(Statement, {"enum": list(STATEMENT_FORMATS)}, STATEMENT_FORMATS[-1])
    _narrow(one, record_sha256=_SHA256, revision={"type": "integer", "minimum": 0})
    return one | {"additionalProperties": False}


def amendment_schema() -> dict[str, Any]:
    """Return the schema of an amendment: the payload of its DSSE envelope."""
    one = _of_class(Amendment, {"const": AMENDMENT_FORMAT}, AMENDMENT_FORMAT)
    _narrow(one, record_sha256=_SHA256, number={"type": "integer", "minimum": 1})
    one["properties"]["changes"] |= {"minItems": 1}
    return one | {"additionalProperties": False}


SCHEMAS: Mapping[str, Callable[[], dict[str, Any]]] = MappingProxyType(
    {"record": record_schema, "amendment": amendment_schema, "statement": statement_schema}
)
"""What makes the schema of each thing that is signed, by its name."""


def _of_class(kind: type, form: dict[str, Any], newest: str) -> dict[str, Any]:
    said = _class(kind)
    return {
        "$schema": DIALECT,
        "$id": _id(newest),
        **said,
        "required": ["format", *said["required"]],
        "properties": {"format": form, **said["properties"]},
        "$defs": _definitions(*_used_by(kind)),
    }


def _narrow(schema: dict[str, Any], **fields_to: dict[str, Any]) -> None:
    """Put a narrower form in the place of a field's own; its description stays."""
    for name, form in fields_to.items():
        field = schema["properties"][name]
        schema["properties"][name] = form | {"description": field["description"]}


def _id(form: str) -> str:
    name, _, version = form.partition("/")
    return f"urn:{name}:{version}"


def _definitions(*kinds: type) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for kind in kinds:
        found |= {kind.__name__: _class(kind)} | _definitions(*_used_by(kind))
    return dict(sorted(found.items()))


def _used_by(kind: type) -> Iterator[type]:
    """Yield the classes that a class has in lists."""
    for hint in hints_of(kind).values():
        yield from (one for one in get_args(hint) if hasattr(one, "__dataclass_fields__"))


def _class(kind: type) -> dict[str, Any]:
    title, told = _docstring(kind)
    hints = hints_of(kind)
    properties = {
        one.name: schema_of(hints[one.name])
        | ({"description": told[one.name]} if one.name in told else {})
        for one in fields(kind)
    }
    return {
        "title": title,
        "type": "object",
        "required": list(required(kind)),
        "properties": properties,
    }


def _docstring(kind: type) -> tuple[str, dict[str, str]]:
    """Return the first sentence of a class, and the words on each of its attributes."""
    text = inspect.cleandoc(kind.__doc__ or "")
    summary, _, rest = text.partition("\n")
    told: dict[str, str] = {}
    names: list[str] = []
    for line in rest.partition("Attributes:\n")[2].split("\n"):
        if found := _ATTRIBUTE.match(line):
            names = found["names"].split(", ")
            told |= dict.fromkeys(names, found["words"])
        elif line.startswith("        "):
            told |= {name: f"{told[name]} {line.strip()}" for name in names}
    return summary, told
