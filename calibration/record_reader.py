"""Read the record of a run from the events of its journal."""

from collections.abc import Sequence
from dataclasses import MISSING, fields, replace
from typing import TypeVar

from ledcal.calibration.as_found import AsFound
from ledcal.calibration.errors import RecordError
from ledcal.calibration.outcome import Outcome, Verdict
from ledcal.calibration.record import (
    CalibrationFile,
    CurveFitted,
    Event,
    Instrument,
    Measured,
    Note,
    PanelIdentity,
    Record,
    RunStarted,
    SafetyAssessed,
    SpectrumTaken,
    Step,
)

_T = TypeVar("_T")


def read_record(events: Sequence[Event]) -> Record:
    """Return the record that the events of a journal tell.

    A journal without `run_finished` is that of a run that was killed: its outcome is ABORTED.

    Args:
        events: The journal's events in order.

    Raises:
        RecordError: An event is malformed, out of order, or the first is not `run_started`.
    """
    for position, event in enumerate(events, start=1):
        if event.get("n") != position:
            raise RecordError(f"event {position} of the journal has number {event.get('n')!r}")
    if not events or events[0].get("event") != "run_started":
        raise RecordError("the journal does not begin with run_started")
    ends = _of_kind(events, "run_finished")
    if ends:
        outcome, reasons = _end(ends[-1])
    else:
        outcome = Outcome.ABORTED
        reasons = [{"code": "NOT_FINISHED", "text": "the journal stops before the end of the run"}]
    panels = _of_kind(events, "panel")
    files = _of_kind(events, "calibration_file")
    safety = _of_kind(events, "safety")
    found = _of_kind(events, "as_found")
    return Record(
        run=_build(RunStarted, events[0]),
        instruments=[_build(Instrument, e) for e in _of_kind(events, "instrument")],
        panel=_build(PanelIdentity, panels[-1]) if panels else None,
        measured=[_measured(e) for e in _of_kind(events, "measured")],
        spectra=[_build(SpectrumTaken, e) for e in _of_kind(events, "spectrum")],
        curves=[_build(CurveFitted, e) for e in _of_kind(events, "curve")],
        safety=_build(SafetyAssessed, safety[-1]) if safety else None,
        calibration_file=_build(CalibrationFile, files[-1]) if files else None,
        notes=[_build(Note, e) for e in _of_kind(events, "note")],
        steps=_steps(events),
        outcome=outcome,
        reasons=reasons,
        finished_at=str(events[-1]["at"]),
        events=len(events),
        as_found=_as_found(found[-1]) if found else None,
        measured_as_found=[_measured(e) for e in _of_kind(events, "measured_as_found")],
    )


def _of_kind(events: Sequence[Event], kind: str) -> list[Event]:
    return [event for event in events if event.get("event") == kind]


def _end(event: Event) -> tuple[Outcome, list[dict[str, str]]]:
    try:
        outcome = Outcome(event["outcome"])
        reasons = [{"code": str(r["code"]), "text": str(r["text"])} for r in event["reasons"]]
    except (KeyError, TypeError, ValueError) as error:
        raise RecordError(
            f"event {event.get('n')} (run_finished) is malformed: {error}"
        ) from error
    return outcome, reasons


def _measured(event: Event) -> Measured:
    result = _build(Measured, event)
    return replace(result, verdict=_verdict(event, result.verdict))


def _as_found(event: Event) -> AsFound:
    found = _build(AsFound, event)
    if found.verdict is None:
        return found
    return replace(found, verdict=_verdict(event, found.verdict))


def _verdict(event: Event, word: str) -> Verdict:
    try:
        return Verdict(word)
    except ValueError as error:
        raise RecordError(f"event {event.get('n')} ({event.get('event')}): {error}") from error


def _steps(events: Sequence[Event]) -> list[Step]:
    ended = {
        str(e["step"]): Step(
            step=str(e["step"]), result=str(e["result"]), duration_s=float(e["duration_s"])
        )
        for e in _of_kind(events, "step_finished")
    }
    names = [str(e["step"]) for e in _of_kind(events, "step_started")]
    return [ended.get(name, Step(step=name, result="OPEN", duration_s=0.0)) for name in names]


def _build(kind: type[_T], event: Event) -> _T:
    """Return the event as its class; every field without a default must be there."""
    known = fields(kind)  # type: ignore[arg-type]
    required = [f for f in known if f.default is MISSING and f.default_factory is MISSING]
    missing = [f.name for f in required if f.name not in event]
    if missing:
        raise RecordError(
            f"event {event.get('n')} ({event.get('event')}) has no {', '.join(missing)}"
        )
    return kind(**{f.name: event[f.name] for f in known if f.name in event})
