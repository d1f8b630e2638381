"""The product file: what a panel of one model must be, and how it is measured."""

import re
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal, Self

from annotated_types import Ge, Gt, Le, Len
from pydantic import AfterValidator, Field, StringConstraints, model_validator

from ledcal.rig.settings import BadKey, Settings, SettingsFile, read_settings, rising

DEFAULT_PRODUCT = "lt5-300.toml"

Fraction = Annotated[float, Gt(0), Le(1)]
Positive = Annotated[float, Gt(0)]
Rising = AfterValidator(rising)
Span = Annotated[list[float], Len(2, 2), Rising]
PositiveSpan = Annotated[list[Positive], Len(2, 2), Rising]
# The calibration file keeps temperatures in 16 bits of 1/256 degC.
TemperatureSpan = Annotated[list[Annotated[float, Ge(-55), Le(125)]], Len(2, 2), Rising]
Position = Annotated[list[float], Len(2, 2)]
# A second line could look like one that ledcal prints.
OneLine = StringConstraints(pattern=r"^[^\x00-\x1f\x7f]*$")


class ChannelSettings(Settings):
    """One LED channel: nominal band and irradiance with their limits."""

    nominal_nm: Annotated[float, Ge(400), Le(1000)]
    nominal_w_m2: Annotated[float, Gt(0), Le(10_000)]
    ceiling_w_m2: Annotated[float, Gt(0), Le(10_000)]
    centroid_tolerance_nm: Annotated[float, Gt(0), Le(50)]
    fwhm_nm: PositiveSpan
    full_drive_ratio: PositiveSpan
    strings: Annotated[int, Ge(1), Le(200)] | None = None
    """LED strings in parallel; with `current_a`, a string without current is told."""
    current_a: Positive | None = None
    """LED current at full drive, all strings of the channel together."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.ceiling_w_m2 < self.nominal_w_m2:
            limit = f"must be at least nominal_w_m2, {self.nominal_w_m2}"
            raise BadKey(("ceiling_w_m2",), self.ceiling_w_m2, limit)
        return self


class TemperatureSettings(Settings):
    """The reference temperature and the range that the calibration file may cover."""

    t_ref_degc: Annotated[float, Ge(0), Le(80)]
    rated_degc: TemperatureSpan
    beyond_measured_k: Annotated[float, Ge(0), Le(15)]
    u_board_k: Annotated[float, Gt(0), Le(5)]
    u_reading_k: Annotated[float, Gt(0), Le(1)]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        low, high = self.rated_degc
        if not low <= self.t_ref_degc <= high:
            limit = f"must be within rated_degc, {low} to {high}"
            raise BadKey(("t_ref_degc",), self.t_ref_degc, limit)
        return self


class WarmUpSettings(Settings):
    """How long all channels burn, and when the panel counts as stable."""

    round_s: Annotated[float, Ge(5), Le(300)]
    window_s: Annotated[float, Ge(10), Le(3600)]
    stability: Fraction
    limit_s: Annotated[float, Ge(30), Le(14_400)]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        # Otherwise no panel could be seen to be stable, and each would be blamed for it.
        least_s = self.window_s + self.round_s
        if self.limit_s < least_s:
            limit = f"must be at least window_s and round_s together, {least_s:g}"
            raise BadKey(("limit_s",), self.limit_s, limit)
        return self


class LimitSettings(Settings):
    """Limits that hold for every channel or for the whole panel."""

    irradiance_tolerance: Fraction
    irradiance_process_sd_rel: Fraction | None = None
    fit_residual: Fraction
    repeat_change: Fraction = 0.03
    additivity: PositiveSpan
    ambient_w_m2: Positive
    ambient_degc: TemperatureSpan
    blank_drift: Fraction
    heatsink_difference_k: Positive
    mean_drive_ratio: PositiveSpan | None = None
    """Mean over the channels of full drive over nominal; beyond it the panel's place is judged."""


class SafetySettings(Settings):
    """The panel as a source for IEC 62471, and the risk group that it is declared for."""

    risk_group: Literal["exempt", "RG1", "RG2"]
    emitting_mm: Annotated[list[Positive], Len(2, 2)]
    luminous_fraction: Fraction
    u_luminous_rel: Fraction
    weak_visual_stimulus: bool


