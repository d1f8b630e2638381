"""The integers of one channel of the calibration file, made from its fitted curve."""

import math
from dataclasses import replace

import numpy as np

from ledcal.calibration.channel_curve import ChannelCurve
from ledcal.calibration.errors import FileError, FitError
from ledcal.calibration.estimate import COVERAGE_FACTOR
from ledcal.calibration.lookup import MAX_POINTS, check_served, check_table, correction, lookup
from ledcal.calibration.panel_calibration import (
    IRRADIANCE_STEP_W_M2,
    TEMPERATURE_STEP_K,
    ChannelTable,
)

FULL_CODE = 65535
"""Drive code of full drive."""
ONE = 1 << 30
"""1 in the file's unit of the correction c(t)."""
WORST_CORRECTION_REL = 0.0005
"""The integer correction follows the curve's c(T) within this fraction."""
LOWEST_REQUEST = 0.25
"""The file's u_rel holds from this fraction of the nominal irradiance up to all of it."""
U_REL_STEP = 1e-4
"""Unit of u_rel in the file: 0.01 %."""
_GRID = 25


def channel_table(
    curve: ChannelCurve,
    *,
    nominal_w_m2: float,
    ceiling_w_m2: float,
    centroid_nm: float,
    points: int = MAX_POINTS,
) -> ChannelTable:
    """Return the channel's part of the calibration file.

    The knots are spaced quadratically in drive over the measured range: evenly spaced ones cost
    0.5 % of reading at the low end. The ceiling is the requested one or, if lower, what the
    panel gives at the temperature in range at which it gives least.

    Args:
        curve: The fitted curve.
        nominal_w_m2: Nominal irradiance of the channel. [W/m2]
        ceiling_w_m2: Largest request that the product serves. [W/m2]
        centroid_nm: Centroid at the reference temperature and nominal irradiance. [nm]
        points: Number of knots, 2 to 16.

    Raises:
        FitError: "headroom" where the panel cannot give its nominal irradiance over the whole
            range of temperature, "low end" where the lowest measured drive gives more than a
            quarter of it, or the curve does not fit into the file's integers.
    """
    _require_low_end(curve, nominal_w_m2)
    *_, b1, b2 = curve.coefficients
    codes = _knot_codes(curve, points)
    table = ChannelTable(
        channel=curve.channel,
        centroid_dnm=round(centroid_nm * 10),
        t_ref=round(curve.t_ref_degc / TEMPERATURE_STEP_K),
        t_min=math.ceil(curve.t_min_degc / TEMPERATURE_STEP_K),
        t_max=math.floor(curve.t_max_degc / TEMPERATURE_STEP_K),
        u_rel=0,
        ceiling=_whole_steps(ceiling_w_m2),
        b1=round(b1 * ONE * TEMPERATURE_STEP_K),
        b2=round(b2 * ONE),  # 2⁴⁶ per (1/256 K)² is 2³⁰ per K²
        irradiance=tuple(_knot_irradiance(curve, code) for code in codes),
        drive=tuple(codes),
    )
    _require_correction(curve, table)
    table = replace(table, ceiling=_ceiling(table, nominal_w_m2))
    try:
        check_table(table, curve.channel)
        check_served(table)
        expanded = COVERAGE_FACTOR * largest_u_rel(curve, table, nominal_w_m2)
    except FileError as error:
        raise FitError(
            f"channel {curve.channel}: the curve does not fit into the file: {error}"
        ) from error
    return replace(table, u_rel=math.ceil(expanded / U_REL_STEP))


