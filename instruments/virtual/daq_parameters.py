"""Parameters of the loggers' commands: channel lists, discrete words, numbers with limits.

K1 and K2 are the manuals that `daq_models` names.
"""

import re
from collections.abc import Callable, Collection

from ledcal.instruments.virtual.scpi_grammar import ScpiError, decimal, header_pattern

Parse = Callable[[str], object]

_CHANNEL = re.compile(r"[1-9]\d\d")


def is_channel_list(text: str) -> bool:
    """Tell whether an argument is meant as a channel list."""
    return text.startswith("(")


def channel_list(text: str, existing: Collection[int]) -> list[int]:
    """Parse `(@101,103:105,301)` into ascending channels (K2, scan_list and ch_list rules).

    A range may span slots and skips what is not there; a single channel and both ends of a range
    must exist.

    Raises:
        ScpiError: it is no channel list, or names a channel that is not there.
    """
    match = re.fullmatch(r"\(@([\d,:]*)\)", text.replace(" ", ""))
    if match is None:
        raise ScpiError(-224)
    channels: set[int] = set()
    for part in filter(None, match[1].split(",")):
        first, _, last = part.partition(":")
        last = last if ":" in part else first
        # Channel numbers are a slot and two digits; a longer one would only fill the memory.
        if not (_CHANNEL.fullmatch(first) and _CHANNEL.fullmatch(last)) or last < first:
            raise ScpiError(-224)
        if int(first) not in existing or int(last) not in existing:
            raise ScpiError(-222, f"no channel {first if int(first) not in existing else last}")
        channels.update(set(range(int(first), int(last) + 1)) & set(existing))
    return sorted(channels)


def discrete(*words: str) -> Callable[[str], str]:
    """Return a parser that takes each word in short or long form and gives the short one."""
    patterns = [(header_pattern(word), _short(word)) for word in words]

    def parse(text: str) -> str:
        for pattern, short in patterns:
            if pattern.fullmatch(text):
                return short
        raise ScpiError(-224)

    return parse


def _short(word: str) -> str:
    return "".join(letter for letter in word if not letter.islower())


def between(low: float, high: float, default: float | None = None) -> Callable[[str], float]:
    """Return a parser for numbers within limits, and for MIN, MAX and, where there is one, DEF."""
    named = {"MIN": low, "MAX": high} | ({} if default is None else {"DEF": default})

    def parse(text: str) -> float:
        word = text.upper()
        value = named[word] if word in named else decimal(text)
        if not low <= value <= high:
            raise ScpiError(-222)
        return value

    return parse


def stepped(*steps: float) -> Callable[[str], float]:
    """Return a parser that rounds a number up to the next of some values (K2, Parameter Types)."""
    within = between(steps[0], steps[-1])

    def parse(text: str) -> float:
        value = within(text)
        return next(step for step in steps if step >= value)

    return parse


def switch(text: str) -> bool:
    """Parse ON|OFF|1|0."""
    word = text.upper()
    if word not in ("ON", "OFF", "1", "0"):
        raise ScpiError(-224)
    return word in ("ON", "1")


def written(value: object) -> str:
    """Write a setting as the loggers answer it: a short word, 0 or 1, or nine digits."""
    if isinstance(value, str):
        return value
    return str(int(value)) if isinstance(value, bool) else f"{value:+.8E}"