class CutOffSettings(Settings):
    """Temperatures at which the rig turns the panel dark at once."""

    thermocouple_degc: Annotated[float, Ge(30), Le(80)]
    board_degc: Annotated[float, Ge(30), Le(85)]
    board_rise_k: Annotated[float, Gt(0), Le(50)] = 5.0
    board_rise_s: Annotated[float, Ge(1), Le(600)] = 10.0
    """The board may rise by `board_rise_k` in any span of `board_rise_s`."""
    fan_rpm: PositiveSpan | None = None
    """Speed of the fan while a channel is lit; None for a panel that shows none."""


def _no_stage(positions_mm: list[list[float]]) -> list[list[float]]:
    if positions_mm:
        raise ValueError("no stage is driven yet that could reach a position; leave it empty")
    return positions_mm


class MapSettings(Settings):
    """Grid positions for the irradiance map; empty as long as no stage is driven."""

    positions_mm: Annotated[list[Position], AfterValidator(_no_stage)]


class Product(Settings):
    """The whole product file."""

    format: Literal["ledcal-product/1"]
    model: Annotated[str, Len(1, 40), OneLine]
    version: Annotated[str, Len(1, 20), OneLine]
    title: Annotated[str, Len(1, 120), OneLine]
    serial_pattern: str
    serial_check: Literal["ISO 7064 MOD 37,36"] | None = None
    product_code: Annotated[int, Ge(0), Le(2**32 - 1)]
    hardware_revisions: Annotated[list[int], Len(1)]
    distance_mm: Annotated[int, Gt(0), Le(2000)]
    geometry_id: Annotated[int, Ge(0), Le(65535)]
    valid_hours: Annotated[int, Gt(0), Le(100_000)]
    drive_levels: Annotated[list[Fraction], Len(6, 32), Rising]
    verify_fractions: Annotated[list[Fraction], Len(1, 8), Rising]
    as_found_fractions: Annotated[list[Fraction], Len(0, 8), Rising] = Field(default=[0.5, 1.0])
    """Requests at which a panel that carries a calibration is measured before it is adjusted."""
    temperature: TemperatureSettings
    warm_up: WarmUpSettings
    limits: LimitSettings
    safety: SafetySettings
    cut_off: CutOffSettings
    map: MapSettings
    channel: Annotated[list[ChannelSettings], Len(1, 8)]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        try:
            re.compile(self.serial_pattern)
        except re.error as error:
            limit = f"is no regular expression: {error}"
            raise BadKey(("serial_pattern",), self.serial_pattern, limit) from error
        if self.drive_levels[-1] != 1.0:
            limit = "must end with 1.0, the full drive"
            raise BadKey(("drive_levels",), self.drive_levels, limit)
        return self

    @property
    def channels(self) -> dict[int, ChannelSettings]:
        """The channels by number, from 1."""
        return dict(enumerate(self.channel, start=1))

    def least_request_w_m2(self, channel: int) -> float:
        """Return the lowest irradiance at which a channel is verified. [W/m2]"""
        return self.channels[channel].nominal_w_m2 * self.verify_fractions[0]

    def accepts_serial(self, serial: str) -> bool:
        """Tell whether the text can be a serial of this product."""
        return re.fullmatch(self.serial_pattern, serial) is not None

    def checks(self, serial: str) -> bool:
        """Tell whether the serial's last character is its check character, where it has one.

        Hyphens do not count (ISO 7064:2003, hybrid system MOD 37,36).
        """
        if self.serial_check is None:
            return True
        product = 36
        for letter in serial.replace("-", "")[:-1]:
            product = ((product + int(letter, 36)) % 36 or 36) * 2 % 37
        return (product + int(serial[-1], 36)) % 36 == 1


def read_product(path: Path | None) -> SettingsFile[Product]:
    """Return the product file at a path, or the default product that ships with ledcal.

    Raises:
        RefusedInput: The file is refused.
    """
    if path is None:
        path = Path(str(files("ledcal.rig.products").joinpath(DEFAULT_PRODUCT)))
    return read_settings(path, Product)
