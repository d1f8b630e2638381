"""The front page of an archive: what lies where, for whoever opens it without ledcal."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from ledcal.reports.page import csp_hash, source
from ledcal.reports.shapes import verdict_shape
from ledcal.reports.text import NOT_RECORDED, instant, legible


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedFolder:
    """One folder of an archive: a run, a proof, or a visit to the panel.

    Attributes:
        folder: Where it lies in the archive.
        kind: What it is: "runs", "proofs", "read-backs", ...
        run: Its id.
        outcome: Word for how it ended, empty where it has none.
        words: Reasons, or why it could not be read.
        operator: Who did it.
        started_at: UTC, ISO 8601, empty where it is not known.
        files: Path in the archive and what it is, of each file worth naming.
    """

    folder: str
    kind: str
    run: str
    outcome: str
    words: str
    operator: str
    started_at: str
    files: Sequence[tuple[str, str]]


def archive_html(
    *,
    serial: str,
    simulated: bool,
    software: str,
    folders: Sequence[ArchivedFolder],
    entries: Sequence[str],
    checkpoint: str,
    key_id: str,
) -> str:
    """Return the front page; the same archive gives the same bytes.

    Args:
        serial: Of the panel.
        simulated: Whether a run in it had no real instrument.
        software: Name and version that wrote it.
        folders: In the order in which they are shown.
        entries: Paths of the proofs of log entries.
        checkpoint: The signed note of the log, empty without one.
        key_id: Of the key that signed the archive, 16 hex digits.
    """
    environment = Environment(
        loader=FunctionLoader(source),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = source("archive.css")
    environment.filters.update(legible=legible, instant=instant)
    environment.globals.update(shape=verdict_shape, not_recorded=NOT_RECORDED)
    facts: dict[str, Any] = {
        "serial": serial,
        "simulated": simulated,
        "software": software,
        "folders": folders,
        "entries": entries,
        "checkpoint": checkpoint,
        "key_id": key_id,
        "style": Markup(style),
        "style_hash": csp_hash(style),
    }
    return environment.get_template("archive.html").render(facts)
