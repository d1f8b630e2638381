"""Look at who can sign on before a shift: nobody is asked, and nothing is written."""

from pathlib import Path

from ledcal.calibration.outcome import Outcome
from ledcal.reports.text import legible
from ledcal.rig.doctor_findings import Findings
from ledcal.rig.people.account import ROLES
from ledcal.rig.people.changes import Standing, standings
from ledcal.rig.people.gate import accounts_folder, is_guarded
from ledcal.rig.people.rights import RIGHTS, Action
from ledcal.rig.settings import SettingsFile
from ledcal.rig.station import Station

_NAME = "people"


def look_at_people(station: SettingsFile[Station], findings: Findings) -> None:
    """See that those can sign on whom a shift needs, where the station asks for badge and PIN.

    Where nobody has an account and nobody is asked there is nothing to tell.
    """
    asks, folder = station.settings.sign_on is not None, accounts_folder(station)
    with findings.looking(_NAME):
        if is_guarded(folder):
            _tell(standings(folder, None), folder, findings, asks=asks)
        elif asks:
            findings.fail(
                _NAME,
                "nobody has an account, and this station asks for badge and PIN: begin with an "
                f"approver, {_add('approver', folder)}",
                Outcome.USAGE,
            )


def _tell(people: list[Standing], folder: Path, findings: Findings, *, asks: bool) -> None:
    active = [one.account.role for one in people if one.state == "active"]
    locked = [legible(one.account.name) for one in people if one.state == "locked"]
    counts = ", ".join(_count(active.count(role), role) for role in ROLES if role in active)
    lines = [f"{counts or 'nobody'} can sign on"]
    idle = asks and not RIGHTS[Action.CALIBRATE].intersection(active)
    if idle:
        lines.append(f"none of them may calibrate: {_add('technician', folder)}")
    if locked:
        unlock = f"`ledcal person unlock NAME --data {folder}`"
        lines.append(
            f"locked by wrong PINs: {', '.join(locked)}; an approver frees them, {unlock}"
        )
    approvers = active.count("approver")
    if approvers == 0:
        lines.append(
            "no approver: nobody can add, free, review or release; restore the data folder from a "
            "backup, and keep two"
        )
    elif approvers == 1:
        lines.append(f"nobody frees the only approver: {_add('approver', folder)}")
    if idle:
        findings.fail(_NAME, "\n".join(lines), Outcome.USAGE)
    elif len(lines) > 1:
        findings.warn(_NAME, "\n".join(lines))
    else:
        findings.ok(_NAME, lines[0])


def _count(number: int, role: str) -> str:
    return f"{number} {role}{'' if number == 1 else 's'}"


def _add(role: str, folder: Path) -> str:
    return f"`ledcal person add NAME --role {role} --data {folder}`"
