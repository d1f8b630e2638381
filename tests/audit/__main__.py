"""Score the 40 items of the auditor's check-list on real output, one by one."""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.audit import (  # noqa: F401  # each enters its items
    certificate_items,
    conformity_items,
    keeping_items,
    people_items,
    record_items,
)
from tests.audit.evidence import Evidence
from tests.audit.item import ITEMS, Score, score
from tests.audit.matrix import HEADINGS as MATRIX_HEADINGS
from tests.audit.matrix import matrix, matrix_rows, read_requirements
from tests.audit.sample import make_sample
from tests.validate.page import markdown, write_block

HEADINGS = ("item", "what an auditor looks for", "", "where, or what is missing", "checked by")


def all_scores(evidence: Evidence, numbers: Sequence[int] = ()) -> list[Score]:
    """Return every item as it is found, or some of them."""
    return [score(ITEMS[number], evidence) for number in numbers or sorted(ITEMS)]


def rows(scores: Sequence[Score]) -> list[tuple[str, ...]]:
    """Return the rows of the table under its headings."""
    return [
        (
            *(str(one.item.number), one.item.words),
            "PRESENT" if one.present else "ABSENT",
            *(" ".join(one.text.split())[:300], one.item.how),
        )
        for one in scores
    ]


def print_scores(scores: Sequence[Score]) -> None:
    """Print each item on three lines."""
    for number, words, found, text, how in rows(scores):
        print(f"{number:>2} {found:7} {words}\n   {text}\n   checked by {how}")
    present = sum(one.present for one in scores)
    print(f"\n{present} of {len(scores)} items are present")


def main() -> int:
    """Print the table; return 1 when an item is absent."""
    parser = argparse.ArgumentParser(prog="python -m tests.audit", description=__doc__)
    parser.add_argument("run", type=Path, nargs="?", help="run folder; without it one is made")
    parser.add_argument("--items", type=int, nargs="+", default=(), help="these items only")
    parser.add_argument("--write", type=Path, help="page that takes the table up")
    parser.add_argument("--keep", type=Path, help="new folder for the sample that is made")
    parser.add_argument("--matrix", action="store_true", help="requirements and their tests alone")
    parser.add_argument("--junit", type=Path, help="results of a test run, from --junitxml")
    wanted = parser.parse_args()
    if wanted.matrix:
        found = matrix(read_requirements(), wanted.junit)
        table = markdown(MATRIX_HEADINGS, matrix_rows(found))
        print(table)
        without = [one.requirement.id for one in found if not one.tests]
        print(f"\n{len(found)} requirements; no test names {', '.join(without) or 'none'}")
        if wanted.write is not None:
            write_block(wanted.write, "matrix", table)
        return 1 if any(one.failed for one in found) else 0
    with tempfile.TemporaryDirectory(prefix="ledcal-audit-") as folder:
        scratch = Path(folder)
        run = wanted.run or make_sample(wanted.keep or scratch / "sample")
        (scratch / "trials").mkdir()
        try:
            evidence = Evidence(run, scratch / "trials")
        except ValueError as error:
            parser.error(str(error))
        scores = all_scores(evidence, wanted.items)
    print_scores(scores)
    if wanted.write is not None:
        write_block(wanted.write, "audit", markdown(HEADINGS, rows(scores)))
    return 0 if all(one.present for one in scores) else 1


if __name__ == "__main__":
    sys.exit(main())
