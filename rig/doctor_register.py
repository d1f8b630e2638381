"""A look at the certificates' days, and at what the register says of them."""

from collections.abc import Mapping
from pathlib import Path

from ledcal.calibration.certificate import CertificateHead
from ledcal.rig.certificates import WARN_DAYS, Certificates
from ledcal.rig.doctor_findings import Findings
from ledcal.rig.override import NO_OVERRIDE, Override
from ledcal.rig.register import newest, today
from ledcal.rig.register_check import State, state_of
from ledcal.rig.station import Station

URGENT_DAYS = 7
"""A certificate that runs out within these is warned of urgently."""


def look_at_register(
    station: Station,
    heads: Mapping[str, CertificateHead],
    certificates: Certificates | None,
    data_folder: Path,
    findings: Findings,
) -> None:
    """Say how long each certificate may be used, and whether the register lets it.

    Args:
        station: The station.
        heads: The certificates that could be read, by role.
        certificates: All of them, None when one is not fit for this station.
        data_folder: Whose register it is.
        findings: Gathers what is found.
    """
    state = State(late={}, wrong={})
    known = False
    with findings.looking("register"):
        if certificates is not None:
            state = state_of(certificates, station, data_folder)
            known = True
    for role, head in heads.items():
        _look_at_days(f"certificate {role}", head, state.late.get(role), findings)
    if not known:
        return
    for role, words in state.wrong.items():
        if station.mode == "PROD":
            findings.fail(f"register {role}", words)
        else:
            findings.warn(f"register {role}", f"{words}; production would be refused")
    with findings.looking("register"):
        serving = [one for one in newest(data_folder) if one.in_service]
        late = sum(one.days_left(today()) < 0 for one in serving)
        text = f"{len(serving)} instruments in service, {late} of them overdue"
        if late:
            findings.warn("register", f"{text}; `ledcal instrument list` names them")
        else:
            findings.ok("register", text)


def _look_at_days(
    name: str, head: CertificateHead, override: Override | str | None, findings: Findings
) -> None:
    left = (head.due - today()).days
    if isinstance(override, Override):
        findings.warn(name, override.words(head))
    elif left < 0:
        why = "" if override in (None, NO_OVERRIDE) else f"; {override}"
        text = f"{head.name} was due {head.due}, {-left} days ago{why}; send it for calibration"
        findings.fail(name, text)
    elif left <= WARN_DAYS:
        when = "now" if left <= URGENT_DAYS else "soon"
        text = f"{head.name} is due {head.due}, in {left} days; book its calibration {when}"
        findings.warn(name, text)
    else:
        findings.ok(name, f"{head.name} is due {head.due}, in {left} days")
