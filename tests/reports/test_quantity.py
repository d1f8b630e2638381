import pytest

from ledcal.reports.quantity import condition, conditions, facts, measurand_words, print_unit


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("board_degc", 39.8, ("board", "39.8 °C")),
        ("request_fraction", 0.25, ("request", "25 %")),
        ("drive", 1.0, ("drive", "100 %")),
        ("request_w_m2", 15.0, ("request", "1.5 mW/cm²")),
        ("distance_mm", "150", ("distance", "150 mm")),
        ("over_s", 30, ("over", "30 s")),
        ("after_s", 399.87, ("after", "400 s")),
        ("longest_look_s", 5.0213, ("longest look", "5 s")),
        ("averaging_s", 0.003, ("averaging", "0.003 s")),
        ("position", "centre", ("position", "centre")),
        ("turns", 3.0, ("turns", "3")),
        ("distance_mm", "", ("distance", "")),
    ],
)
def test_the_name_of_a_condition_gives_its_unit(
    name: str, value: float | str, shown: tuple[str, str]
) -> None:
    assert condition(name, value) == shown


def test_no_condition_is_a_dash() -> None:
    assert conditions({}) == "–"
    assert facts({}) == [("all", "not recorded")]


def test_an_unknown_unit_is_printed_as_it_is() -> None:
    assert (print_unit("kg").sign, print_unit("kg").shift) == ("kg", 0)


def test_measurands_begin_a_row() -> None:
    assert measurand_words("fwhm") == "FWHM"
    assert measurand_words("largest_residual") == "Largest residual"


def test_a_count_or_a_code_keeps_all_its_digits() -> None:
    assert condition("drive_code", 46208.0) == ("drive code", "46208")
    assert condition("offset", -3) == ("offset", "−3")
