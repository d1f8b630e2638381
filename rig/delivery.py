"""Files on their way to panels: which may be installed, and which panel carries which."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledcal.calibration.codec import decode
from ledcal.calibration.outcome import Outcome
from ledcal.calibration.panel_calibration import PanelCalibration
from ledcal.calibration.record import PanelIdentity
from ledcal.rig.closing import PANEL_FILE
from ledcal.rig.errors import RefusedInput, SetupError
from ledcal.rig.folder import sha256_hex
from ledcal.rig.identify import require_accepting
from ledcal.rig.issue import ISSUED, is_awaiting, read_issue
from ledcal.rig.loading import load
from ledcal.rig.people.rights import Action
from ledcal.rig.proof import proof_of
from ledcal.rig.release import Released
from ledcal.rig.run import RUNS, Request, find_run, require_serial
from ledcal.rig.sign import require_purpose, require_unaltered
from ledcal.rig.summary import record_of
from ledcal.rig.trust import known_key
from ledcal.rig.visit import INSTALLS, READ_BACKS, at_panel, visit_to


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliverable:
    """A file that may be given to its panel.

    Attributes:
        run: The run that it comes from.
        file: Its bytes.
        proven: Whether it was proven by light: by that run, or by a proof made since.
    """

    run: Path
    file: bytes
    proven: bool

    @property
    def calibration(self) -> PanelCalibration:
        """What it says."""
        return decode(self.file).calibration

    @property
    def released(self) -> Released:
        """The file as a session of the procedure loads it."""
        decoded = decode(self.file)
        return Released(
            file=self.file,
            sha256=sha256_hex(self.file),
            calibration_sha256=decoded.calibration.record_sha256.hex(),
            key_id=decoded.key_id.hex(),
            sequence=decoded.calibration.sequence,
        )

    @property
    def facts(self) -> dict[str, Any]:
        """What a journal and other programs are told of it."""
        return {
            "run": self.run.resolve().name,
            "sha256": sha256_hex(self.file),
            "key_id": decode(self.file).key_id.hex(),
            "sequence": self.calibration.sequence,
            "proven": self.proven,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBack:
    """What a panel was found to carry.

    Attributes:
        folder: Journal and transcript of the look.
        sha256: Of the file, None when there is none.
        state: The panel's own word for its calibration, OK when valid.
        issued: The file as it was issued, None when no run issued it.
        words: Why it is not as it was issued, empty when it is.
    """

    folder: Path
    serial: str
    uid: str
    sha256: str | None
    state: str
    issued: Deliverable | None
    words: str


def deliverable(run: Path, data_folder: Path) -> Deliverable:
    """Return the file of a run that passed, or that was signed after review.

    Raises:
        RefusedInput: The run was altered, or nobody has answered for its file.
    """
    require_unaltered(run, data_folder)
    record = record_of(run)
    if record.outcome is Outcome.PASS:
        return Deliverable(run=run, file=_file_of(run), proven=True)
    issue = read_issue(data_folder, run) if is_awaiting(record) else None
    if issue is None:
        ended = " ".join([record.outcome, *(reason["code"] for reason in record.reasons)])
        raise RefusedInput(
            "NOT_ISSUED",
            f"{run}: ended {ended}: its file was not issued; choose a run that "
            "ended PASS, or sign this one if it waits for that",
        )
    known = known_key(data_folder, issue.key_id)
    if known is None or known.public != issue.public_key:
        raise RefusedInput(
            "UNKNOWN_KEY",
            f"{issue.folder}: signed with key {issue.key_id}, which {data_folder} does not know; "
            "`ledcal key trust` its public half, if it is one of yours",
        )
    require_purpose(
        known.purpose, record.run.mode, f"{issue.folder}: {known.key_id}, {known.words}"
    )
    proven = proof_of(issue.file, record.run.serial, data_folder) is not None
    return Deliverable(run=run, file=issue.file, proven=proven)


def install(
    request: Request, run: str, station: Path | None, data: Path | None
) -> tuple[Path, Deliverable]:
    """Load an issued file into its panel again, bit for bit; return what was kept, and the file.

    Args:
        request: Panel and operator.
        run: Run folder, id or serial.
        station: Station file, None for the virtual bench.
        data: Data folder instead of the station file's.

    Raises:
        RefusedInput: Serial, station or run are refused; the panel was not touched.
        SetupError: Another panel is plugged in, or its hardware is not what the file was made for,
            or it has accepted another file of this number or a higher one.
        PanelError: The panel refuses the file.
        PanelLost: It restarted.
        StationError: The panel cannot be reached, or does not trust the key.
    """
    require_serial(request.serial)
    visit = visit_to(request, station, data, Action.INSTALL)
    issued = deliverable(find_run(visit.data_folder, run), visit.data_folder)
    require_for(issued, request.serial)
    with at_panel(visit, INSTALLS, issued.facts) as at:
        require_made_for(at.identity, issued.calibration)
        flags = issued.calibration.flags
        require_accepting(at.panel, at.identity, issued.facts["key_id"], flags)
        held = at.panel.read_back()
        load(at.panel, at.identity, issued.file, at.note, keeps=held)
        at.journal.append("calibration_file", {"state": "loaded", **issued.facts})
    return at.folder, issued


def read_back(request: Request, station: Path | None, data: Path | None) -> ReadBack:
    """Return what a panel carries, and which run issued it.

    Raises:
        RefusedInput: Serial or station are refused.
        SetupError: Another panel is plugged in.
        StationError: The panel cannot be reached.
    """
    require_serial(request.serial)
    visit = visit_to(request, station, data, Action.READ_BACK)
    with at_panel(visit, READ_BACKS, {}) as at:
        file = at.panel.read_back()
        code, state = at.panel.calibration_state()
        issued, words = _origin(file, visit.data_folder)
        if not words and code != 0:
            words = f"the panel says {state} of the file that it carries"
        found = ReadBack(
            folder=at.folder,
            serial=at.identity.serial,
            uid=at.identity.uid,
            sha256=sha256_hex(file) if file else None,
            state=state,
            issued=issued,
            words=words,
        )
        facts = {} if issued is None else issued.facts
        at.journal.append("read_back", {"sha256": found.sha256, "state": state, "issued": facts})
        if words:
            at.reasons.append({"code": "NOT_AS_ISSUED", "text": words})
    return found


def require_made_for(panel: PanelIdentity, calibration: PanelCalibration) -> None:
    """Refuse a panel whose head or hardware is not that for which a file was made.

    Raises:
        SetupError: Names each difference; nothing was sent to the panel.
    """
    pairs: Mapping[str, tuple[object, object]] = {
        "serial": (calibration.serial, panel.serial),
        "LED head": (calibration.uid.hex(), panel.uid),
        "product code": (calibration.product_code, panel.product_code),
        "hardware revision": (calibration.hardware_revision, panel.hardware_revision),
        "drive epoch": (calibration.drive_epoch, panel.drive_epoch),
        "reference distance in mm": (calibration.distance_mm, panel.distance_mm),
        "geometry id": (calibration.geometry_id, panel.geometry_id),
    }
    wrong = [f"{name} {a}, the panel has {b}" for name, (a, b) in pairs.items() if a != b]
    if wrong:
        raise SetupError(
            "OTHER_PANEL",
            f"the file was made for {'; for '.join(wrong)}; calibrate this panel anew",
        )
    if panel.sequence > calibration.sequence:
        raise SetupError(
            "NEWER_FILE",
            f"the panel carries file {panel.sequence}, newer than {calibration.sequence}: its "
            "firmware takes no older one; install the newest run, or calibrate anew",
        )


def require_for(issued: Deliverable, serial: str) -> None:
    """Refuse a file that was made for another panel.

    Raises:
        RefusedInput: Names both serials.
    """
    made_for = issued.calibration.serial
    if made_for != serial:
        raise RefusedInput(
            "SERIAL", f"{issued.run}: holds the file of panel {made_for}, not of {serial}"
        )


def _file_of(run: Path) -> bytes:
    try:
        return (run / PANEL_FILE).read_bytes()
    except OSError as error:
        raise RefusedInput(
            "NOT_ISSUED",
            f"{run / PANEL_FILE}: {error.strerror}: a proof makes no file, and that of a deleted "
            "run is gone; choose the run that issued the file",
        ) from error


def _origin(file: bytes, data_folder: Path) -> tuple[Deliverable | None, str]:
    """Return the run that issued a file, or why none has."""
    if not file:
        return None, "the panel carries no calibration"
    digest = sha256_hex(file)
    names = [
        path.parent.name
        for kept in (RUNS, ISSUED)
        for path in sorted((data_folder / kept).glob(f"*/{PANEL_FILE}"))
        if path.read_bytes() == file
    ]
    if not names:
        return None, f"no run in {data_folder} has made the file, SHA-256 {digest}"
    refusals = []
    for name in names:
        try:
            return deliverable(data_folder / RUNS / name, data_folder), ""
        except RefusedInput as error:
            refusals.append(error.text)
    return None, "; ".join(refusals)
