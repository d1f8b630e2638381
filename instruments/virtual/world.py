"""The physical world of the virtual bench: one panel, its light and its heat, over bench time.

It knows neither instruments nor sockets and takes no time of its own: whoever owns it steps it.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ledcal.instruments.virtual import optics
from ledcal.instruments.virtual.emitters import Array, Band, Emitter, band
from ledcal.instruments.virtual.heat import HeatNetwork

LONGEST_STEP_S = 0.05

# One row per channel. FWHM, shifts and flux slopes: maker's data sheets and measured spectra
# (Kingbright WP710A10SEC, OSRAM GH CSSRM4.24, SFH 4780S, SFH 4715AS, Vishay TSHG8400, VSMY1850)
# where one was found, engineering estimates elsewhere; wall-plug efficiencies are estimates.
NOMINAL_NM = (630.0, 660.0, 810.0, 830.0, 850.0)
NOMINAL_W_M2 = (60.0, 120.0, 100.0, 80.0, 140.0)
FWHM_RANGE_NM = ((14.5, 18.0), (16.5, 20.0), (27.0, 33.0), (32.0, 37.0), (27.0, 33.0))
TAIL = (1.6, 1.6, 1.0, 1.0, 1.0)
CENTROID_NM_PER_K = (0.13, 0.15, 0.25, 0.25, 0.27)
BLUE_SHIFT_NM = (0.8, 0.9, 1.4, 1.4, 1.5)
FLUX_PER_K = (0.0075, 0.0042, 0.0030, 0.0035, 0.0035)
WALL_PLUG = (0.40, 0.55, 0.50, 0.48, 0.52)
RAW_OVER_NOMINAL = (1.18, 1.45)
STRINGS = 6
"""LED strings in parallel of each channel, each with its own driver."""

AMBIENT_DEGC = 23.0
BOARD_RISE_K, HEATSINK_RISE_K = 5.5, 20.5
"""Rises of board and heatsink with all channels at the mean raw output."""
AMBIENT_W_M2 = 0.1
AMBIENT_SPAN_NM = (400.0, 1000.0)
"""The room's light is white: flat between these wavelengths."""
FLICKER_HZ = 100.0
"""Lamps on the mains go bright and dim twice in each period of 50 Hz."""
SWING_MM, SWING_HZ = 10.0, (3.1, 1.7)
"""How a panel that is knocked swings towards the heads and away: so far in each of two modes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beam:
    """Light of one channel at the reference plane's centre, with what fixes its spectrum."""

    emitter: Emitter
    irradiance_w_m2: float
    current: float
    junction_degc: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """All light at the plane's centre: the channels' beams and the room's light."""

    beams: tuple[Beam, ...]
    ambient_w_m2: float
    turned: bool = False
    """The panel lies turned by 180 degrees, which the head beside the centre sees."""

    def spectral_irradiance_w_m2_nm(self, wavelength_nm: Array, share: float = 1.0) -> Array:
        """Return the spectrum on a grid, the panel's part times `share`. [W/m2/nm]"""
        low_nm, high_nm = AMBIENT_SPAN_NM
        white = (wavelength_nm >= low_nm) & (wavelength_nm <= high_nm)
        total = np.where(white, self.ambient_w_m2 / (high_nm - low_nm), 0.0)
        for beam in self.beams:
            shape = beam.emitter.shape_per_nm(wavelength_nm, beam.current, beam.junction_degc)
            total = total + share * beam.irradiance_w_m2 * shape
        return total


@dataclass(slots=True)
class Exposure:
    """Means over a span of bench time, gathered while the world steps through it."""

    start_s: float
    end_s: float
    span_s: float = 0.0
    ambient_j_m2: float = 0.0
    panel: dict[int, tuple[float, float, float]] = field(default_factory=dict)
    """For each channel the sums of E dt, E I dt and E Tj dt."""


