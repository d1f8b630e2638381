"""What was written into the panel, as tables with one column for each channel."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ledcal.calibration.record import CurveFitted
from ledcal.reports.number import at_place, concise, decimal, last_place, significant
from ledcal.reports.quantity import print_unit

_IRRADIANCE = print_unit("W/m2")
_ABSENT = "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelTable:
    """A table with one column for each channel: labelled rows of texts."""

    channels: list[int]
    rows: list[tuple[str, list[str]]]


def coefficient_table(curves: Sequence[CurveFitted]) -> ChannelTable:
    """Return the coefficients of the file, and those of the fitted model with their u."""
    plain: list[tuple[str, Callable[[CurveFitted], str]]] = [
        ("Centroid wavelength / nm", lambda c: f"{c.centroid_nm:.1f}"),
        ("Reference temperature / °C", lambda c: f"{c.t_ref_degc:.1f}"),
        ("Temperature range / °C", lambda c: f"{c.t_min_degc:.1f} … {c.t_max_degc:.1f}"),
        ("Ceiling / mW/cm²", lambda c: _irradiance(c.ceiling_w_m2)),
        ("Expanded relative uncertainty U, k = 2 / %", lambda c: significant(c.u_rel, 3, shift=2)),
        ("b1 as written / 2⁻³⁰ per 1/256 K", lambda c: str(c.b1)),
        ("b1 / K⁻¹", lambda c: _four(c.b1_per_k)),
        ("b2 as written / 2⁻⁴⁶ per (1/256 K)²", lambda c: str(c.b2)),
        ("b2 / K⁻²", lambda c: _four(c.b2_per_k2)),
    ]
    rows = [(words, [text(curve) for curve in curves]) for words, text in plain]
    names = list(dict.fromkeys(name for curve in curves for name in curve.coefficients))
    rows += [(f"Fit: {name}", [_fitted(curve, name) for curve in curves]) for name in names]
    rows.append(("Fit: chi² / degrees of freedom", [f"{c.chi2:.1f} / {c.dof}" for c in curves]))
    return ChannelTable(channels=[c.channel for c in curves], rows=rows)


def knot_table(curves: Sequence[CurveFitted]) -> ChannelTable:
    """Return the look-up table: drive code and irradiance of each knot, two texts a channel."""
    longest = max((len(c.knot_drive_code) for c in curves), default=0)
    rows = [
        (str(knot + 1), [text for curve in curves for text in _knot(curve, knot)])
        for knot in range(longest)
    ]
    return ChannelTable(channels=[c.channel for c in curves], rows=rows)


def _knot(curve: CurveFitted, knot: int) -> tuple[str, str]:
    if knot >= len(curve.knot_drive_code):
        return _ABSENT, _ABSENT
    return str(curve.knot_drive_code[knot]), _irradiance(curve.knot_irradiance_w_m2[knot])


def _irradiance(irradiance_w_m2: float) -> str:
    """Return an irradiance of the file to the file's own step, 0.01 W/m2 or 0.001 mW/cm2."""
    return at_place(decimal(irradiance_w_m2, shift=_IRRADIANCE.shift), -3)


def _four(value: float) -> str:
    """Return a number with four significant digits, idle zeros kept."""
    exact = decimal(value)
    return at_place(exact, last_place(abs(exact), digits=4)) if exact else "0"


def _fitted(curve: CurveFitted, name: str) -> str:
    if name not in curve.coefficients:
        return _ABSENT
    if name not in curve.coefficient_u:
        return significant(curve.coefficients[name], 5)
    return concise(curve.coefficients[name], curve.coefficient_u[name])
