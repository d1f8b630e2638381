import pytest

from ledcal.reports.sections import SECTIONS


def test_sections_are_numbered_in_order_and_appendices_lettered() -> None:
    numbers = [section.number for section in SECTIONS.values()]
    assert numbers == [*map(str, range(1, len(numbers))), "A"]
    assert [section.kind for section in SECTIONS.values()].count("appendix") == 1


def test_a_reference_is_a_link_with_the_number_of_its_section() -> None:
    safety = SECTIONS["safety"]
    assert safety.reference == f'<a href="#section-safety">section&nbsp;{safety.number}</a>'
    assert SECTIONS["budgets"].reference == '<a href="#section-budgets">appendix&nbsp;A</a>'


def test_a_section_that_does_not_exist_has_no_reference() -> None:
    with pytest.raises(KeyError):
        SECTIONS["conclusion"]
