"""Whether two ways to the same quantity agree: checks with a verdict of their own."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ledcal.calibration.errors import EvaluationError
from ledcal.calibration.estimate import Component, Estimate, effective_dof, united

CHECK_COVERAGE_FACTOR = 3.0
"""k of a check of the bench: one that is in order fails it three times in a thousand."""
BEAT_RATIO = 1.37
"""Second averaging time over the first; no whole number of periods fits into both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What a comparison found.

    Attributes:
        difference: First minus second, with what they share taken away.
        normalised_error: |difference| over its expanded uncertainty, k = 3.
        agrees: True when that is at most 1.
    """

    difference: Estimate
    normalised_error: float
    agrees: bool


def agreement(difference: Estimate) -> Agreement:
    """Return whether a difference is none within its expanded uncertainty, k = 3."""
    limit = CHECK_COVERAGE_FACTOR * difference.u
    size = abs(difference.value)
    if limit > 0:
        normalised = size / limit
    else:
        normalised = math.inf if size > 0 else 0.0
    return Agreement(difference=difference, normalised_error=normalised, agrees=normalised <= 1.0)


def cross_check(spectral_total: Estimate, meter: Estimate, ratio_expected: Estimate) -> Agreement:
    """Compare the irradiance by the spectrometer with that by the power meter.

    difference = spectral_total − ratio_expected · meter; common errors of one name cancel as far
    as they do.

    Args:
        spectral_total: Sum of the corrected spectrum. [W/m2]
        meter: Irradiance by the power meter. [W/m2]
        ratio_expected: What the spectrometer's head, in its place beside the meter's, receives
            over what the meter's head receives. [1]

    Raises:
        EvaluationError: The units differ, or meter or ratio is not positive.
    """
    if spectral_total.unit != meter.unit:
        raise EvaluationError(
            f"the spectrometer's total is in {spectral_total.unit}, the meter's in {meter.unit}"
        )
    if not (meter.value > 0 and ratio_expected.value > 0):
        raise EvaluationError(
            f"the meter's irradiance {meter.value:g} {meter.unit} and the expected ratio "
            f"{ratio_expected.value:g} must both be > 0 to be compared"
        )
    components = (
        *spectral_total.components,
        *(one.times(-ratio_expected.value) for one in meter.components),
        *(one.times(-meter.value) for one in ratio_expected.components),
    )
    difference = Estimate(
        value=spectral_total.value - ratio_expected.value * meter.value,
        unit=meter.unit,
        components=united(replace(one, relation="sum") for one in components),
    )
    return agreement(difference)


def beat_test(short_w: Sequence[float], long_w: Sequence[float]) -> Agreement:
    """Compare readings averaged over t with readings averaged over 1.37 t.

    A light that is switched faster than it is averaged reads high or low by up to one period in
    the averaging time; over 1.37 t it does so differently. Where the two means differ by more
    than their scatter allows, neither is a mean of the light.

    Args:
        short_w: Readings averaged over t, at least 3. [W]
        long_w: Readings averaged over 1.37 t, at least 3. [W]

    Returns:
        The relative difference of the means, with its scatter. [1]

    Raises:
        EvaluationError: Fewer than 3 readings, one that is not finite, or no light.
    """
    for readings_w, name in ((short_w, "t"), (long_w, f"{BEAT_RATIO} t")):
        if len(readings_w) < 3 or not all(map(math.isfinite, readings_w)):
            raise EvaluationError(
                f"the beat test needs at least 3 finite readings averaged over {name}, not "
                f"{list(readings_w)}"
            )
    mean_w = statistics.fmean((statistics.fmean(short_w), statistics.fmean(long_w)))
    if mean_w <= 0:
        raise EvaluationError(f"the beat test needs light; the mean reading is {mean_w:g} W")
    parts = [
        (statistics.stdev(readings) / math.sqrt(len(readings)) / mean_w, len(readings) - 1)
        for readings in (short_w, long_w)
    ]
    scatter = Component(
        name="repeatability",
        u_input=math.hypot(*(u for u, _ in parts)),
        dof=effective_dof(parts),
        evaluation="A",
        common=False,
        source="repeated indications",
    )
    value = (statistics.fmean(short_w) - statistics.fmean(long_w)) / mean_w
    return agreement(Estimate(value=value, unit="1", components=(scatter,)))
