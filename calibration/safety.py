"""Photobiological safety of a panel: risk groups and permitted times by IEC 62471.

Limits and times of the risk groups are those of IEC 62471:2006, 4.3 and 6.1; Directive
2006/25/EC, Annex I, states the same limits.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from ledcal.calibration.errors import EvaluationError
from ledcal.calibration.estimate import Component, Estimate
from ledcal.calibration.hazard import Hazard

LEAST_ALPHA_RAD, LARGEST_ALPHA_RAD = 0.011, 0.1
"""The eye moves: within 10 s no source is smaller to it, and none counts as larger. [rad]"""
_ALWAYS = math.inf
_DARK = 1e9  # ratio of a limit to a level beyond which its power would overflow


class RiskGroup(StrEnum):
    """Risk groups of IEC 62471:2006, 6.1, from none to high."""

    EXEMPT = "exempt"
    RG1 = "RG1"
    RG2 = "RG2"
    RG3 = "RG3"

    @property
    def rank(self) -> int:
        """0 for exempt to 3."""
        return list(RiskGroup).index(self)


# Emission limits of exempt, RG1 and RG2; those of the retinal thermal hazards times alpha.
_GROUP_LIMITS = {
    Hazard.CORNEA_LENS: (100.0, 570.0, 3200.0),
    Hazard.RETINAL_THERMAL: (28_000.0, 28_000.0, 71_000.0),
    Hazard.RETINAL_THERMAL_WEAK: (6_000.0, 6_000.0, 6_000.0),
    Hazard.BLUE_LIGHT: (100.0, 10_000.0, 4_000_000.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The lit face of the panel as the eye sees it from where it may be.

    Attributes:
        alpha_rad: Angular subtense, mean of height and width. [rad]
        luminous_sr: Projected solid angle of the luminous areas, of the lenses and not of the
            plate between them. [sr]
        u_luminous_rel: Its standard uncertainty as a fraction.
        weak_visual_stimulus: Whether the infrared can be lit alone, so that nothing makes the
            eye turn away.
    """

    alpha_rad: float
    luminous_sr: float
    u_luminous_rel: float
    weak_visual_stimulus: bool

    def __post_init__(self) -> None:
        """Refuse a source that has no size."""
        for name in ("alpha_rad", "luminous_sr"):
            number = getattr(self, name)
            if not (math.isfinite(number) and number > 0):
                raise EvaluationError(f"source: {name} = {number} is not a number above 0")
        if not (math.isfinite(self.u_luminous_rel) and self.u_luminous_rel >= 0):
            raise EvaluationError(f"source: u_luminous_rel = {self.u_luminous_rel} is not >= 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """One hazard of one source at one distance.

    Attributes:
        hazard: The hazard.
        level: Weighted irradiance or radiance. [W/m2 or W/m2/sr]
        group: Risk group by the upper end of the level's interval; None for the skin, which the
            standard does not group.
        permitted_s: Permitted time at the level; infinite where it needs no limit. [s]
        permitted_least_s: The same at the upper end of the level's interval. [s]
    """

    hazard: Hazard
    level: Estimate
    group: RiskGroup | None
    permitted_s: float
    permitted_least_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Safety:
    """What IEC 62471 says of the light.

    Attributes:
        exposures: One for each hazard that applies.
        group: The highest risk group among them.
        permitted_least_s: The shortest permitted time among them, at the upper end of the
            levels' intervals; infinite where none is needed. [s]
    """

    exposures: tuple[Exposure, ...]
    group: RiskGroup
    permitted_least_s: float


def permitted_s(hazard: Hazard, level: float, alpha_rad: float) -> float:
    """Return the permitted time of an exposure, infinite where it needs no limit. [s]

    Args:
        hazard: The hazard.
        level: Weighted irradiance [W/m2], or radiance [W/m2/sr] for hazards of the retina.
        alpha_rad: Angular subtense of the source, of hazards of the retina. [rad]

    Raises:
        EvaluationError: The level is not finite.

    References:
        IEC 62471:2006, 4.3.3 (blue light), 4.3.5 and 4.3.6 (retinal thermal), 4.3.7 (cornea and
        lens), 4.3.8 (skin).
    """
    if not math.isfinite(level):
        raise EvaluationError(f"{hazard}: the level {level} is not finite")
    if level <= 0:
        return _ALWAYS
    alpha = _clamped(alpha_rad)
    if hazard is Hazard.CORNEA_LENS:
        return _ALWAYS if level <= 100 else min(1000.0, (18_000 / level) ** (4 / 3))
    if hazard is Hazard.SKIN:
        # H = E·t ≤ 20000·t^0.25; the limit holds for less than 10 s only.
        return _up_to(10.0, min(20_000 / level, _DARK) ** (4 / 3))
    if hazard is Hazard.BLUE_LIGHT:
        return _ALWAYS if level <= 100 else min(10_000.0, 1e6 / level)
    burn_s = min(50_000 / alpha / level, _DARK) ** 4
    if hazard is Hazard.RETINAL_THERMAL_WEAK:
        return _ALWAYS if level <= 6_000 / alpha else min(10.0, burn_s)
    return _up_to(10.0, burn_s)


def risk_group(hazard: Hazard, level: float, alpha_rad: float) -> RiskGroup | None:
    """Return the risk group of a level, None for the skin, which the standard does not group.

    Args:
        hazard: The hazard.
        level: Weighted irradiance [W/m2], or radiance [W/m2/sr] for hazards of the retina.
        alpha_rad: Angular subtense of the source, of hazards of the retina. [rad]

    Raises:
        EvaluationError: The level is not finite.

    References:
        IEC 62471:2006, 6.1, table 6.1.
    """
    if not math.isfinite(level):
        raise EvaluationError(f"{hazard}: the level {level} is not finite")
    if hazard is Hazard.SKIN:
        return None
    of_alpha = hazard in (Hazard.RETINAL_THERMAL, Hazard.RETINAL_THERMAL_WEAK)
    per = _clamped(alpha_rad) if of_alpha else 1.0
    for group, limit in zip(RiskGroup, _GROUP_LIMITS[hazard], strict=False):
        if level <= limit / per:
            return group
    return RiskGroup.RG3


def assess(irradiance: Mapping[Hazard, Estimate], source: Source) -> Safety:
    """Return risk groups and permitted times of a panel with all channels on.

    A level counts with the upper end of its interval: what is not shown to be harmless is not
    called so.

    Args:
        irradiance: Weighted irradiance at the eye for every hazard. [W/m2]
        source: The panel as seen from there.

    Raises:
        EvaluationError: A hazard is missing.
    """
    exposures = []
    for hazard in Hazard:
        if hazard is Hazard.RETINAL_THERMAL_WEAK and not source.weak_visual_stimulus:
            continue
        if hazard not in irradiance:
            raise EvaluationError(f"there is no weighted irradiance for the hazard {hazard!r}")
        at_eye = irradiance[hazard]
        level = _radiance(at_eye, source) if hazard.of_radiance else at_eye
        highest = level.value + level.expanded_uncertainty
        exposures.append(
            Exposure(
                hazard=hazard,
                level=level,
                group=risk_group(hazard, highest, source.alpha_rad),
                permitted_s=permitted_s(hazard, level.value, source.alpha_rad),
                permitted_least_s=permitted_s(hazard, highest, source.alpha_rad),
            )
        )
    groups = [one.group for one in exposures if one.group is not None]
    return Safety(
        exposures=tuple(exposures),
        group=max(groups, key=lambda group: group.rank),
        permitted_least_s=min(one.permitted_least_s for one in exposures),
    )


def _radiance(irradiance: Estimate, source: Source) -> Estimate:
    """Return the mean radiance of the luminous areas. [W/m2/sr]"""
    value = irradiance.value / source.luminous_sr
    area = Component(
        name="luminous area of the source",
        u_input=source.u_luminous_rel,
        sensitivity=value,
        evaluation="B",
        common=True,
        source="product file",
    )
    own = [one.times(1 / source.luminous_sr) for one in irradiance.components]
    return Estimate(value=value, unit="W/m2/sr", components=(*own, area))


def _clamped(alpha_rad: float) -> float:
    return min(max(alpha_rad, LEAST_ALPHA_RAD), LARGEST_ALPHA_RAD)


def _up_to(limit_s: float, time_s: float) -> float:
    return time_s if time_s < limit_s else _ALWAYS


def group_limit(hazard: Hazard, group: RiskGroup, alpha_rad: float) -> float | None:
    """Return the highest level of a risk group, None where the group has none.

    Args:
        hazard: The hazard.
        group: The risk group; the highest one has no limit, and the skin is not grouped.
        alpha_rad: Angular subtense of the source, of hazards of the retina. [rad]

    References:
        IEC 62471:2006, 6.1, table 6.1.
    """
    if hazard is Hazard.SKIN or group is RiskGroup.RG3:
        return None
    of_alpha = hazard in (Hazard.RETINAL_THERMAL, Hazard.RETINAL_THERMAL_WEAK)
    limit = _GROUP_LIMITS[hazard][group.rank]
    return limit / _clamped(alpha_rad) if of_alpha else limit


def rectangular_source(
    *,
    width_mm: float,
    height_mm: float,
    distance_mm: float,
    luminous_fraction: float,
    u_luminous_rel: float,
    weak_visual_stimulus: bool,
) -> Source:
    """Return a panel as an eye before its centre sees it.

    The projected solid angle of a rectangle is π times its view factor from a point on its axis,
    of which the lenses fill a part [1]; the angular subtense is the mean of width and height [2].

    Args:
        width_mm: Of the emitting area. [mm]
        height_mm: Of the emitting area. [mm]
        distance_mm: Of the eye. [mm]
        luminous_fraction: Share of the area that the lenses fill.
        u_luminous_rel: Standard uncertainty of that share, a fraction of it.
        weak_visual_stimulus: Whether the infrared can be lit alone.

    Raises:
        EvaluationError: Something is not a positive number.

    References:
        [1] Howell, A Catalog of Radiation Heat Transfer Configuration Factors, B-4.
        [2] IEC 62471:2006, 3.2 (angular subtense).
    """
    a, b = width_mm / (2 * distance_mm), height_mm / (2 * distance_mm)
    across, along = math.hypot(1, a), math.hypot(1, b)
    projected_sr = 2 * (a / across * math.atan(b / across) + b / along * math.atan(a / along))
    return Source(
        alpha_rad=(2 * math.atan(a) + 2 * math.atan(b)) / 2,
        luminous_sr=projected_sr * luminous_fraction,
        u_luminous_rel=u_luminous_rel,
        weak_visual_stimulus=weak_visual_stimulus,
    )
