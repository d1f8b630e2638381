"""The instruments' calibration certificates, written as the files that a laboratory would send."""

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import tomli_w

from ledcal.instruments.virtual.daq_models import DAQ970A, LoggerModel
from ledcal.instruments.virtual.detectors import (
    MeterHead,
    SpectroHead,
    Thermocouple,
    silicon_responsivity_a_w,
)

FORMAT = "ledcal-certificate/1"
LABORATORY = "Emulated calibration laboratory"
CORRELATION_LENGTH_NM = 250.0
"""Of errors with a level of 1.2 % and waves of 0.4 % over 500 nm: their slope is u/250 nm."""
ISSUED, DUE = date(2026, 2, 2), date(2036, 2, 2)


def power_meter(
    head: MeterHead, serial: str, head_model: str, head_serial: str, model: str = "PM103"
) -> dict[str, Any]:
    """Return the certificate of an optical power meter with its head and aperture."""
    grid = np.arange(400.0, 1101.0, 10.0)
    factor = head.correction_factor(grid)
    responsivity = silicon_responsivity_a_w(grid) / factor
    inner = (grid >= 440.0) & (grid <= 980.0)
    return _common("optical_power", "PM", "Thorlabs", model, serial) | {
        "head_model": head_model,
        "head_serial": head_serial,
        "aperture_area_mm2": head.certified_area_mm2,
        "aperture_area_expanded_uncertainty_mm2": round(
            2.0 * head.APERTURE_UNCERTAINTY * head.certified_area_mm2, 3
        ),
        "linearity_expanded_uncertainty": 2.0 * head.LINEARITY_UNCERTAINTY,
        "zero_expanded_uncertainty_w": 5e-8,
        "correlation_length_nm": CORRELATION_LENGTH_NM,
        "table": {
            "wavelength_nm": grid.tolist(),
            "correction_factor": _rounded(factor),
            "expanded_uncertainty": np.where(inner, 0.025, 0.04).tolist(),
            "relative_responsivity": _rounded(responsivity / responsivity.max()),
        },
    }


def spectrometer(head: SpectroHead, serial: str) -> dict[str, Any]:
    """Return the certificate of a spectroradiometer."""
    grid = np.arange(350.0, 1001.0, 10.0)
    return _common("spectral_irradiance", "SR", "JETI", "specbos 1211", serial) | {
        "wavelength_correction_nm": head.certified_wavelength_nm,
        "wavelength_expanded_uncertainty_nm": 2.0 * head.WAVELENGTH_UNCERTAINTY_NM,
        "bandpass_nm": head.BANDPASS_NM,
        "correlation_length_nm": CORRELATION_LENGTH_NM,
        "table": {
            "wavelength_nm": grid.tolist(),
            "correction_factor": _rounded(head.correction_factor(grid)),
            "expanded_uncertainty": [0.03] * len(grid),
        },
    }


def thermocouple_logger(
    thermocouples: tuple[Thermocouple, ...], serial: str, model: LoggerModel = DAQ970A
) -> dict[str, Any]:
    """Return the certificate of a logger with its thermocouples."""
    rows = [
        {
            "name": each.name,
            "input": each.input,
            "kind": "K",
            "correction_k": each.certified_correction_k,
            "expanded_uncertainty_k": each.EXPANDED_UNCERTAINTY_K,
        }
        for each in thermocouples
    ]
    return _common("thermocouple", "TC", model.maker, model.model, serial) | {"thermocouple": rows}


def write(folder: Path, name: str, certificate: dict[str, Any]) -> Path:
    """Write one certificate as TOML and return its path."""
    path = folder.resolve() / f"{name}.toml"
    path.write_text(tomli_w.dumps(certificate), encoding="utf-8")
    return path


def _common(kind: str, prefix: str, maker: str, model: str, serial: str) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "kind": kind,
        "number": f"EMU-{prefix}-{serial}",
        "laboratory": LABORATORY,
        "maker": maker,
        "model": model,
        "serial": serial,
        "issued": ISSUED,
        "due": DUE,
        "coverage_factor": 2.0,
        "traceability": "Emulated: values drawn by the virtual bench, traceable to no standard.",
    }


def _rounded(values: Any) -> list[float]:
    return [round(float(value), 6) for value in values]
