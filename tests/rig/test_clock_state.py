import struct

import pytest

from ledcal.rig.clock_state import clock_words, words_of


def timex(offset: int, most: int, status: int) -> bytes:
    return struct.pack("@Illlli", 0, offset, 0, most, 0, status).ljust(208, b"\0")


@pytest.mark.parametrize(
    ("state", "answer", "words"),
    [
        (0, timex(-1_500_000, 12_000, 0x2001), "offset -0.001500 s, at most 0.012 s off"),
        (0, timex(-1_500, 12_000, 0x0001), "offset -0.001500 s, at most 0.012 s off"),
        (5, timex(0, 16_000_000, 0x2001), "NOT synchronised"),
        (0, timex(0, 16_000_000, 0x0040), "NOT synchronised"),
        (-1, bytes(208), "the system does not tell them"),
    ],
)
def test_what_the_kernel_answers_is_told(state: int, answer: bytes, words: str) -> None:
    assert words in words_of(state, answer)


def test_this_computer_says_something() -> None:
    assert "offset" in clock_words()
