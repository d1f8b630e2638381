"""The measuring steps of the procedure: blank, warm-up, spectrum, irradiance over drive."""

import statistics
from dataclasses import dataclass
from itertools import cycle

from ledcal.calibration.agreement import BEAT_RATIO, Agreement, beat_test
from ledcal.calibration.indication import Observation, PowerIndication, Readings
from ledcal.calibration.irradiance import ambient_irradiance
from ledcal.calibration.temperature import drift_rel
from ledcal.instruments.errors import ZeroFailed
from ledcal.rig.errors import PanelError, SetupError
from ledcal.rig.evaluation import Evaluated, Evaluator, blank_drift
from ledcal.rig.first_look import FirstLook
from ledcal.rig.observation import FULL_CODE, ByDrive, Observer, exposure, lit
from ledcal.rig.product import Product
from ledcal.rig.rework import to_rework

_LOOK_CODE = FULL_CODE // 10
_LIGHT_TO_DARK = 5.0
_LEAST_CURRENT_A = 0.001
_SOAK_TO_LOOK = 5.0
_BEAT_ROUNDS = 2
AVERAGING_S = 0.1
"""Averaging time of the power meter, as its driver sets it. [s]"""
SHORT_AVERAGING_S = 0.003
"""A fifth of the time in which a lamp on the mains goes bright and dim. [s]"""
_SHORT_READINGS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmUp:
    """What the warm-up showed.

    Attributes:
        transient: Each channel alone at full drive, at rising temperatures.
        series: Time since the start and the meter's reading with all channels on, by round.
        stability: (max - min) / mean of the series over the product's window, a fraction.
        u_stability: Its standard uncertainty by the scatter of the readings, a fraction.
        board_degc: LED board temperature at the end, with all channels on. [degC]
        integration_s: The spectrometer's time for one channel alone. [s]
        duration_s: How long it lasted. [s]
        longest_look_s: Longest time for which one channel was seen alone. [s]
    """

    transient: dict[int, list[Evaluated]]
    series: list[tuple[float, float]]
    stability: float
    u_stability: float
    board_degc: float
    integration_s: float
    duration_s: float
    longest_look_s: float


def zero_power_meter(observer: Observer) -> None:
    """Zero the power meter, in the dark.

    Raises:
        SetupError: It is not dark enough for a zero.
    """
    observer.bench.panel.dark()
    try:
        observer.bench.power_meter.zero()
    except ZeroFailed as error:
        raise SetupError(
            "LIGHT_LEAK", f"{error}; close the lid and keep lamps away, then start again"
        ) from error


def take_flicker(observer: Observer) -> tuple[PowerIndication, ...]:
    """Return readings of the dark panel that are short against the flicker of lamps."""
    observer.bench.panel.dark()
    meter = observer.bench.power_meter
    try:
        meter.set_averaging_s(SHORT_AVERAGING_S)
        return observer.again(lambda: tuple(meter.read() for _ in range(_SHORT_READINGS)))
    finally:
        meter.set_averaging_s(AVERAGING_S)


def require_light(observer: Observer, product: Product) -> None:
    """Look whether the detector sees the light for which the panel draws current.

    Raises:
        SetupError: Current flows but the detector sees nothing.
        PanelError: No current flows.
    """
    dark = _power_w(observer.read_dark(None))
    panel = observer.bench.panel

    def look() -> Readings:
        with lit(observer.bench, dict.fromkeys(product.channels, _LOOK_CODE)):
            readings = observer.read(None)
            panel.check_trips()
            return readings

    bright = observer.again(look)
    silent = [n for n, current in bright.panel.current_a.items() if current < _LEAST_CURRENT_A]
    if silent:
        raise PanelError(
            "NO_CURRENT",
            f"channels {silent} draw no current at 10 % drive; check their drivers and strings; "
            f"{to_rework('STRING', silent[0])}",
        )
    seen = _power_w(bright)
    if not seen > _LIGHT_TO_DARK * abs(dark):
        raise SetupError(
            "NO_LIGHT",
            f"the panel draws current but the detector sees no light ({seen:.2e} W lit, "
            f"{dark:.2e} W dark); remove the cap from the head and check its position",
        )


