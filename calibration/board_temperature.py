"""The LED board's temperature while the light was measured."""

import math
import statistics

from ledcal.calibration.estimate import Component, Estimate
from ledcal.calibration.indication import Observation, PanelIndication
from ledcal.calibration.irradiance import board_degc


def board_at_light(observation: Observation, u_reading_k: float) -> Estimate:
    """Return the board's temperature at the mean time of the power readings. [degC]

    The panel is read once in each state, the meter several times, and a board that warms up or
    cools down changes in between. Its rate is taken from the readings of the two blanks; those
    to and from the lit state are the limits between which it lies.

    Args:
        observation: Blank-lit-blank.
        u_reading_k: Standard uncertainty of a reading of the board's sensor against the other
            readings of a run. [K]

    Raises:
        EvaluationError: The panel's indication is not finite.
    """
    seen = observation.lit.panel
    before, after = observation.blank_before.panel, observation.blank_after.panel
    late_s = statistics.fmean(
        (reading.at - seen.at).total_seconds() for reading in observation.lit.power
    )
    rate = _rate_k_s(before, after)
    # Lit and dark, the board does not change at one rate.
    rates = _rate_k_s(before, seen), _rate_k_s(seen, after)
    limit_k = abs(rates[1] - rates[0]) / 2 * abs(late_s)
    components = (
        Component(
            name="reading of the board's sensor",
            u_input=u_reading_k,
            evaluation="B",
            common=False,
            source="product file",
        ),
        Component(
            name="change of the board's temperature",
            u_input=limit_k / math.sqrt(3),
            evaluation="B",
            common=False,
            source="rates before and after the light, rectangular",
        ),
    )
    value = board_degc(observation) + rate * late_s
    return Estimate(value=value, unit="Cel", components=components)


def _rate_k_s(first: PanelIndication, second: PanelIndication) -> float:
    """Return the rate between two readings, 0 where they do not tell one. [K/s]"""
    span_s = (second.at - first.at).total_seconds()
    change_k = second.board_degc - first.board_degc
    return change_k / span_s if span_s > 0 and math.isfinite(change_k) else 0.0
