import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledcal.calibration.errors import EvaluationError
from ledcal.calibration.estimate import Estimate
from ledcal.calibration.thermocouple import emf_v, hot_junction_degc, share_of_rise

# NIST Monograph 175, table of type K: mV at degC, as printed.
TABLE_MV = {
    **{-250: -6.404, -200: -5.891, -100: -3.554, -50: -1.889, 0: 0.000, 25: 1.000, 50: 2.023},
    **{100: 4.096, 150: 6.138, 200: 8.138, 500: 20.644, 1000: 41.276, 1372: 54.886},
}


@pytest.mark.parametrize(("degc", "mv"), TABLE_MV.items())
def test_the_table_of_nist_monograph_175(degc: float, mv: float) -> None:
    assert round(emf_v(degc) * 1e3, 3) == mv


@given(hot=st.floats(-240.0, 1372.0), reference=st.floats(-20.0, 60.0))
def test_the_inverse_returns_the_temperature(hot: float, reference: float) -> None:
    voltage_v = emf_v(hot) - emf_v(reference)
    assert hot_junction_degc(voltage_v, reference) == pytest.approx(hot, abs=1e-6)


def test_the_reference_junction_is_compensated_by_voltage() -> None:
    # 41 uV/K near 25 degC: adding 25 K to the 75.0 K of 3.096 mV alone would give 100.6 degC.
    assert hot_junction_degc(3.096e-3, 25.0) == pytest.approx(100.0, abs=0.02)


@given(low=st.floats(-250.0, 1371.0), more=st.floats(0.001, 1.0))
def test_more_heat_is_more_voltage(low: float, more: float) -> None:
    assert emf_v(low + more) > emf_v(low)


@pytest.mark.parametrize("degc", [-271.0, 1373.0, math.nan])
def test_no_voltage_outside_the_reference_function(degc: float) -> None:
    with pytest.raises(EvaluationError, match="outside -270 to 1372"):
        emf_v(degc)


@pytest.mark.parametrize(("voltage_v", "reference"), [(0.06, 23.0), (-0.01, 23.0)])
def test_a_voltage_that_no_thermocouple_gives_is_refused(
    voltage_v: float, reference: float
) -> None:
    with pytest.raises(EvaluationError, match="polarity"):
        hot_junction_degc(voltage_v, reference)


BOARD = [23.0, 28.0, 33.0, 38.0, 43.0]


def _share(probe: list[float], board: list[float]) -> Estimate:
    return share_of_rise(probe, board, least_board_rise_k=5.0)


def test_an_attached_probe_follows_the_board() -> None:
    share = _share([23.0, 25.5, 29.0, 33.0, 37.5], BOARD)
    assert share.value == pytest.approx(0.73, abs=0.01)
    assert share.u == pytest.approx(0.0443, abs=1e-4)  # by hand: √(1.475/3/250)
    assert share.dof == 3


def test_a_probe_in_the_air_does_not() -> None:
    assert _share([23.1, 23.0, 23.2, 23.1, 23.3], BOARD).value < 0.02


def test_a_probe_cannot_be_judged_on_a_cold_panel() -> None:
    with pytest.raises(EvaluationError, match=r"climbed by 2\.0 K only"):
        _share([23.0, 23.1, 23.2], [23.0, 24.0, 25.0])


def test_series_that_say_nothing_are_refused() -> None:
    with pytest.raises(EvaluationError, match="equally many"):
        _share([23.0, 24.0], [23.0, 24.0, 25.0])
    with pytest.raises(EvaluationError, match="not finite"):
        _share([23.0, math.nan, 24.0], [23.0, 30.0, 40.0])
    with pytest.raises(EvaluationError, match="must be finite"):
        hot_junction_degc(math.nan, 23.0)


@given(share=st.floats(-1.0, 2.0), offset_k=st.floats(-5.0, 5.0), rise_k=st.floats(5.5, 40.0))
def test_the_share_is_the_slope(share: float, offset_k: float, rise_k: float) -> None:
    board = np.linspace(23.0, 23.0 + rise_k, 9)
    probe = offset_k + 20.0 + share * board
    found = _share(probe.tolist(), board.tolist())
    assert found.value == pytest.approx(share, abs=1e-9)
    assert found.u == pytest.approx(0.0, abs=1e-9)