def take_first_look(observer: Observer, evaluator: Evaluator, product: Product) -> FirstLook:
    """Return each channel alone at full drive, as cold as the panel is.

    Raises:
        SetupError: Light from elsewhere changes.
        PanelError: An interlock made the panel dark.
    """
    integration_s = min(exposure(observer, {channel: FULL_CODE}) for channel in product.channels)
    seen = {
        channel: _alone(observer, evaluator, product, channel, integration_s)
        for channel in product.channels
    }
    return FirstLook(integration_s=integration_s, seen=seen)


def warm_up_panel(
    observer: Observer, evaluator: Evaluator, product: Product, first_look: FirstLook
) -> WarmUp:
    """Burn all channels until the light is stable; in between, look at each channel alone.

    One channel alone does not reach the reference temperature, so all burn; each round one of
    them is seen alone at full drive, which gives irradiance against temperature. It ends when the
    light is stable and the board is at its reference temperature or above, or at its time limit.

    Raises:
        PanelError: An interlock made the panel dark.
    """
    bench, settings = observer.bench, product.warm_up
    integration_s = first_look.integration_s
    began_s = bench.clock.now_s()
    transient = {channel: [one] for channel, one in first_look.seen.items()}
    series: list[tuple[float, float]] = []
    scatter: list[float] = []
    all_on = dict.fromkeys(product.channels, FULL_CODE)
    looked_s = longest_look_s = 0.0
    # Shown to be there, not only indicated: with its uncertainty, k = 2.
    warm_degc = product.temperature.t_ref_degc + 2 * product.temperature.u_board_k
    for channel in cycle(product.channels):
        # A slow bench must not keep the panel dark for most of the time.
        observer.set_meter(product.channel[0].nominal_nm)
        readings = observer.soak(all_on, max(settings.round_s, _SOAK_TO_LOOK * looked_s))
        power_w = [reading.power_w for reading in readings.power]
        elapsed_s = bench.clock.now_s() - began_s
        series.append((elapsed_s, statistics.fmean(power_w)))
        scatter.append(statistics.stdev(power_w) / statistics.fmean(power_w))
        transient[channel].append(_alone(observer, evaluator, product, channel, integration_s))
        looked_s = bench.clock.now_s() - began_s - elapsed_s
        longest_look_s = max(longest_look_s, looked_s)
        stability = drift_rel(series, settings.window_s)
        warm = readings.panel.board_degc >= warm_degc
        # A panel that was lit just before is warm at once; each channel is still to be seen alone
        # at two temperatures.
        ready = stability <= settings.stability and warm and len(series) >= len(transient)
        if ready or elapsed_s > settings.limit_s:
            break
    return WarmUp(
        board_degc=readings.panel.board_degc,
        transient=transient,
        series=series,
        stability=stability,
        u_stability=(2 * statistics.fmean(scatter) ** 2) ** 0.5,
        integration_s=integration_s,
        duration_s=elapsed_s,
        longest_look_s=longest_look_s,
    )


def take_spectra(
    observer: Observer, evaluator: Evaluator, product: Product, warm_up: WarmUp
) -> dict[int, Evaluated]:
    """Return each channel alone at its nominal irradiance; the meter is set to the nominal band.

    Raises:
        PanelError: A channel cannot give its nominal irradiance.
    """
    found = {}
    for channel, settings in product.channels.items():
        full_w_m2 = warm_up.transient[channel][-1].irradiance.value
        if full_w_m2 < settings.nominal_w_m2:
            raise PanelError(
                "TOO_DIM",
                f"channel {channel} gives {full_w_m2:.1f} W/m2 at full drive, nominal are "
                f"{settings.nominal_w_m2:g} W/m2; check its strings and LEDs; "
                f"{to_rework('OUTPUT', channel)}",
            )
        observer.set_meter(settings.nominal_nm)
        light = ByDrive({channel: round(FULL_CODE * settings.nominal_w_m2 / full_w_m2)})
        (observation,) = observer.observe([light], integration_s=warm_up.integration_s)
        require_steady_room(observation, evaluator, product, channel)
        found[channel] = evaluator.evaluate(observation)
    return found


