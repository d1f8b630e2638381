"""Type K thermocouples on ITS-90, and whether one still sits where it was stuck.

The reference function is that of NIST Monograph 175, its table's temperature scale ITS-90. Its
inverse is found by Newton's method on it: the published inverse polynomials err by up to 0.05 K.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.polynomial import polynomial

from ledcal.calibration.errors import EvaluationError
from ledcal.calibration.estimate import Component, Estimate

LOWEST_DEGC, HIGHEST_DEGC = -270.0, 1372.0
LEAST_INVERTED_DEGC = -250.0
"""Below it the thermoelectric voltage hardly changes with temperature."""

# NIST Monograph 175 (1993), section 7.2.1: coefficients in mV and degC, rising order.
_BELOW_ZERO_MV = (
    *(0.0, 0.394501280250e-1, 0.236223735980e-4, -0.328589067840e-6, -0.499048287770e-8),
    *(-0.675090591730e-10, -0.574103274280e-12, -0.310888728940e-14, -0.104516093650e-16),
    *(-0.198892668780e-19, -0.163226974860e-22),
)
_ABOVE_ZERO_MV = (
    *(-0.176004136860e-1, 0.389212049750e-1, 0.185587700320e-4, -0.994575928740e-7),
    *(0.318409457190e-9, -0.560728448890e-12, 0.560750590590e-15, -0.320207200030e-18),
    *(0.971511471520e-22, -0.121047212750e-25),
)
# Above 0 degC an exponential is added: a0·exp(a1·(t − a2)²), for the bump of magnetic order.
_BUMP_MV, _BUMP_PER_K2, _BUMP_DEGC = 0.118597600000, -0.118343200000e-3, 126.9686
_MV_PER_V = 1e3
_CLOSE_K = 1e-9
_ROUNDS = 60


def emf_v(hot_degc: float) -> float:
    """Return the voltage of a type K thermocouple, reference junction at 0 degC. [V]

    Args:
        hot_degc: Temperature of the measuring junction, -270 to 1372. [degC]

    Raises:
        EvaluationError: The temperature is outside the reference function.
    """
    if not LOWEST_DEGC <= hot_degc <= HIGHEST_DEGC:
        raise EvaluationError(
            f"{hot_degc} degC is outside {LOWEST_DEGC:g} to {HIGHEST_DEGC:g} degC, the range of "
            "type K thermocouples"
        )
    return _emf_mv(hot_degc)[0] / _MV_PER_V


def hot_junction_degc(voltage_v: float, reference_degc: float) -> float:
    """Return the temperature of the measuring junction. [degC]

    The voltage that the reference junction lacks against one at 0 degC is added before the
    inversion; adding temperatures instead would err by the curvature of the function.

    Args:
        voltage_v: Voltage between the open ends. [V]
        reference_degc: Temperature of the reference junction, where copper begins. [degC]

    Raises:
        EvaluationError: The result would be outside -250 to 1372 degC, or an input is not finite.
    """
    if not (math.isfinite(voltage_v) and math.isfinite(reference_degc)):
        raise EvaluationError(
            f"voltage {voltage_v} V and reference junction {reference_degc} degC must be finite"
        )
    target_mv = (voltage_v + emf_v(reference_degc)) * _MV_PER_V
    low, high = LEAST_INVERTED_DEGC, HIGHEST_DEGC
    if not _emf_mv(low)[0] <= target_mv <= _emf_mv(high)[0]:
        raise EvaluationError(
            f"{voltage_v * _MV_PER_V:.4g} mV with the reference junction at {reference_degc:g} "
            f"degC means a temperature outside {low:g} to {high:g} degC; check polarity and wires"
        )
    degc = min(max(target_mv / 0.04, low), high)  # about 40 uV/K
    for _ in range(_ROUNDS):
        mv, slope = _emf_mv(degc)
        step = (target_mv - mv) / slope
        degc = min(max(degc + step, low), high)
        if abs(step) < _CLOSE_K:
            break
    return degc


def share_of_rise(
    probe_degc: Sequence[float], board_degc: Sequence[float], *, least_board_rise_k: float
) -> Estimate:
    """Return how much of the board's climb a probe takes part in: the slope of a line. [1]

    A probe that fell off stays at the temperature of the air: its share is about 0.

    Args:
        probe_degc: The thermocouple's temperatures, shape (n,). [degC]
        board_degc: The LED board's by the panel's own sensor, at the same times. [degC]
        least_board_rise_k: Climb of the board from which on this can be judged. [K]

    Raises:
        EvaluationError: Fewer than 3 pairs, unequal lengths, a value that is not finite, or a
            board that climbed too little to tell.
    """
    probe, board = np.array(probe_degc, dtype=float), np.array(board_degc, dtype=float)
    if probe.shape != board.shape or probe.size < 3:
        raise EvaluationError(
            f"{probe.size} probe and {board.size} board temperatures; equally many are needed, "
            "at least 3"
        )
    if not (np.all(np.isfinite(probe)) and np.all(np.isfinite(board))):
        raise EvaluationError("a temperature is not finite; check that the probe is plugged in")
    rise_k = float(np.ptp(board))
    if not rise_k >= least_board_rise_k or rise_k == 0:
        raise EvaluationError(
            f"the board climbed by {rise_k:.1f} K only, {least_board_rise_k:g} K are needed to "
            "tell whether a probe is attached; burn the panel longer"
        )
    away_k = board - board.mean()
    squares = float(away_k @ away_k)
    share = float(away_k @ (probe - probe.mean())) / squares
    left_k = probe - probe.mean() - share * away_k
    dof = probe.size - 2
    scatter = Component(
        name="scatter about the line",
        u_input=math.sqrt(float(left_k @ left_k) / dof / squares),
        evaluation="A",
        common=False,
        source="temperatures while the panel warmed up",
        dof=float(dof),
    )
    return Estimate(value=share, unit="1", components=(scatter,))


def _emf_mv(degc: float) -> tuple[float, float]:
    """Return voltage and its slope by temperature. [mV, mV/K]"""
    above = degc >= 0
    coefficients = _ABOVE_ZERO_MV if above else _BELOW_ZERO_MV
    mv = float(polynomial.polyval(degc, coefficients))
    slope = float(polynomial.polyval(degc, polynomial.polyder(coefficients)))
    if above:
        away_k = degc - _BUMP_DEGC
        bump_mv = _BUMP_MV * math.exp(_BUMP_PER_K2 * away_k**2)
        mv += bump_mv
        slope += 2 * _BUMP_PER_K2 * away_k * bump_mv
    return mv, slope
