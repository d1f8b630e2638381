"""One published figure held against what ledcal computes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

MOST_DIGITS = 15.0
"""What a double can show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A published reference and how far ledcal agrees with it.

    Attributes:
        reference: The published example.
        what: Which of its figures.
        source: Where it is published.
        digits: Decimal digits in which they agree.
        required: Digits in which they must agree.
    """

    reference: str
    what: str
    source: str
    digits: float
    required: float

    @property
    def ok(self) -> bool:
        """Whether the required digits are reached; NaN never does."""
        return self.digits >= self.required


def digits(found: ArrayLike, published: ArrayLike) -> float:
    """Return the digits in which the worst of several figures agrees.

    They are −log10 |found/published − 1|; a figure published as 0 counts by its difference.
    """
    ours, theirs = np.atleast_1d(found).astype(float), np.atleast_1d(published).astype(float)
    size = np.where(theirs == 0, 1.0, np.abs(theirs))
    worst = float(np.max(np.abs(ours - theirs) / size))
    if math.isnan(worst):
        return 0.0
    return MOST_DIGITS if worst == 0 else min(MOST_DIGITS, -math.log10(worst))


def printed_digits(found: float, published: str) -> tuple[float, float]:
    """Return the digits reached and required for a figure that is known as it was printed.

    All printed digits are required: rounded alike, the found figure must read the same.
    """
    mantissa = published.lower().lstrip("+-").split("e")[0].replace(".", "").lstrip("0")
    required = float(len(mantissa))
    decimals = len(published.partition(".")[2])
    if f"{found:.{decimals}f}" == published:
        return required, required
    return min(digits(found, float(published)), required - 1), required


def printed(reference: str, source: str, figures: Sequence[tuple[str, float, str]]) -> Check:
    """Return one check of several printed figures: the one with the fewest digits too few.

    Args:
        reference: The published example.
        source: Where it is published.
        figures: What it is, what was found and what is printed, of each figure.
    """
    reached = [(*printed_digits(found, text), what) for what, found, text in figures]
    worst = min(reached, key=lambda each: each[0] - each[1])
    failed = [what for got, wanted, what in reached if got < wanted]
    what = f"{len(figures)} printed figures" if not failed else f"not: {', '.join(failed)}"
    return Check(reference=reference, what=what, source=source, digits=worst[0], required=worst[1])
