"""Where the vectors of the record's forms are, and how the form of today is told by its digest."""

import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

from ledcal.calibration.json_schema import SCHEMAS
from ledcal.calibration.record import Record
from ledcal.rig.recompute import recompute

HERE = Path(__file__).parent
FORMS = HERE / "forms.json"
WHOLE, EARLY = "whole", "early"
LEFT_OUT = ("transcript.jsonl", "certificate.html", "report.html", "record.dsse.json")
"""Large, and nothing that a reader of records reads."""
_WORDS = ("title", "description")


def forms() -> list[dict[str, Any]]:
    """Every form so far, the oldest first."""
    found: list[dict[str, Any]] = json.loads(FORMS.read_text("utf-8")) if FORMS.exists() else []
    return found


def form_digest() -> str:
    """SHA-256 of the schemas of today without their words."""
    content = {name: _without_words(make()) for name, make in SCHEMAS.items()}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def unpacked(name: str, kind: str, into: Path) -> Path:
    """Unpack a vector; only ever one of these, whose paths are known."""
    content = (HERE / f"{name}-{kind}.tar.xz").read_bytes()
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        archive.extractall(into, filter="data")
    return into


def recomputed(record: Record) -> list[int]:
    """How many results can be computed again, and how many come out with other digits."""
    made = recompute(record)
    return [len(made), sum(bool(one.differing) for one in made)]


def _without_words(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _without_words(inner)
            for key, inner in value.items()
            if not (key in _WORDS and isinstance(inner, str))
        }
    return [_without_words(one) for one in value] if isinstance(value, list) else value
