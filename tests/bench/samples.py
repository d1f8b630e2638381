"""Something to measure on: a five-channel panel as a run sees it, made without randomness.

The spectra, points and certificates have the sizes of a real run; the record is the one that
the tests of the certificate page use.
"""

from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ledcal.calibration.certificate import (
    CertificateHead,
    PowerMeterCertificate,
    SpectrometerCertificate,
)
from ledcal.calibration.channel_curve import ChannelCurve, ReferenceCondition
from ledcal.calibration.curve import Point, fit_channel
from ledcal.calibration.estimate import Component, Estimate
from ledcal.calibration.firmware import Expectation
from ledcal.calibration.indication import (
    FloatArray,
    Observation,
    PanelIndication,
    PowerIndication,
    Readings,
    SpectrumIndication,
    TemperatureIndication,
)
from ledcal.calibration.irradiance import ReferencePlane
from ledcal.calibration.panel_calibration import FLAG_SIMULATED, ChannelTable, PanelCalibration
from ledcal.calibration.record import PanelIdentity
from ledcal.calibration.table import channel_table
from ledcal.calibration.thermocouple_certificate import ThermocoupleCertificate
from ledcal.instruments.transcript import Transcript
from ledcal.rig.certificates import Certificates
from ledcal.rig.closing import TRANSCRIPT, close_run
from ledcal.rig.evaluation import Evaluator
from ledcal.rig.journal import Journal
from ledcal.rig.keys import SigningKey
from ledcal.rig.release import write_files
from tests.reports.conftest import whole_run

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
AXIS_NM = np.arange(350.0, 1001.0)
REFERENCE = ReferenceCondition(t_ref_degc=40.0, t_min_degc=15.0, t_max_degc=48.0)
U_BOARD_K = 0.2
# nominal nm, nominal W/m2 and the coefficients of the curve that the points lie about
CHANNELS: Mapping[int, tuple[float, float, tuple[float, ...]]] = {
    1: (630.0, 60.0, (0.0116, 5.2e-5, 0.0011, 0.0076, 2.2e-5)),
    2: (660.0, 120.0, (0.0058, 2.6e-5, 0.0006, 0.0041, 1.1e-5)),
    3: (810.0, 100.0, (0.0070, 3.1e-5, 0.0007, 0.0030, 0.8e-5)),
    4: (830.0, 80.0, (0.0087, 3.9e-5, 0.0008, 0.0034, 0.9e-5)),
    5: (850.0, 140.0, (0.0050, 2.2e-5, 0.0005, 0.0035, 0.9e-5)),
}
_LEVELS = (0.08, 0.13, 0.20, 0.30, 0.43, 0.58, 0.78, 1.0)
_WARM_UP_DEGC = (23.3, 26.5, 31.9, 35.5, 38.0, 37.6)
# A run's transcript: mostly lines of the keep-alive, and long blocks of the spectrometer.
_SHORT_MESSAGES, _BLOCKS, _BLOCK_LENGTH = 20_000, 200, 10_000


def evaluator() -> Evaluator:
    head = CertificateHead(
        number="C-1",
        laboratory="Emulated laboratory",
        maker="Maker",
        model="Model",
        serial="S1",
        issued=date(2026, 1, 1),
        due=date(2036, 1, 1),
        coverage_factor=2.0,
        traceability="Emulated.",
    )
    meter_nm, spectrum_nm = np.arange(400.0, 1101.0, 10.0), np.arange(350.0, 1001.0, 10.0)
    certificates = Certificates(
        power_meter=PowerMeterCertificate(
            head=head,
            head_model="H",
            head_serial="H1",
            aperture_area_mm2=70.9,
            aperture_area_u_mm2=0.1,
            linearity_u=0.0005,
            zero_u_w=2.5e-8,
            wavelength_nm=meter_nm,
            correction_factor=1 + 1e-5 * meter_nm,
            u_rel=np.full_like(meter_nm, 0.0125),
            relative_responsivity=np.minimum(meter_nm, 960.0) / 960.0,
        ),
        spectrometer=SpectrometerCertificate(
            head=head,
            wavelength_correction_nm=0.1,
            wavelength_u_nm=0.15,
            bandpass_nm=4.5,
            wavelength_nm=spectrum_nm,
            correction_factor=1 + 1e-5 * spectrum_nm,
            u_rel=np.full_like(spectrum_nm, 0.015),
        ),
        thermocouple_logger=ThermocoupleCertificate(head=head, corrections=()),
        file_sha256={},
    )
    plane = ReferencePlane(
        distance_mm=150.0, u_distance_mm=0.3, distance_sensitivity_per_mm=0.006, u_cosine=0.004
    )
    return Evaluator(certificates=certificates, plane=plane)


def observation(channel: int) -> Observation:
    """The channel alone at full drive."""
    nominal_nm = CHANNELS[channel][0]
    band = np.exp(-0.5 * ((AXIS_NM - nominal_nm) / 8.0) ** 2)
    return Observation(
        channels=(channel,),
        drive_code=(65535,),
        blank_before=_readings(nominal_nm, 2e-8, 0 * band),
        lit=_readings(nominal_nm, 6e-3, 4.0 * band),
        blank_after=_readings(nominal_nm, 3e-8, 0 * band),
    )