class World:
    """One panel in one room; all draws come from the seed and the panel's serial.

    The state changes only in `step` and by what the panel's firmware and the test set:
    `drive_code` (codes that reach the LEDs: zero behind a closed gate), `heat`, `ambient_w_m2`,
    `flicker` (of the room's light, 0 to 1), and how the panel lies: `distance_mm`, `turned`.
    """

    def __init__(self, seed: int = 1, panel_serial: str = "DEMO-0001") -> None:
        """Build the panel cold, in a room at 23 degC."""
        # The serial joins the seed, so that one bench meets many different panels.
        digest = hashlib.sha256(panel_serial.encode()).digest()
        rng = np.random.default_rng([seed, int.from_bytes(digest[:8], "big")])
        self.time_s = 0.0
        self.emitters = tuple(_draw_emitter(rng, index) for index in range(len(NOMINAL_NM)))
        self.drive_code = [0] * len(self.emitters)
        self.supply_sag = float(rng.uniform(0.002, 0.008))
        self.ntc_offset_k = float(rng.normal(0.0, 0.3))
        spread = float(rng.uniform(0.98, 1.02))
        heat_w = _mean_heat_w()
        self.heat = HeatNetwork(
            board_k_per_w=BOARD_RISE_K * spread / heat_w,
            heatsink_k_per_w=HEATSINK_RISE_K * spread / heat_w,
            ambient_degc=AMBIENT_DEGC,
            board_degc=AMBIENT_DEGC,
            heatsink_degc=AMBIENT_DEGC,
        )
        self.ambient_w_m2 = AMBIENT_W_M2
        self.flicker = 0.0
        self.distance_mm = optics.REFERENCE_DISTANCE_MM
        self.turned = False
        self.knock_s = 0.0
        """How long the panel swings once it is lit again; 0 when nobody knocks at it. [s]"""
        self._swing_end_s = 0.0
        self._ambient_phase = float(rng.uniform(0.0, 2.0 * math.pi))
        self._exposures: list[Exposure] = []

    def step(self, duration_s: float) -> None:
        """Let bench time pass in one explicit step of at most 50 ms. [s]"""
        if self.knock_s > 0.0 and any(self.drive_code):
            self._swing_end_s, self.knock_s = self.time_s + self.knock_s, 0.0
        light = self.light()
        for exposure in self._exposures:
            start_s = max(self.time_s, exposure.start_s)
            end_s = min(self.time_s + duration_s, exposure.end_s)
            if end_s > start_s:
                ambient_j_m2 = self._ambient_j_m2(light.ambient_w_m2, start_s, end_s)
                _gather(exposure, end_s - start_s, ambient_j_m2, light)
        self.heat.step(self._heat_w(light), duration_s)
        self.time_s += duration_s
        self._exposures = [each for each in self._exposures if each.end_s > self.time_s]

    def expose(self, duration_s: float) -> Exposure:
        """Begin to gather the light of the coming `duration_s`; read it when that is over."""
        exposure = Exposure(self.time_s, self.time_s + duration_s)
        self._exposures.append(exposure)
        return exposure

    def gathered(self, exposure: Exposure) -> Light:
        """Return the mean light of an exposure; the light of now if no time has passed."""
        if exposure.span_s <= 0.0:
            return self.light()
        beams = tuple(
            Beam(
                emitter=self.emitters[index],
                irradiance_w_m2=total / exposure.span_s,
                current=with_current / total,
                junction_degc=with_junction / total,
            )
            for index, (total, with_current, with_junction) in sorted(exposure.panel.items())
        )
        ambient_w_m2 = exposure.ambient_j_m2 / exposure.span_s
        return Light(beams=beams, ambient_w_m2=ambient_w_m2, turned=self.turned)

    def light(self) -> Light:
        """Return the light of this moment at the plane's centre."""
        beams = self.beams(self.drive_code, self.heat.board_degc)
        return Light(beams=beams, ambient_w_m2=self._ambient_now_w_m2(), turned=self.turned)

    def nearness(self) -> float:
        """Return the irradiance in the plane's centre over that at the reference distance."""
        reference_mm = optics.REFERENCE_DISTANCE_MM
        near = optics.aperture_irradiance_per_flux_m2(self.distance_mm)
        near /= optics.aperture_irradiance_per_flux_m2(reference_mm)
        if self.time_s < self._swing_end_s:
            omega = 2.0 * math.pi * self.time_s
            away_mm = sum(SWING_MM * math.sin(omega * mode_hz) for mode_hz in SWING_HZ)
            near *= 1.0 + optics.distance_derivative_per_mm() * away_mm
        return near

    def beams(self, drive_code: Sequence[int], board_degc: float) -> tuple[Beam, ...]:
        """Return the beams of all lit channels for any drive and board temperature."""
        if not any(drive_code):
            return ()
        pairs = list(zip(self.emitters, drive_code, strict=True))
        load_w = [each.power_w(each.current_fraction(code)) for each, code in pairs]
        full_w = sum(each.electrical_w for each in self.emitters)
        near = self.nearness()
        beams = []
        for (emitter, code), own_w in zip(pairs, load_w, strict=True):
            current = emitter.current_fraction(code)
            if current <= 0.0:
                continue
            # The supply sags with the load of the other channels: alone, a channel sees none.
            others = (sum(load_w) - own_w) / (full_w - emitter.electrical_w)
            alone_w_m2 = emitter.irradiance_w_m2(current, board_degc)
            beams.append(
                Beam(
                    emitter=emitter,
                    irradiance_w_m2=near * alone_w_m2 * (1.0 - self.supply_sag * others),
                    current=current,
                    junction_degc=emitter.junction_degc(current, board_degc),
                )
            )
        return tuple(beams)

    def band(self, channel: int, drive_code: int, board_degc: float) -> Band:
        """Return the true band of one channel, 1-based, at a drive code and temperature."""
        emitter = self.emitters[channel - 1]
        current = emitter.current_fraction(drive_code)
        return band(emitter, current, emitter.junction_degc(current, board_degc))

    def swap_channels(self, pair: tuple[int, int]) -> None:
        """Connect the LEDs of two channels, 1-based, to each other's drivers."""
        first, second = (self.emitters[channel - 1] for channel in pair)
        self._fit(pair[0], replace(second, nominal_nm=first.nominal_nm))
        self._fit(pair[1], replace(first, nominal_nm=second.nominal_nm))

    def other_reel(self, channel: int) -> None:
        """Give a channel, 1-based, LEDs from a reel that shines 20 nm further up."""
        emitter = self.emitters[channel - 1]
        self._fit(channel, replace(emitter, centroid_nm=emitter.centroid_nm + 20.0))

    def cut_string(self, channel: int) -> None:
        """Cut one of the strings of a channel, 1-based."""
        emitter, left = self.emitters[channel - 1], 1.0 - 1.0 / STRINGS
        cut = replace(
            emitter,
            raw_irradiance_w_m2=left * emitter.raw_irradiance_w_m2,
            electrical_w=left * emitter.electrical_w,
            current_a=left * emitter.current_a,
        )
        self._fit(channel, cut)

    def age(self, channel: int, left: float) -> None:
        """Let a channel give only a share of its light at the same current, as old LEDs do."""
        emitter = self.emitters[channel - 1]
        dimmed = replace(emitter, raw_irradiance_w_m2=left * emitter.raw_irradiance_w_m2)
        self._fit(channel, dimmed)

    def _fit(self, channel: int, emitter: Emitter) -> None:
        emitters = list(self.emitters)
        emitters[channel - 1] = emitter
        self.emitters = tuple(emitters)

    def _heat_w(self, light: Light) -> float:
        # What leaves as light does not depend on where the plane is.
        flux_per_w_m2 = 1.0 / (
            self.nearness() * optics.aperture_irradiance_per_flux_m2(optics.REFERENCE_DISTANCE_MM)
        )
        return sum(
            beam.emitter.power_w(beam.current) - beam.irradiance_w_m2 * flux_per_w_m2
            for beam in light.beams
        )

    def _ambient_now_w_m2(self) -> float:
        # A few per cent within ten minutes: clouds and people.
        wave = math.sin(2.0 * math.pi * self.time_s / 600.0 + self._ambient_phase)
        return self.ambient_w_m2 * (1.0 + 0.03 * wave)

    def _ambient_j_m2(self, ambient_w_m2: float, start_s: float, end_s: float) -> float:
        """Return the room's light over a span; its flicker is faster than the bench's steps."""
        omega = 2.0 * math.pi * FLICKER_HZ
        waves_s = (math.cos(omega * start_s) - math.cos(omega * end_s)) / omega
        return ambient_w_m2 * (end_s - start_s + self.flicker * waves_s)


