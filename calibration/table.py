"""The integers of one channel of the calibration file, made from its fitted curve."""

import math
from dataclasses import replace

import numpy as np

from ledcal.calibration.channel_curve import ChannelCurve
from ledcal.calibration.errors import FileError, FitError
from ledcal.calibration.estimate import COVERAGE_FACTOR, Component, Estimate
from ledcal.calibration.indication import FloatArray
from ledcal.calibration.lookup import (
    MAX_POINTS,
    check_fields,
    check_served,
    check_table,
    corrections,
    lookup_codes,
)
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
_REQUESTS, _TEMPERATURES = 121, 13


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
    codes = _knot_codes(curve, points)
    table = ChannelTable(
        channel=curve.channel,
        centroid_dnm=round(centroid_nm * 10),
        t_ref=round(curve.t_ref_degc / TEMPERATURE_STEP_K),
        t_min=math.ceil(curve.t_min_degc / TEMPERATURE_STEP_K),
        t_max=math.floor(curve.t_max_degc / TEMPERATURE_STEP_K),
        u_rel=0,
        ceiling=_whole_steps(ceiling_w_m2),
        # The curve's law of temperature is the file's, so that rounding is the best there is.
        b1=round(curve.b1_per_k * ONE * TEMPERATURE_STEP_K),
        b2=round(curve.b2_per_k2 * ONE),  # 2⁴⁶ per (1/256 K)² is 2³⁰ per K²
        irradiance=_knot_irradiances(curve, codes),
        drive=tuple(codes),
    )
    try:
        check_fields(table, curve.channel, points)
        _require_correction(curve, table)
        table = replace(table, ceiling=_ceiling(table, nominal_w_m2))
        check_table(table, curve.channel)
        check_served(table)
        served = served_estimate(curve, table, nominal_w_m2)
    except FileError as error:
        raise FitError(
            f"channel {curve.channel}: the curve does not fit into the file: {error}"
        ) from error
    expanded_rel = COVERAGE_FACTOR * served.u / served.value
    return replace(table, u_rel=math.ceil(expanded_rel / U_REL_STEP))


def served_estimate(curve: ChannelCurve, table: ChannelTable, nominal_w_m2: float) -> Estimate:
    """Return what a request gives where that is known least, with its budget. [W/m2]

    Of all requests from 25 to 100 % of nominal over the whole range of temperature, the one with
    the largest relative uncertainty. What the look-up itself adds (interpolation between knots,
    whole codes) is measured: each request goes through the file's integers and back through the
    curve; the worst deviation is a rectangular limit, and so is half a step of the request's own
    rounding.

    Raises:
        FileError: The table does not serve one of the requests.
    """
    lowest = math.ceil(LOWEST_REQUEST * nominal_w_m2 / IRRADIANCE_STEP_W_M2)
    asked, temperature = (
        grid.ravel().astype(np.int64)
        for grid in np.meshgrid(
            np.linspace(lowest, _whole_steps(nominal_w_m2), _REQUESTS),
            np.linspace(table.t_min, table.t_max, _TEMPERATURES),
        )
    )
    drive = lookup_codes(table, asked, temperature).astype(np.float64) / FULL_CODE
    board_degc = temperature.astype(np.float64) * TEMPERATURE_STEP_K
    given_w_m2, u_w_m2 = curve.evaluate(drive, board_degc)
    deviation_rel = float(np.max(np.abs(given_w_m2 / (asked * IRRADIANCE_STEP_W_M2) - 1)))
    worst = int(np.argmax(u_w_m2 / given_w_m2))
    served = curve.estimate(float(drive[worst]), float(board_degc[worst]))
    limits = {
        "integer look-up": (deviation_rel, "worst of the file's own requests, rectangular"),
        "rounding of a request": (0.5 / lowest, "half a step of 0.01 W/m2, rectangular"),
    }
    return served.with_components(
        Component(
            name=name,
            u_input=limit / math.sqrt(3),
            sensitivity=served.value,
            evaluation="B",
            common=False,
            source=source,
        )
        for name, (limit, source) in limits.items()
    )


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


def _knot_irradiances(curve: ChannelCurve, codes: list[int]) -> tuple[int, ...]:
    """Return the knots that make the look-up's straight pieces follow the curve best.

    A chord errs to one side by up to its sagitta. Inner knots move by half of it, so that the
    pieces err to both sides by half as much. The end knots stay on the curve: beyond them the
    panel would be asked for what was not measured.
    """
    drive = np.array(codes) / FULL_CODE
    on_curve = _at_reference(curve, drive)
    sagitta = _at_reference(curve, (drive[1:] + drive[:-1]) / 2)
    sagitta = sagitta - (on_curve[1:] + on_curve[:-1]) / 2
    on_curve[1:-1] += (sagitta[1:] + sagitta[:-1]) / 4
    return tuple(round(e) for e in (on_curve / IRRADIANCE_STEP_W_M2).tolist())


def _at_reference(curve: ChannelCurve, drive: FloatArray) -> FloatArray:
    return curve.evaluate(drive, np.full_like(drive, curve.t_ref_degc))[0]


def _require_low_end(curve: ChannelCurve, nominal_w_m2: float) -> None:
    board_degc = np.linspace(curve.t_min_degc, curve.t_max_degc, _TEMPERATURES)
    lit_w_m2, _ = curve.evaluate(np.full_like(board_degc, curve.drive_min), board_degc)
    if lit_w_m2.max() > LOWEST_REQUEST * nominal_w_m2:
        raise FitError(
            f"channel {curve.channel}: low end: the lowest measured drive {curve.drive_min:g} "
            f"gives up to {lit_w_m2.max():.2f} W/m2, more than {LOWEST_REQUEST:.0%} of nominal "
            f"{nominal_w_m2:g} W/m2; measure a lower drive level"
        )


def _require_correction(curve: ChannelCurve, table: ChannelTable) -> None:
    """Refuse where the integers do not follow the curve's correction, at any temperature."""
    board_degc = np.arange(table.t_min, table.t_max + 1) * TEMPERATURE_STEP_K
    difference_k = board_degc - curve.t_ref_degc
    wanted = 1 + difference_k * (curve.b1_per_k + difference_k * curve.b2_per_k2)
    made = corrections(table) / ONE
    worst = int(np.argmax(np.abs(made / wanted - 1)))
    if abs(made[worst] / wanted[worst] - 1) > WORST_CORRECTION_REL:
        raise FitError(
            f"channel {curve.channel}: the file's correction at {board_degc[worst]:.1f} degC is "
            f"{made[worst]:.5f}, the curve's {wanted[worst]:.5f}; they may differ by "
            f"{WORST_CORRECTION_REL:.2%}"
        )


def _ceiling(table: ChannelTable, nominal_w_m2: float) -> int:
    """Return the largest request to be served, one that stays in the table however hot."""
    largest = int(corrections(table).max())
    ceiling = min(table.ceiling, table.irradiance[-1] * ONE // largest)
    if ceiling < _whole_steps(nominal_w_m2):
        raise FitError(
            f"channel {table.channel}: headroom: at most {ceiling * IRRADIANCE_STEP_W_M2:.2f} "
            f"W/m2 can be served from {table.t_min * TEMPERATURE_STEP_K:g} to "
            f"{table.t_max * TEMPERATURE_STEP_K:g} degC, nominal is {nominal_w_m2:g} W/m2"
        )
    return ceiling
