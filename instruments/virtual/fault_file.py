"""Fault files: faults that a trainer writes down, as TOML.

A refusal names file, line, key, value and what would be right; every refused key has a line.
"""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ledcal.instruments.virtual.fault_plan import FaultPlan
from ledcal.instruments.virtual.faults import Fault, Refusal

FORMAT = "ledcal-faults/1"
KEYS = ("format", "title", "text", "fault")
_FAULT_TABLE = re.compile(r"\s*\[\[\s*fault\s*\]\]")


class FaultFileError(ValueError):
    """A fault file is refused; the text has a line for each refused key."""


def read_fault_file(path: Path, plan: FaultPlan) -> list[Fault]:
    """Return the faults of a file.

    Raises:
        FaultFileError: The file cannot be read, or some of its keys are refused.
    """
    try:
        text = path.read_bytes().decode("utf-8")
        raw = tomllib.loads(text)
    except OSError as error:
        raise FaultFileError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise FaultFileError(f"{path}: is not valid TOML: {error}") from error
    refused = [_refused(path, text, None, each) for each in _head(raw)]
    faults = []
    tables = raw.get("fault")
    for index, table in enumerate(tables if isinstance(tables, list) else []):
        fault, refusals = plan.read(table)
        refused += [_refused(path, text, index, each) for each in refusals]
        if fault is not None and fault.at_s is None and fault.command is None:
            missing = Refusal("at_s", None, "is missing: at_s or command says when it strikes")
            refused.append(_refused(path, text, index, missing))
        elif fault is not None:
            faults.append(fault)
    if refused:
        raise FaultFileError("\n".join(refused))
    return faults


def _head(raw: Mapping[str, Any]) -> list[Refusal]:
    """Return what is wrong outside of the faults."""
    wrong = [
        Refusal(key, raw[key], f"unknown key; the keys are: {', '.join(KEYS)}")
        for key in raw
        if key not in KEYS
    ]
    if raw.get("format") != FORMAT:
        wrong.append(Refusal("format", raw.get("format"), f"must be {FORMAT!r}"))
    wrong += [
        Refusal(key, raw.get(key), "must be a text")
        for key in ("title", "text")
        if not isinstance(raw.get(key), str) or not raw[key].strip()
    ]
    if not isinstance(raw.get("fault"), list) or not raw["fault"]:
        wrong.append(Refusal("fault", raw.get("fault"), "must be at least one table [[fault]]"))
    return wrong


def _refused(path: Path, text: str, index: int | None, refusal: Refusal) -> str:
    """Return the line that refuses a key; faults count from 1."""
    place = refusal.key if index is None else f"fault[{index + 1}].{refusal.key}"
    shown = "" if refusal.value is None else f" {_short(refusal.value)}:"
    return f"{path}:{_line_of(text, index, refusal.key)}: {place}:{shown} {refusal}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _line_of(text: str, index: int | None, key: str) -> int:
    """Return the line, from 1, of a key, or of the table that should hold it."""
    here, found = -1, 1
    wanted = -1 if index is None else index
    for number, line in enumerate(text.split("\n"), start=1):
        if _FAULT_TABLE.match(line):
            here += 1
            found = number if here == wanted else found
        elif here == wanted and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line):
            return number
    return found
