"""Channel lists and parameters of the loggers' commands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledcal.instruments.virtual.daq_parameters import (
    between,
    channel_list,
    discrete,
    stepped,
    switch,
    written,
)
from ledcal.instruments.virtual.multiplexer import CHANNELS
from ledcal.instruments.virtual.scpi_grammar import ScpiError


@given(st.sets(st.sampled_from(sorted(CHANNELS))))
def test_a_list_of_single_channels_comes_back_in_ascending_order(channels: set[int]) -> None:
    text = f"(@{', '.join(map(str, sorted(channels, reverse=True)))})"
    assert channel_list(text, CHANNELS) == sorted(channels)


@given(st.sampled_from(sorted(CHANNELS)), st.sampled_from(sorted(CHANNELS)))
def test_a_range_holds_what_is_there_between_its_ends(first: int, last: int) -> None:
    # Command Reference, INITiate: "(@109:101) will always be interpreted as 101, 102, 103, etc."
    low, high = sorted((first, last))
    wanted = [number for number in sorted(CHANNELS) if low <= number <= high]
    assert channel_list(f"(@{first}:{last})", CHANNELS) == wanted


def test_ranges_span_slots_and_skip_the_empty_one() -> None:
    found = channel_list("(@101:104,301:303)", CHANNELS)
    assert found == [101, 102, 103, 104, 301, 302, 303]
    assert len(channel_list("(@120:301)", CHANNELS)) == 2
    assert channel_list("(@)", CHANNELS) == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("101", 309),
        ("(101)", 309),
        ("(@1)", 111),
        ("(@1:999999999)", 111),
        ("(@401)", 111),
        ("(@101:)", 309),
        ("(@:103)", 309),
        ("(@101:102:103)", 309),
        ("(@101;102)", 309),
        ("(@201)", 302),
        ("(@101:122)", 112),
        ("(@100:103)", 112),
    ],
)
def test_wrong_lists_are_refused(text: str, code: int) -> None:
    with pytest.raises(ScpiError) as error:
        channel_list(text, CHANNELS)
    assert error.value.code == code


def test_words_are_taken_short_or_long_and_nothing_between() -> None:
    junction = discrete("INTernal", "EXTernal", "FIXed")
    assert [junction(text) for text in ("INT", "internal", "Fixed")] == ["INT", "INT", "FIX"]
    with pytest.raises(ScpiError):
        junction("INTERN")


def test_numbers_have_limits_and_names_for_them() -> None:
    degc = between(-20.0, 80.0, 0.0)
    assert [degc(text) for text in ("MIN", "max", "DEF", "25.5")] == [-20.0, 80.0, 0.0, 25.5]
    for text in ("81", "-20.1", "nan", "ten"):
        with pytest.raises(ScpiError):
            degc(text)


def test_power_line_cycles_round_up_to_the_next_step() -> None:
    cycles = stepped(0.02, 0.2, 1, 2, 10)
    assert [cycles(text) for text in ("0.02", "0.1", "1", "3", "MAX")] == [0.02, 0.2, 1, 10, 10]
    with pytest.raises(ScpiError):
        cycles("11")


def test_settings_are_answered_as_words_switches_and_nine_digits() -> None:
    assert [written(each) for each in ("INT", True, False, 0.2)] == [
        *("INT", "1", "0", "+2.00000000E-01"),
    ]
    assert switch("on") is True
    with pytest.raises(ScpiError):
        switch("YES")
