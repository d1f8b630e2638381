"""Errors are families with a builtin parent, and their texts say what to do."""

import re

import pytest

from ledcal.instruments import errors

FAMILY = [
    error
    for error in vars(errors).values()
    if isinstance(error, type) and issubclass(error, errors.InstrumentError)
]


@pytest.mark.parametrize("error", FAMILY)
def test_tree_at_the_top_of_the_module_is_true(error: type[Exception]) -> None:
    line = re.search(rf"^.*\b{error.__name__}\b.*$", errors.__doc__ or "", re.MULTILINE)
    assert line is not None
    parent = re.search(r"\((\w+)\)", line[0])
    if parent is not None:
        assert parent[1] in [base.__name__ for base in error.__mro__]


def test_texts_say_what_to_do() -> None:
    assert "check its plug" in str(errors.OpenThermocouple("logger", "surface", 102, "9.9E37"))
    assert "start again" in str(errors.PanelTripped("panel", "watchdog"))
    assert "keeps the calibration" in str(errors.CalibrationRefused("panel", "CRC"))
