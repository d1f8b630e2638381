"""One item of the check-list, how it is checked, and what came out."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.audit.evidence import Evidence


class Absent(Exception):
    """What an item asks for is not there; the text says what was looked for and found."""


@dataclass(frozen=True)
class Item:
    """One item of the check-list.

    Attributes:
        number: From 1 to 40.
        words: What an auditor looks for.
        how: How it is checked here, and what is left to the eye.
        check: Returns where it is found; raises `Absent` when it is not.
    """

    number: int
    words: str
    how: str
    check: Callable[[Evidence], str]


@dataclass(frozen=True)
class Score:
    """An item as it was found: where it is, or why it is absent."""

    item: Item
    present: bool
    text: str


ITEMS: dict[int, Item] = {}


def item(
    number: int, words: str, how: str
) -> Callable[[Callable[[Evidence], str]], Callable[[Evidence], str]]:
    """Enter the decorated check into the check-list."""

    def enter(check: Callable[[Evidence], str]) -> Callable[[Evidence], str]:
        assert number not in ITEMS, number
        ITEMS[number] = Item(number, words, how, check)
        return check

    return enter


def need(holds: object, words: str) -> None:
    """Say what is absent unless it is there."""
    if not holds:
        raise Absent(words)


def score(one: Item, evidence: Evidence) -> Score:
    """Return how an item is found; a check that cannot be made is no check that was passed."""
    try:
        return Score(one, True, one.check(evidence))
    except Absent as error:
        return Score(one, False, str(error))
    except Exception as error:
        return Score(one, False, f"could not be checked: {type(error).__name__}: {error}")
