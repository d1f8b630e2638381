"""The facts that go into the journal: indications as seen, and what follows from them."""

from collections.abc import Mapping
from typing import Any

from ledcal.calibration.estimate import Component
from ledcal.calibration.indication import Readings
from ledcal.calibration.monte_carlo import Validation
from ledcal.calibration.record import PanelIdentity
from ledcal.rig.evaluation import Evaluated
from ledcal.rig.fit import FittedChannel
from ledcal.rig.product import Product
from ledcal.rig.run import Request, software
from ledcal.rig.settings import SettingsFile
from ledcal.rig.station import Station


def readings_facts(readings: Readings) -> dict[str, Any]:
    """Return what all instruments showed in one state; spectra are whole in the transcript."""
    spectrum = readings.spectrum
    return {
        "power_w": [one.power_w for one in readings.power],
        "wavelength_nm": readings.power[0].wavelength_nm,
        "range_w": [one.range_w for one in readings.power],
        "integration_s": None if spectrum is None else spectrum.integration_s,
        "thermocouple_degc": readings.temperature.thermocouple_degc,
        "board_degc": readings.panel.board_degc,
        "current_a": readings.panel.current_a,
        "fan_rpm": readings.panel.fan_rpm,
        "read_at": readings.power[-1].at.isoformat(),
    }


def evaluated_facts(channel: int, one: Evaluated) -> dict[str, Any]:
    """Return an observation with its results."""
    seen = one.observation
    return {
        "channel": channel,
        "drive_code": list(seen.drive_code),
        "blank_before": readings_facts(seen.blank_before),
        "lit": readings_facts(seen.lit),
        "blank_after": readings_facts(seen.blank_after),
        "centroid_nm": one.band.centroid.value,
        "mismatch": one.mismatch.value,
        "irradiance_w_m2": one.irradiance.value,
        "u_w_m2": one.irradiance.u,
        "u_independent_w_m2": one.irradiance.u_independent,
        "board_degc": one.board_degc,
    }


def component_facts(one: Component) -> dict[str, Any]:
    """Return one input of a budget; infinite degrees of freedom are null in JSON."""
    return {
        "name": one.name,
        "value": one.value,
        "u_input": one.u_input,
        "sensitivity": one.sensitivity,
        "u": one.u,
        "dof": one.dof,
        "evaluation": one.evaluation,
        "distribution": one.distribution,
        "relation": one.relation,
        "common": one.common,
        "source": one.source,
    }


def monte_carlo_facts(checked: Validation) -> dict[str, Any]:
    """Return the check of an interval by propagation of distributions."""
    drawn = checked.drawn
    return {
        "trials": drawn.trials,
        "seed": drawn.seed,
        "mean": drawn.mean,
        "u": drawn.u,
        "lower": drawn.lower,
        "upper": drawn.upper,
        "delta": checked.delta,
        "validated": checked.validated,
    }


def spectrum_facts(channel: int, nominal_nm: float, one: Evaluated) -> dict[str, Any]:
    """Return a corrected spectrum."""
    return {
        "channel": channel,
        "nominal_nm": nominal_nm,
        "wavelength_nm": one.spectrum.wavelength_nm.tolist(),
        "irradiance_w_m2_nm": one.spectrum.irradiance_w_m2_nm.tolist(),
        "drive": one.drive,
        "board_degc": one.board_degc,
    }


def provenance_facts(
    run: str,
    request: Request,
    station: SettingsFile[Station],
    product: SettingsFile[Product],
    identity: PanelIdentity,
    certificate_sha256: Mapping[str, str],
    fitted: Mapping[int, FittedChannel],
) -> dict[str, Any]:
    """Return where a calibration comes from, for `calibration.json`."""
    return {
        "run": run,
        "operator": request.operator,
        "reason": request.reason,
        "mode": station.settings.mode,
        "simulated": station.settings.simulated,
        "station": {"name": station.settings.name, "file_sha256": station.sha256},
        "product": {
            "model": product.settings.model,
            "version": product.settings.version,
            "file_sha256": product.sha256,
        },
        "panel": {"model": identity.model, "firmware": identity.firmware},
        "certificate_sha256": dict(certificate_sha256),
        "software": software(),
        "curves": [fitted[channel].event() for channel in sorted(fitted)],
    }
