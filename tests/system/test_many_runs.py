"""A process that makes run after run holds no more after the last one than after the first few."""

import pytest

from tests.soak.many_runs import grows, runs_in_one_process

pytestmark = pytest.mark.system


def test_nothing_grows_from_run_to_run() -> None:
    assert grows(runs_in_one_process(20)) == []
