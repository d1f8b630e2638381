import math
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ledcal.reports.number import (
    MINUS,
    aligned,
    at_place,
    bound,
    concise,
    decimal,
    last_place,
    limit,
    significant,
    stated,
)

FINITE = st.floats(min_value=-1e6, max_value=1e6)
UNCERTAINTIES = st.floats(min_value=1e-5, max_value=1e4)


def read_back(text: str) -> Decimal:
    mantissa, _, power = text.replace(MINUS, "-").partition(" × 10")
    raised = power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
    return Decimal(mantissa).scaleb(int(raised or 0))


@pytest.mark.parametrize(
    ("value", "u", "shift", "shown"),
    [
        (59.871, 1.234, 0, ("59.9", "1.2")),
        (59.871, 1.234, -1, ("5.99", "0.12")),
        (5.98712, 0.0996, 0, ("5.99", "0.10")),  # the uncertainty gains a place when rounded
        (12345.6, 2345.0, 0, ("12300", "2300")),
        (-0.0001, 0.02, 0, ("0.000", "0.020")),  # no minus sign before nothing
        (-4.56, 0.23, 0, (f"{MINUS}4.56", "0.23")),
        (0.0125, 0.003, 2, ("1.25", "0.30")),
        (3.0, 0.0, 0, ("3", "0")),
        (1.2e-9, 3e-11, 0, ("1.200 × 10⁻⁹", "3.0 × 10⁻¹¹")),
        (2.5, 1.0, 0, ("2.5", "1.0")),
    ],
)
def test_value_and_uncertainty_end_at_the_same_place(
    value: float, u: float, shift: int, shown: tuple[str, str]
) -> None:
    assert stated(value, u, shift=shift) == shown


@given(FINITE, UNCERTAINTIES)
def test_rounding_stays_within_half_a_step_of_the_last_place(value: float, u: float) -> None:
    value_text, u_text = stated(value, u)
    step = Decimal(1).scaleb(last_place(decimal(u)))
    assert abs(read_back(value_text) - decimal(value)) <= step / 2
    assert abs(read_back(u_text) - decimal(u)) <= step / 2


@given(UNCERTAINTIES)
def test_two_digits_never_hide_more_than_five_percent_of_the_uncertainty(u: float) -> None:
    _, u_text = stated(0.0, u)
    # EA-4/02 6.3: above 5 % it would have to be rounded up.
    assert read_back(u_text) >= decimal(u) * Decimal("0.95")
    assert len(str(read_back(u_text).normalize().as_tuple().digits)) <= len("(1, 2)")


@given(FINITE, UNCERTAINTIES, st.integers(-3, 3))
def test_a_change_of_unit_moves_the_point_and_nothing_else(
    value: float, u: float, shift: int
) -> None:
    here = [read_back(text) for text in stated(value, u)]
    there = [read_back(text) for text in stated(value, u, shift=shift)]
    assert there == [number.scaleb(shift) for number in here]


@pytest.mark.parametrize(
    ("value", "u", "shown"),
    [
        (0.01165, 0.000011, "0.011650(11)"),
        (5.188e-5, 9.2e-7, "5.188(92) × 10⁻⁵"),
        (-4e-7, 6.4e-6, f"{MINUS}0.4(64) × 10⁻⁶"),
        (81.62, 0.0979, "81.620(98)"),
        (158.0, 12.0, "158(12)"),
        (1580.0, 120.0, "1580(120)"),
        (0.0, 0.012, "0.000(12)"),
        (2.5, 0.0, "2.5"),
    ],
)
def test_the_uncertainty_in_brackets_counts_last_digits(
    value: float, u: float, shown: str
) -> None:
    assert concise(value, u) == shown


def test_ties_go_to_the_even_digit() -> None:
    assert [at_place(Decimal(tie), -1) for tie in ("0.25", "0.35", "-0.25")] == [
        "0.2",
        "0.4",
        f"{MINUS}0.2",
    ]


def test_deviations_carry_a_sign_unless_they_are_nothing() -> None:
    assert [at_place(Decimal(d), -1, sign=True) for d in ("0.62", "-0.62", "0.01")] == [
        "+0.6",
        f"{MINUS}0.6",
        "0.0",
    ]


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_no_number_no_print(bad: float) -> None:
    with pytest.raises(ValueError, match="not a number that can be printed"):
        stated(bad, 0.1)
    with pytest.raises(ValueError, match="not a number that can be printed"):
        stated(1.0, bad)
    with pytest.raises(ValueError, match="not a number that can be printed"):
        significant(bad, 3)


def test_a_negative_uncertainty_is_refused() -> None:
    with pytest.raises(ValueError, match="not above zero"):
        stated(1.0, -0.1)


@pytest.mark.parametrize(
    ("number", "shown"), [("6.600", "6.6"), ("6.6512", "6.6512"), ("54", "54"), ("0.97", "0.97")]
)
def test_limits_keep_what_they_have(number: str, shown: str) -> None:
    assert limit(Decimal(number), -2) == shown


def test_significant_drops_idle_zeros() -> None:
    assert [significant(value, 4) for value in (0.25, 20.0, 0.0, 1234567.0)] == [
        "0.25",
        "20",
        "0",
        "1235000",
    ]


def test_decimal_points_line_up() -> None:
    assert aligned(["1.25", "12", "3.1"]) == ["1.25", "12\u2008\u2007\u2007", "3.1\u2007"]
    assert aligned(["7", "12"]) == ["7", "12"]


@pytest.mark.parametrize(
    ("number", "value", "place", "upper", "said"),
    [
        # stated: as it is, however fine
        ("1.375", "1.50", -2, False, "1.375"),
        ("10", "9.996", -2, True, "10"),
        # computed: with the digits of the value
        ("157.26484213", "135.7", -1, True, "157.3"),
        ("92.98314159", "98.4", -1, False, "93"),
        ("-7.33333333", "0.13", -1, False, "−7.3"),
        # and finer where it would change sides: 157.3 is not below 157.26
        ("157.26484213", "157.3", -1, True, "157.26"),
        ("157.26484213", "157.27", -1, True, "157.26"),
        ("92.96314159", "92.97", -1, False, "93"),
    ],
)
def test_a_limit_has_the_digits_of_its_value_and_never_moves_the_verdict(
    number: str, value: str, place: int, upper: bool, said: str
) -> None:
    assert bound(Decimal(number), Decimal(value), place, upper=upper) == said


SEVENTHS = st.integers(-7_000_000, 7_000_000).map(lambda sevenths: sevenths / 7000)


@given(number=SEVENTHS, value=SEVENTHS, place=st.integers(-3, 1))
def test_the_printed_value_is_on_its_side_of_the_printed_limit(
    number: float, value: float, place: int
) -> None:
    exact, limit_ = decimal(value), decimal(number)
    shown = read_back(at_place(exact, place))
    # A value that is rounded across the limit itself cannot be printed on its side of it.
    assume((shown <= limit_) == (exact <= limit_))
    assume(shown != limit_)
    printed = read_back(bound(limit_, exact, place, upper=True))
    assert (shown <= printed) == (exact <= limit_)
