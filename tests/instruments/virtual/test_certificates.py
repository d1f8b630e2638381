import tomllib
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from ledcal.instruments.virtual import certificates
from ledcal.instruments.virtual.detectors import MeterHead, SpectroHead, draw_thermocouples

COMMON = {
    "format", "kind", "number", "laboratory", "maker", "model", "serial", "issued", "due",
    "coverage_factor", "traceability",
}  # fmt: skip


def test_power_meter_certificate(tmp_path: Path) -> None:
    head = MeterHead(np.random.default_rng(1))
    content = certificates.power_meter(head, "M1", "S121C", "H1")
    path = certificates.write(tmp_path, "power_meter", content)
    read = tomllib.loads(path.read_text())
    assert path == tmp_path / "power_meter.toml"
    assert read == content
    assert set(read) == COMMON | {
        "head_model", "head_serial", "aperture_area_mm2",
        "aperture_area_expanded_uncertainty_mm2", "linearity_expanded_uncertainty",
        "zero_expanded_uncertainty_w", "correlation_length_nm", "table",
    }  # fmt: skip
    assert read["kind"] == "optical_power"
    assert read["issued"] == date(2026, 2, 2)
    assert read["due"] == date(2036, 2, 2)
    table = read["table"]
    assert table["wavelength_nm"] == list(np.arange(400.0, 1101.0, 10.0))
    assert {len(column) for column in table.values()} == {71}
    inner = [
        u
        for nm, u in zip(table["wavelength_nm"], table["expanded_uncertainty"], strict=True)
        if 440.0 <= nm <= 980.0
    ]
    assert set(inner) == {0.025}
    assert max(table["relative_responsivity"]) == 1.0
    assert read["linearity_expanded_uncertainty"] == pytest.approx(0.001)


def test_spectrometer_certificate() -> None:
    content = certificates.spectrometer(SpectroHead(np.random.default_rng(1)), "2011042")
    assert set(content) == COMMON | {
        "wavelength_correction_nm", "wavelength_expanded_uncertainty_nm", "bandpass_nm",
        "correlation_length_nm", "table",
    }  # fmt: skip
    assert content["kind"] == "spectral_irradiance"
    assert content["wavelength_expanded_uncertainty_nm"] == pytest.approx(0.3)
    assert set(content["table"]) == {
        "wavelength_nm", "correction_factor", "expanded_uncertainty",
    }  # fmt: skip


def test_thermocouple_certificate() -> None:
    wires = draw_thermocouples(np.random.default_rng(1), {"ambient": 101, "surface": 102})
    content = certificates.thermocouple_logger(wires, "MY1")
    assert set(content) == COMMON | {"thermocouple"}
    assert content["kind"] == "thermocouple"
    assert [row["input"] for row in content["thermocouple"]] == [101, 102]
    assert set(content["thermocouple"][0]) == {
        "name", "input", "kind", "correction_k", "expanded_uncertainty_k",
    }  # fmt: skip


def test_certificates_say_that_they_are_emulated() -> None:
    content = certificates.spectrometer(SpectroHead(np.random.default_rng(1)), "1")
    assert "mulated" in content["traceability"]
    assert "mulated" in content["laboratory"]
