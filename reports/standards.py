"""The standards of a run: instruments with their certificates, judged on the day of the run."""

from collections.abc import Sequence
from datetime import date, datetime

from markupsafe import Markup

from ledcal.calibration.record import Instrument, Record
from ledcal.reports.text import NOT_RECORDED, legible

IN_DATE = "in date"
_ASKED = ("number", "laboratory", "issued", "due", "file_sha256")


def described(instrument: Instrument, run_at: str) -> tuple[Instrument, dict[str, str], str]:
    """Return an instrument, its certificate, and whether that was in date at the run."""
    stated = {key: instrument.certificate.get(key, NOT_RECORDED) for key in _ASKED}
    try:
        due, day = date.fromisoformat(stated["due"]), datetime.fromisoformat(run_at).date()
    except ValueError:
        return instrument, stated, "not known whether in date"
    return instrument, stated, IN_DATE if day <= due else "overdue"


def with_what(instruments: Sequence[Instrument]) -> Markup:
    """Return the instruments in a few words, for the front page; a serial stays by its model."""
    named = (
        Markup("{}&nbsp;{}").format(legible(one.model), legible(one.serial)) for one in instruments
    )
    return Markup(", ").join(named) or Markup(NOT_RECORDED)


def standing(record: Record) -> str:
    """Return whether all certificates were in date at the run."""
    states = [described(one, record.run.at)[2] for one in record.instruments]
    if not states:
        return "no instrument had identified itself;"
    late = sum(state != IN_DATE for state in states)
    return "all certificates in date;" if late == 0 else f"{late} of {len(states)} not in date;"


def chains(instruments: Sequence[Instrument]) -> list[tuple[str, str]]:
    """Return what the certificates say they are traceable to, each with the roles it holds for."""
    roles: dict[str, list[str]] = {}
    for one in instruments:
        said = one.certificate.get("traceability", NOT_RECORDED)
        roles.setdefault(said, []).append(one.role.replace("_", " "))
    return [(said, ", ".join(of)) for said, of in roles.items()]
