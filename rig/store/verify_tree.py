"""Check the log's tree: the hashes in the store, from which the next proofs would be made."""

from collections.abc import Generator, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, text

from ledcal.rig.store.log_finding import LogFinding
from ledcal.rig.store.rows import batches

_LEVEL = "SELECT position, hash FROM tree_node WHERE level = {level:d} ORDER BY position"
_LEAVES = (
    "SELECT position, hash FROM tree_node WHERE level = 0 AND position BETWEEN :low AND :high"
)
# Of those that no entry completes, the first.
_BEYOND = (
    "SELECT level, position FROM tree_node WHERE level < 0 OR position < 0 OR level > 62 "
    "OR (position + 1) << level > :size ORDER BY level, position"
)


class Tree:
    """The hashes that the store has, level by level, each compared as the entries complete it."""

    def __init__(self, connection: Connection, span: int) -> None:
        """Take so many entries at once, a power of two."""
        self._connection = connection
        self._span = span
        self._levels: list[tuple[Generator[list[Any]], int]] = []
        self._compared = 0
        self._altered: tuple[int, int, int] | None = None

    def compare_leaves(self, leaves: Sequence[bytes], numbers: Sequence[Any]) -> Sequence[Any]:
        """Compare the leaves of the next entries; return what the store has for each of them.

        Args:
            leaves: Their hashes.
            numbers: By which the store has the entries: where one was removed, not their places.
        """
        if self._compare(0, leaves):
            return leaves
        asked = [one for one in numbers if isinstance(one, int)] or [-1]
        found = self._connection.execute(text(_LEAVES), {"low": min(asked), "high": max(asked)})
        stored = {position: node for position, node in found}
        return [stored.get(one) for one in numbers]

    def compare(self, levels: Sequence[Sequence[bytes]], completed: Sequence[bytes]) -> None:
        """Compare the subtrees that the same entries complete, those of two entries first.

        Args:
            levels: From `whole_subtrees`.
            completed: From `Frontier.extend`.
        """
        for level, nodes in enumerate([*levels[1:], *([one] for one in completed)], start=1):
            self._compare(level, nodes)

    def end(self, size: int) -> Iterator[LogFinding]:
        """Tell of the first that is not that of the entries, is missing, or is one too many.

        Where an entry was altered nothing above it can be right: this is for a log of which
        nothing else was told.
        """
        where = self._altered and self._altered[1:]
        if where is None:
            there = self._connection.execute(text("SELECT count(*) FROM tree_node")).scalar()
            if there == self._compared:
                return
            beyond = self._connection.execute(text(_BEYOND), {"size": size}).first()
            where = None if beyond is None else (beyond[0], beyond[1])
        said = "" if where is None else f", level {where[0]}, position {where[1]}"
        yield LogFinding(
            where=f"tree of the log{said}",
            text="was altered: it does not follow from the entries",
        )

    def close(self) -> None:
        """Read no more."""
        for rows, _ in self._levels:
            rows.close()

    def _compare(self, level: int, nodes: Sequence[bytes]) -> bool:
        if not nodes:
            return True
        if level == len(self._levels):
            statement = _LEVEL.format(level=level)
            at_once = max(self._span >> level, 1)
            self._levels.append((batches(self._connection, statement, at_once), 0))
        rows, first = self._levels[level]
        self._levels[level] = rows, first + len(nodes)
        self._compared += len(nodes)
        expected = list(zip(range(first, first + len(nodes)), nodes, strict=True))
        found = next(rows, [])
        if found == expected:
            return True
        differing = [
            place for place, one in enumerate(expected) if found[place : place + 1] != [one]
        ]
        position = first + (differing[0] if differing else len(nodes))
        # The first in the order in which the entries complete them.
        where = (position + 1) << level, level, position
        self._altered = where if self._altered is None else min(where, self._altered)
        return False
