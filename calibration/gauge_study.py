"""Gauge repeatability and reproducibility by the average-and-range method, on plain arrays.

On this rig the appraisers are benches or fixtures, the parts are panels and the trials are
re-mounts of one panel in one fixture.
"""

from dataclasses import dataclass

import numpy as np

from ledcal.calibration.errors import EvaluationError
from ledcal.calibration.indication import FloatArray

# 1/d2* for the mean of many ranges of 2 and 3 trials, and for one range of n averages.
_K1 = {2: 0.8862, 3: 0.5908}
_K2 = {2: 0.7071, 3: 0.5231}
_K3 = {
    **{2: 0.7071, 3: 0.5231, 4: 0.4467, 5: 0.4030, 6: 0.3742},
    **{7: 0.3534, 8: 0.3375, 9: 0.3249, 10: 0.3146},
}
_DISTINCT = 1.41


@dataclass(frozen=True, slots=True, kw_only=True)
class GaugeStudy:
    """Standard deviations of a gauge study, all in the unit of the readings.

    Attributes:
        repeatability: Of one appraiser with one part (EV).
        reproducibility: Between appraisers (AV).
        gauge: Both together (GRR).
        parts: Between parts (PV).
        total: All together (TV).
        distinct_categories: How many classes of parts the gauge tells apart (ndc).
    """

    repeatability: float
    reproducibility: float
    gauge: float
    parts: float
    total: float
    distinct_categories: int

    @property
    def gauge_fraction(self) -> float:
        """GRR over total variation, a fraction; the trade wants less than 0.1, at most 0.3."""
        return self.gauge / self.total


def gauge_study(readings: FloatArray) -> GaugeStudy:
    """Return repeatability, reproducibility and part variation by averages and ranges.

    Args:
        readings: Shape (appraisers, trials, parts): 2 or 3 appraisers, 2 or 3 trials, 2 to 10
            parts.

    Raises:
        EvaluationError: Another shape, a value that is not finite, or parts that do not differ.

    References:
        AIAG, Measurement Systems Analysis, 4th edition (2010), chapter III B and appendix C.
    """
    if readings.ndim != 3:
        raise EvaluationError(f"readings have {readings.ndim} dimensions, not 3")
    appraisers, trials, parts = readings.shape
    for what, count, known in (
        ("appraisers", appraisers, _K2),
        ("trials", trials, _K1),
        ("parts", parts, _K3),
    ):
        if count not in known:
            raise EvaluationError(
                f"{count} {what}: the method holds for {min(known)} to {max(known)}"
            )
    if not np.all(np.isfinite(readings)):
        where = np.argwhere(~np.isfinite(readings))[0].tolist()
        raise EvaluationError(f"the reading at (appraiser, trial, part) {where} is not finite")
    repeatability = float(np.ptp(readings, axis=1).mean()) * _K1[trials]
    between = float(np.ptp(readings.mean(axis=(1, 2)))) * _K2[appraisers]
    # The spread of the appraisers' averages holds repeatability too, averaged over their readings.
    reproducibility = max(0.0, between**2 - repeatability**2 / (parts * trials)) ** 0.5
    part_variation = float(np.ptp(readings.mean(axis=(0, 1)))) * _K3[parts]
    gauge = float(np.hypot(repeatability, reproducibility))
    if gauge == 0 or part_variation == 0:
        raise EvaluationError("the readings do not scatter or the parts do not differ")
    return GaugeStudy(
        repeatability=repeatability,
        reproducibility=reproducibility,
        gauge=gauge,
        parts=part_variation,
        total=float(np.hypot(gauge, part_variation)),
        distinct_categories=int(_DISTINCT * part_variation / gauge),
    )
