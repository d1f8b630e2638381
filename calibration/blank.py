"""Lit minus blank: what the panel's own light shows on the power meter."""

import math
import statistics
from collections.abc import Sequence

from ledcal.calibration.certificate import PowerMeterCertificate
from ledcal.calibration.errors import EvaluationError
from ledcal.calibration.estimate import Component, Estimate, effective_dof
from ledcal.calibration.indication import Observation, PowerIndication

LEAST_SIGNAL_TO_U = 3.0
"""A difference below this many of its own standard uncertainties is no signal."""


def signal_w(observation: Observation, certificate: PowerMeterCertificate) -> Estimate:
    """Return lit minus the mean of the blanks. [W]

    Raises:
        EvaluationError: Fewer than two lit readings, one that is not finite, or no light above
            the blanks.
    """
    lit = powers_w(observation.lit.power, "lit")
    if len(lit) < 2:
        raise EvaluationError(
            "one power reading in the lit state does not show its scatter; take at least 2"
        )
    before = powers_w(observation.blank_before.power, "blank before")
    after = powers_w(observation.blank_after.power, "blank after")
    means = statistics.fmean(before), statistics.fmean(after)
    # The blank at the time of the lit readings lies between the two: rectangular.
    drift = abs(means[1] - means[0]) / 2 / math.sqrt(3)
    components = (
        repeatability((lit, 1.0), (before, -0.5), (after, -0.5)),
        Component(
            name="drift between blanks",
            u_input=drift,
            evaluation="B",
            common=False,
            source="half the difference of the blanks, rectangular",
            distribution="rectangular",
        ),
        # The blanks take the zero away; what is left is its change within the observation.
        Component(
            name="zero",
            u_input=certificate.zero_u_w,
            evaluation="B",
            common=False,
            source=certificate.head.number,
        ),
    )
    signal = Estimate(
        value=statistics.fmean(lit) - statistics.fmean(means), unit="W", components=components
    )
    if signal.value <= LEAST_SIGNAL_TO_U * signal.u:
        raise EvaluationError(
            f"the lit reading exceeds the blanks by {signal.value:.3g} W, which is not more than "
            f"{LEAST_SIGNAL_TO_U:g} times its standard uncertainty {signal.u:.3g} W; check that "
            "the head is uncapped and in its place"
        )
    return signal


def common_setting_nm(observation: Observation) -> float:
    """Return the wavelength setting of all power readings of an observation. [nm]

    Raises:
        EvaluationError: They differ, or there is none.
    """
    states = (observation.blank_before, observation.lit, observation.blank_after)
    return one_setting_nm([reading for state in states for reading in state.power])


def one_setting_nm(readings: Sequence[PowerIndication]) -> float:
    """Return the wavelength setting that the readings share. [nm]

    Raises:
        EvaluationError: They differ, or there is none.
    """
    settings = sorted({reading.wavelength_nm for reading in readings})
    if len(settings) != 1:
        listed = ", ".join(f"{setting:g}" for setting in settings) or "none"
        raise EvaluationError(
            f"the power readings do not share one wavelength setting (nm): {listed}; "
            "set the meter before the first blank"
        )
    return settings[0]


def powers_w(readings: Sequence[PowerIndication], state: str) -> list[float]:
    """Return the readings of one state of the panel, all finite and at least one. [W]

    Raises:
        EvaluationError: There is none, or one is not finite.
    """
    if not readings:
        raise EvaluationError(f"there is no power reading in the state {state!r}")
    for reading in readings:
        if not math.isfinite(reading.power_w):
            raise EvaluationError(
                f"the power reading {reading.power_w} W in the state {state!r} is not finite"
            )
    return [reading.power_w for reading in readings]


def repeatability(*means: tuple[Sequence[float], float]) -> Component:
    """Return the scatter of means, each with its factor in the result; a single value has none."""
    parts = [
        (factor * statistics.stdev(values) / math.sqrt(len(values)), len(values) - 1)
        for values, factor in means
        if len(values) > 1
    ]
    return Component(
        name="repeatability",
        u_input=math.hypot(*(u for u, _ in parts)),
        dof=effective_dof(parts),
        evaluation="A",
        common=False,
        source="repeated indications",
    )
