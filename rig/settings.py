"""Read the TOML files that users write: strict; errors name file, line, key, value and limit."""

import hashlib
import re
import tomllib
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from ledcal.rig.errors import RefusedInput


class Settings(BaseModel):
    """Base of every section of a user's file: unknown keys, wrong types and NaN are refused."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, allow_inf_nan=False, hide_input_in_errors=False
    )
    values_are_secret: ClassVar[bool] = False
    """A refusal of such a file names the key and the limit, never the value."""


class BadKey(ValueError):
    """One key of a section is impossible beside the others; raised by the section's own check.

    Attributes:
        key: Path of the key within the section.
        value: What it says.
    """

    def __init__(self, key: tuple[str | int, ...], value: object, limit: str) -> None:
        """Keep key and value beside the limit."""
        super().__init__(limit)
        self.key = key
        self.value = value


_S = TypeVar("_S", bound=Settings)
_NAME = r"""(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)"""
_DOTTED = rf"{_NAME}(?:[ \t]*\.[ \t]*{_NAME})*"
_TABLE = re.compile(rf"[ \t]*(\[\[?)[ \t]*({_DOTTED})[ \t]*\]")
_KEY = re.compile(rf"[ \t]*({_DOTTED})[ \t]*=")
_PART = re.compile(_NAME)


@dataclass(frozen=True, slots=True)
class SettingsFile(Generic[_S]):
    """A file as it was read.

    Attributes:
        path: Where it was read.
        content: Its bytes, kept so that the run can keep a copy of just these.
        sha256: SHA-256 of the bytes, as hex digits.
        settings: What it says.
    """

    path: Path
    content: bytes
    sha256: str
    settings: _S


def read_settings(path: Path, kind: type[_S]) -> SettingsFile[_S]:
    """Return the validated content of a TOML file.

    Raises:
        RefusedInput: The file cannot be read or one of its keys is refused; the text has one
            line for each refused key, as `file:line: key: value: limit`.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RefusedInput("FILE", f"{path}: cannot be read: {error.strerror}") from error
    try:
        text = content.decode("utf-8")
        raw = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also an integer of thousands of digits
        raise RefusedInput("FILE", f"{path}: is not valid TOML: {error}") from error
    try:
        settings = kind.model_validate(raw)
    except ValidationError as error:
        lines = [_explain(path, text, item, kind) for item in error.errors()]
        raise RefusedInput("FILE", "\n".join(lines)) from error
    return SettingsFile(path, content, hashlib.sha256(content).hexdigest(), settings)


def rising(values: list[float]) -> list[float]:
    """Return the values unchanged; refuse a key whose values do not rise.

    Raises:
        ValueError: Names the first pair that does not.
    """
    for earlier, later in pairwise(values):
        if later <= earlier:
            raise ValueError(f"must rise: {later} follows {earlier}")
    return values


def _explain(path: Path, text: str, item: ErrorDetails, kind: type[Settings]) -> str:
    where, value = item["loc"], item["input"]
    refused = item.get("ctx", {}).get("error")
    if isinstance(refused, BadKey):
        where, value = (*where, *refused.key), refused.value
    place = f"{path}:{line_of(text, where)}: {_path(where)}"
    message = item["msg"].removeprefix("Value error, ")
    if item["type"] == "extra_forbidden":
        return f"{place}: unknown key; remove it or correct its spelling"
    if item["type"] == "missing":
        return f"{place}: is missing"
    if kind.values_are_secret:
        return f"{place}: {message}"
    return f"{place}: {_shown(value)}: {message}"


def _path(where: tuple[str | int, ...]) -> str:
    """Return a key's path; the entries of a list count from 1, as LED channels do."""
    parts = (f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in where)
    return "".join(parts).lstrip(".") or "(file)"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def line_of(text: str, where: tuple[str | int, ...]) -> int:
    """Return the line, from 1, at which a key stands, or its nearest enclosing table.

    TOML readers do not keep positions; this looks for the table headers and keys on the way.
    """
    best_line, best_depth = 1, 0
    table: tuple[str | int, ...] = ()
    entries: dict[tuple[str | int, ...], int] = {}
    # Every line end of TOML has "\n"; str.splitlines would also split at U+2028 in a comment.
    lines = text.split("\n")
    for number, line in enumerate(lines, start=1):
        header, key = _TABLE.match(line), _KEY.match(line)
        if not (header or key) or not _is_whole(lines[: number - 1]):
            continue
        if header:
            table = _resolved(header[2], entries, another=header[1] == "[[")
        here = (*table, *_parts(key[1])) if key else table
        depth = len(here)
        if where[:depth] == here and depth > best_depth:
            best_line, best_depth = number, depth
    return best_line


def _is_whole(lines: list[str]) -> bool:
    """Tell whether the lines end outside of a value; a row of an array is no table header."""
    try:
        tomllib.loads("\n".join([*lines, ""]))
    except (ValueError, RecursionError):
        return False
    return True


def _resolved(
    name: str, entries: dict[tuple[str | int, ...], int], *, another: bool
) -> tuple[str | int, ...]:
    """Return the path that a table header opens; `entries` counts those of arrays of tables."""
    path: tuple[str | int, ...] = ()
    parts = _parts(name)
    for depth, part in enumerate(parts, start=1):
        path = (*path, part)
        if another and depth == len(parts):
            entries[path] = entries.get(path, -1) + 1
        if path in entries:
            path = (*path, entries[path])
    return path


def _parts(dotted: str) -> list[str]:
    return [part.strip("\"'") for part in _PART.findall(dotted)]
