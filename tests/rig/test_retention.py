"""For how long a run is kept: the longest time that was in force since it was closed."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from ledcal.rig.authorisation import Approver, approver
from ledcal.rig.deletion import request_deletion
from ledcal.rig.errors import RefusedInput
from ledcal.rig.key_file import new_key_file, public_file
from ledcal.rig.retention import kept_until, retention, set_retention
from ledcal.rig.trust import trust

OTHER = "20260301T130000000Z-TEST-0001"


@pytest.fixture
def ann(tmp_path: Path, data_folder: Path) -> Approver:
    path = tmp_path / "ann.key"
    new_key_file(path, "Ann", "ENG")
    trust(public_file(path), data_folder)
    return approver("Ann", path, data_folder)


def test_shorter_years_are_for_later_runs_only(
    ann: Approver, data_folder: Path, make_run: Callable[..., Path]
) -> None:
    run = make_run()
    set_retention(data_folder, 10, "contract", ann)
    set_retention(data_folder, 1, "another contract", ann)
    later = make_run(OTHER)
    first = request_deletion(run, "x", ann, data_folder).until
    second = request_deletion(later, "x", ann, data_folder).until
    assert first is not None
    assert second is not None
    assert first.year - second.year == 9


@pytest.mark.parametrize(
    ("at", "years", "last"),
    [
        (datetime(2024, 2, 29, 23, tzinfo=UTC), 1, date(2025, 2, 28)),
        (datetime(2024, 2, 29, tzinfo=UTC), 4, date(2028, 2, 29)),
        (datetime(2026, 12, 31, tzinfo=UTC), 15, date(2041, 12, 31)),
    ],
)
def test_the_last_day_of_a_run(
    data_folder: Path, ann: Approver, at: datetime, years: int, last: date
) -> None:
    set_retention(data_folder, years, "x", ann)
    assert kept_until(at, retention(data_folder)) == last
    assert kept_until(at, []) is None


@pytest.mark.parametrize(("years", "reason"), [(0, "x"), (101, "x"), (-1, "x"), (3, "  ")])
def test_years_that_are_none(data_folder: Path, ann: Approver, years: int, reason: str) -> None:
    with pytest.raises(RefusedInput, match=r"must be from 1 to 100|--reason: has 0"):
        set_retention(data_folder, years, reason, ann)
    assert retention(data_folder) == []
