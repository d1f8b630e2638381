"""How a client's script says what it did; runs without this project, on any Python 3."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def exchange(name: str) -> Iterator[None]:
    """Report one exchange by name: done, or what was raised inside."""
    detail = ""
    try:
        yield
    except Exception as error:
        detail = f"{type(error).__name__}: {error}"[:300]
    print(json.dumps({"exchange": name, "detail": detail}), flush=True)


def require(condition: object, shown: object) -> None:
    """Raise with what was answered when it is not as expected."""
    if not condition:
        raise ValueError(f"answered {shown!r}")


def argument(number: int) -> str:
    """Return an argument of the script, the first is 1."""
    return sys.argv[number]
