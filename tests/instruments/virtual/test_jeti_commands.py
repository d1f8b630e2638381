"""Matching of the spectrometer's commands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledcal.instruments.virtual.jeti_commands import (
    ERROR_TEXTS,
    JetiError,
    command_pattern,
    error_text,
    number,
)


@given(tree=st.integers(0, 5), node=st.integers(0, 6), lower=st.booleans())
def test_every_length_from_the_short_form_on_is_taken(tree: int, node: int, lower: bool) -> None:
    command = f"*PARA{'meter'[:tree]}:PHOTO{'metric'[:node]}?"
    pattern = command_pattern("*PARAmeter:PHOTOmetric?")
    assert pattern.fullmatch(command.lower() if lower else command)


@pytest.mark.parametrize("command", ["*PAR:PHOTO?", "*PARA:PHOT?", "*PARAX:PHOTO?", "PARA:PHOTO?"])
def test_nothing_shorter_or_other_is_taken(command: str) -> None:
    assert command_pattern("*PARAmeter:PHOTOmetric?").fullmatch(command) is None


def test_errors_name_the_argument() -> None:
    for index in range(4):
        with pytest.raises(JetiError) as refused:
            number(["1"] * index + ["nan"], index)
        assert refused.value.code == 10 + index
    assert error_text(21) == "21 : error config argument"
    assert all(text for text in ERROR_TEXTS.values())