def require_steady_room(
    observation: Observation, evaluator: Evaluator, product: Product, channel: int
) -> None:
    """Refuse to go on when light from elsewhere came up, or changed around a reading.

    Raises:
        SetupError: A blank shows more light than the product allows, or the blanks before and
            after the reading differ by more than that.
    """
    ambient = ambient_irradiance(observation.blank_after, evaluator.certificates.power_meter)
    if not ambient.value <= product.limits.ambient_w_m2:
        raise SetupError(
            "LIGHT_LEAK",
            f"light from elsewhere came up during the run: {ambient.value:.3g} W/m2 (limit "
            f"{product.limits.ambient_w_m2:g} W/m2); close the lid, keep lamps away, then start "
            "again",
        )
    least_w_m2 = product.least_request_w_m2(channel)
    drift = blank_drift(observation, evaluator.certificates, least_w_m2)
    limit = product.limits.blank_drift
    if not drift.value <= limit:
        raise SetupError(
            "LIGHT_DRIFT",
            f"light from elsewhere changed by {drift.value * least_w_m2:.3g} W/m2 between the "
            f"blanks around a reading of channel {channel} (limit {limit * least_w_m2:.2g} W/m2); "
            "close the lid, keep lamps away, then start again",
        )


def take_drive_levels(
    observer: Observer,
    evaluator: Evaluator,
    product: Product,
    channel: int,
    centroid_nm: float,
    integration_s: float,
) -> list[Evaluated]:
    """Return one channel alone at every drive level; the meter is set to its centroid.

    Raises:
        SetupError: Light from elsewhere changes.
    """
    observer.set_meter(centroid_nm)
    lights = [ByDrive({channel: round(level * FULL_CODE)}) for level in product.drive_levels]
    observations = observer.observe(lights, integration_s=integration_s)
    for observation in observations:
        require_steady_room(observation, evaluator, product, channel)
    return [evaluator.evaluate(observation) for observation in observations]


def take_superposition(observer: Observer, codes: dict[int, int]) -> Observation:
    """Return one observation with all channels on together, each at its own drive code."""
    observer.set_meter(800.0)
    integration_s = exposure(observer, codes)
    (observation,) = observer.observe([ByDrive(codes)], integration_s=integration_s)
    return observation


def take_beat(observer: Observer, codes: dict[int, int]) -> Agreement:
    """Compare readings of the lit panel averaged over two times that share no period.

    A panel that is dimmed by switching, averaged over a broken number of periods, would read high
    or low; then no irradiance of this run means anything.
    """
    bench, meter = observer.bench, observer.bench.power_meter
    times_s = (AVERAGING_S, AVERAGING_S * BEAT_RATIO)

    def look() -> Agreement:
        readings: tuple[list[float], list[float]] = ([], [])
        with lit(bench, codes):
            # Short, long, long, short: the light falls while the board warms, and that cancels.
            for which in (0, 1, 1, 0) * _BEAT_ROUNDS:
                meter.set_averaging_s(times_s[which])
                readings[which].append(meter.read().power_w)
            bench.panel.check_trips()
        return beat_test(*readings)

    try:
        return observer.again(look)
    finally:
        meter.set_averaging_s(AVERAGING_S)


def _alone(
    observer: Observer, evaluator: Evaluator, product: Product, channel: int, integration_s: float
) -> Evaluated:
    observer.set_meter(product.channels[channel].nominal_nm)
    light = ByDrive({channel: FULL_CODE})
    (observation,) = observer.observe([light], integration_s=integration_s)
    require_steady_room(observation, evaluator, product, channel)
    return evaluator.evaluate(observation)


def _power_w(readings: Readings) -> float:
    return statistics.fmean(reading.power_w for reading in readings.power)
