"""A log of several spans: whatever is changed in one place of its tree is named by that place."""

import shutil
from pathlib import Path

import pytest

from ledcal.rig.keys import engineering_key
from tests.rig.store.long_log import make_long_log
from tests.rig.store.victim import Victim


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("DELETE FROM log_entry WHERE number = 1023", "entry 1024: stands at place 1023"),
        ("DELETE FROM tree_node WHERE level = 0 AND position = 1024", "entry 1024: was altered"),
        ("UPDATE tree_node SET hash = x'00' WHERE level = 11", "tree of the log, level 11, "),
        ("UPDATE tree_node SET hash = x'00' WHERE level = 10 AND position = 1", "log, level 10, "),
        ("DELETE FROM tree_node WHERE level = 1 AND position = 600", "level 1, position 600"),
        ("INSERT INTO tree_node VALUES (0, 2100, x'00')", "log, level 0, position 2100"),
        ("INSERT INTO tree_node VALUES (0, -1, x'00')", "tree of the log, level 0, position"),
        ("INSERT INTO tree_node VALUES (1.5, 0, x'00')", "tree of the log: was altered"),
    ],
)
def test_one_thing_in_a_log_of_several_spans(
    long_log: Path, tmp_path: Path, statement: str, words: str
) -> None:
    shutil.copytree(long_log, tmp_path / "log")
    victim = Victim(tmp_path / "log", count=0)
    victim.attacked(lambda c: c.execute(statement))
    assert words in victim.words()


@pytest.fixture(scope="module")
def long_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two whole spans of entries and a part of one."""
    folder = tmp_path_factory.mktemp("long")
    make_long_log(folder, engineering_key(folder), 2100, every=300)
    assert Victim(folder, count=0).words() == ""
    return folder
