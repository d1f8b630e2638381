"""Parameters of the loggers' commands: channel lists, discrete words, numbers with limits.

K1 and K2 are the manuals that `daq_models` names.
"""

import re
from collections.abc import Callable, Collection

from ledcal.instruments.virtual.scpi_grammar import ScpiError, decimal, header_pattern

Parse = Callable[[str], object]

SLOT_COUNT = 3
_CHANNEL = re.compile(r"[1-9]\d\d")


def is_channel_list(text: str) -> bool:
    """Tell whether an argument is meant as a channel list."""
    return text.startswith("(")


def channel_list(text: str, existing: Collection[int]) -> list[int]:
    """Parse `(@101,103:105,301)` into ascending channels (K2, scan_list and ch_list rules).

    A range may span slots and skips what is not there; a single channel and both ends of a range
    must exist. "(@109:101) will always be interpreted as 101, 102, 103" (K2, INITiate).

    Raises:
        ScpiError: it is no channel list, or names a channel that is not there.
    """
    match = re.fullmatch(r"\(@([\d,:]*)\)", text.replace(" ", ""))
    if match is None:
        raise ScpiError(309)
    channels: set[int] = set()
    for part in filter(None, match[1].split(",")):
        first, _, last = part.partition(":")
        ends = _channel(first, existing), _channel(last if ":" in part else first, existing)
        channels.update(set(range(min(ends), max(ends) + 1)) & set(existing))
    return sorted(channels)


def _channel(text: str, existing: Collection[int]) -> int:
    """Return a channel that is there; which of K2's errors says what is not is assumed."""
    if not text.isdigit():
        raise ScpiError(309)
    # Channel numbers are a slot and two digits; a longer one would only fill the memory.
    if not _CHANNEL.fullmatch(text) or int(text[0]) > SLOT_COUNT:
        raise ScpiError(111)
    if int(text) in existing:
        return int(text)
    raise ScpiError(112 if text[0] in {str(each)[0] for each in existing} else 302)


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
