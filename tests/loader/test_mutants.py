"""The list of mutants that change nothing names only mutants that there are."""

from pathlib import Path

import pytest

from tests.loader.mutants import equivalent_mutants, mutants
from tests.loader.toolchain import LOADER, SLOTS


@pytest.mark.parametrize("source", [LOADER, SLOTS], ids=lambda path: path.name)
def test_each_equivalent_mutant_is_one(source: Path) -> None:
    made = {
        (mutant.original, mutant.changed) for mutant in mutants(source.read_text(encoding="utf-8"))
    }
    listed = equivalent_mutants(source.name)
    assert listed
    assert set(listed) <= made
