"""Runs killed at an event of their journal; `tox -e soak -- --killed` kills at every event."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.soak.killed import kill_at

pytestmark = pytest.mark.system
# The first ends with its file in place, so that the others have an old file to keep.
KILLS = (
    ('"event": "run_finished"', "command"),
    ('"event": "run_started"', "child"),
    ('"step": "warm_up", "measurand": "stability"', "child"),
    ('"event": "curve"', "command"),
    ('"state": "written"', "both"),
    ('"state": "loaded"', "child"),
)


def test_killed_run_is_aborted_dark_and_leaves_a_whole_file(
    serve: Callable[..., Any], tmp_path: Path
) -> None:
    with serve(tmp_path / "served", serial="KILL-1", seed=1) as bench:
        wrong = [
            f"{killed.event} ({killed.victim}): {text}"
            for killed in kill_at(bench, tmp_path, "KILL-1", KILLS)
            for text in killed.problems
        ]
    assert wrong == []
