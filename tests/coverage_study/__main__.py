"""Calibrate many virtual panels and count how often the stated intervals hold the truth."""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from ledcal.calibration.errors import CalibrationError
from tests.coverage_study.panel import PROCESS_SD, PanelResult, run_panel
from tests.coverage_study.summary import BAND, WANTED, Coverage, Risk, coverages, risk
from tests.validate.page import markdown, write_block

FEWEST_PANELS = 200
"""Below it a fraction says nothing about ± 1.5 %."""
HEADINGS = ("quantity", "intervals", "hold the truth", "mean z", "sd of z", "95 ± 1.5 %")


def calibrate(seed: int) -> PanelResult | str:
    """Return what one panel gave, or the words of the error that ended its run."""
    try:
        return run_panel(seed)
    except CalibrationError as error:
        return f"panel {seed}: {type(error).__name__}: {error}"


def run(seeds: Sequence[int], processes: int) -> tuple[list[PanelResult], list[str]]:
    """Return the results of all panels, and the words of those that had none."""
    with ProcessPoolExecutor(processes) as pool:
        found = list(pool.map(calibrate, seeds, chunksize=4))
    return (
        [one for one in found if isinstance(one, PanelResult)],
        [one for one in found if isinstance(one, str)],
    )


def rows(found: Sequence[Coverage]) -> list[tuple[str, ...]]:
    """Return the table of coverages under its headings."""
    return [
        (
            one.quantity,
            str(one.cases),
            f"{100 * one.covered:.1f} ± {100 * one.u_covered:.1f} %",
            f"{one.z_mean:+.2f}",
            f"{one.z_sd:.2f}",
            _mark(one),
        )
        for one in found
    ]


def _mark(one: Coverage) -> str:
    if not one.judged:
        return "shown only"
    if one.panels < FEWEST_PANELS:
        return "too few"
    return "ok" if one.ok else "MISSED"


def risk_text(found: Risk) -> str:
    """Return the risks in words."""
    accepted = (
        f"{found.false_accept:.2%} (limit 2 %; JCGM 106 expects {found.expected_false_accept:.2%};"
        f" {found.simple_false_accept:.2%} without a guard band)"
    )
    return (
        f"{found.units} units whose level is off by a normal deviate of {PROCESS_SD:.0%}, judged "
        f"at the product's limit: {found.nonconforming:.1%} are outside it; false accepts "
        f"{accepted}, false rejects {found.false_reject:.2%}, inconclusive "
        f"{found.inconclusive:.1%}."
    )


def main() -> int:
    """Run the study; return 1 when a quantity is not covered as stated."""
    parser = argparse.ArgumentParser(prog="python -m tests.coverage_study", description=__doc__)
    parser.add_argument("--panels", type=int, default=1000)
    parser.add_argument("--first", type=int, default=1, help="seed of the first panel")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--write", type=Path, help="page that takes the figures up")
    wanted = parser.parse_args()
    began_s = time.monotonic()
    panels, failed = run(
        range(wanted.first, wanted.first + wanted.panels), processes=wanted.processes
    )
    for text in failed:
        print(text)
    found, risks = coverages(panels), risk(panels)
    ended = (
        f"{len(panels)} virtual panels of {wanted.panels} (seeds {wanted.first} to "
        f"{wanted.first + wanted.panels - 1}) were calibrated, each with instruments of its own; "
        f"{len(failed)} had no result."
    )
    for line in (HEADINGS, *rows(found)):
        print("  ".join(cell.ljust(30 if n == 0 else 16) for n, cell in enumerate(line)))
    print(f"\n{ended}\n{risk_text(risks)}\n{time.monotonic() - began_s:.0f} s")
    if wanted.write is not None:
        text = "\n\n".join((ended, markdown(HEADINGS, rows(found)), risk_text(risks)))
        write_block(wanted.write, "coverage", text)
    good = all(one.ok for one in found if one.judged) and risks.ok and not failed
    if not good:
        print(f"missed: each is to hold the truth in {WANTED:.0%} ± {BAND:.1%} of cases")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
