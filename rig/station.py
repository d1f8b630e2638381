"""The station file: this bench, its instruments, certificates, clock and data folder."""

from pathlib import Path
from typing import Annotated, Literal, Self

from annotated_types import Ge, Gt, Le, Len
from pydantic import StringConstraints, model_validator

from ledcal.rig.settings import BadKey, Settings, SettingsFile, read_settings

# A control character is no part of a name, and a NUL none of a path.
Text = Annotated[str, Len(1, 200), StringConstraints(pattern=r"^[^\x00-\x1f\x7f]*$")]
Mode = Literal["PROD", "ENG", "DEMO"]


class ClockSettings(Settings):
    """How much faster than the wall clock the bench's physics runs."""

    speed: Annotated[float, Ge(1), Le(200)] = 1.0


class PlaneSettings(Settings):
    """The reference plane and what is known of the heads' places in it.

    `spectrometer_ratio` is the irradiance that the spectrometer's head receives in its place over
    that in the power meter's.
    """

    distance_mm: Annotated[float, Gt(0), Le(2000)]
    u_distance_mm: Annotated[float, Ge(0), Le(10)]
    distance_sensitivity_per_mm: Annotated[float, Ge(0), Le(0.1)]
    u_cosine: Annotated[float, Ge(0), Le(0.1)]
    spectrometer_ratio: Annotated[float, Gt(0), Le(2)] | None = None
    """Irradiance at the spectrometer's head over that at the meter's; None when not known."""
    u_spectrometer_ratio: Annotated[float, Ge(0), Le(0.5)] = 0.0
    turned_spectrometer_ratio: Annotated[float, Gt(0), Le(2)] | None = None
    """The same ratio while the panel lies turned by 180 degrees; None when not known."""
    description: Text

    @model_validator(mode="after")
    def _known_how_well(self) -> Self:
        if self.spectrometer_ratio is not None and self.u_spectrometer_ratio == 0:
            limit = "must be > 0 where spectrometer_ratio is stated"
            raise BadKey(("u_spectrometer_ratio",), self.u_spectrometer_ratio, limit)
        if self.turned_spectrometer_ratio is not None and (
            self.spectrometer_ratio in (None, self.turned_spectrometer_ratio)
        ):
            limit = "needs another spectrometer_ratio beside it"
            raise BadKey(("turned_spectrometer_ratio",), self.turned_spectrometer_ratio, limit)
        return self


class DecisionSettings(Settings):
    """The decision rule: guard band = guard_factor x expanded uncertainty."""

    rule: Literal["simple", "guard band", "non-binary"] = "guard band"
    guard_factor: Annotated[float, Ge(0), Le(3)] = 1.0


class InstrumentSettings(Settings):
    """One instrument: how it is driven, where it is, which one it must be."""

    driver: Text
    resource: Text
    serial: Text
    certificate: Text


class LoggerSettings(InstrumentSettings):
    """The thermocouple logger with the input of each thermocouple."""

    thermocouples: Annotated[dict[str, Annotated[int, Ge(1)]], Len(1)]

    @model_validator(mode="after")
    def _named(self) -> Self:
        missing = {"ambient", "surface", "heatsink"} - set(self.thermocouples)
        if missing:
            limit = f"there is no input for {', '.join(sorted(missing))}"
            raise BadKey(("thermocouples",), self.thermocouples, limit)
        for name, number in self.thermocouples.items():
            others = [n for n, used in self.thermocouples.items() if used == number and n != name]
            if others:
                limit = f"is also the input of {others[0]}"
                raise BadKey(("thermocouples", name), number, limit)
        return self


class PanelSettings(Settings):
    """The place where the panel under calibration is plugged in."""

    driver: Text
    resource: Text


class LaboratorySettings(Settings):
    """Who calibrates, for certificates; the country as ISO 3166-1 has it, "DE" for example."""

    name: Text
    country_code: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
    city: Text | None = None
    post_code: Text | None = None
    street: Text | None = None


class Station(Settings):
    """The whole station file."""

    format: Literal["ledcal-station/1"]
    name: Text
    site: Text
    mode: Mode
    simulated: bool = False
    visa_library: Text = "@py"
    data_folder: Text
    signing_key: Text | None = None
    signing: Literal["at once", "after review"] = "at once"
    sign_on: Literal["required"] | None = None
    sign_on_idle_s: Annotated[float, Ge(60), Le(28_800)] = 1800.0
    clock: ClockSettings = ClockSettings()
    plane: PlaneSettings
    decision: DecisionSettings = DecisionSettings()
    laboratory: LaboratorySettings | None = None
    power_meter: InstrumentSettings
    spectrometer: InstrumentSettings
    thermocouple_logger: LoggerSettings
    panel: PanelSettings

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.mode == "PROD":
            if self.simulated:
                raise BadKey(("simulated",), True, "a PROD station has no simulated bench")
            if self.clock.speed != 1:
                raise BadKey(("clock", "speed"), self.clock.speed, "PROD runs at 1 only")
            if self.signing_key is None and self.signing == "at once":
                limit = "a PROD station needs its signing_key, or signing = 'after review'"
                raise BadKey(("mode",), self.mode, limit)
            if self.sign_on is None:
                limit = "a PROD station needs sign_on = 'required': see `ledcal person add`"
                raise BadKey(("mode",), self.mode, limit)
        if self.signing_key is not None and self.signing == "after review":
            raise BadKey(
                ("signing",), self.signing, "needs no signing_key here; remove one of both"
            )
        if self.mode == "DEMO" and not self.simulated:
            limit = "DEMO is for the simulated bench; say ENG, or simulated = true"
            raise BadKey(("mode",), self.mode, limit)
        return self


def read_station(path: Path) -> SettingsFile[Station]:
    """Return the station file at a path.

    Raises:
        RefusedInput: The file is refused.
    """
    return read_settings(path, Station)


def beside(station: SettingsFile[Station], name: str) -> Path:
    """Return a path named in the station file; relative ones start at that file's folder."""
    return (station.path.parent / name).resolve()
