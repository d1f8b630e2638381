"""What a first look at each channel tells before the panel is warmed up: its LEDs and its place.

LEDs differ from panel to panel, channel by channel. What shifts all channels alike is where the
panel lies: its height and its orientation. So the one is the panel's, the other the operator's.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ledcal.calibration.estimate import Component, Estimate
from ledcal.calibration.fusion import weighted_irradiance
from ledcal.rig.evaluation import Evaluated
from ledcal.rig.product import Product
from ledcal.rig.station import PlaneSettings

COLD_NM = 5.0
"""A cold LED at full drive may shine so much beside its centroid at nominal irradiance. [nm]"""
COLD_PER_K = 0.006
"""The channels' mean may be so much brighter for each kelvin below the reference temperature."""
U_CURRENT = 0.01
"""Relative standard uncertainty of the panel's own indication of its LED current."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstLook:
    """Each channel alone at full drive, before the panel is warmed up.

    Attributes:
        integration_s: The spectrometer's time for one channel alone. [s]
        seen: By channel.
    """

    integration_s: float
    seen: dict[int, Evaluated]

    def irradiances(self) -> dict[int, Estimate]:
        """Return the irradiance of each channel. [W/m2]"""
        return {channel: one.irradiance for channel, one in self.seen.items()}


def centroid_limits_nm(product: Product, channel: int) -> tuple[float, float]:
    """Return where the centroid of a cold channel may lie. [nm]"""
    settings = product.channels[channel]
    half_nm = settings.centroid_tolerance_nm + COLD_NM
    return settings.nominal_nm - half_nm, settings.nominal_nm + half_nm


def whose_leds(product: Product, look: FirstLook, channel: int) -> str:
    """Return what light of a wrong wavelength means: swapped channels, or another reel."""

    def shines_as(seen: int, other: int) -> bool:
        low_nm, high_nm = centroid_limits_nm(product, other)
        return low_nm <= look.seen[seen].band.centroid.value <= high_nm

    nominal_nm = {n: f"{settings.nominal_nm:g} nm" for n, settings in product.channels.items()}
    for other in product.channels:
        if other != channel and shines_as(channel, other) and shines_as(other, channel):
            return (
                f"channels {channel} ({nominal_nm[channel]}) and {other} ({nominal_nm[other]}) "
                "are swapped: check their plugs"
            )
    return (
        f"channel {channel} has not the LEDs of {nominal_nm[channel]} but others: check the reel"
    )


def full_current(product: Product, look: FirstLook, channel: int) -> Estimate | None:
    """Return the LED current of a channel; None where the product states no strings. [A]"""
    settings = product.channels[channel]
    if settings.strings is None or settings.current_a is None:
        return None
    indicated_a = look.seen[channel].observation.lit.panel.current_a[channel]
    own = Component(
        name="panel's own indication",
        u_input=U_CURRENT * settings.current_a,
        evaluation="B",
        common=False,
        source="estimate",
    )
    return Estimate(value=indicated_a, unit="A", components=(own,))


def missing_strings(product: Product, look: FirstLook, channel: int) -> str:
    """Return how much light is missing with how many strings, in words."""
    settings = product.channels[channel]
    assert settings.strings is not None
    assert settings.current_a is not None
    indicated_a = look.seen[channel].observation.lit.panel.current_a[channel]
    low = 1 - indicated_a / settings.current_a
    ratios = drive_ratios(product, look.irradiances())
    others = [ratio for n, ratio in ratios.items() if n != channel]
    beside = ""
    if others:
        darker = 1 - ratios[channel] / _mean(others)
        beside = f", its light {abs(darker):.0%} {'below' if darker > 0 else 'above'} the others'"
    return (
        f"channel {channel} ({settings.nominal_nm:g} nm): its current is {low:.0%} low{beside}: "
        f"about {round(low * settings.strings)} of {settings.strings} strings dead"
    )


def drive_ratios(product: Product, full: Mapping[int, Estimate]) -> dict[int, float]:
    """Return irradiance at full drive over nominal by channel."""
    return {n: one.value / product.channels[n].nominal_w_m2 for n, one in full.items()}


def common_level(product: Product, full: Mapping[int, Estimate]) -> Estimate | None:
    """Return the channels' mean of full drive over nominal, without the one furthest out.

    A shift that one channel alone makes is that channel's; the place of the panel shifts all of
    them. None where the product states no limits, or has too few channels to tell. [1]
    """
    limits = product.limits.mean_drive_ratio
    ratios = sorted(drive_ratios(product, full).values())
    if limits is None or len(ratios) < 3 or ratios[0] <= 0:
        return None
    value = _mean(ratios[:-1] if _mean(ratios) > _mean(limits) else ratios[1:])
    u_rel = max(one.u / one.value for one in full.values())
    meter = Component(
        name="irradiance, the same in all channels",
        u_input=value * u_rel,
        evaluation="B",
        common=True,
        source="budget of the irradiance",
    )
    return Estimate(value=value, unit="1", components=(meter,))


def cold_limits(product: Product, look: FirstLook) -> tuple[float, float] | None:
    """Return the limits of the common level as wide as a cold panel needs them."""
    if product.limits.mean_drive_ratio is None:
        return None
    lower, upper = product.limits.mean_drive_ratio
    board_degc = [one.board_degc for one in look.seen.values()]
    colder_k = product.temperature.t_ref_degc - sum(board_degc) / len(board_degc)
    room = 1 + COLD_PER_K * abs(colder_k)
    return (lower, upper * room) if colder_k > 0 else (lower / room, upper)


def place_ratio(look: FirstLook, plane: PlaneSettings) -> Estimate | None:
    """Return what the spectrometer's head sees over what the meter's does, mean of the channels.

    None where the station does not know that ratio of a panel that lies the right way and of one
    that is turned. [1]
    """
    if plane.spectrometer_ratio is None or plane.turned_spectrometer_ratio is None:
        return None
    ratios, u_rel = [], []
    for one in look.seen.values():
        beside = weighted_irradiance(one.spectrum, np.ones_like(one.spectrum.wavelength_nm))
        ratios.append(beside.value / one.irradiance.value)
        u_rel.append(math.hypot(beside.u / beside.value, one.irradiance.u / one.irradiance.value))
    value = _mean(ratios)
    heads = Component(
        name="both heads",
        u_input=value * max(u_rel),
        evaluation="B",
        common=True,
        source="budgets of both instruments",
    )
    return Estimate(value=value, unit="1", components=(heads,))


def turned_limits(plane: PlaneSettings) -> tuple[float | None, float | None]:
    """Return the limits between a panel that lies the right way and one that is turned."""
    assert plane.spectrometer_ratio is not None
    assert plane.turned_spectrometer_ratio is not None
    between = _mean([plane.spectrometer_ratio, plane.turned_spectrometer_ratio])
    if plane.turned_spectrometer_ratio < plane.spectrometer_ratio:
        return between, None
    return None, between


def _mean(ratios: list[float]) -> float:
    return math.exp(sum(math.log(ratio) for ratio in ratios) / len(ratios))
