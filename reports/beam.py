"""The beam parameters that treatments are reported with, as far as they are the panel's to say.

The list is that of Jenkins and Carroll (Photomed. Laser Surg. 29 (2011) 785), the device's side.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ledcal.calibration.record import Measured, Record
from ledcal.reports.conformity import ABSENT
from ledcal.reports.number import at_place, decimal, stated
from ledcal.reports.quantity import print_unit
from ledcal.reports.verification import verification

_MINUTE_S = 60
_J_CM2_PER_J_M2 = -4
"""Power of ten from J/m2 to J/cm2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beam:
    """One channel's beam as printed, each quantity with its expanded uncertainty.

    Attributes:
        irradiance: At its largest verified request. [mW/cm2]
        radiant_exposure: Of one minute at that request. [J/cm2]
    """

    channel: int
    name: str
    centroid: tuple[str, str]
    peak: str
    fwhm: tuple[str, str]
    irradiance: tuple[str, str]
    radiant_exposure: tuple[str, str]


_NONE = (ABSENT, ABSENT)


def beams(record: Record, names: Mapping[int, str]) -> list[Beam]:
    """Return the beam of each channel of which anything was measured."""
    return [_beam(record, channel, name) for channel, name in names.items()]


def _beam(record: Record, channel: int, name: str) -> Beam:
    own = [m for m in record.measured if m.channel == channel and m.step == "spectrum"]
    centroid = _only(own, lambda m: m.measurand == "centroid")
    lit = [m for m in verification(record) if m.channel == channel]
    full = max(lit, key=lambda m: m.nominal or 0.0, default=None)
    shift = print_unit("W/m2").shift
    return Beam(
        channel=channel,
        name=name,
        centroid=_stated(centroid),
        peak=_peak(centroid, _only(own, lambda m: m.measurand == "peak")),
        fwhm=_stated(_only(own, lambda m: m.measurand.lower() == "fwhm")),
        irradiance=_stated(full, shift=shift),
        radiant_exposure=_stated(full, times=_MINUTE_S, shift=_J_CM2_PER_J_M2),
    )


def _only(results: list[Measured], wanted: Callable[[Measured], bool]) -> Measured | None:
    return next((m for m in results if wanted(m)), None)


def _stated(result: Measured | None, *, times: int = 1, shift: int = 0) -> tuple[str, str]:
    if result is None:
        return _NONE
    return stated(times * result.value, times * result.expanded_uncertainty, shift=shift)


def _peak(centroid: Measured | None, peak: Measured | None) -> str:
    """Return the wavelength of the peak; records keep it beside the centroid, or of its own."""
    known = peak.value if peak is not None else None
    if known is None and centroid is not None:
        beside = centroid.where.get("peak_nm")
        known = beside if isinstance(beside, float | int) else None
    return ABSENT if known is None else at_place(decimal(known), -1)
