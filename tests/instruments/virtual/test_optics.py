import pytest

from ledcal.instruments.virtual import optics


def test_irradiance_falls_by_half_a_per_cent_per_millimetre() -> None:
    assert -0.006 < optics.distance_derivative_per_mm() < -0.003


def test_far_away_the_array_is_a_point_source() -> None:
    near, far = (optics.irradiance_per_flux_m2(0.0, 0.0, z) for z in (20_000.0, 40_000.0))
    assert near / far == pytest.approx(4.0, rel=1e-3)
    # On the axis a cos^m source of 1 W has the radiant intensity (m + 1) / (2 pi).
    assert near * 20.0**2 == pytest.approx((optics.LENS_M + 1.0) / 6.283185, rel=1e-3)


def test_beside_the_centre_there_is_less_light() -> None:
    centre = optics.irradiance_per_flux_m2(0.0, 0.0, 150.0)
    assert optics.irradiance_per_flux_m2(0.0, 60.0, 150.0) < centre


def test_a_turned_panel_shows_beside_the_centre_only() -> None:
    assert optics.spectrometer_share() == pytest.approx(1.003, abs=0.001)
    assert optics.spectrometer_share(turned=True) == pytest.approx(0.862, abs=0.001)


def test_the_aperture_sees_nearly_the_centre() -> None:
    centre = optics.irradiance_per_flux_m2(0.0, 0.0, 150.0)
    assert optics.aperture_irradiance_per_flux_m2(150.0) == pytest.approx(centre, rel=1e-3)


def test_a_plane_far_larger_than_the_array_receives_all_flux() -> None:
    step_mm = 25.0
    total = sum(
        optics.irradiance_per_flux_m2(x * step_mm, y * step_mm, 150.0) * (step_mm * 1e-3) ** 2
        for x in range(-60, 61)
        for y in range(-60, 61)
    )
    assert total == pytest.approx(1.0, rel=5e-3)
