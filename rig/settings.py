"""Read the TOML files that users write: strict; errors name file, line, key, value and limit."""

import hashlib
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from ledcal.rig.errors import RefusedInput


class Settings(BaseModel):
    """Base of every section of a user's file: unknown keys, wrong types and NaN are refused."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, allow_inf_nan=False, hide_input_in_errors=False
    )


_S = TypeVar("_S", bound=Settings)
_TABLE = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]")
_KEY = re.compile(r"""\s*(?:"([^"]+)"|'([^']+)'|([A-Za-z0-9_-]+))\s*=""")


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
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RefusedInput("FILE", f"{path}: is not valid TOML: {error}") from error
    try:
        settings = kind.model_validate(raw)
    except ValidationError as error:
        lines = [_explain(path, text, item["loc"], item) for item in error.errors()]  # type: ignore[arg-type]
        raise RefusedInput("FILE", "\n".join(lines)) from error
    return SettingsFile(path, content, hashlib.sha256(content).hexdigest(), settings)


def _explain(path: Path, text: str, where: tuple[str | int, ...], item: dict[str, object]) -> str:
    key = _path(where)
    line = line_of(text, where)
    message = str(item["msg"]).removeprefix("Value error, ")
    if item["type"] == "extra_forbidden":
        return f"{path}:{line}: {key}: unknown key; remove it or correct its spelling"
    if item["type"] == "missing":
        return f"{path}:{line}: {key}: is missing"
    return f"{path}:{line}: {key}: {_shown(item['input'])}: {message}"


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
    seen: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _TABLE.match(line):
            name = header[2].strip("\"'")
            parts: list[str | int] = list(name.split("."))
            if header[1] == "[[":
                seen[name] = seen.get(name, -1) + 1
                parts.append(seen[name])
            table = tuple(parts)
            here = table
        elif key := _KEY.match(line):
            here = (*table, key[1] or key[2] or key[3])
        else:
            continue
        depth = len(here)
        if where[:depth] == here and depth > best_depth:
            best_line, best_depth = number, depth
    return best_line
