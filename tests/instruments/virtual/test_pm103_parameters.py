"""Numbers with units, and what a loss of power leaves of the settings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledcal.instruments.virtual.pm103_parameters import Limits, with_unit, written
from ledcal.instruments.virtual.pm103_settings import Pm103Settings
from ledcal.instruments.virtual.scpi_grammar import Call, ScpiError

NUMBERS = st.floats(min_value=-1e6, max_value=1e6, allow_nan=False)


@given(value=NUMBERS, space=st.sampled_from(["", " "]))
def test_a_prefix_scales(value: float, space: str) -> None:
    text = written(value)
    shown = float(text)
    assert with_unit(text, "W") == shown
    assert with_unit(f"{text}{space}W", "W") == shown
    assert with_unit(f"{text}{space}mW", "W") == pytest.approx(shown * 1e-3)
    assert with_unit(f"{text}{space}nm", "nm") == shown


@pytest.mark.parametrize(
    ("text", "unit", "code"),
    [("", "W", -104), ("5 A", "W", -131), ("5 W", "", -138), ("1e99", "W", -222)],
)
def test_what_is_no_such_number_is_refused(text: str, unit: str, code: int) -> None:
    with pytest.raises(ScpiError) as refused:
        with_unit(text, unit)
    assert refused.value.code == code


@given(value=NUMBERS)
def test_limits_hold(value: float) -> None:
    limits = Limits(lowest=-10.0, highest=10.0, default=0.0)
    call = Call((written(value),), (1,))
    if -10.0 <= float(written(value)) <= 10.0:
        assert limits.parse(call) == float(written(value))
    else:
        with pytest.raises(ScpiError):
            limits.parse(call)


def test_wavelength_beam_and_range_outlive_a_loss_of_power() -> None:
    settings = Pm103Settings(
        wavelength_nm=850.0, beam_mm=5.0, autorange=False, average=7, unit="DBM", relative=True
    )
    settings.switch_on()
    assert settings == Pm103Settings(wavelength_nm=850.0, beam_mm=5.0, autorange=False)
    settings.reset()
    assert settings == Pm103Settings()
