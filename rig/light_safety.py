"""Photobiological safety of the panel with all channels on, at the product's distance."""

import math
from typing import Any

from ledcal.calibration.fusion import absolute_spectrum
from ledcal.calibration.hazard import Hazard, hazard_irradiance
from ledcal.calibration.indication import Observation
from ledcal.calibration.safety import Safety, Source, assess
from ledcal.rig.evaluation import Evaluator
from ledcal.rig.product import SafetySettings


def light_safety(evaluator: Evaluator, together: Observation, settings: SafetySettings) -> Safety:
    """Return risk group and permitted times; the spectrum gives the shape, the meter the scale.

    The reference plane is where the panel is used: nobody is meant to come closer.

    Args:
        evaluator: Of the bench.
        together: All channels on.
        settings: The panel as an eye sees it, from the product file.

    Raises:
        EvaluationError: The observation cannot give a result.
    """
    spectrum, _, irradiance = evaluator.irradiance(together)
    light = absolute_spectrum(spectrum, irradiance)
    source = Source(
        alpha_rad=settings.alpha_rad,
        luminous_sr=settings.luminous_sr,
        u_luminous_rel=settings.u_luminous_rel,
        weak_visual_stimulus=settings.infrared_alone,
    )
    return assess({hazard: hazard_irradiance(hazard, light) for hazard in Hazard}, source)


def safety_facts(safety: Safety) -> dict[str, Any]:
    """Return the facts of the event `safety`; a time that needs no limit is null."""
    return {
        "standard": "IEC 62471:2006",
        "group": safety.group.value,
        "permitted_s": _finite(safety.permitted_least_s),
        "hazards": [
            {
                "hazard": one.hazard.value,
                "value": one.level.value,
                "u": one.level.u,
                "k": one.level.coverage_factor,
                "expanded_uncertainty": one.level.expanded_uncertainty,
                "unit": one.level.unit,
                "group": None if one.group is None else one.group.value,
                "permitted_s": _finite(one.permitted_s),
                "permitted_least_s": _finite(one.permitted_least_s),
            }
            for one in safety.exposures
        ],
    }


def _finite(time_s: float) -> float | None:
    return time_s if math.isfinite(time_s) else None
