"""Spread checks that cost processor time over all processors, in the order of what is checked."""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
Told = TypeVar("Told")
AT_ONCE = 100
_AHEAD = 3
"""Batches for each processor that are read before the first is needed."""


def spread(
    items: Iterator[Item], check: Callable[[Sequence[Item]], Sequence[Told]]
) -> Iterator[tuple[Item, Told]]:
    """Return each item with what the check tells of it, reading a few batches ahead.

    Args:
        items: As many as there are: no more than those batches are in memory.
        check: Tells of each of some items. It is called in other threads, which helps where most
            of its time goes into what lets other threads of Python go on, as a check of an
            Ed25519 signature does.
    """
    processors = os.cpu_count() or 1
    waiting: deque[tuple[list[Item], Future[Sequence[Told]]]] = deque()
    with ThreadPoolExecutor(processors) as pool:
        while batch := list(islice(items, AT_ONCE)):
            waiting.append((batch, pool.submit(check, batch)))
            if len(waiting) > _AHEAD * processors:
                checked, told = waiting.popleft()
                yield from zip(checked, told.result(), strict=True)
        for checked, told in waiting:
            yield from zip(checked, told.result(), strict=True)
