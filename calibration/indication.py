"""What the instruments showed, uncorrected, with the time at which they showed it."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerIndication:
    """One reading of an optical power meter.

    Attributes:
        power_w: The indicated power, never an over-range value. [W]
        wavelength_nm: The wavelength the meter was set to. [nm]
        range_w: Upper limit of the range it was read on. [W]
        averaging_s: Time over which the meter averaged. [s]
        at: UTC time of the reply.
    """

    power_w: float
    wavelength_nm: float
    range_w: float
    averaging_s: float
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectrumIndication:
    """One reading of a spectroradiometer with an irradiance head.

    Attributes:
        wavelength_nm: The instrument's wavelength axis, rising, shape (n,). [nm]
        irradiance_w_m2_nm: Indicated spectral irradiance, shape (n,). [W/m2/nm]
        integration_s: Integration time used. [s]
        averages: How many scans the instrument averaged.
        at: UTC time of the reply.
    """

    wavelength_nm: FloatArray
    irradiance_w_m2_nm: FloatArray
    integration_s: float
    averages: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TemperatureIndication:
    """One scan of the thermocouple logger.

    Attributes:
        thermocouple_degc: Indicated temperature by thermocouple name. [degC]
        at: UTC time of the reply.
    """

    thermocouple_degc: dict[str, float]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelIndication:
    """What the panel says of itself.

    Attributes:
        board_degc: LED board temperature by the panel's own NTC. [degC]
        current_a: LED current by channel number. [A]
        fan_rpm: Fan speed. [1/min]
        at: UTC time of the reply with the board's temperature.
    """

    board_degc: float
    current_a: dict[int, float]
    fan_rpm: float
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """What all instruments showed in one state of the panel (dark or lit).

    Attributes:
        power: Consecutive readings of the power meter, at least one.
        spectrum: The spectrum, None where the step did not ask for one.
        temperature: The logger's scan.
        panel: The panel's own indications.
    """

    power: tuple[PowerIndication, ...]
    spectrum: SpectrumIndication | None
    temperature: TemperatureIndication
    panel: PanelIndication


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One blank-lit-blank sequence.

    Attributes:
        channels: LED channels that were lit, empty for none.
        drive_code: Raw drive code of each lit channel, 0 to 65535.
        blank_before: Readings with the panel dark, before.
        lit: Readings with the channels lit and settled.
        blank_after: Readings with the panel dark, after.
    """

    channels: tuple[int, ...]
    drive_code: tuple[int, ...]
    blank_before: Readings
    lit: Readings
    blank_after: Readings
