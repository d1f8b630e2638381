import struct

import pytest

from ledcal.rig.clock_state import ClockWatch, clock_words, words_of


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


def test_a_step_of_the_clock_is_told_once_with_its_size() -> None:
    wall_s, monotonic_s = [1e9], [50.0]
    watch = ClockWatch(lambda: wall_s[0], lambda: monotonic_s[0])
    for passed_s, shown_s, words in (
        (600.0, 600.3, ""),  # slewed by a time service
        (1.0, -3599.0, "stepped by -3600.0 s"),
        (1.0, 1.0, ""),
        (0.1, 86400.1, "stepped by +86400.0 s"),
        (0.0, 0.0, ""),
    ):
        monotonic_s[0] += passed_s
        wall_s[0] += shown_s
        told = watch.stepped()
        assert words in told
        assert bool(told) == bool(words)


def test_this_computer_does_not_step_by_being_looked_at() -> None:
    assert ClockWatch().stepped() == ""
