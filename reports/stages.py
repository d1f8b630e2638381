"""The three parts by which a calibration is told: as found, action taken, as left."""

from collections.abc import Sequence
from dataclasses import dataclass

from ledcal.calibration.outcome import Verdict
from ledcal.calibration.record import Measured, Record
from ledcal.reports.conformity import judged
from ledcal.reports.summary import farthest, point_words
from ledcal.reports.text import NOT_RECORDED
from ledcal.reports.verification import verification_row

_WORDS = {
    Verdict.PASS: "In tolerance",
    Verdict.FAIL: "Out of tolerance",
    Verdict.INCONCLUSIVE: "Not decided",
}
_ACTIONS = {
    "loaded": ("Adjusted", "new calibration file loaded and read back byte for byte"),
    "written": ("Not adjusted", "a file was written; it was not proven that the panel holds it"),
    "erased": ("Erased", "the new file was not proven by light and was taken out of the panel"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One part of the story.

    Attributes:
        title: As found, Action taken or As left.
        verdict: The verdict whose shape goes with the word, empty for none.
        word: What is said, in a word or two.
        remark: The figures or the reason behind it.
        out: True where treatments were out of tolerance: nobody may miss it.
    """

    title: str
    verdict: str
    word: str
    remark: str
    out: bool = False


def stages(record: Record, verified: Sequence[Measured]) -> list[Stage]:
    """Return the state in which the panel came, what was done to it, and how it left."""
    return [_as_found(record), _action(record), _as_left(verified)]


def as_found_points(record: Record) -> list[Measured]:
    """Return the results as found that can be printed as deviations from what was asked."""
    return [m for m in record.measured_as_found if m.channel is not None and m.nominal]


def _as_found(record: Record) -> Stage:
    title, found, points = "As found", record.as_found, as_found_points(record)
    if found is None or found.verdict is None or not points:
        word = "Not measured" if points == [] else "Not decided"
        return Stage(title=title, verdict="", word=word, remark=_not_measured(record))
    remark = f"{_passed(points)}; worst {_worst(points)}"
    if found.reason:
        remark = f"{remark}; not measured: {found.reason}"
    out = found.verdict is Verdict.FAIL
    if out:
        remark = f"{remark}. Treatments before this calibration may have been wrong by as much"
    return Stage(
        title=title, verdict=found.verdict, word=_WORDS[found.verdict], remark=remark, out=out
    )


def _not_measured(record: Record) -> str:
    if record.as_found is not None:
        return record.as_found.reason or NOT_RECORDED
    if record.run.proves:
        return "this run proves an issued file as it is"
    if record.panel is None:
        return "the panel did not identify itself"
    if record.measured_as_found:
        return "the run ended while it was measured"
    if record.panel.calibration == "OK":
        return "the panel carried a valid calibration; this run did not measure it"
    return f"no valid calibration in the panel; its loader says {record.panel.calibration}"


def _action(record: Record) -> Stage:
    title, made = "Action taken", record.calibration_file
    if made is None:
        remark = "no calibration file was written to the panel"
        return Stage(title=title, verdict="", word="Not adjusted", remark=remark)
    word, remark = _ACTIONS.get(made.state, (made.state, ""))
    if record.run.proves and made.state == "loaded":
        word, remark = "File loaded", "issued file loaded as it is and read back byte for byte"
    return Stage(title=title, verdict="", word=word, remark=f"{remark}; sequence {made.sequence}")


def _as_left(verified: Sequence[Measured]) -> Stage:
    title = "As left"
    if not verified:
        remark = "no light was measured after an adjustment"
        return Stage(title=title, verdict="", word="Not verified", remark=remark)
    verdicts = {m.verdict if judged(m) else Verdict.INCONCLUSIVE for m in verified}
    order = (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS)
    verdict = next(one for one in order if one in verdicts)
    return Stage(
        title=title,
        verdict=verdict,
        word=_WORDS[verdict],
        remark=f"{_passed(verified)}; worst {_worst(verified)}",
    )


def _passed(points: Sequence[Measured]) -> str:
    passed = sum(judged(m) and m.verdict is Verdict.PASS for m in points)
    channels = len({m.channel for m in points})
    return (
        f"{passed} of {len(points)} points PASS, on {channels} "
        f"{'channel' if channels == 1 else 'channels'}"
    )


def _worst(points: Sequence[Measured]) -> str:
    row = verification_row(farthest(points))
    return f"{row.deviation} %, {point_words(row)}, limits {row.limits} %"
