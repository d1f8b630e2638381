"""One run: its folder, its beginning and the runs before it."""

import json
import os
import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ledcal.calibration.decision import Rule, rule_text
from ledcal.calibration.lookup import U32_MAX
from ledcal.rig.clock_state import clock_words
from ledcal.rig.errors import RefusedInput, StationError
from ledcal.rig.folder import write_whole
from ledcal.rig.journal import Journal
from ledcal.rig.product import Product
from ledcal.rig.settings import SettingsFile
from ledcal.rig.source_identity import source_sha256
from ledcal.rig.station import Station

RUNS = "runs"
CALIBRATION = "calibration.json"
AS_FOUND = "as-found.ledcal"
NOT_RECORDED = "not recorded"
NOT_RELEASED = "not released"
TYPED = "typed, not proven"
ITEM = {
    "customer": "whose panel it is",
    "received": "when it came, like 2026-03-04",
    "condition": "in what condition it came",
}
"""What can be stated of the panel as it came, and what each is."""
_BLANK = "NONE"
_RECORD = "record.json"
_SERIAL = re.compile(r"[A-Z0-9][A-Z0-9-]{0,15}")
_SOFTWARE = (
    *("ledcal", "pyvisa", "pyvisa-py", "pyserial", "numpy", "scipy", "odrpack"),
    *(
        "cryptography",
        "rfc8785",
        "sqlalchemy",
        "pyarrow",
        "jinja2",
        "pydantic",
        "pytest",
        "pytest-html",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was asked for on the command line.

    Attributes:
        customer: Whose panel it is; not recorded for an internal release.
        received: Day on which it came, as an ISO date.
        condition: In what condition it came.

    Raises:
        RefusedInput: A text is no UTF-8, which no record could keep, or a day is no date.
    """

    serial: str
    operator: str = NOT_RECORDED
    reason: str = NOT_RECORDED
    engineer: str = NOT_RECORDED
    customer: str = NOT_RECORDED
    received: str = NOT_RECORDED
    condition: str = NOT_RECORDED
    performer: Mapping[str, str] = field(default_factory=dict)
    """How the operator is known, where badge and PIN were asked for."""

    def __post_init__(self) -> None:
        """Refuse bytes that Python reads as half surrogate pairs, and a day that is none."""
        for name in ("operator", "reason", "engineer", *ITEM):
            text = getattr(self, name)
            try:
                text.encode()
            except UnicodeEncodeError as error:
                raise RefusedInput(
                    "TEXT", f"{name} {text!r}: is not UTF-8 text; type it again"
                ) from error
        if self.received != NOT_RECORDED:
            try:
                date.fromisoformat(self.received)
            except ValueError as error:
                raise RefusedInput(
                    "DATE",
                    f"received {self.received!r}: is no date like 2026-03-04; type it again",
                ) from error

    @property
    def item(self) -> dict[str, str]:
        """What was stated of the panel as it came."""
        stated = {name: getattr(self, name) for name in ITEM}
        return {name: text for name, text in stated.items() if text != NOT_RECORDED}


def require_serial(serial: str, product: Product | None = None) -> None:
    """Refuse a text that cannot be a panel serial, before it names a file or a folder.

    Raises:
        RefusedInput: The text is not a serial, or not one of the product.
    """
    if serial == _BLANK:
        raise RefusedInput(
            "SERIAL",
            f"serial {serial!r}: is what a panel says that has none; scan the label that it is "
            "to have",
        )
    if not _SERIAL.fullmatch(serial):
        raise RefusedInput(
            "SERIAL",
            f"serial {serial!r}: is no panel serial (1 to 16 of A-Z, 0-9 and -); scan the label "
            "again",
        )
    if product is not None and not product.accepts_serial(serial):
        raise RefusedInput(
            "SERIAL",
            f"serial {serial!r}: is not a serial of {product.model} (pattern "
            f"{product.serial_pattern}); scan the label again",
        )
    if product is not None and not product.checks(serial):
        raise RefusedInput(
            "SERIAL",
            f"serial {serial!r}: its check character is wrong ({product.serial_check}): a "
            "character was mistyped or misread; scan the label again",
        )


def new_run_folder(data_folder: Path, serial: str, kind: str = RUNS) -> Path:
    """Make the folder of a new run; its name is the run id.

    Raises:
        StationError: The folder cannot be made.
    """
    now = datetime.now(UTC)
    name = f"{now:%Y%m%dT%H%M%S}{now.microsecond // 1000:03d}Z-{serial}"
    folder = data_folder / kind / name
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise StationError("DATA_FOLDER", f"{folder}: {error.strerror}") from error
    return folder


def start_run(
    folder: Path,
    request: Request,
    station: SettingsFile[Station],
    product: SettingsFile[Product],
    release: str = NOT_RELEASED,
    proves: str = "",
    method: Mapping[str, str] | None = None,
) -> Journal:
    """Begin the journal of a run.

    Args:
        folder: The run's folder; its name is the run's id.
        request: What was asked for.
        station: The station file.
        product: The product file.
        release: Who released the product file.
        proves: Run whose issued file is proven by light; empty where a new file is made.
        method: id, revision and sha256 of the procedure, None where none is carried out.

    Raises:
        StationError: The disk refuses.
    """
    journal = Journal.create(folder)
    bench, panel = station.settings, product.settings
    facts: dict[str, Any] = {
        "run": folder.name,
        "serial": request.serial,
        "operator": request.operator,
        "reason": request.reason,
        "engineer": request.engineer,
        "mode": bench.mode,
        "simulated": bench.simulated,
        "speed": bench.clock.speed,
        "attempt": 1 + len(earlier_runs(folder, request.serial)),
        "station": {"name": bench.name, "site": bench.site, "file_sha256": station.sha256}
        | {"clock": clock_words()},
        "product": {
            "model": panel.model,
            "version": panel.version,
            "title": panel.title,
            "file_sha256": product.sha256,
            "release": release,
        },
        "plane": {
            "distance_mm": f"{bench.plane.distance_mm:g}",
            "description": bench.plane.description,
        },
        "decision_rule": rule_text(bench.decision.guard_factor, Rule(bench.decision.rule)),
        "software": software(),
        "proves": proves,
        "item": request.item,
        "method": dict(method or {}),
    }
    if performer := performer_facts(request):
        facts["performer"] = performer
    if bench.laboratory is not None:
        facts["laboratory"] = bench.laboratory.model_dump(exclude_none=True)
    journal.append("run_started", facts)
    return journal


def performer_facts(request: Request) -> dict[str, str]:
    """Return how it is known who performs a run or a visit; nothing where nobody was named."""
    if request.performer or request.operator == NOT_RECORDED:
        return dict(request.performer)
    return {"signed_on": TYPED}


def keep_copies(
    folder: Path,
    station: SettingsFile[Station],
    product: SettingsFile[Product],
    certificates: Mapping[str, Path],
) -> None:
    """Keep copies of the files that define a run.

    The copies of the certificates are named by role: two files may have one name.

    Raises:
        StationError: The disk refuses.
    """
    write_whole(folder / "station.toml", station.content)
    write_whole(folder / "product.toml", product.content)
    for role, path in certificates.items():
        write_whole(folder / f"certificate-{role}.toml", path.read_bytes())


def software() -> dict[str, str]:
    """Return name and version of ledcal and of all that it measures and computes with."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "ledcal source SHA-256": source_sha256(),
    } | {name: version(name) for name in _SOFTWARE}


def earlier_runs(folder: Path, serial: str) -> list[Path]:
    """Return the folders of the serial's other runs in the same data folder, oldest first."""
    return [path for path in runs_of(folder.parent, serial) if path.name < folder.name]


def runs_of(runs: Path, serial: str) -> list[Path]:
    """Return the run folders of a serial, oldest first."""
    name = re.compile(r"\d{8}T\d{9}Z-" + re.escape(serial))
    return sorted(path for path in runs.glob("*Z-*") if name.fullmatch(path.name))


def highest_sequence(folder: Path, serial: str) -> int:
    """Return the highest sequence number that earlier runs gave to the serial's files, or 0.

    A head remembers the highest it ever accepted, also after its calibration was erased.
    """
    highest = 0
    for path in earlier_runs(folder, serial):
        for sequence in _sequences(path):
            if isinstance(sequence, int) and sequence <= U32_MAX:
                highest = max(highest, sequence)
    return highest


def _sequences(path: Path) -> list[Any]:
    """Return what a run says of its file's number; of one that was deleted its record says it."""
    try:
        if (path / CALIBRATION).exists():
            return [json.loads((path / CALIBRATION).read_bytes())["file"]["sequence"]]
        events = json.loads((path / _RECORD).read_bytes())["events"]
        return [one["sequence"] for one in events if one["event"] == "calibration_file"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []


def find_run(data_folder: Path, name: str) -> Path:
    """Return the run folder that is meant: a path, a run id, or a serial (its newest run).

    Raises:
        RefusedInput: There is none.
    """
    # os.path says False of a name that no file can have; Path.is_dir raises an error.
    if os.path.isdir(name):
        return Path(name)
    runs = data_folder / RUNS
    if re.fullmatch(r"[A-Za-z0-9-]+", name):
        if os.path.isdir(runs / name):
            return runs / name
        if of_serial := runs_of(runs, name):
            return of_serial[-1]
    raise RefusedInput(
        "RUN", f"{name!r}: no run folder, run id or serial with a run in {data_folder}"
    )
