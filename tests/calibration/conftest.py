"""Certificates and observations with round numbers, so that results can be had by hand."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime

import numpy as np
import pytest

from ledcal.calibration.certificate import (
    CertificateHead,
    PowerMeterCertificate,
    SpectrometerCertificate,
)
from ledcal.calibration.indication import (
    FloatArray,
    Observation,
    PanelIndication,
    PowerIndication,
    Readings,
    SpectrumIndication,
    TemperatureIndication,
)

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
AXIS_NM = np.arange(350.0, 1001.0)


@pytest.fixture(scope="session")
def head() -> CertificateHead:
    return CertificateHead(
        number="C-1",
        laboratory="Laboratory",
        maker="Maker",
        model="Model",
        serial="S1",
        issued=date(2026, 1, 1),
        due=date(2027, 1, 1),
        coverage_factor=2.0,
        traceability="Emulated.",
    )


@pytest.fixture(scope="session")
def power_meter(head: CertificateHead) -> PowerMeterCertificate:
    wavelength_nm = np.arange(400.0, 1101.0, 10.0)
    return PowerMeterCertificate(
        head=head,
        head_model="H",
        head_serial="H1",
        aperture_area_mm2=100.0,
        aperture_area_u_mm2=0.2,
        linearity_u=0.0005,
        zero_u_w=1e-8,
        wavelength_nm=wavelength_nm,
        correction_factor=np.full_like(wavelength_nm, 1.25),
        u_rel=np.full_like(wavelength_nm, 0.0125),
        relative_responsivity=wavelength_nm / 1000,
    )


@pytest.fixture(scope="session")
def spectrometer(head: CertificateHead) -> SpectrometerCertificate:
    wavelength_nm = np.arange(350.0, 1001.0, 50.0)
    return SpectrometerCertificate(
        head=head,
        wavelength_correction_nm=0.25,
        wavelength_u_nm=0.15,
        bandpass_nm=5.0,
        wavelength_nm=wavelength_nm,
        correction_factor=np.full_like(wavelength_nm, 1.1),
        u_rel=np.full_like(wavelength_nm, 0.015),
    )


@pytest.fixture(scope="session")
def observe() -> Callable[..., Observation]:
    """Make a blank-lit-blank observation."""

    def make(
        *,
        before_w: Sequence[float] = (0.0,),
        lit_w: Sequence[float] = (1e-3, 1e-3),
        after_w: Sequence[float] = (0.0,),
        setting_nm: float = 850.0,
        spectra: tuple[FloatArray, FloatArray, FloatArray] | None = None,
        integration_s: tuple[float, float, float] = (0.1, 0.1, 0.1),
        board_degc: float = 40.0,
    ) -> Observation:
        before, lit, after = (
            Readings(
                power=tuple(_power(power, setting_nm) for power in powers_w),
                spectrum=None if spectra is None else _spectrum(spectra[n], integration_s[n]),
                temperature=TemperatureIndication(thermocouple_degc={}, at=AT),
                panel=PanelIndication(
                    board_degc=board_degc, current_a={1: 0.5}, fan_rpm=2400.0, at=AT
                ),
            )
            for n, powers_w in enumerate((before_w, lit_w, after_w))
        )
        return Observation(
            channels=(1,), drive_code=(65535,), blank_before=before, lit=lit, blank_after=after
        )

    return make


def _power(power_w: float, setting_nm: float) -> PowerIndication:
    return PowerIndication(
        power_w=power_w, wavelength_nm=setting_nm, range_w=0.05, averaging_s=0.1, at=AT
    )


def _spectrum(values: FloatArray, integration_s: float) -> SpectrumIndication:
    return SpectrumIndication(
        wavelength_nm=AXIS_NM,
        irradiance_w_m2_nm=values,
        integration_s=integration_s,
        averages=1,
        at=AT,
    )