def largest_u_rel(curve: ChannelCurve, table: ChannelTable, nominal_w_m2: float) -> float:
    """Return the largest standard uncertainty of what a request gives, a fraction.

    Over 25 to 100 % of nominal and the whole range of temperature. What the look-up itself adds
    (interpolation between knots, whole codes) is measured: each request goes through the file's
    integers and back through the curve; the worst deviation is a rectangular limit, and so is
    half a step of the request's own rounding.

    Raises:
        FileError: The table does not serve one of the requests.
    """
    lowest = math.ceil(LOWEST_REQUEST * nominal_w_m2 / IRRADIANCE_STEP_W_M2)
    highest = _whole_steps(nominal_w_m2)
    requests = np.linspace(lowest, highest, _GRID).astype(int).tolist()
    temperatures = np.linspace(table.t_min, table.t_max, _GRID).astype(int).tolist()
    deviation_rel, u_rel = 0.0, 0.0
    for temperature in temperatures:
        for request in requests:
            drive = lookup(table, request, temperature) / FULL_CODE
            given = curve.estimate(drive, temperature * TEMPERATURE_STEP_K)
            asked_w_m2 = request * IRRADIANCE_STEP_W_M2
            deviation_rel = max(deviation_rel, abs(given.value / asked_w_m2 - 1))
            u_rel = max(u_rel, given.u / given.value)
    rounding_rel = 0.5 / lowest
    return math.sqrt(u_rel**2 + (deviation_rel**2 + rounding_rel**2) / 3)


def _whole_steps(irradiance_w_m2: float) -> int:
    """Return the irradiance in the file's steps, rounded down. [0.01 W/m2]"""
    # Rounded first: 0.29 / 0.01 is 28.999… in binary.
    return math.floor(round(irradiance_w_m2 / IRRADIANCE_STEP_W_M2, 6))


def _knot_codes(curve: ChannelCurve, points: int) -> list[int]:
    if not 2 <= points <= MAX_POINTS:
        raise FitError(
            f"channel {curve.channel}: {points} knots; the file holds 2 to {MAX_POINTS}"
        )
    lowest = math.ceil(curve.drive_min * FULL_CODE)
    highest = math.floor(curve.drive_max * FULL_CODE)
    spacing = np.linspace(0.0, 1.0, points) ** 2
    return [round(lowest + part * (highest - lowest)) for part in spacing.tolist()]


def _knot_irradiance(curve: ChannelCurve, code: int) -> int:
    at_ref_w_m2 = curve.irradiance_w_m2(code / FULL_CODE, curve.t_ref_degc)
    return round(at_ref_w_m2 / IRRADIANCE_STEP_W_M2)


def _require_low_end(curve: ChannelCurve, nominal_w_m2: float) -> None:
    brightest_w_m2 = max(
        curve.irradiance_w_m2(curve.drive_min, degc)
        for degc in np.linspace(curve.t_min_degc, curve.t_max_degc, _GRID).tolist()
    )
    if brightest_w_m2 > LOWEST_REQUEST * nominal_w_m2:
        raise FitError(
            f"channel {curve.channel}: low end: the lowest measured drive {curve.drive_min:g} "
            f"gives up to {brightest_w_m2:.2f} W/m2, more than {LOWEST_REQUEST:.0%} of nominal "
            f"{nominal_w_m2:g} W/m2; measure a lower drive level"
        )


def _require_correction(curve: ChannelCurve, table: ChannelTable) -> None:
    for temperature in np.linspace(table.t_min, table.t_max, 1001).astype(int).tolist():
        board_degc = temperature * TEMPERATURE_STEP_K
        wanted = curve.correction(board_degc)
        made = correction(table, temperature) / ONE
        if abs(made / wanted - 1) > WORST_CORRECTION_REL:
            raise FitError(
                f"channel {curve.channel}: the file's correction at {board_degc:.1f} degC is "
                f"{made:.5f}, the curve's {wanted:.5f}; they may differ by "
                f"{WORST_CORRECTION_REL:.2%}"
            )


def _ceiling(table: ChannelTable, nominal_w_m2: float) -> int:
    """Return the largest request to be served, one that stays in the table however hot."""
    largest = max(correction(table, t) for t in range(table.t_min, table.t_max + 1))
    ceiling = min(table.ceiling, table.irradiance[-1] * ONE // largest)
    if ceiling < _whole_steps(nominal_w_m2):
        raise FitError(
            f"channel {table.channel}: headroom: at most {ceiling * IRRADIANCE_STEP_W_M2:.2f} "
            f"W/m2 can be served from {table.t_min * TEMPERATURE_STEP_K:g} to "
            f"{table.t_max * TEMPERATURE_STEP_K:g} degC, nominal is {nominal_w_m2:g} W/m2"
        )
    return ceiling
