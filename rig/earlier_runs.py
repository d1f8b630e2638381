"""The runs of a panel before this one: what they ask of it, and if they saw the same light."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path

import numpy as np

from ledcal.calibration.curve import ChannelCurve
from ledcal.calibration.outcome import Outcome
from ledcal.calibration.record import CurveFitted, PanelIdentity, Record
from ledcal.rig.errors import OnHold, RefusedInput
from ledcal.rig.journal import JOURNAL, parse_event
from ledcal.rig.product import Product
from ledcal.rig.run import NOT_RECORDED, Request, runs_of
from ledcal.rig.summary import told

MOST_TRIES = 3
"""So many runs may judge a panel without a PASS; who goes on after that is an engineer."""
_TOLD = 5
_EVENTS_BEFORE_LIGHT = 60
"""A panel identifies itself within the first events of a journal."""
_JUDGED = (Outcome.FAIL, Outcome.INCONCLUSIVE)
_ADVICE = (
    "either the panel has changed or the bench has: have an engineer look at both, then go on "
    "with --engineer NAME --reason TEXT"
)


@dataclass(frozen=True)
class EarlierRun:
    """A run of the same serial before this one.

    Attributes:
        folder: Where it is kept.
    """

    folder: Path

    @property
    def name(self) -> str:
        """Run id."""
        return self.folder.name

    @cached_property
    def record(self) -> Record | None:
        """What its journal tells, None where that cannot be read; read when it is asked for."""
        found = told(self.folder)
        return found if isinstance(found, Record) else None

    @property
    def outcome(self) -> Outcome:
        """How it ended; one that cannot be read did not come to its end."""
        return Outcome.ABORTED if self.record is None else self.record.outcome

    @property
    def head(self) -> str | None:
        """Unique id of its LED head, None where it did not come so far."""
        found = None if self.record is None else self.record.panel
        return None if found is None else found.uid

    @property
    def words(self) -> str:
        """One line for a person."""
        if self.record is None:
            return f"{self.name}: {self.outcome}, its journal cannot be read"
        codes = " ".join(reason["code"] for reason in self.record.reasons)
        ended = f"{self.outcome} {codes}".strip()
        return f"{self.name}: {ended}, reason: {self.record.run.reason}"


def earlier_runs_of(runs: Path, serial: str, before: str | None = None) -> list[EarlierRun]:
    """Return the runs of a serial, oldest first, those before a run id or all of them."""
    return [
        EarlierRun(folder)
        for folder in runs_of(runs, serial)
        if before is None or folder.name < before
    ]


def require_reason(earlier: Sequence[EarlierRun], request: Request, mode: str) -> None:
    """Refuse to calibrate a panel again without a reason, or too often without an engineer.

    A demonstration needs neither. What ended by the set-up, the station or an interruption does
    not count against the panel.

    Raises:
        RefusedInput: Tells the panel's history and what to add.
    """
    if mode == "DEMO" or not earlier:
        return
    history = "\n".join(f"  {one.words}" for one in earlier[-_TOLD:])
    if request.reason == NOT_RECORDED or not request.reason.strip():
        raise RefusedInput(
            "REASON",
            f"panel {request.serial} was on a bench before; this would be attempt "
            f"{len(earlier) + 1}; say why with --reason TEXT (retest, rework, return)\n{history}",
        )
    tries = tries_since_pass(earlier)
    if tries >= MOST_TRIES and request.engineer == NOT_RECORDED:
        raise RefusedInput(
            "ENGINEER",
            f"panel {request.serial} was judged {tries} times without a PASS: an engineer must "
            f"look at it; go on with --engineer NAME\n{history}",
        )


def tries_since_pass(earlier: Sequence[EarlierRun]) -> int:
    """Return how many runs have judged the panel since its last PASS."""
    tries = 0
    for one in reversed(earlier):
        if one.outcome is Outcome.PASS:
            break
        tries += one.outcome in _JUDGED
    return tries


def cut_off_words(earlier: Sequence[EarlierRun]) -> str | None:
    """Return what was in progress when the run before was killed, None when it was not."""
    last = earlier[-1] if earlier else None
    if last is None or last.record is None:
        return None
    if not any(reason["code"] == "NOT_FINISHED" for reason in last.record.reasons):
        return None
    step = last.record.steps[-1].step if last.record.steps else "its beginning"
    file = last.record.calibration_file
    unproven = file is not None and file.state == "loaded"
    return f"run {last.name} was cut off in step {step}; " + (
        "the file that it had loaded was not proven by light"
        if unproven
        else "it had loaded nothing"
    )


def rework_words(
    earlier: Sequence[EarlierRun], identity: PanelIdentity, reason: str
) -> str | None:
    """Return what to note of a panel that has another LED head than before, None when it has not.

    Its serial stays; what was found and made with the heads before stays in their own runs.
    """
    last = next((one for one in reversed(earlier) if one.head is not None), None)
    if last is None or last.head == identity.uid:
        return None
    revision = len({one.head for one in earlier if one.head is not None} | {identity.uid})
    return (
        f"the LED head was {last.head} (run {last.name}), now it is {identity.uid}: revision "
        f"{revision} of panel {identity.serial}; the earlier runs keep what was found and made "
        f"before; reason: {reason}"
    )


def serial_of_head(runs: Path, uid: str, serial: str) -> str | None:
    """Return the run that knows a head under another serial than this one, None when none does."""
    for folder in sorted(runs.glob("*Z-*")):
        for event in _first_events(folder):
            if event.get("event") != "panel" or event.get("uid") != uid:
                continue
            if event.get("serial") != serial:
                return f"panel {event.get('serial')} by run {folder.name}"
    return None


def _first_events(folder: Path) -> list[Mapping[str, object]]:
    try:
        with (folder / JOURNAL).open("rb") as journal:
            return [parse_event(line) for line in islice(journal, _EVENTS_BEFORE_LIGHT)]
    except (OSError, json.JSONDecodeError, ValueError):
        return []


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The largest difference of a channel from an earlier run, at the same drive.

    Attributes:
        run: The earlier run.
        change_rel: Of the irradiance, as a fraction of what it was.
        drive: Where.
    """

    run: str
    channel: int
    change_rel: float
    drive: float

    @property
    def words(self) -> str:
        """For a person."""
        return (
            f"channel {self.channel} gives {self.change_rel:+.1%} at drive {self.drive:.0%} of "
            f"what it gave in run {self.run}"
        )