def _readings(setting_nm: float, power_w: float, irradiance_w_m2_nm: FloatArray) -> Readings:
    noise = 1e-3 * np.sin(12.9898 * np.arange(AXIS_NM.size)) * np.cos(AXIS_NM)
    return Readings(
        power=tuple(
            PowerIndication(
                power_w=power_w * (1 + 1e-4 * n),
                wavelength_nm=setting_nm,
                range_w=0.05,
                averaging_s=0.1,
                at=AT,
            )
            for n in range(3)
        ),
        spectrum=SpectrumIndication(
            wavelength_nm=AXIS_NM,
            irradiance_w_m2_nm=irradiance_w_m2_nm + noise,
            integration_s=0.1,
            averages=1,
            at=AT,
        ),
        temperature=TemperatureIndication(thermocouple_degc={}, at=AT),
        panel=PanelIndication(board_degc=38.0, current_a={}, fan_rpm=2400.0, at=AT),
    )


def predicted(axes: FloatArray, beta: FloatArray) -> FloatArray:
    """Return E = x²/(p0·x + p1 + p2·x²)/(1 + b1·ΔT + b2·ΔT²) for drive and ΔT, shape (2, n)."""
    drive, difference_k = axes
    p0, p1, p2, b1, b2 = beta
    at_ref = drive**2 / (p0 * drive + p1 + p2 * drive**2)
    return np.asarray(at_ref / (1 + b1 * difference_k + b2 * difference_k**2), dtype=np.float64)


def points(channel: int) -> tuple[Point, ...]:
    """Points of the warm-up at full drive and of the drive levels near 35 degrees."""
    taken = [(1.0, degc) for degc in _WARM_UP_DEGC] + [(drive, 34.5) for drive in _LEVELS]
    drive, board_degc = np.array(taken).T
    axes = np.array([drive, board_degc - REFERENCE.t_ref_degc])
    scatter = 1 + 4e-4 * np.sin(12.9898 * np.arange(len(taken)))
    values = predicted(axes, np.array(CHANNELS[channel][2])) * scatter
    return tuple(
        Point(
            drive=at_drive,
            board_degc=at_degc,
            irradiance=_estimate(value),
            u_drive=0.0,
            u_board_k=0.02,
        )
        for (at_drive, at_degc), value in zip(taken, values.tolist(), strict=True)
    )


def _estimate(value: float) -> Estimate:
    parts = (("readings", 3e-4, False), ("certificate", 0.0125, True))
    return Estimate(
        value=value,
        unit="W/m2",
        components=tuple(
            Component(
                name=name, u_input=u_rel * value, evaluation="B", common=common, source="sample"
            )
            for name, u_rel, common in parts
        ),
    )


def table(curve: ChannelCurve) -> ChannelTable:
    nominal_nm, nominal_w_m2, _ = CHANNELS[curve.channel]
    return channel_table(
        curve, nominal_w_m2=nominal_w_m2, ceiling_w_m2=nominal_w_m2, centroid_nm=nominal_nm
    )


@cache
def calibration() -> PanelCalibration:
    """The calibration of the five channels, fitted to their points."""
    curves = (fit_channel(n, points(n), REFERENCE, U_BOARD_K) for n in CHANNELS)
    return panel_calibration(tuple(table(curve) for curve in curves))


def identity() -> PanelIdentity:
    """The panel of the record."""
    event = next(event for event in whole_run() if event["event"] == "panel")
    return PanelIdentity(**{field.name: event[field.name] for field in fields(PanelIdentity)})


def panel_calibration(tables: tuple[ChannelTable, ...]) -> PanelCalibration:
    panel = identity()
    return PanelCalibration(
        flags=FLAG_SIMULATED,
        uid=bytes.fromhex(panel.uid),
        serial=panel.serial,
        product_code=panel.product_code,
        hardware_revision=panel.hardware_revision,
        drive_epoch=panel.drive_epoch,
        sequence=1,
        issued_at=1_780_000_000,
        valid_until_hours=10_000,
        hours_at_calibration=panel.on_hours,
        record_sha256=bytes(32),
        distance_mm=panel.distance_mm,
        geometry_id=panel.geometry_id,
        channels=tables,
    )


def expectation(key: SigningKey) -> Expectation:
    """What the board of that panel knows of itself."""
    panel = identity()
    return Expectation(
        uid=bytes.fromhex(panel.uid),
        product_code=panel.product_code,
        hardware_revision=panel.hardware_revision,
        drive_epoch=panel.drive_epoch,
        distance_mm=panel.distance_mm,
        geometry_id=panel.geometry_id,
        n_channels=len(CHANNELS),
        highest_sequence=0,
        file_in_use=None,
        on_hours=panel.on_hours,
        allowed_flags=FLAG_SIMULATED,
        public_keys=(key.public,),
    )


def facts_of(event: Mapping[str, Any]) -> dict[str, Any]:
    """An event of the record without what the journal adds."""
    return {key: value for key, value in event.items() if key not in {"n", "at", "event"}}


def sealed_run(folder: Path, calibration: PanelCalibration, key: SigningKey) -> Path:
    """A run's folder with record, page, calibration file, transcript and seal."""
    folder.mkdir(parents=True)
    journal = Journal.create(folder)
    for event in whole_run():
        facts = facts_of(event)
        if event["event"] == "run_started":
            facts["run"] = folder.name
        journal.append(event["event"], facts)
    journal.close()
    write_files(folder, calibration, {"run": folder.name}, identity(), key)
    transcript = Transcript(folder / TRANSCRIPT)
    for _ in range(_SHORT_MESSAGES):
        transcript.record("panel", "out", b"*STB?\n")
    for _ in range(_BLOCKS):
        transcript.record("spectrometer", "in", b"1.234E-03\t" * (_BLOCK_LENGTH // 10))
    transcript.close()
    close_run(folder, key)
    return folder
