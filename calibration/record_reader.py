"""Read the record of a run from the events of its journal, or from the record's own file.

Records of every ledcal so far are read; what an older one did not have has a default in its class.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeVar

from ledcal.calibration.as_found import AsFound
from ledcal.calibration.errors import RecordError
from ledcal.calibration.form import built
from ledcal.calibration.outcome import Outcome
from ledcal.calibration.record import (
    RECORD_FORMAT,
    CalibrationFile,
    CurveFitted,
    Event,
    Instrument,
    Measured,
    Note,
    PanelIdentity,
    Record,
    SafetyAssessed,
    SpectrumTaken,
    Step,
)
from ledcal.calibration.run_started import RunStarted

_T = TypeVar("_T")
_NOT_FINISHED = {"code": "NOT_FINISHED", "text": "the journal stops before the end of the run"}


@dataclass(frozen=True, slots=True, kw_only=True)
class EventHead:
    """What every event has; one of a kind that is not listed here has no other form.

    Attributes:
        n: Number of the event, from 1, without gaps.
        at: When it was written, UTC, ISO 8601.
        event: Its kind.
    """

    n: int
    at: str
    event: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted:
    """Event `step_started`: a step of the procedure began.

    Attributes:
        step: Its name.
    """

    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFinished:
    """Event `step_finished`: a step ended.

    Attributes:
        step: Its name.
        result: PASS, FAIL or ERROR.
        duration_s: How long it took. [s]
    """

    step: str
    result: str
    duration_s: float

    def __post_init__(self) -> None:
        """Refuse a time that is none: no page could print it."""
        if self.duration_s is None:
            raise RecordError(f"step {self.step} ended after null seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a run did not pass.

    Attributes:
        code, text: What kind of reason it is, and its words.
    """

    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished:
    """Event `run_finished`: how the run ended; a journal without it is that of a killed run.

    Attributes:
        outcome: What is said of the run.
        reasons: Why it is not PASS.
    """

    outcome: Outcome
    reasons: list[Reason]


EVENTS: Mapping[str, type] = MappingProxyType(
    {
        "run_started": RunStarted,
        "instrument": Instrument,
        "panel": PanelIdentity,
        "measured": Measured,
        "as_found": AsFound,
        "measured_as_found": Measured,
        "spectrum": SpectrumTaken,
        "curve": CurveFitted,
        "safety": SafetyAssessed,
        "calibration_file": CalibrationFile,
        "note": Note,
        "step_started": StepStarted,
        "step_finished": StepFinished,
        "run_finished": RunFinished,
    }
)
"""The class of each kind of event that makes the record; there are more kinds, for engineers."""


def read_record_file(content: bytes) -> Record:
    """Return the record in a record's file, `record.json`.

    Raises:
        RecordError: It is none, or of a version that this ledcal does not know.
    """
    try:
        said = json.loads(content)
        form, events = said["format"], said["events"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise RecordError(f"is no record: {error!r}") from error
    require_known(form)
    if not isinstance(events, list):
        raise RecordError("is no record: its events are no list")
    return read_record(events)


def require_known(form: object) -> None:
    """Refuse the format of a record that was written by a ledcal yet to come.

    Raises:
        RecordError: It is not known here.
    """
    if form != RECORD_FORMAT:
        raise RecordError(
            f"is a record of format {form!r}; this ledcal reads {RECORD_FORMAT!r}: install the "
            "ledcal that wrote it, or a later one"
        )


def read_record(events: Sequence[Event]) -> Record:
    """Return the record that the events of a journal tell.

    A journal without `run_finished` is that of a run that was killed: its outcome is ABORTED.

    Args:
        events: The journal's events in order.

    Raises:
        RecordError: An event is malformed, out of order, or the first is not `run_started`.
    """
    for position, event in enumerate(events, start=1):
        if not isinstance(event, dict):
            raise RecordError(f"event {position} of the journal is no object")
        number = event.get("n")
        if number != position or type(number) is not int:
            raise RecordError(f"event {position} of the journal has number {number!r}")
        built(EventHead, event, f"event {position}")
    if not events or events[0].get("event") != "run_started":
        raise RecordError("the journal does not begin with run_started")
    told: dict[str, list[Any]] = {kind: [] for kind in EVENTS}
    for event in events:
        kind = event["event"]
        if kind in EVENTS:
            told[kind].append(built(EVENTS[kind], event, f"event {event['n']} ({kind})"))
    outcome, reasons = Outcome.ABORTED, [_NOT_FINISHED]
    if told["run_finished"]:
        end = told["run_finished"][-1]
        outcome = end.outcome
        reasons = [{"code": one.code, "text": one.text} for one in end.reasons]
    return Record(
        run=told["run_started"][0],
        instruments=told["instrument"],
        panel=_last(told["panel"]),
        measured=told["measured"],
        spectra=told["spectrum"],
        curves=told["curve"],
        safety=_last(told["safety"]),
        calibration_file=_last(told["calibration_file"]),
        notes=told["note"],
        steps=_steps(told["step_started"], told["step_finished"]),
        outcome=outcome,
        reasons=reasons,
        finished_at=events[-1]["at"],
        events=len(events),
        as_found=_last(told["as_found"]),
        measured_as_found=told["measured_as_found"],
    )


def _last(found: Sequence[_T]) -> _T | None:
    return found[-1] if found else None


def _steps(started: Sequence[StepStarted], finished: Sequence[StepFinished]) -> list[Step]:
    ended = {
        one.step: Step(step=one.step, result=one.result, duration_s=one.duration_s)
        for one in finished
    }
    return [
        ended.get(one.step, Step(step=one.step, result="OPEN", duration_s=0.0)) for one in started
    ]
