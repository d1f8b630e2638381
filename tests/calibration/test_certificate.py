from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from ledcal.calibration.certificate import (
    CertificateHead,
    PowerMeterCertificate,
    SpectrometerCertificate,
    overdue,
)
from ledcal.calibration.errors import EvaluationError, OutsideCertificate
from ledcal.calibration.thermocouple_certificate import (
    ThermocoupleCertificate,
    ThermocoupleCorrection,
)


@pytest.mark.parametrize(
    ("today", "days"),
    [(date(2026, 12, 31), -1), (date(2027, 1, 1), 0), (date(2027, 1, 2), 1)],
)
def test_a_certificate_may_be_used_on_its_due_day(
    head: CertificateHead, today: date, days: int
) -> None:
    assert overdue(head, today) == days


def test_a_certificate_due_before_it_was_issued_is_refused(head: CertificateHead) -> None:
    with pytest.raises(EvaluationError, match="due 2025-01-01 lies before issued 2026-01-01"):
        replace(head, due=date(2025, 1, 1))


def test_the_factor_is_interpolated_with_its_uncertainty(
    power_meter: PowerMeterCertificate,
) -> None:
    rising = replace(
        power_meter,
        correction_factor=power_meter.wavelength_nm / 500,
        u_rel=power_meter.wavelength_nm / 50_000,
    )
    factor = rising.factor_at(655.0)
    assert factor.value == pytest.approx(1.31)
    assert factor.u == pytest.approx(1.31 * 0.0131)
    assert factor.components[0].common
    assert factor.components[0].source == "C-1"


@pytest.mark.parametrize("wavelength_nm", [399.9, 1100.1, float("nan")])
def test_a_factor_outside_the_certificate_is_refused(
    power_meter: PowerMeterCertificate, wavelength_nm: float
) -> None:
    with pytest.raises(OutsideCertificate, match=rf"{wavelength_nm:g} nm is outside 400 to 1100"):
        power_meter.factor_at(wavelength_nm)


def test_the_edges_of_a_certificate_are_covered(spectrometer: SpectrometerCertificate) -> None:
    found = spectrometer.factor_at(np.array([350.0, 1000.0]))
    assert found.value.tolist() == [1.1, 1.1]
    np.testing.assert_allclose(found.u, 0.015 * 1.1)
    with pytest.raises(OutsideCertificate, match="1001 nm is outside 350 to 1000 nm"):
        spectrometer.factor_at(np.array([900.0, 1001.0]))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"aperture_area_mm2": 0.0}, "aperture_area_mm2 = 0.0"),
        ({"aperture_area_u_mm2": -0.1}, "aperture_area_u_mm2 = -0.1"),
        ({"linearity_u": float("nan")}, "linearity_u = nan"),
        ({"zero_u_w": float("inf")}, "zero_u_w = inf"),
        ({"wavelength_nm": np.full(71, 500.0)}, "wavelength_nm is not at least 2 rising"),
        ({"correction_factor": np.ones(3)}, "correction_factor has 3 values for 71"),
        ({"relative_responsivity": np.linspace(-1, 1, 71)}, "400 nm: relative_responsivity = -1"),
        ({"u_rel": np.where(np.arange(71) == 3, np.nan, 0.01)}, "430 nm: u_rel = nan"),
    ],
)
def test_an_impossible_power_meter_certificate_is_refused(
    power_meter: PowerMeterCertificate, change: dict[str, Any], words: str
) -> None:
    with pytest.raises(EvaluationError, match=f"certificate C-1.*{words}"):
        replace(power_meter, **change)


@pytest.mark.parametrize(
    "change", [{"bandpass_nm": 0.0}, {"wavelength_correction_nm": float("nan")}]
)
def test_an_impossible_spectrometer_certificate_is_refused(
    spectrometer: SpectrometerCertificate, change: dict[str, Any]
) -> None:
    with pytest.raises(EvaluationError, match=next(iter(change))):
        replace(spectrometer, **change)


def _thermocouples(head: CertificateHead) -> ThermocoupleCertificate:
    return ThermocoupleCertificate(
        head=head,
        corrections=(
            ThermocoupleCorrection(
                name="surface", input=102, kind="K", correction_k=-0.4, u_k=0.1
            ),
            ThermocoupleCorrection(
                name="heatsink", input=103, kind="K", correction_k=0.2, u_k=0.1
            ),
        ),
    )


def test_a_thermocouple_is_corrected_by_its_own_entry(head: CertificateHead) -> None:
    surface = _thermocouples(head).corrected("surface", 31.5)
    assert surface.value == pytest.approx(31.1)
    assert surface.u == pytest.approx(0.1)
    assert surface.unit == "Cel"


def test_an_unknown_thermocouple_is_named_with_the_known_ones(head: CertificateHead) -> None:
    with pytest.raises(EvaluationError, match="'lid', only heatsink, surface"):
        _thermocouples(head).corrected("lid", 20.0)


def test_an_open_thermocouple_is_no_number(head: CertificateHead) -> None:
    with pytest.raises(EvaluationError, match="thermocouple surface: the indication nan"):
        _thermocouples(head).corrected("surface", float("nan"))


def test_two_entries_of_one_name_are_refused(head: CertificateHead) -> None:
    entry = _thermocouples(head).corrections[0]
    with pytest.raises(EvaluationError, match="surface: stands there twice"):
        ThermocoupleCertificate(head=head, corrections=(entry, entry))


def test_a_covariance_matrix_takes_the_place_of_a_length(
    spectrometer: SpectrometerCertificate,
) -> None:
    n = spectrometer.wavelength_nm.size
    matrix = 0.015**2 * (0.6 * np.ones((n, n)) + 0.4 * np.eye(n))
    stated = replace(spectrometer, covariance_rel=matrix)
    at = stated.factor_at(spectrometer.wavelength_nm)
    np.testing.assert_allclose(at.covariance(), 1.1**2 * matrix, rtol=1e-9)
    with pytest.raises(EvaluationError, match="C-1: the covariance matrix is singular"):
        replace(spectrometer, covariance_rel=np.full((n, n), 0.015**2))


def test_a_temperature_coefficient_belongs_to_each_wavelength(
    power_meter: PowerMeterCertificate,
) -> None:
    with pytest.raises(EvaluationError, match="3 values for 71 wavelengths"):
        replace(power_meter, temperature_coefficient_per_k=np.ones(3))
    bad = np.where(power_meter.wavelength_nm == 650.0, np.nan, 0.0)
    with pytest.raises(EvaluationError, match="650 nm: temperature_coefficient_per_k = nan"):
        replace(power_meter, temperature_coefficient_per_k=bad)
