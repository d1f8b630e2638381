"""Strict reading: what is not a number never becomes one."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledcal.instruments import reply


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-9e37, max_value=9e37))
def test_numbers_of_every_notation_come_back(value: float) -> None:
    for text in (f"{value!r}", f"{value:+.16E}"):
        assert reply.number(text) == value


@given(st.integers())
def test_integers_come_back(value: int) -> None:
    assert reply.integer(str(value)) == value
    assert reply.integer(f"{value:+d}") == value


@given(st.text())
def test_only_finite_numbers_are_numbers(text: str) -> None:
    try:
        value = reply.number(text)
    except ValueError:
        return
    assert math.isfinite(value)
    assert text.isascii()
    assert text.strip() == text
    assert "_" not in text


@pytest.mark.parametrize(
    "text",
    "9.9E+37 -9.9E+37 9.91E+37 +9.90000000E+37 INFINITY -INFINITY NaN inf NINF 1E400".split(),
)
def test_stand_ins_are_overload_and_never_a_number(text: str) -> None:
    assert math.isinf(reply.number_or_overload(text))
    with pytest.raises(ValueError, match="finite"):
        reply.number(text)


@pytest.mark.parametrize("text", ["", " 1", "1 ", "1_0", "٣", "0x10", "1,5", "--1", "1e", "None"])
def test_malformed_numbers_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        reply.number_or_overload(text)
    with pytest.raises(ValueError, match="expected"):
        reply.integer(text)


@pytest.mark.parametrize("text", ["", "2", "ON", "+1", "01"])
def test_switch_is_0_or_1(text: str) -> None:
    assert reply.switch("1")
    assert not reply.switch("0")
    with pytest.raises(ValueError, match="0 or 1"):
        reply.switch(text)


@given(st.text(st.characters(codec="ascii")))
def test_quoted_text_comes_back(text: str) -> None:
    assert reply.quoted('"' + text.replace('"', '""') + '"') == text


@pytest.mark.parametrize("text", ["", '"', "a", '"a', 'a"', '"a"b"'])
def test_what_is_not_quoted_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="quoted"):
        reply.quoted(text)


def test_fields_are_counted() -> None:
    assert reply.fields("a,,b", 3) == ["a", "", "b"]
    with pytest.raises(ValueError, match="expected 2 fields, got 'a,,b'"):
        reply.fields("a,,b", 2)


def test_error_entry_keeps_commas_of_its_text() -> None:
    assert reply.code_and_text('-240,"Hardware error; a, b"') == (-240, "Hardware error; a, b")
