"""Conditions of the bench by name: what the side channel and a fault plan set alike.

A condition is data to whoever sets it: a name and one value. Where it acts, an attribute of the
world, of the panel or of an instrument holds it; the tables of conditions stand beside those.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that can be otherwise on the bench.

    Attributes:
        parse: Returns the value as it is set; ValueError says what would be right.
        apply: Sets it.
    """

    parse: Callable[[Any], Any]
    apply: Callable[[Any], None]

    def __call__(self, value: Any) -> None:
        """Check a value and set it.

        Raises:
            ValueError: It is no value of this condition.
        """
        self.apply(self.parse(value))


class Conditions:
    """All conditions of a bench, by name."""

    def __init__(self, *tables: Mapping[str, Condition]) -> None:
        """Join tables.

        Raises:
            ValueError: Two of them have the same name.
        """
        self._by_name: dict[str, Condition] = {}
        for table in tables:
            if twice := sorted(self._by_name.keys() & table.keys()):
                raise ValueError(f"two conditions of the name {', '.join(twice)}")
            self._by_name.update(table)

    def __contains__(self, name: object) -> bool:
        """Tell whether there is such a condition."""
        return name in self._by_name

    def names(self) -> list[str]:
        """Return every name, sorted."""
        return sorted(self._by_name)

    def parse(self, name: str, value: Any) -> Any:
        """Return a value as the condition takes it, and set nothing.

        Raises:
            KeyError: There is no such condition.
            ValueError: It is no value of this condition.
        """
        return self._by_name[name].parse(value)

    def set(self, name: str, value: Any) -> None:
        """Set a condition.

        Raises:
            KeyError: There is no such condition.
            ValueError: It is no value of this condition.
        """
        self._by_name[name](value)


def attribute(owner: object, name: str, parse: Callable[[Any], Any]) -> Condition:
    """Return the condition that an attribute holds.

    Raises:
        AttributeError: The owner has no such attribute.
    """
    getattr(owner, name)
    return Condition(parse, lambda value: setattr(owner, name, value))


def event(happen: Callable[[], None]) -> Condition:
    """Return a condition that happens rather than lasts; its value is true."""
    return Condition(only_true, lambda _: happen())


def only_true(value: object) -> bool:
    """Return true.

    Raises:
        ValueError: The value is anything else.
    """
    if value is not True:
        raise ValueError(f"{value!r}: this happens or it does not; write true")
    return True


def boolean(value: object) -> bool:
    """Return a truth value.

    Raises:
        ValueError: It is none.
    """
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false")
    return value


def number(value: object) -> float:
    """Return a finite number.

    Raises:
        ValueError: It is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is no finite number")
    return float(value)


def positive(value: object) -> float:
    """Return a finite number above 0.

    Raises:
        ValueError: It is none.
    """
    found = number(value)
    if found <= 0.0:
        raise ValueError(f"{value!r} is not above 0")
    return found


def count(value: object) -> int:
    """Return a whole number of 0 or more.

    Raises:
        ValueError: It is none.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{value!r} is no whole number of 0 or more")
    return value


def word(value: object) -> str:
    """Return a text of printable ASCII characters.

    Raises:
        ValueError: It is none, or empty.
    """
    if not isinstance(value, str) or not value.isascii() or not value.isprintable() or not value:
        raise ValueError(f"{value!r} is no text of printable ASCII characters")
    return value


def one_of(*choices: object) -> Callable[[object], Any]:
    """Return a check that takes these values only."""

    def check(value: object) -> Any:
        if value not in choices:
            raise ValueError(f"{value!r} is none of {', '.join(map(repr, choices))}")
        return value

    return check
