"""Readings that are dropped, counted and taken again, since what they show is not the light."""

import statistics
from collections.abc import Sequence

from ledcal.calibration.indication import PowerIndication, SpectrumIndication
from ledcal.calibration.spectrum import is_flat_topped
from ledcal.instruments.errors import (
    LinkLost,
    LinkTimeout,
    OverRange,
    ReplyError,
    Saturated,
    Underexposed,
)
from ledcal.rig.errors import SetupError, StationError

STILL = 0.02
"""Spread of the readings of one lit state over their mean: beyond it, something moves."""


class Unsteady(SetupError):
    """The light changed while it was read."""


class OtherSetting(StationError):
    """The power meter is at another wavelength than it was set to.

    Attributes:
        wanted_nm: What it was set to. [nm]
    """

    def __init__(self, found_nm: float, wanted_nm: float) -> None:
        """Name both."""
        super().__init__(
            "METER_SETTING",
            f"the power meter was at {found_nm:g} nm instead of {wanted_nm:g} nm, to which it was "
            "set; leave its keys alone, or have it checked",
        )
        self.wanted_nm = wanted_nm


LOST = (LinkLost, LinkTimeout, ReplyError, OverRange, Saturated, Underexposed, Unsteady)
"""A reading that ends so is taken again; the first three are drops, delays and noise of a line."""


def require_still(power: Sequence[PowerIndication]) -> None:
    """Refuse readings between which the light changed.

    Raises:
        Unsteady: It did.
    """
    power_w = [one.power_w for one in power]
    spread = (max(power_w) - min(power_w)) / abs(statistics.fmean(power_w))
    if not spread <= STILL:
        raise Unsteady(
            "UNSTEADY",
            f"the light changed by {spread:.1%} while it was read (limit {STILL:.0%}): panel or "
            "heads move; see that the panel sits firmly and that nothing touches the bench",
        )


def require_rounded(seen: SpectrumIndication | None) -> None:
    """Refuse a spectrum that is cut off at its top, should the instrument not have told.

    Raises:
        Saturated: It is.
    """
    if seen is not None and is_flat_topped(seen):
        raise Saturated(
            f"the spectrum is flat on top: the spectrometer is saturated in "
            f"{seen.integration_s:g} s and does not say so; have it checked"
        )
