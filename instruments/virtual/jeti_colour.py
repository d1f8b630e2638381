"""Colour of a spectrum as the JETI specbos 1211 computes it: CIE 1931, 2 degree observer.

The colour matching functions are the multi-lobe fits of Wyman, Sloan and Shirley (Journal of
Computer Graphics Techniques 2(2), 2013), good to about one per cent.
"""

import math
from dataclasses import dataclass

import numpy as np

from ledcal.instruments.virtual.emitters import Array

LM_PER_W = 683.002
"""Maximum luminous efficacy of the standard observer."""
_LOBES = (
    ((1.056, 599.8, 37.9, 31.0), (0.362, 442.0, 16.0, 26.7), (-0.065, 501.1, 20.4, 26.2)),
    ((0.821, 568.8, 46.9, 40.5), (0.286, 530.9, 16.3, 31.1)),
    ((1.217, 437.0, 11.8, 36.0), (0.681, 459.0, 26.0, 13.8)),
)
"""For x, y and z: height, centre, width below and width above the centre."""
_WHITE = 1.0 / 3.0
_LOCUS_NM = np.arange(380.0, 700.5, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Colour:
    """Tristimulus values (Y is the photometric value) and what follows from them."""

    tristimulus: tuple[float, float, float]
    chromaticity: tuple[float, float]
    uniform: tuple[float, float]
    dominant_nm: float
    purity: float


def colour(wavelength_nm: Array, spectrum: Array, step_nm: float) -> Colour:
    """Return the colour of a spectrum; all zero where there is nothing to see."""
    matched = matching_functions(wavelength_nm)
    x, y, z = (float(value) for value in LM_PER_W * step_nm * (matched @ spectrum))
    whole = x + y + z
    if whole <= 0.0:
        return Colour(
            tristimulus=(x, y, z),
            chromaticity=(0.0, 0.0),
            uniform=(0.0, 0.0),
            dominant_nm=0.0,
            purity=0.0,
        )
    point = (x / whole, y / whole)
    dominant_nm, purity = _dominant(*point)
    divisor = x + 15.0 * y + 3.0 * z
    return Colour(
        tristimulus=(x, y, z),
        chromaticity=point,
        uniform=(4.0 * x / divisor, 9.0 * y / divisor),
        dominant_nm=dominant_nm,
        purity=purity,
    )


def matching_functions(wavelength_nm: Array) -> Array:
    """Return the three colour matching functions, one a row."""
    rows = []
    for lobes in _LOBES:
        row = np.zeros_like(wavelength_nm)
        for height, centre_nm, below_nm, above_nm in lobes:
            width_nm = np.where(wavelength_nm < centre_nm, below_nm, above_nm)
            row = row + height * np.exp(-0.5 * ((wavelength_nm - centre_nm) / width_nm) ** 2)
        rows.append(row)
    return np.array(rows)


def _dominant(x: float, y: float) -> tuple[float, float]:
    """Return the wavelength of the spectral locus in the same direction, and the purity."""
    locus = matching_functions(_LOCUS_NM)
    points = locus[:2] / locus.sum(axis=0) - _WHITE
    angle = math.atan2(y - _WHITE, x - _WHITE)
    turns = np.angle(np.exp(1j * (np.arctan2(points[1], points[0]) - angle)))
    nearest = int(np.abs(turns).argmin())
    far = float(np.hypot(*points[:, nearest]))
    return float(_LOCUS_NM[nearest]), math.hypot(x - _WHITE, y - _WHITE) / far