def _gather(exposure: Exposure, span_s: float, ambient_j_m2: float, light: Light) -> None:
    exposure.span_s += span_s
    exposure.ambient_j_m2 += ambient_j_m2
    for beam in light.beams:
        index = NOMINAL_NM.index(beam.emitter.nominal_nm)
        part = beam.irradiance_w_m2 * span_s
        total, with_current, with_junction = exposure.panel.get(index, (0.0, 0.0, 0.0))
        exposure.panel[index] = (
            total + part,
            with_current + part * beam.current,
            with_junction + part * beam.junction_degc,
        )


def _draw_emitter(rng: np.random.Generator, index: int) -> Emitter:
    raw_w_m2 = NOMINAL_W_M2[index] * float(rng.uniform(*RAW_OVER_NOMINAL))
    return Emitter(
        nominal_nm=NOMINAL_NM[index],
        centroid_nm=NOMINAL_NM[index] + float(np.clip(rng.normal(0.0, 2.0), -5.0, 5.0)),
        fwhm_nm=float(rng.uniform(*FWHM_RANGE_NM[index])),
        tail=TAIL[index],
        centroid_nm_per_k=CENTROID_NM_PER_K[index] * float(rng.normal(1.0, 0.05)),
        blue_shift_nm=BLUE_SHIFT_NM[index] * float(rng.uniform(0.8, 1.2)),
        flux_per_k=FLUX_PER_K[index] * float(np.clip(rng.normal(1.0, 0.1), 0.7, 1.3)),
        dead_zone=float(rng.uniform(0.0, 0.006)),
        loss_a=float(rng.uniform(0.001, 0.004)),
        loss_c=float(rng.uniform(0.03, 0.07)),
        raw_irradiance_w_m2=raw_w_m2,
        nominal_irradiance_w_m2=NOMINAL_W_M2[index],
        electrical_w=_electrical_w(index, raw_w_m2),
        current_a=1.5,
        junction_rise_k=float(rng.uniform(4.0, 8.0)),
    )


def _electrical_w(index: int, raw_w_m2: float) -> float:
    per_flux_m2 = optics.aperture_irradiance_per_flux_m2(optics.REFERENCE_DISTANCE_MM)
    return raw_w_m2 / per_flux_m2 / WALL_PLUG[index]


def _mean_heat_w() -> float:
    """Return the heat of a panel of mean raw output, all channels at full drive. [W]"""
    mean = sum(RAW_OVER_NOMINAL) / 2.0
    return sum(
        _electrical_w(index, nominal_w_m2 * mean) * (1.0 - WALL_PLUG[index])
        for index, nominal_w_m2 in enumerate(NOMINAL_W_M2)
    )
