"""Which test shows which requirement: from the names of the tests and the results of a run.

A test names what it shows at the beginning of its name: `test_f21_panel_that_hangs_...`. What a
name cannot tell stands in requirements.toml, and has to exist.
"""

import ast
import re
import tomllib
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEADINGS = ("id", "requirement", "shown by", "result")
_NAMED = re.compile(r"test((?:_[tefa]\d\d)+)_")
_WORSE = ("failed", "skipped", "passed")


@dataclass(frozen=True)
class Requirement:
    """What the product has to do, by id: T technicians, E engineers, A auditors, F failures."""

    id: str
    words: str
    tests: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """A requirement with its tests, file::function, and the worst result of each."""

    requirement: Requirement
    tests: tuple[str, ...]
    results: Mapping[str, str]

    @property
    def failed(self) -> bool:
        """Whether a test of it did not pass."""
        return "failed" in self.results.values()

    @property
    def words(self) -> str:
        """The result in words."""
        if not self.tests:
            return "OPEN: no test"
        found = [self.results.get(one, "not run") for one in self.tests]
        counted = {one: found.count(one) for one in found}
        return ", ".join(f"{number} {one}" for one, number in sorted(counted.items()))


def read_requirements() -> list[Requirement]:
    """Return the requirements in the order of their ids."""
    page = Path(__file__).with_name("requirements.toml")
    said = tomllib.loads(page.read_text(encoding="utf-8"))
    return [
        Requirement(name, one["words"], tuple(one.get("tests", ()))) for name, one in said.items()
    ]


@cache
def all_tests() -> tuple[str, ...]:
    """Return every test of the tree as file::function, read without importing it."""
    found = []
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        file = path.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                found.append(f"{file}::{node.name}")
    return tuple(found)


def named_in(test: str) -> set[str]:
    """Return the ids that a test's name tells: F21 of test_f21_..."""
    found = _NAMED.match(test.rpartition("::")[2])
    return (
        set()
        if found is None
        else {f"{one[0].upper()}{int(one[1:])}" for one in found[1].strip("_").split("_")}
    )


def matrix(requirements: Sequence[Requirement], junit: Path | None) -> list[Row]:
    """Return every requirement with its tests, and their results where a run was recorded.

    Args:
        requirements: From `read_requirements`.
        junit: What `pytest --junitxml` wrote, None for no results.
    """
    results = {} if junit is None else results_in(junit)
    rows = []
    for one in requirements:
        tests = sorted({*one.tests, *(test for test in all_tests() if one.id in named_in(test))})
        rows.append(Row(one, tuple(tests), {t: results[t] for t in tests if t in results}))
    return rows


def results_in(junit: Path) -> dict[str, str]:
    """Return the worst result of each test function in a run's file."""
    found: dict[str, str] = {}
    for case in ElementTree.parse(junit).iter("testcase"):
        file = case.get("classname", "").replace(".", "/") + ".py"
        test = f"{file}::{case.get('name', '').partition('[')[0]}"
        bad = case.find("failure") is not None or case.find("error") is not None
        result = "failed" if bad else "skipped" if case.find("skipped") is not None else "passed"
        found[test] = min(result, found.get(test, "passed"), key=_WORSE.index)
    return found


def matrix_rows(rows: Sequence[Row]) -> list[tuple[str, ...]]:
    """Return the rows of the table under its headings."""
    return [
        (one.requirement.id, one.requirement.words, _shown(one.tests), one.words) for one in rows
    ]


def _shown(tests: Sequence[str]) -> str:
    """Return tests by file, each file once."""
    files: dict[str, list[str]] = {}
    for test in tests:
        file, _, name = test.partition("::")
        files.setdefault(file.removeprefix("tests/"), []).append(name)
    return "; ".join(f"`{file}`: {', '.join(names)}" for file, names in files.items())
