"""A visit to a panel alone, with no light: its place, its identity, and a journal of the visit."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ledcal.calibration.errors import RecordError
from ledcal.calibration.outcome import Outcome
from ledcal.calibration.record import PanelIdentity
from ledcal.instruments.errors import InstrumentError, PanelTripped
from ledcal.instruments.panel import Panel
from ledcal.rig.bench import open_panel
from ledcal.rig.closing import SEAL, TRANSCRIPT, VISIT_STARTED, finished, seal_bytes
from ledcal.rig.errors import PanelError, RigError, StationError
from ledcal.rig.folder import sha256_hex, write_whole
from ledcal.rig.identify import identify_panel
from ledcal.rig.journal import Journal, read_journal
from ledcal.rig.keys import engineering_key
from ledcal.rig.logged import enter_action, require_log
from ledcal.rig.panel_lock import panel_lock
from ledcal.rig.people.gate import permitted_request
from ledcal.rig.people.rights import Action
from ledcal.rig.run import Request, performer_facts, software
from ledcal.rig.settings import SettingsFile
from ledcal.rig.station import Station, beside, read_station
from ledcal.rig.virtual_bench import station_or_bench

INSTALLS = "installs"
READ_BACKS = "read-backs"
DRIVES = "drives"
ENTERED = {INSTALLS: "file installed", READ_BACKS: "file read back", DRIVES: "panel driven"}
"""What the log calls a visit, whatever its outcome, which is told beside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AtPanel:
    """The panel of a visit, open and identified.

    Attributes:
        folder: Where journal and transcript of the visit are.
        reasons: Why the visit does not end well; empty when it does.
    """

    folder: Path
    journal: Journal
    panel: Panel
    identity: PanelIdentity
    reasons: list[dict[str, str]]

    def note(self, code: str, text: str) -> None:
        """Record a warning or a repeated attempt."""
        self.journal.append("note", {"code": code, "text": text})


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What is wanted at a panel, and where it is plugged in.

    Attributes:
        request: Panel, operator and reason.
        station: Station file, None for a virtual bench.
        data_folder: Where the visit is kept.
    """

    request: Request
    station: Path | None
    data_folder: Path


def visit_to(request: Request, station: Path | None, data: Path | None, action: Action) -> Visit:
    """Return the visit; the data folder is the station file's unless another is named.

    Args:
        request: Panel, operator and reason.
        station: Station file, None for the virtual bench.
        data: Data folder instead of the station file's.
        action: What is wanted: where the station asks for badge and PIN, they are asked for here.

    Raises:
        RefusedInput: The station file is refused, or the person has no right.
        StationError: The accounts cannot be read.
    """
    if station is not None:
        place = read_station(station)
        data = data or beside(place, place.settings.data_folder)
        request = permitted_request(request, place, action)
    return Visit(request=request, station=station, data_folder=data or Path("ledcal-data"))


@contextmanager
def at_panel(visit: Visit, kind: str, facts: Mapping[str, Any]) -> Iterator[AtPanel]:
    """Open the panel and identify it; the visit is ended and sealed when the context ends.

    Args:
        visit: Where and who.
        kind: INSTALLS or READ_BACKS: the folder of the data folder in which it is kept.
        facts: What is to be done, for the journal.

    Raises:
        SetupError: Another panel is plugged in.
        PanelError: The panel tripped.
        StationError: It cannot be reached or does not answer, or the disk refuses.
    """
    with station_or_bench(visit.station, visit.data_folder, visit.request.serial) as path:
        place = read_station(path)
        require_log(visit.data_folder)
        reasons: list[dict[str, str]] = []
        with (
            kept(visit, kind, place, facts, reasons) as (folder, journal),
            panel_lock(visit.data_folder, visit.request.serial, place.settings.name),
            open_panel(place, visit.request.serial, folder / TRANSCRIPT) as panel,
        ):
            identity = identify_panel(panel).identity
            journal.append("panel", asdict(identity))
            yield AtPanel(
                folder=folder, journal=journal, panel=panel, identity=identity, reasons=reasons
            )


@contextmanager
def kept(
    visit: Visit,
    kind: str,
    place: SettingsFile[Station],
    facts: Mapping[str, Any],
    reasons: list[dict[str, str]],
) -> Iterator[tuple[Path, Journal]]:
    """Keep a journal of a visit; an error is its end, and becomes one of the rig's.

    Raises:
        RigError: What ended it.
    """
    now = datetime.now(UTC)
    name = f"{now:%Y%m%dT%H%M%S}{now.microsecond // 1000:03d}Z-{visit.request.serial}"
    folder = visit.data_folder / kind / name
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise StationError("DATA_FOLDER", f"{folder}: {error.strerror}") from error
    journal = Journal.create(folder)
    well = False
    try:
        journal.append(VISIT_STARTED, _beginning(visit, kind, place.settings, place.sha256, facts))
        yield folder, journal
        outcome = Outcome.FAIL if reasons else Outcome.PASS
        journal.append("visit_finished", finished(outcome, reasons))
        well = True
    except (RigError, InstrumentError) as error:
        ended = error if isinstance(error, RigError) else _of_panel(error)
        why = [{"code": ended.code, "text": ended.text}]
        journal.append("visit_finished", finished(ended.outcome, why))
        raise ended from error
    except KeyboardInterrupt:
        why = [{"code": "INTERRUPTED", "text": "interrupted; read the panel back"}]
        journal.append("visit_finished", finished(Outcome.ABORTED, why))
        raise
    finally:
        journal.close()
        # Kept so far as the disk takes it; without its seal `ledcal verify` says what is missing.
        with suppress(StationError, OSError):
            seal = seal_bytes(folder, engineering_key(visit.data_folder))
            write_whole(folder / SEAL, seal)
        # What ended a visit is told before a store that refuses.
        with nullcontext() if well else suppress(StationError, RecordError):
            _enter(visit, kind, place.settings.name, folder)


def _enter(visit: Visit, kind: str, station: str, folder: Path) -> None:
    """Enter a visit that has ended into the log, by its seal."""
    events = read_journal(folder)
    last = events[-1] if events else {}
    sha256 = [one["sha256"] for one in events if one.get("event") == "read_back"]
    seal = folder / SEAL
    facts = {
        "visit": folder.name,
        "outcome": last.get("outcome"),
        "reasons": [str(one.get("code")) for one in last.get("reasons", [])],
        "file": events[0].get("file") if events else None,
        "read_back": sha256[-1] if sha256 else None,
        "seal_sha256": sha256_hex(seal.read_bytes()) if seal.is_file() else None,
    }
    request = visit.request
    enter_action(
        *(visit.data_folder, ENTERED[kind], request.serial),
        who=request.operator,
        station=station,
        facts=facts,
    )


def _beginning(
    visit: Visit, kind: str, said: Station, station_sha256: str, facts: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "kind": kind,
        "serial": visit.request.serial,
        "operator": visit.request.operator,
        "performer": performer_facts(visit.request),
        "mode": said.mode,
        "simulated": said.simulated,
        "station": {"name": said.name, "site": said.site, "file_sha256": station_sha256},
        "file": dict(facts),
        "software": software(),
    }


def _of_panel(error: InstrumentError) -> RigError:
    if isinstance(error, PanelTripped):
        return PanelError("PANEL_TRIPPED", str(error))
    return StationError(type(error).__name__.upper(), str(error))
