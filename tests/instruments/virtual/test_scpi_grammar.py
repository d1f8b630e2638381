import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledcal.instruments.virtual.scpi_grammar import (
    ScpiError,
    decimal,
    header_pattern,
    split_outside,
    whole,
)


@pytest.mark.parametrize(
    "header",
    ["SENS:POW:RANG", "sense:power:range", "SENS1:POW:DC:RANG:UPP", "SENSe:POWer:DC:RANGe"],
)
def test_short_and_long_forms_match(header: str) -> None:
    assert header_pattern("SENSe#:POWer[:DC]:RANGe[:UPPer]").fullmatch(header)


@pytest.mark.parametrize("header", ["SEN:POW:RANG", "SENSE:POWE:RANG", "SENS:RANG", "SENS:POW"])
def test_nothing_between_the_forms_matches(header: str) -> None:
    assert not header_pattern("SENSe#:POWer[:DC]:RANGe[:UPPer]").fullmatch(header)


def test_a_suffix_is_captured_and_may_be_missing() -> None:
    pattern = header_pattern("SOURce#:DRIVe?")
    for header, suffix in (("SOUR12:DRIV?", "12"), ("SOUR:DRIV?", "")):
        match = pattern.fullmatch(header)
        assert match is not None
        assert match[1] == suffix


@given(st.floats(-9e37, 9e37))
def test_numbers_come_back(value: float) -> None:
    assert decimal(f"{value:.9E}") == pytest.approx(value, rel=1e-8, abs=1e-300)


@pytest.mark.parametrize("text", ["", "NAN", "INF", "1_000", "0x10", "1,5", "--1", "1e", "½"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ScpiError) as refusal:
        decimal(text)
    assert refusal.value.code == -104


def test_a_number_as_large_as_scpi_infinity_is_refused() -> None:
    with pytest.raises(ScpiError):
        decimal("1e300")


def test_a_whole_number_has_no_fraction() -> None:
    assert whole("3.0") == 3
    with pytest.raises(ScpiError):
        whole("3.5")


def test_separators_inside_lists_and_quotes_do_not_split() -> None:
    assert split_outside('TC,K,(@101,102),"a,b"', ",") == ["TC", "K", "(@101,102)", '"a,b"']
