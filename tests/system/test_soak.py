"""Eight runs, each struck by one trouble; `tox -e soak` strikes three hundred."""

from pathlib import Path

import pytest

from tests.soak.struck import strike
from tests.soak.troubles import TROUBLES

pytestmark = pytest.mark.system
SEED = 7
CHOSEN = (
    "clock stepped back by an hour",
    "noise in a reply: panel",
    "stalled for good: thermocouple logger",
    "thermocouple open: heatsink",
    "fan stalled",
    "bench killed",
    "disk full",
    "data folder cannot be written",
)


def test_no_trouble_gives_a_wrong_end(tmp_path: Path) -> None:
    troubles = {one.name: one for one in TROUBLES}
    wrong = []
    for number, name in enumerate(CHOSEN):
        found = strike(troubles[name], SEED + number, tmp_path / str(number))
        wrong += [f"{name} {found.moment}: {text}" for text in found.problems]
    assert wrong == []
