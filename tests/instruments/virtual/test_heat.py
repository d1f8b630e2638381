import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledcal.instruments.virtual.heat import BOARD_TIME_S, HEATSINK_TIME_S, HeatNetwork


def network(board_degc: float = 23.0, heatsink_degc: float = 23.0) -> HeatNetwork:
    return HeatNetwork(
        board_k_per_w=0.1,
        heatsink_k_per_w=0.35,
        ambient_degc=23.0,
        board_degc=board_degc,
        heatsink_degc=heatsink_degc,
    )


@given(st.floats(0.0, 120.0))
def test_long_heating_ends_at_the_steady_state(heat_w: float) -> None:
    heat = network()
    for _ in range(3000):
        heat.step(heat_w, 1.0)
    assert heat.board_degc == pytest.approx(heat.steady_board_degc(heat_w), abs=0.01)
    assert heat.heatsink_degc - 23.0 == pytest.approx(heat_w * 0.35, abs=0.01)


@given(st.floats(0.0, 120.0), st.floats(20.0, 60.0), st.floats(20.0, 60.0))
def test_energy_in_is_energy_stored_and_energy_out(
    heat_w: float, board_degc: float, heatsink_degc: float
) -> None:
    heat = network(board_degc=board_degc, heatsink_degc=heatsink_degc)
    out_j = 0.0
    for _ in range(2000):
        out_j += (heat.heatsink_degc - heat.ambient_degc) / heat.heatsink_k_per_w * 0.05
        heat.step(heat_w, 0.05)
    board_j = (heat.board_degc - board_degc) * BOARD_TIME_S / heat.board_k_per_w
    sink_j = (heat.heatsink_degc - heatsink_degc) * HEATSINK_TIME_S / heat.heatsink_k_per_w
    assert heat_w * 100.0 == pytest.approx(board_j + sink_j + out_j, abs=1e-3)


def test_the_surface_lies_between_air_and_board() -> None:
    heat = network(board_degc=50.0)
    assert 23.0 < heat.surface_degc < 50.0


def test_a_stalled_fan_lets_the_heatsink_run_hot() -> None:
    running, stalled = network(), network()
    stalled.fan_stalled = True
    for _ in range(3000):
        running.step(60.0, 1.0)
        stalled.step(60.0, 1.0)
    assert stalled.board_degc > running.board_degc + 20.0
