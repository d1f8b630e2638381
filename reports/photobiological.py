"""Photobiological safety as printed: levels, risk groups and permitted times of IEC 62471."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from ledcal.calibration.outcome import Verdict
from ledcal.calibration.record import Measured, SafetyAssessed
from ledcal.calibration.safety import RiskGroup
from ledcal.reports.conformity import ABSENT, coverage, judged, probability, statement
from ledcal.reports.number import decimal, last_place, limit, significant, stated

_MEASURAND = "photobiological hazard: "
_RANKS = {group.value: group.rank for group in RiskGroup}
# The levels stand beside the standard's limits, so they keep its units.
_UNITS = {"W/m2": "W/m²", "W/m2/sr": "W/(m²·sr)"}
_NO_LIMIT = "no limit needed"


@dataclass(frozen=True, slots=True, kw_only=True)
class HazardRow:
    """One hazard as printed; `limit` is that of the declared group, a dash where none judges.

    Attributes:
        permitted: Permitted time at the level.
        permitted_least: The same at the upper end of the level's interval.
        judged: False where the record holds no result of this hazard.
    """

    hazard: str
    level: str
    expanded_uncertainty: str
    unit: str
    group: str
    limit: str
    permitted: str
    permitted_least: str
    probability: str
    judged: bool
    verdict: Verdict
    statement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetySheet:
    """What an operator must know of the light, and the hazards it follows from.

    Attributes:
        standing: The group found against the declared one, in words.
        permitted: Shortest permitted time among the hazards.
        k: Coverage factor of the levels, empty where the results of hazards share none.
    """

    group: str
    declared_group: str
    standing: str
    distance: str
    permitted: str
    limited: bool
    k: str
    rows: list[HazardRow]


def safety_sheet(
    safety: SafetyAssessed | None, measured: Sequence[Measured]
) -> SafetySheet | None:
    """Return the photobiological safety of the panel, None where it was not assessed.

    Args:
        safety: The assessment.
        measured: All results; those of hazards hold limits and verdicts.
    """
    if safety is None:
        return None
    results = {
        m.measurand.removeprefix(_MEASURAND): m
        for m in measured
        if m.measurand.startswith(_MEASURAND)
    }
    return SafetySheet(
        group=safety.group,
        declared_group=safety.declared_group,
        standing=_standing(safety.group, safety.declared_group),
        distance=f"{significant(safety.distance_mm, 4)} mm",
        permitted=time_words(safety.permitted_least_s),
        limited=safety.permitted_least_s is not None,
        k=coverage(list(results.values())),
        rows=[_row(one, results.get(str(one["hazard"]))) for one in safety.exposures],
    )


def time_words(time_s: float | None) -> str:
    """Return a permitted time, rounded down: whole seconds, below 10 s two digits.

    Where it is a minute or more, minutes stand beside the seconds.
    """
    if time_s is None:
        return _NO_LIMIT
    exact = decimal(time_s)
    if exact < 10:
        place = last_place(exact) if exact > 0 else 0
        return f"{exact.quantize(Decimal(1).scaleb(place), ROUND_FLOOR)} s"
    whole = int(exact)
    if whole < 60:
        return f"{whole} s"
    return f"{whole} s ({whole // 60} min {whole % 60} s)"


def _standing(group: str, declared: str) -> str:
    if group not in _RANKS or declared not in _RANKS:
        return "not compared with the declared group"
    if group == declared:
        return "as declared"
    higher = _RANKS[group] > _RANKS[declared]
    return f"{'above' if higher else 'below'} the declared group"


def _row(exposure: Mapping[str, Any], result: Measured | None) -> HazardRow:
    level, expanded_uncertainty = float(exposure["level"]), float(exposure["expanded_uncertainty"])
    value, expanded = stated(level, expanded_uncertainty)
    unit, group = str(exposure["unit"]), exposure["group"]
    # A limit in another unit than the level would stand beside it as if it could be compared.
    bound = result.upper if result is not None and result.unit == unit else None
    place = last_place(decimal(expanded_uncertainty)) if expanded_uncertainty > 0 else -3
    return HazardRow(
        hazard=str(exposure["hazard"]),
        level=value,
        expanded_uncertainty=expanded,
        unit=_UNITS.get(unit, unit),
        group="not grouped" if group is None else str(group),
        limit=ABSENT if bound is None else limit(decimal(bound), place),
        permitted=time_words(exposure["permitted_s"]),
        permitted_least=time_words(exposure["permitted_least_s"]),
        probability=probability(None if result is None else result.conformance_probability),
        judged=result is not None and judged(result),
        verdict=Verdict.INCONCLUSIVE if result is None else result.verdict,
        statement="" if result is None else statement(result),
    )
