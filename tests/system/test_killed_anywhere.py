"""Runs killed at an event of their journal; `tox -e soak -- --killed` kills at every event."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.soak.killed import kill_at

pytestmark = pytest.mark.system
# The first of each panel ends with its file in place, so that the others have an old file to keep.
SHARES = (
    (
        ('"event": "run_finished"', "command"),
        ('"event": "run_started"', "child"),
        ('"event": "blank"', "both"),
        ('"event": "curve"', "command"),
    ),
    (
        ('"event": "panel"', "both"),
        ('"step": "warm_up", "measurand": "stability"', "child"),
        ('"state": "written"', "both"),
        ('"state": "loaded"', "child"),
    ),
)


def test_killed_run_is_aborted_dark_and_leaves_a_whole_file(
    serve: Callable[..., Any], tmp_path: Path
) -> None:
    wrong = []
    for share, events in enumerate(SHARES):
        folder, serial = tmp_path / str(share), f"KILL-{share}"
        with serve(folder, serial=serial, seed=share) as bench:
            for killed in kill_at(bench, folder, serial, events):
                wrong += [f"{killed.event} ({killed.victim}): {text}" for text in killed.problems]
    assert wrong == []
