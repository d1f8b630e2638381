"""The table of exchanges."""

from collections.abc import Sequence

from tests.conformance.check import Check

HEADINGS = ("client", "version", "instrument", "exchange", "")


def table(checks: Sequence[Check]) -> str:
    """Return the table as text for a terminal; what went wrong stands below its row."""
    rows = [(c.client, c.version, c.instrument, c.exchange, c.result) for c in checks]
    widths = [max(len(row[column]) for row in (HEADINGS, *rows)) for column in range(4)]
    lines = [_line(HEADINGS, widths)]
    for row, check in zip(rows, checks, strict=True):
        lines.append(_line(row, widths))
        if check.detail:
            lines.append(f"    {check.detail}")
    return "\n".join(lines)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True)]
    return "  ".join(cells).rstrip()