def largest_change(
    earlier: Sequence[EarlierRun],
    identity: PanelIdentity,
    curves: Mapping[int, ChannelCurve],
    product: Product,
) -> Change | None:
    """Compare with the newest PASS of the same head; None when there is none to compare with.

    Compared are the curves at the reference temperature, from the lowest request that is
    verified upward.
    """
    for one in reversed(earlier):
        record = one.record
        if record is None or record.outcome is not Outcome.PASS or record.panel is None:
            continue
        same = (record.panel.uid, record.panel.drive_epoch) == (identity.uid, identity.drive_epoch)
        changes = [
            _change(one.name, before, curves[before.channel], product)
            for before in record.curves
            if same
            and before.channel in curves
            and before.t_ref_degc == curves[before.channel].t_ref_degc
        ]
        if changes:
            return max(changes, key=lambda change: abs(change.change_rel))
    return None


def _change(run: str, before: CurveFitted, now: ChannelCurve, product: Product) -> Change:
    lowest_w_m2 = product.verify_fractions[0] * product.channels[now.channel].nominal_w_m2
    drive, then_w_m2 = np.array(before.curve_drive), np.array(before.curve_irradiance_w_m2)
    within = (then_w_m2 >= lowest_w_m2) & (drive >= now.drive_min) & (drive <= now.drive_max)
    at_ref_degc = np.full_like(drive[within], now.t_ref_degc)
    now_w_m2, _ = now.evaluate(drive[within], at_ref_degc)
    changes_rel = now_w_m2 / then_w_m2[within] - 1.0
    worst = int(np.argmax(np.abs(changes_rel)))
    return Change(
        run=run,
        channel=now.channel,
        change_rel=float(changes_rel[worst]),
        drive=float(drive[within][worst]),
    )


def require_repeatable(change: Change, limit_rel: float, engineer: str) -> str:
    """Return what to note of a repeated calibration; hold one that differs, for an engineer.

    Raises:
        OnHold: It differs by more than the limit, and no engineer has answered for it.
    """
    if abs(change.change_rel) <= limit_rel:
        return f"{change.words}; limit {limit_rel:.1%}"
    if engineer == NOT_RECORDED:
        raise OnHold(
            "HOLD",
            f"{change.words}; the limit is {limit_rel:.1%}; nothing was loaded, and the panel "
            f"keeps what it had; {_ADVICE}",
        )
    return f"{change.words}; the limit is {limit_rel:.1%}; released by engineer {engineer}"
