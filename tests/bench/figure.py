"""What a figure is: rows that belong together, and the bare thing they are compared with."""

from dataclasses import dataclass

from tests.bench.stopwatch import Cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table."""

    text: str
    cost: Cost
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """Rows that belong together; `bare` is the one that the others are compared with."""

    title: str
    rows: list[Row]
    bare: Row | None = None
