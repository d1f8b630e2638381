"""Photobiological safety of a panel from its light with all channels on."""

import math
from typing import Any

from ledcal.calibration.fusion import absolute_spectrum
from ledcal.calibration.hazard import Hazard, hazard_irradiance
from ledcal.calibration.indication import Observation
from ledcal.calibration.safety import Safety, Source, assess, rectangular_source
from ledcal.rig.evaluation import Evaluator
from ledcal.rig.product import Product


def source_of(product: Product) -> Source:
    """Return the panel as an eye at the reference plane sees it.

    Raises:
        EvaluationError: The product's emitting area is no area.
    """
    said = product.safety
    width_mm, height_mm = said.emitting_mm
    return rectangular_source(
        width_mm=width_mm,
        height_mm=height_mm,
        distance_mm=product.distance_mm,
        luminous_fraction=said.luminous_fraction,
        u_luminous_rel=said.u_luminous_rel,
        weak_visual_stimulus=said.weak_visual_stimulus,
    )


def light_safety(evaluator: Evaluator, together: Observation, product: Product) -> Safety:
    """Return risk group and permitted times; the spectrum gives the shape, the meter the scale.

    The reference plane is where the panel is used: nobody is meant to come closer.

    Raises:
        EvaluationError: The observation cannot give a spectrum or an irradiance.
    """
    spectrum, _, irradiance = evaluator.irradiance(together)
    light = absolute_spectrum(spectrum, irradiance)
    levels = {hazard: hazard_irradiance(hazard, light) for hazard in Hazard}
    return assess(levels, source_of(product))


def safety_facts(safety: Safety, product: Product) -> dict[str, Any]:
    """Return the facts of the event `safety`; a time without a limit is null."""
    return {
        "distance_mm": product.distance_mm,
        "group": safety.group.value,
        "declared_group": product.safety.risk_group,
        "permitted_least_s": _limited(safety.permitted_least_s),
        "exposures": [
            {
                "hazard": one.hazard.value,
                "level": one.level.value,
                "expanded_uncertainty": one.level.expanded_uncertainty,
                "unit": one.level.unit,
                "group": None if one.group is None else one.group.value,
                "permitted_s": _limited(one.permitted_s),
                "permitted_least_s": _limited(one.permitted_least_s),
            }
            for one in safety.exposures
        ],
    }


def _limited(time_s: float) -> float | None:
    return time_s if math.isfinite(time_s) else None
