"""What a value may be in a record: one rule for the reader and for the published schema.

A record is JSON, so that a type has a form there: a number that was not finite is null, and an
integer that a double cannot hold is its digits (RFC 8785 keeps neither).
"""

import re
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from types import UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from ledcal.calibration.errors import RecordError

_LONG_INTEGER = r"^-?[0-9]{16,}$"
_LONGEST_QUOTE = 60
_NONE = type(None)
_NUMBERS = {float, int, _NONE}
_HINTS: dict[type, dict[str, Any]] = {}
"""Of each class that was asked for: a run has thousands of events."""
_T = TypeVar("_T")


def built(kind: type[_T], facts: Mapping[str, Any], where: str) -> _T:
    """Return facts as their class; more than the class knows is left out.

    Args:
        kind: A dataclass.
        facts: By the names of its fields; those with a default may be missing.
        where: What the facts are, for the message.

    Raises:
        RecordError: One that the class needs is missing, or is not what its type says.
    """
    hints = hints_of(kind)
    missing = [name for name in required(kind) if name not in facts]
    if missing:
        raise RecordError(f"{where} has no {', '.join(missing)}")
    known = {name: facts[name] for name in hints if name in facts}
    for name, value in known.items():
        if not fits(value, hints[name]):
            raise RecordError(f"{where}: {name} is {_quoted(value)}, not {words(hints[name])}")
        known[name] = _made(value, hints[name], f"{where}: {name}")
    return kind(**known)


def _made(value: Any, kind: Any, where: str) -> Any:
    """Return a value that fits as what its type makes of it: a member of an enum, a class."""
    if _is_enum(kind):
        return kind(value)
    if get_origin(kind) is UnionType:
        return _made(value, next(one for one in get_args(kind) if fits(value, one)), where)
    if get_origin(kind) is list and is_dataclass(inner := get_args(kind)[0]):
        return [built(inner, one, where) for one in value]  # type: ignore[arg-type]
    return value


def hints_of(kind: type) -> dict[str, Any]:
    """Return the type of each field of a dataclass."""
    if kind not in _HINTS:
        _HINTS[kind] = get_type_hints(kind)
    return _HINTS[kind]


def required(kind: type) -> tuple[str, ...]:
    """Return the fields of a dataclass that have no default."""
    return tuple(
        one.name
        for one in fields(kind)
        if one.default is MISSING and one.default_factory is MISSING
    )


def fits(value: Any, kind: Any) -> bool:
    """Tell whether a value that was read from JSON is one of a type."""
    if kind is str or kind is bool or kind is _NONE:
        return type(value) is kind
    if kind is float:
        return type(value) in _NUMBERS
    if kind is int:
        long = isinstance(value, str) and re.fullmatch(_LONG_INTEGER.strip("^$"), value)
        return type(value) is int or bool(long)
    if kind is Any:
        return True
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is UnionType:
        return any(fits(value, one) for one in arguments)
    if origin is Literal:
        return isinstance(value, str) and value in arguments
    if origin is list:
        if arguments[0] is float:  # a spectrum has thousands
            return isinstance(value, list) and _NUMBERS.issuperset(map(type, value))
        return isinstance(value, list) and all(fits(one, arguments[0]) for one in value)
    if origin is dict:
        return isinstance(value, dict) and all(fits(one, arguments[1]) for one in value.values())
    if _is_enum(kind):
        return isinstance(value, str) and value in [one.value for one in kind]
    if not is_dataclass(kind):
        raise TypeError(f"{kind!r} has no form in a record")
    hints = hints_of(kind)  # type: ignore[arg-type]
    return (
        isinstance(value, dict)
        and all(name in value for name in required(kind))  # type: ignore[arg-type]
        and all(fits(one, hints[name]) for name, one in value.items() if name in hints)
    )


def schema_of(kind: Any) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the values that `fits` lets through.

    Classes are referred to by name, below `$defs`.
    """
    origin, arguments = get_origin(kind), get_args(kind)
    plain: dict[Any, dict[str, Any]] = {
        str: {"type": "string"},
        bool: {"type": "boolean"},
        _NONE: {"type": "null"},
        float: {"type": ["number", "null"]},
        int: {"anyOf": [{"type": "integer"}, {"type": "string", "pattern": _LONG_INTEGER}]},
    }
    if kind is Any:
        return {}
    if kind in plain:
        return plain[kind]
    if origin is UnionType:
        return {"anyOf": [schema_of(one) for one in arguments]}
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin is list:
        return {"type": "array", "items": schema_of(arguments[0])}
    if origin is dict:
        return {"type": "object", "additionalProperties": schema_of(arguments[1])}
    if _is_enum(kind):
        return {"enum": [one.value for one in kind]}
    return {"$ref": f"#/$defs/{kind.__name__}"}


def words(kind: Any) -> str:
    """Return what a type asks for, for a person."""
    names = {str: "text", bool: "true or false", float: "a number", int: "an integer"}
    if kind in names:
        return names[kind]
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is UnionType:
        return " or ".join(words(one) for one in arguments)
    if kind is _NONE:
        return "null"
    if origin is Literal or _is_enum(kind):
        return f"one of {', '.join(schema_of(kind)['enum'])}"
    if origin is list:
        return f"a list, each {words(arguments[0])}"
    if origin is dict:
        return f"an object, each {words(arguments[1])}"
    return "anything" if kind is Any else f"a whole {kind.__name__}"


def _is_enum(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Enum)


def _quoted(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}…"
