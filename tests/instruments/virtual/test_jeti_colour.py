"""Colour from spectra against published chromaticities."""

import numpy as np
import pytest

from ledcal.instruments.virtual.jeti_colour import colour

VISIBLE_NM = np.arange(380.0, 781.0, 1.0)


def test_equal_energy_is_white() -> None:
    found = colour(VISIBLE_NM, np.ones_like(VISIBLE_NM), 1.0)
    # CIE 15: x = y = 1/3; the sums of the functions are 106.9 at 1 nm.
    assert found.chromaticity == pytest.approx((1 / 3, 1 / 3), abs=0.004)
    assert found.tristimulus[1] / 683.002 == pytest.approx(106.86, rel=0.01)
    assert found.uniform == pytest.approx((0.2105, 0.4737), abs=0.004)


@pytest.mark.parametrize(
    ("wavelength_nm", "x", "y"),
    [(450.0, 0.1566, 0.0177), (520.0, 0.0743, 0.8338), (600.0, 0.6270, 0.3725)],
)
def test_a_line_lies_on_the_locus(wavelength_nm: float, x: float, y: float) -> None:
    # CIE 1931 chromaticities of the spectral locus (CIE 018).
    found = colour(VISIBLE_NM, np.where(wavelength_nm == VISIBLE_NM, 1.0, 0.0), 1.0)
    assert found.chromaticity == pytest.approx((x, y), abs=0.02)
    assert found.dominant_nm == pytest.approx(wavelength_nm, abs=1.0)
    assert found.purity == pytest.approx(1.0, abs=0.01)


def test_infrared_has_no_colour() -> None:
    found = colour(VISIBLE_NM, np.zeros_like(VISIBLE_NM), 1.0)
    assert found.chromaticity == (0.0, 0.0)
    assert found.dominant_nm == 0.0
