"""What was written into the panel, as tables with one column for each channel."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ledcal.calibration.record import CurveFitted
from ledcal.reports.conformity import ABSENT, probability
from ledcal.reports.number import MINUS, at_place, concise, decimal, last_place, significant
from ledcal.reports.quantity import PERCENT, condition, print_unit

_IRRADIANCE = print_unit("W/m2")
# What the record calls a statistic of the fit: words, and the power of ten to the printed unit.
_STATISTICS = {
    "chi2_probability": ("probability of so great a chi² or a greater / %", PERCENT),
    "runs": ("runs of residuals of one sign", 0),
    "runs_probability": ("probability of so few runs or fewer / %", PERCENT),
    "largest_normalised_residual": ("largest residual over its own u", 0),
    "largest_residual_point": ("point of the largest residual", 0),
    "leave_one_out_rel": ("error foretelling a point left out, r.m.s. / %", PERCENT),
}


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
        ("b1 as written / 2⁻³⁰ per 1/256 K", lambda c: _integer(c.b1)),
        ("b1 / K⁻¹", lambda c: _four(c.b1_per_k)),
        ("b2 as written / 2⁻⁴⁶ per (1/256 K)²", lambda c: _integer(c.b2)),
        ("b2 / K⁻²", lambda c: _four(c.b2_per_k2)),
    ]
    rows = [(words, [text(curve) for curve in curves]) for words, text in plain]
    names = list(dict.fromkeys(name for curve in curves for name in curve.coefficients))
    rows += [(f"Fit: {name}", [_fitted(curve, name) for curve in curves]) for name in names]
    rows.append(("Fit: chi² / degrees of freedom", [f"{c.chi2:.1f} / {c.dof}" for c in curves]))
    known = list(dict.fromkeys(name for curve in curves for name in curve.statistics))
    rows += [(_statistic_words(name), [_statistic(c, name) for c in curves]) for name in known]
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
        return ABSENT, ABSENT
    return str(curve.knot_drive_code[knot]), _irradiance(curve.knot_irradiance_w_m2[knot])


def _irradiance(irradiance_w_m2: float) -> str:
    """Return an irradiance of the file to the file's own step, 0.01 W/m2 or 0.001 mW/cm2."""
    return at_place(decimal(irradiance_w_m2, shift=_IRRADIANCE.shift), -3)


def _integer(value: int) -> str:
    return str(value).replace("-", MINUS)


def _four(value: float) -> str:
    """Return a number with four significant digits, idle zeros kept."""
    exact = decimal(value)
    return at_place(exact, last_place(abs(exact), digits=4)) if exact else "0"


def _fitted(curve: CurveFitted, name: str) -> str:
    if name not in curve.coefficients:
        return ABSENT
    if name not in curve.coefficient_u:
        return significant(curve.coefficients[name], 5)
    return concise(curve.coefficients[name], curve.coefficient_u[name])


def _statistic_words(name: str) -> str:
    if name in _STATISTICS:
        return f"Fit: {_STATISTICS[name][0]}"
    label, _ = condition(name, 0.0)
    return f"Fit: {label}"


def _statistic(curve: CurveFitted, name: str) -> str:
    """Return a statistic of the fit; one not known here is printed with the unit of its name."""
    value = curve.statistics.get(name)
    if value is None:
        return ABSENT
    if name.endswith("_probability"):
        return probability(value)
    if name in _STATISTICS:
        return significant(value, 3, shift=_STATISTICS[name][1])
    _, text = condition(name, value)
    return text


def models(curves: Sequence[CurveFitted]) -> list[tuple[str, str]]:
    """Return the models of the fits, each with the channels that it holds for in words.

    The words are empty where all channels have the same model.
    """
    by_model: dict[str, list[str]] = {}
    for curve in curves:
        by_model.setdefault(curve.model, []).append(str(curve.channel))
    return [
        (model, f"channel{'s' * (len(channels) > 1)} {', '.join(channels)}" * (len(by_model) > 1))
        for model, channels in by_model.items()
    ]
