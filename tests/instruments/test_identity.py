"""Who an instrument says that it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledcal.instruments.errors import WrongInstrument
from ledcal.instruments.identity import Identity, parse_identity

WORD = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters=","), min_size=1
)


@given(maker=WORD, model=WORD, serial=WORD, firmware=WORD)
def test_four_fields_come_back(maker: str, model: str, serial: str, firmware: str) -> None:
    expected = Identity(maker=maker, model=model, serial=serial, firmware=firmware)
    assert parse_identity(f"{maker},{model},{serial},{firmware}") == expected


@pytest.mark.parametrize("reply", ["", "a", "THORLABS,PM100D", "a,b,c,d,e", "a,b,,d", "a, ,c,d"])
def test_anything_else_is_refused(reply: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        parse_identity(reply)


def test_another_serial_number_names_both() -> None:
    found = parse_identity("Thorlabs,PM103,M1,1.0")
    found.require("power meter", model="PM103", serial="M1")
    with pytest.raises(WrongInstrument, match="expected PM103 M2, found PM103 M1; correct the st"):
        found.require("power meter", model="PM103", serial="M2")
    with pytest.raises(WrongInstrument):
        found.require("power meter", model="PM101", serial="M1")
