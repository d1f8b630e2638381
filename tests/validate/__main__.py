"""Hold ledcal's numbers against published references and print how many digits agree."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.validate import decision, regression, uncertainty
from tests.validate.check import Check
from tests.validate.page import markdown, write_block

HEADINGS = ("reference", "figures", "source", "reached", "required", "")


def all_checks() -> list[Check]:
    """Return every reference in the order of the table."""
    return [*regression.checks(), *uncertainty.checks(), *decision.checks()]


def rows(checks: Sequence[Check]) -> list[tuple[str, ...]]:
    """Return the rows of the table under its headings."""
    return [
        (
            *(one.reference, one.what, one.source),
            *(f"{one.digits:.1f}", f"{one.required:.1f}", "ok" if one.ok else "MISSED"),
        )
        for one in checks
    ]


def table(checks: Sequence[Check]) -> str:
    """Return the table as text for a terminal."""
    lines = [HEADINGS, *rows(checks)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def main() -> int:
    """Print the table; return 1 when a reference is missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.validate", description=__doc__)
    parser.add_argument("--write", type=Path, help="page that takes the table up")
    wanted = parser.parse_args()
    checks = all_checks()
    print(table(checks))
    missed = sum(not one.ok for one in checks)
    print(f"\n{len(checks)} references, {missed} missed; digits are decimal digits that agree")
    if wanted.write is not None:
        write_block(wanted.write, "validate", markdown(HEADINGS, rows(checks)))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
