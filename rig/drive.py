"""Drive one channel by hand, under the interlocks of a run, and keep what was seen."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ledcal.calibration.indication import Readings
from ledcal.instruments.errors import DeviceError
from ledcal.rig.bench import Bench, open_bench
from ledcal.rig.certificates import read_certificates
from ledcal.rig.closing import TRANSCRIPT
from ledcal.rig.ending import Ending
from ledcal.rig.errors import PanelError, RefusedInput, RigError, SetupError
from ledcal.rig.folder import require_writable
from ledcal.rig.identify import identify_panel
from ledcal.rig.journal import Journal
from ledcal.rig.observation import (
    FULL_CODE,
    LOOK_EVERY_S,
    SETTLE_S,
    ByDrive,
    ByIrradiance,
    Light,
    Observer,
)
from ledcal.rig.panel_lock import panel_lock
from ledcal.rig.product import Product, read_product
from ledcal.rig.run import require_serial
from ledcal.rig.station import read_station
from ledcal.rig.virtual_bench import station_or_bench
from ledcal.rig.visit import DRIVES, Visit, kept

LONGEST_S = 3600.0
"""A channel is driven by hand for an hour at most. [s]"""

Show = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be driven; exactly one of `code` and `irradiance_w_m2` is given.

    Attributes:
        channel: The channel, from 1.
        code: Raw drive code.
        irradiance_w_m2: What the panel's own firmware is asked for. [W/m2]
        duration_s: For how long, in bench time. [s]
    """

    channel: int
    code: int | None
    irradiance_w_m2: float | None
    duration_s: float

    def light(self, product: Product) -> Light:
        """Return the light that is meant.

        Raises:
            RefusedInput: There is no such channel, code, irradiance or time.
        """
        channels = product.channels
        if self.channel not in channels:
            raise _refused("channel", self.channel, f"{product.model} has 1 to {len(channels)}")
        if not 0 < self.duration_s <= LONGEST_S:
            raise _refused("time", self.duration_s, f"above 0 s, up to {LONGEST_S:g} s")
        if (self.code is None) == (self.irradiance_w_m2 is None):
            raise RefusedInput("DRIVE", "give either a drive code or an irradiance")
        if self.code is not None:
            if not 0 <= self.code <= FULL_CODE:
                raise _refused("code", self.code, f"0 to {FULL_CODE}")
            return ByDrive({self.channel: self.code})
        asked_w_m2, ceiling_w_m2 = self.irradiance_w_m2, channels[self.channel].ceiling_w_m2
        if asked_w_m2 is None or not 0 <= asked_w_m2 <= ceiling_w_m2:
            raise _refused(
                "irradiance", asked_w_m2, f"0 W/m2 to its ceiling {ceiling_w_m2:g} W/m2"
            )
        return ByIrradiance({self.channel: asked_w_m2})


def _refused(name: str, value: object, limit: str) -> RefusedInput:
    return RefusedInput("DRIVE", f"{name} {value}: {limit}; correct it")


def drive(visit: Visit, product_file: Path | None, wanted: Wanted, show: Show) -> Path:
    """Light a channel for a time and return the folder in which all of it is kept.

    Dark again after the time, at any signal, at any error and above any cut-off; a rig that is
    killed leaves that to the panel's watchdog.

    Args:
        visit: Panel, station and operator.
        product_file: Product file, None for the default product: its cut-offs hold.
        wanted: Channel, drive and time.
        show: Called with each look, once a second of bench time.

    Raises:
        RefusedInput: Something that a person wrote is refused; nothing was lit.
        RigError: Anything else that ends it early; the panel is dark.
    """
    product = read_product(product_file).settings
    serial = visit.request.serial
    require_serial(serial, product)
    light = wanted.light(product)
    with Ending() as ending:
        try:
            return _kept_drive(visit, product, light, wanted, show, ending)
        except KeyboardInterrupt:
            raise RigError("INTERRUPTED", "interrupted; the panel is dark") from None


def _kept_drive(
    visit: Visit, product: Product, light: Light, wanted: Wanted, show: Show, ending: Ending
) -> Path:
    serial = visit.request.serial
    with station_or_bench(visit.station, visit.data_folder, serial) as path:
        place = read_station(path)
        certificates = read_certificates(place)
        require_writable(visit.data_folder)
        with (
            kept(visit, DRIVES, place, asdict(wanted), []) as (folder, journal),
            panel_lock(visit.data_folder, serial, place.settings.name),
            open_bench(
                place, certificates, serial, folder / TRANSCRIPT, lambda: ending.begun
            ) as bench,
        ):
            found = identify_panel(bench.panel)
            found.require(product)
            journal.append("panel", asdict(found.identity))
            observer = _observer(bench, product, journal)
            _drive(observer, light, wanted, product, journal, show)
    return folder


def _observer(bench: Bench, product: Product, journal: Journal) -> Observer:
    def note(code: str, text: str) -> None:
        journal.append("note", {"code": code, "text": text})

    return Observer(bench=bench, cut_off=product.cut_off, note=note)


def _drive(
    observer: Observer,
    light: Light,
    wanted: Wanted,
    product: Product,
    journal: Journal,
    show: Show,
) -> None:
    bench = observer.bench
    bench.power_meter.set_wavelength_nm(product.channels[wanted.channel].nominal_nm)
    # Before any light: a board that is too hot already is not lit at all.
    observer.read_dark(None)
    try:
        light.apply(bench)
    except DeviceError as error:
        raise SetupError(
            "REQUEST_REFUSED",
            f"{error}; a panel without a valid calibration, or outside of it, can be driven by "
            "its code",
        ) from error
    began_s = bench.clock.now_s()
    bench.clock.sleep(min(SETTLE_S, wanted.duration_s))
    while (past_s := bench.clock.now_s() - began_s) < wanted.duration_s:
        looked = _looked(observer.read(None), wanted.channel, past_s)
        bench.panel.check_trips()
        looked["drive_code"] = bench.panel.drive_code(wanted.channel)
        if not bench.panel.output(wanted.channel):
            bench.panel.check_trips()  # it may have tripped or restarted since it was asked
            raise PanelError("WENT_DARK", "the panel turned dark without saying why; check it")
        journal.append("looked", looked)
        show(looked)
        next_s = began_s + past_s + LOOK_EVERY_S
        left_s = min(next_s, began_s + wanted.duration_s) - bench.clock.now_s()
        bench.clock.sleep(max(0.0, left_s))


def _looked(readings: Readings, channel: int, past_s: float) -> dict[str, Any]:
    """Return one look at the instruments: their indications, nothing is corrected."""
    power = readings.power[-1]
    return {
        "past_s": past_s,
        "power_w": power.power_w,
        "wavelength_nm": power.wavelength_nm,
        "current_a": readings.panel.current_a[channel],
        "board_degc": readings.panel.board_degc,
        "fan_rpm": readings.panel.fan_rpm,
        "thermocouple_degc": dict(readings.temperature.thermocouple_degc),
    }
