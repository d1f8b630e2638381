"""What the answers to an auditor's questions look like, on the terminal and as JSON."""

from collections.abc import Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from ledcal.reports.text import legible
from ledcal.rig.audit import Audited
from ledcal.rig.console import open_console
from ledcal.rig.summary import print_json
from ledcal.rig.touched import Touched


def print_touched(
    instrument: str, found: Sequence[Touched], times: float, *, as_json: bool
) -> None:
    """Print each run in which an instrument took part, and what its error would have meant."""
    out = [one for one in found if one.may_be_out(times)]
    if as_json:
        runs = [_touched_object(one, times) for one in found]
        print_json({"instrument": instrument, "times": times, "out": len(out), "runs": runs})
        return
    console = open_console()
    table = Table(title=f"Runs with instrument {legible(instrument)}")
    table.add_column("day (UTC)", no_wrap=True)
    for name in ("panel", "outcome", "certificate", "first to leave its limits"):
        table.add_column(name)
    table.add_column("at an error of", justify="right", no_wrap=True)
    table.add_column("")
    for one in found:
        table.add_row(
            legible(one.started_at[:10]),
            legible(one.serial),
            legible(one.outcome),
            legible(one.certificate),
            legible(_result_words(one)),
            legible(_error_words(one)),
            "✘ may be out" if one.may_be_out(times) else "✔ within",
        )
    console.print(table)
    console.print(
        Text(
            f"{len(out)} of {len(found)} runs may have left their limits, had the instrument been "
            f"off by {times:g} times its stated U (k = 2)."
        )
    )


def _touched_object(one: Touched, times: float) -> dict[str, Any]:
    effect = one.effect
    return {
        "run": one.run,
        "serial": one.serial,
        "outcome": one.outcome,
        "started_at": one.started_at,
        "role": one.role,
        "certificate": one.certificate,
        "may_be_out": one.may_be_out(times),
        "unreadable": one.lost or None,
        "first": None
        if effect is None
        else {
            "measurand": effect.result.measurand,
            "channel": effect.result.channel,
            "where": effect.result.where,
            "value": effect.result.value,
            "unit": effect.result.unit,
            "margin": effect.margin,
            "margin_rel": effect.margin_rel,
            "times_stated_uncertainty": effect.times,
        },
    }


def _result_words(one: Touched) -> str:
    if one.lost:
        return one.lost
    if one.effect is None:
        return "no limited result depends on it"
    result = one.effect.result
    channel = "" if result.channel is None else f", channel {result.channel}"
    return f"{result.measurand}{channel}"


def _error_words(one: Touched) -> str:
    if one.effect is None:
        return "–"
    margin = one.effect.margin_rel
    share = "" if margin is None else f" ({100 * margin:.1f} % of the value)"
    return f"{one.effect.times:.2g} U{share}"


def print_audit(found: Sequence[Audited], *, as_json: bool) -> None:
    """Print what is missing in each run of a sample."""
    complete = sum(not one.missing for one in found)
    if as_json:
        runs = [{"run": one.run, "missing": list(one.missing)} for one in found]
        print_json({"drawn": len(found), "complete": complete, "runs": runs})
        return
    console = open_console()
    for one in found:
        console.print(Text(f"{'✘' if one.missing else '✔'} {legible(one.run)}"))
        for words in one.missing:
            console.print(Text(f"    {legible(words)}"))
    console.print(Text(f"{complete} of {len(found)} runs are complete"))
