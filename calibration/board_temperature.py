"""The LED board's temperature while the light was measured."""

import math
import statistics

from ledcal.calibration.estimate import Component, Estimate
from ledcal.calibration.indication import Observation
from ledcal.calibration.irradiance import board_degc


def board_at_light(observation: Observation, u_reading_k: float) -> Estimate:
    """Return the board's temperature at the mean time of the power readings. [degC]

    The panel is read once in each state, the meter several times, and a board that warms up or
    cools down changes in between. Its rate is taken from the readings of the two blanks.

    Args:
        observation: Blank-lit-blank.
        u_reading_k: Standard uncertainty of a reading of the board's sensor against the other
            readings of a run. [K]

    Raises:
        EvaluationError: The panel's indication is not finite.
    """
    seen = observation.lit.panel
    before, after = observation.blank_before.panel, observation.blank_after.panel
    span_s = (after.at - before.at).total_seconds()
    rate_k = after.board_degc - before.board_degc
    late_s = statistics.fmean(
        (reading.at - seen.at).total_seconds() for reading in observation.lit.power
    )
    change_k = rate_k * late_s / span_s if span_s > 0 and math.isfinite(rate_k) else 0.0
    components = (
        Component(
            name="reading of the board's sensor",
            u_input=u_reading_k,
            evaluation="B",
            common=False,
            source="product file",
        ),
        # Lit and dark, the board does not change at one rate; all of it is the limit.
        Component(
            name="change of the board's temperature",
            u_input=abs(change_k) / math.sqrt(3),
            evaluation="B",
            common=False,
            source="readings of the blanks, rectangular",
        ),
    )
    return Estimate(value=board_degc(observation) + change_k, unit="Cel", components=components)
