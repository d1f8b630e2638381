import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledcal.reports.text import NOT_RECORDED, css_string, instant, legible, tied


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("DEMO-0001", "DEMO-0001"),
        ("a\u202eb", r"a\u202eb"),
        ("\x1b[2J", r"\u001b[2J"),
        ("two\nlines", r"two\u000alines"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
        ("no\u00a0break", r"no\u00a0break"),
        ("tag\U000e0041", r"tag\U000e0041"),
        ("µW/cm² Größe", "µW/cm² Größe"),
        ("", NOT_RECORDED),
        ("  ", NOT_RECORDED),
    ],
)
def test_unseen_characters_become_visible(text: str, shown: str) -> None:
    assert legible(text) == shown


def test_a_long_text_is_cut_and_says_so() -> None:
    shown = legible("x" * 5000)
    assert shown == "x" * 300 + "… (5000 characters, the first 300 shown)"


@given(st.text())
def test_nothing_unseen_is_left(text: str) -> None:
    left = {unicodedata.category(character) for character in legible(text) if character != " "}
    assert not left & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"}


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        ("2026-03-04T10:12:33.250+01:00", "2026-03-04 09:12:33 +00:00"),
        ("2026-03-04T09:12:33Z", "2026-03-04 09:12:33 +00:00"),
        ("2026-03-04T09:12:33", "2026-03-04T09:12:33 (offset from UTC not recorded)"),
        ("yesterday", "yesterday"),
    ],
)
def test_times_are_utc_with_offset(at: str, shown: str) -> None:
    assert instant(at) == shown


@given(st.text())
def test_a_css_string_cannot_be_ended_from_within(text: str) -> None:
    body = css_string(text)[1:-1]
    assert not set(body) & set("\"'<>{};/\n\r\f")
    assert all(character.isascii() for character in body)


def test_a_css_string_keeps_the_spaces_after_an_escape() -> None:
    assert css_string("run: 7") == r'"run\3a  7"'


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("worst +0.1 %, channel 5 at 50 %", "worst~+0.1~%, channel~5 at 50~%"),
        ("limits ±10 %; risk ≤ 0.1 %.", "limits ±10~%; risk ≤~0.1~%."),
        ("guard band w = 1 U, k = 2", "guard band w~=~1~U, k~=~2"),
        ("32.1 mW/cm² at 850 nm and 41.2 °C", "32.1~mW/cm² at 850~nm and 41.2~°C"),
        ("2026-03-04 09:12:00 +00:00", "2026-03-04 09:12:00~+00:00"),
        ("3 h with light, 5 hours, 4 Words", "3~h with light, 5 hours, 4 Words"),
        ("> 99.9", ">~99.9"),
    ],
)
def test_a_number_stays_with_its_unit_and_its_sign(text: str, kept: str) -> None:
    assert tied(text) == kept.replace("~", "\u00a0")
