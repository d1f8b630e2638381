"""A wall clock that steps while a run measures, and whether the run tells of it."""

import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).with_name("clock_step.c")
NOTE = "CLOCK_STEPPED"


def stepping(folder: Path, step_s: int, after_s: float) -> dict[str, str]:
    """Return an environment in which the wall clock steps after a time.

    Args:
        folder: Where the library is built that does it.
        step_s: By how much. [s]
        after_s: When, from now on. [s]
    """
    library = folder / "clock_step.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", str(library), str(SOURCE)], check=True)
    at_s = round(time.monotonic() + after_s)
    return dict(os.environ) | {
        "LD_PRELOAD": str(library),
        "LEDCAL_CLOCK_STEP": f"{step_s} {at_s}",
    }


def untold(events: Sequence[dict[str, Any]], step_s: int) -> Iterator[str]:
    """Yield what is wrong where the times of a journal step and no note says so."""
    at = [datetime.fromisoformat(event["at"]) for event in events]
    gaps_s = [(later - before).total_seconds() for before, later in pairwise(at)]
    stepped = any(abs(gap_s - step_s) < abs(step_s) / 2 for gap_s in gaps_s)
    if stepped and not any(event.get("code") == NOTE for event in events):
        yield "the clock stepped between two events, and nothing tells it"
