"""From the observations of a run to the curves, tables and content of the calibration file."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ledcal.calibration.curve import ChannelCurve, Point, ReferenceCondition, fit_channel
from ledcal.calibration.errors import FitError
from ledcal.calibration.estimate import Estimate
from ledcal.calibration.panel_calibration import (
    FLAG_ENGINEERING,
    FLAG_SIMULATED,
    IRRADIANCE_STEP_W_M2,
    ChannelTable,
    PanelCalibration,
)
from ledcal.calibration.record import PanelIdentity
from ledcal.calibration.table import U_REL_STEP, channel_table, served_estimate
from ledcal.rig.characterise import WarmUp
from ledcal.rig.evaluation import Evaluated, centroid_at
from ledcal.rig.product import Product
from ledcal.rig.station import Station

_DRAWN_POINTS = 41
"""Points at which the fitted curve is kept for the page's plots."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedChannel:
    """One channel's curve with what it was fitted to and the table made from it.

    Attributes:
        served: What a request gives where that is known least, with the budget of `u_rel`.
    """

    curve: ChannelCurve
    table: ChannelTable
    served: Estimate
    points: tuple[Point, ...]
    centroid_nm: float

    def event(self) -> dict[str, Any]:
        """Return the facts of the event `curve`."""
        curve, table, judged = self.curve, self.table, self.curve.statistics
        drives = np.linspace(curve.drive_min, curve.drive_max, _DRAWN_POINTS)
        at_ref_w_m2, _ = curve.evaluate(drives, np.full_like(drives, curve.t_ref_degc))
        u = np.sqrt(np.diag(curve.covariance)).tolist()
        return {
            "channel": curve.channel,
            "points": [
                {
                    "drive": point.drive,
                    "board_degc": point.board_degc,
                    "irradiance_w_m2": point.irradiance.value,
                    "u_w_m2": point.irradiance.u_independent,
                    "u_board_k": point.u_board_k,
                    "residual_rel": residual,
                }
                for point, residual in zip(self.points, curve.residual_rel, strict=True)
            ],
            "model": curve.formula,
            "coefficients": dict(zip(curve.names, curve.coefficients, strict=True)),
            "coefficient_u": dict(zip(curve.names, u, strict=True)),
            "t_ref_degc": curve.t_ref_degc,
            "t_min_degc": curve.t_min_degc,
            "t_max_degc": curve.t_max_degc,
            "chi2": judged.chi2,
            "dof": judged.dof,
            "statistics": {
                "chi2_probability": judged.chi2_probability,
                "runs": judged.runs,
                "runs_probability": judged.runs_probability,
                "largest_normalised_residual": judged.largest_normalised,
                "largest_residual_point": judged.largest_point,
                "leave_one_out_rel": judged.leave_one_out_rel,
            },
            "strained": curve.strained,
            "curve_drive": drives.tolist(),
            "curve_irradiance_w_m2": at_ref_w_m2.tolist(),
            "knot_drive_code": list(table.drive),
            "knot_irradiance_w_m2": [e * IRRADIANCE_STEP_W_M2 for e in table.irradiance],
            "b1": table.b1,
            "b2": table.b2,
            "b1_per_k": curve.b1_per_k,
            "b2_per_k2": curve.b2_per_k2,
            "ceiling_w_m2": table.ceiling * IRRADIANCE_STEP_W_M2,
            "u_rel": table.u_rel * U_REL_STEP,
            "u_rel_budget": [
                {
                    "name": component.name,
                    "evaluation": component.evaluation,
                    "common": component.common,
                    "source": component.source,
                    "contribution_rel": component.contribution / self.served.value,
                }
                for component in self.served.components
            ],
            "centroid_nm": self.centroid_nm,
        }


def fit_panel(
    product: Product,
    warm_up: WarmUp,
    spectra: Mapping[int, Evaluated],
    levels: Mapping[int, list[Evaluated]],
) -> dict[int, FittedChannel]:
    """Return each channel's curve through its warm-up, spectrum and drive level observations.

    Raises:
        FitError: A channel has no admissible curve or table.
    """
    found = {}
    for channel, settings in product.channels.items():
        seen = [*warm_up.transient[channel], spectra[channel], *levels[channel]]
        points = tuple(one.point(product.temperature.u_reading_k) for one in seen)
        reference = reference_condition(product, channel, [p.board_degc for p in points])
        curve = fit_channel(channel, points, reference, product.temperature.u_board_k)
        centroid_nm = centroid_at(
            spectra[channel].band,
            spectra[channel].board_degc,
            warm_up.transient[channel],
            reference.t_ref_degc,
        )
        table = channel_table(
            curve,
            nominal_w_m2=settings.nominal_w_m2,
            ceiling_w_m2=settings.ceiling_w_m2,
            centroid_nm=centroid_nm,
        )
        found[channel] = FittedChannel(
            curve=curve,
            table=table,
            served=served_estimate(curve, table, settings.nominal_w_m2),
            points=points,
            centroid_nm=centroid_nm,
        )
    return found


def file_flags(station: Station) -> int:
    """Return the flags of the files that a station makes; a PROD station's are 0."""
    flags = FLAG_SIMULATED if station.simulated else 0
    return flags | FLAG_ENGINEERING if station.mode == "ENG" else flags


def panel_calibration(
    station: Station,
    product: Product,
    identity: PanelIdentity,
    tables: Mapping[int, ChannelTable],
    sequence: int,
) -> PanelCalibration:
    """Return the content of the calibration file, but for the hash of its record."""
    return PanelCalibration(
        flags=file_flags(station),
        uid=bytes.fromhex(identity.uid),
        serial=identity.serial,
        product_code=identity.product_code,
        hardware_revision=identity.hardware_revision,
        drive_epoch=identity.drive_epoch,
        sequence=sequence,
        issued_at=int(time.time()),
        valid_until_hours=identity.on_hours + product.valid_hours,
        hours_at_calibration=identity.on_hours,
        record_sha256=bytes(32),
        distance_mm=identity.distance_mm,
        geometry_id=identity.geometry_id,
        channels=tuple(tables[channel] for channel in sorted(tables)),
    )


def reference_condition(
    product: Product, channel: int, measured_degc: Sequence[float]
) -> ReferenceCondition:
    """Return the range of use: as rated, but not far beyond what was measured.

    Raises:
        FitError: It does not hold the reference temperature.
    """
    settings = product.temperature
    rated_low, rated_high = settings.rated_degc
    beyond_k, t_ref_degc = settings.beyond_measured_k, settings.t_ref_degc
    low = max(rated_low, min(measured_degc) - beyond_k)
    high = min(rated_high, max(measured_degc) + beyond_k)
    if not low <= t_ref_degc <= high:
        raise FitError(
            f"channel {channel}: the board was measured from {min(measured_degc):.1f} to "
            f"{max(measured_degc):.1f} degC, and the curve reaches {beyond_k:g} K further, which "
            f"does not hold t_ref_degc = {t_ref_degc:g}; warm the panel up for longer"
        )
    return ReferenceCondition(t_ref_degc=t_ref_degc, t_min_degc=low, t_max_degc=high)
