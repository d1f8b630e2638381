"""The matrix of requirements: every test in it exists, and every id is known."""

from pathlib import Path

import pytest

from tests.audit.matrix import (
    Requirement,
    all_tests,
    matrix,
    matrix_rows,
    named_in,
    read_requirements,
    results_in,
)

LATE, LOST = (
    "tests/system/test_story_panel.py",
    "test_f21_panel_that_hangs_is_left_to_its_watchdog",
)


def test_every_test_that_is_listed_exists() -> None:
    known = set(all_tests())
    listed = {test for one in read_requirements() for test in one.tests}
    assert sorted(listed - known) == []
    assert len(listed) > 20


def test_every_id_in_a_tests_name_is_a_requirement() -> None:
    ids = {one.id for one in read_requirements()}
    wanted = {f"{kind}{n}" for kind, last in (("T", 15), ("E", 14), ("A", 14), ("F", 25))
              for n in range(1, last + 1)}  # fmt: skip
    assert ids == wanted
    assert {one for test in all_tests() for one in named_in(test)} <= ids


def test_every_failure_has_a_test_and_what_has_none_is_open() -> None:
    rows = matrix(read_requirements(), junit=None)
    assert [
        one.requirement.id for one in rows if not one.tests and one.requirement.id[0] == "F"
    ] == []
    nothing = matrix([Requirement("T99", "Nothing shows it.", ())], junit=None)
    assert matrix_rows(nothing) == [("T99", "Nothing shows it.", "", "OPEN: no test")]


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("test_f05_f08_f12_f22_f24_what_can_be_measured", {"F5", "F8", "F12", "F22", "F24"}),
        ("test_t09_who_goes_on", {"T9"}),
        ("test_f2_is_no_id", set()),
        ("test_a_panel", set()),
    ],
)
def test_a_name_tells_its_ids(name: str, ids: set[str]) -> None:
    assert named_in(f"tests/x.py::{name}") == ids


def test_results_are_those_of_the_run_and_the_worst_counts(tmp_path: Path) -> None:
    place = LATE.removesuffix(".py").replace("/", ".")
    case = f'<testcase classname="{place}" name="{LOST}[{{}}]">{{}}</testcase>'
    junit = tmp_path / "junit.xml"

    def told(*cases: str) -> str:
        junit.write_text(f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>")
        (row,) = matrix([Requirement("F21", "x", ())], junit)
        assert row.failed == ("failed" in row.results.values())
        return results_in(junit).get(f"{LATE}::{LOST}", "not run")

    passed, failed = case.format(1, ""), case.format(2, "<failure/>")
    assert told() == "not run"
    assert told(passed) == "passed"
    assert told(passed, case.format(3, "<skipped/>")) == "skipped"
    assert told(failed, passed) == "failed"
    assert told(case.format(4, "<error/>")) == "failed"
    (row,) = matrix([Requirement("F21", "x", ())], junit)
    assert "not run" in row.words or "failed" in row.words
