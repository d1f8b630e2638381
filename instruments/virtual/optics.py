"""Geometry of the light: an LED array with cos^m lenses over a plane, summed LED by LED."""

import math
from functools import cache

import numpy as np

REFERENCE_DISTANCE_MM = 150.0
APERTURE_MM = 9.5
"""Diameter of the power meter's entrance aperture. [mm]"""
SPECTROMETER_OFFSET_MM = 40.0
"""The spectrometer's cosine head stands beside the meter's head, across the panel. [mm]"""
ARRAY_WIDTH_MM, ARRAY_HEIGHT_MM, PITCH_MM = 200.0, 300.0, 20.0
DENSER_PER_MM = 0.004
"""The LEDs stand closer together towards the edge at +x: a panel that is turned by 180 degrees
gives the same light in the centre, and another beside it."""
HALF_ANGLE_DEG = 37.0
"""Half angle at half intensity of the lenses."""
LENS_M = math.log(0.5) / math.log(math.cos(math.radians(HALF_ANGLE_DEG)))


@cache
def irradiance_per_flux_m2(x_mm: float, y_mm: float, distance_mm: float) -> float:
    """Return the irradiance at a point for 1 W of radiant flux of the whole array. [1/m2]

    Each LED radiates (m+1)/(2 pi) cos^m(theta) per steradian and watt; the plane receives it
    under the same angle, so that E = sum (m+1)/(2 pi) cos^(m+1)(theta) / r^2.
    """
    x = np.arange(-ARRAY_WIDTH_MM / 2 + PITCH_MM / 2, ARRAY_WIDTH_MM / 2, PITCH_MM)
    y = np.arange(-ARRAY_HEIGHT_MM / 2 + PITCH_MM / 2, ARRAY_HEIGHT_MM / 2, PITCH_MM)
    led_x, led_y = np.meshgrid(x, y)
    square_mm2 = (led_x - x_mm) ** 2 + (led_y - y_mm) ** 2 + distance_mm**2
    cosine = distance_mm / np.sqrt(square_mm2)
    per_led = (LENS_M + 1.0) / (2.0 * math.pi) * cosine ** (LENS_M + 1.0) / (square_mm2 * 1e-6)
    return float((per_led * (1.0 + DENSER_PER_MM * led_x)).mean())


@cache
def aperture_irradiance_per_flux_m2(distance_mm: float) -> float:
    """Return the irradiance averaged over the meter's aperture in the plane's centre. [1/m2]"""
    # Equal-area rings: their radii are those of the midpoints of equal steps of area.
    radii = APERTURE_MM / 2.0 * np.sqrt((np.arange(4) + 0.5) / 4.0)
    angles = np.arange(8) * math.pi / 4.0
    values = [
        irradiance_per_flux_m2(
            float(radius * math.cos(angle)), float(radius * math.sin(angle)), distance_mm
        )
        for radius in radii
        for angle in angles
    ]
    return float(np.mean(values))


def distance_derivative_per_mm() -> float:
    """Return dE/dz / E in the plane's centre. [1/mm]"""
    near = irradiance_per_flux_m2(0.0, 0.0, REFERENCE_DISTANCE_MM - 1.0)
    far = irradiance_per_flux_m2(0.0, 0.0, REFERENCE_DISTANCE_MM + 1.0)
    return (far - near) / (2.0 * irradiance_per_flux_m2(0.0, 0.0, REFERENCE_DISTANCE_MM))


@cache
def spectrometer_share(*, turned: bool = False) -> float:
    """Return the irradiance at the spectrometer's head over that at the meter's aperture.

    Args:
        turned: The panel lies on the bench turned by 180 degrees.
    """
    x_mm = -SPECTROMETER_OFFSET_MM if turned else SPECTROMETER_OFFSET_MM
    beside = irradiance_per_flux_m2(x_mm, 0.0, REFERENCE_DISTANCE_MM)
    return beside / aperture_irradiance_per_flux_m2(REFERENCE_DISTANCE_MM)
