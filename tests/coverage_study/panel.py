"""One virtual panel through the rig's own code: what was stated of it, and what was true."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from ledcal.calibration.conformity import GlobalRisk, NormalPrior
from ledcal.calibration.decision import Tolerance, decide
from ledcal.calibration.estimate import Estimate
from ledcal.calibration.hazard import Hazard
from ledcal.calibration.indication import Observation
from ledcal.calibration.outcome import Verdict
from ledcal.calibration.table import U_REL_STEP
from ledcal.instruments.virtual.emitters import Band, band
from ledcal.instruments.virtual.world import Light
from ledcal.rig.characterise import (
    take_drive_levels,
    take_first_look,
    take_spectra,
    take_superposition,
    warm_up_panel,
    zero_power_meter,
)
from ledcal.rig.evaluation import Evaluated, Evaluator, reference_plane
from ledcal.rig.fit import FittedChannel, fit_panel
from ledcal.rig.light_safety import light_safety
from ledcal.rig.observation import FULL_CODE, ByDrive, ByIrradiance, Observer
from ledcal.rig.product import Product, read_product
from ledcal.rig.station import PlaneSettings
from tests.coverage_study.bench import InProcess, build

PLANE = PlaneSettings(
    distance_mm=150.0,
    u_distance_mm=0.3,
    distance_sensitivity_per_mm=0.006,
    u_cosine=0.004,
    description="centre of the panel",
)
PROCESS_SD = 0.08
"""How far the levels of the judged units lie from what they should be: about a fifth of them
outside the product's ±10 %."""
JUDGED_AT = (0.25, 0.5)
"""Fractions of nominal at which they are judged; more than nominal may not be there to give."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One stated interval and the truth that it should hold.

    Attributes:
        quantity: What was stated.
        channel: LED channel, 0 for all together.
        error: Stated value less true value, in the unit of the quantity.
        u: Stated standard uncertainty.
        expanded: Stated expanded uncertainty, for 95 %.
        judged: Whether it claims to cover 95 %, no more and no less.
    """

    quantity: str
    channel: int
    error: float
    u: float
    expanded: float
    judged: bool = True

    @property
    def covered(self) -> bool:
        """Whether the stated interval holds the truth."""
        return abs(self.error) <= self.expanded


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One unit judged at the product's limit.

    Attributes:
        verdict: What was said of it.
        conforms: Whether it truly lies within the limit.
        shown_inside: Whether the measured value does.
        expected: Risks of such a decision by JCGM 106, from the process and the stated
            uncertainty.
    """

    verdict: Verdict
    conforms: bool
    shown_inside: bool
    expected: GlobalRisk


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelResult:
    """Everything that one virtual panel contributes."""

    cases: tuple[Case, ...]
    judged: tuple[Judged, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """One virtual panel on its bench, once it is warm.

    Attributes:
        own: World and heads, with what was true.
        observer, evaluator: The rig's own.
        integration_s: The spectrometer's time. [s]
    """

    own: InProcess
    observer: Observer
    evaluator: Evaluator
    integration_s: float

    def measure(self, light: ByDrive | ByIrradiance) -> tuple[Estimate, float]:
        """Return the irradiance as stated, and as it was. [W/m2]"""
        (observation,) = self.observer.observe([light], integration_s=self.integration_s)
        return self.evaluator.evaluate(observation).irradiance, _true_w_m2(self.own, observation)


@cache
def product() -> Product:
    """Return the product that ships with ledcal."""
    return read_product(None).settings


def run_panel(seed: int) -> PanelResult:
    """Measure, fit and verify one virtual panel with instruments of its own."""
    with TemporaryDirectory() as folder:
        bench, own = build(seed, Path(folder))
    observer = Observer(bench=bench, cut_off=product().cut_off, note=lambda code, text: None)
    evaluator = Evaluator(certificates=bench.certificates, plane=reference_plane(PLANE))
    zero_power_meter(observer)
    first_look = take_first_look(observer, evaluator, product())
    warm_up = warm_up_panel(observer, evaluator, product(), first_look)
    integration_s = warm_up.integration_s
    spectra = take_spectra(observer, evaluator, product(), warm_up)
    levels = {}
    for channel, one in spectra.items():
        centroid_nm = one.band.centroid.value
        levels[channel] = take_drive_levels(
            observer, evaluator, product(), channel, centroid_nm, integration_s
        )
    fitted = fit_panel(product(), warm_up, spectra, levels)
    own.tables = {channel: one.table for channel, one in fitted.items()}
    codes = {channel: one.observation.drive_code[0] for channel, one in spectra.items()}
    together = take_superposition(observer, codes)
    run = _Run(own=own, observer=observer, evaluator=evaluator, integration_s=integration_s)
    cases = [*_band_cases(own, spectra), *_coefficient_cases(own, fitted)]
    cases.append(_safety_case(run, together))
    judged = []
    rng = np.random.default_rng([seed, 9])
    for channel, one in spectra.items():
        observer.set_meter(one.band.centroid.value)
        cases += _irradiance_cases(run, channel)
        judged.append(_judge(run, channel, levels[channel], rng))
    return PanelResult(cases=tuple(cases), judged=tuple(judged))


def _band_cases(own: InProcess, spectra: Mapping[int, Evaluated]) -> Iterator[Case]:
    for channel, one in spectra.items():
        true = _true_band(own, one.observation)
        yield _case("centroid", channel, one.band.centroid, true.centroid_nm)
        yield _case("FWHM", channel, one.band.fwhm, true.fwhm_nm)
        yield _case("peak", channel, one.band.peak, true.peak_nm)


def _coefficient_cases(own: InProcess, fitted: Mapping[int, FittedChannel]) -> Iterator[Case]:
    """Yield b1, which is d(1/E)/dT·E at the reference temperature: 1/T1 of the emitter."""
    for channel, one in fitted.items():
        *_, b1, _ = one.curve.coefficients
        u = one.curve.coefficient("b1").u
        yield Case(
            quantity="temperature coefficient b1",
            channel=channel,
            error=b1 - own.world.emitters[channel - 1].flux_per_k,
            u=u,
            expanded=2 * u,
        )


def _safety_case(run: _Run, together: Observation) -> Case:
    """Return what the eye is exposed to in the infrared with all channels on."""
    spectrum = together.lit.spectrum
    assert spectrum is not None
    cornea = light_safety(run.evaluator, together, product()).exposures[0]
    assert cornea.hazard is Hazard.CORNEA_LENS
    grid_nm = np.arange(780.0, 1100.05, 0.1)
    light = Light(beams=run.own.truth.beams[spectrum.at], ambient_w_m2=0.0)
    shape = light.spectral_irradiance_w_m2_nm(grid_nm)
    true_w_m2 = float(np.trapezoid(shape, grid_nm))
    return _case("infrared at the eye, all channels", 0, cornea.level, true_w_m2)


def _irradiance_cases(run: _Run, channel: int) -> Iterator[Case]:
    """Yield what the calibrated panel gives at each set point, and how it keeps to the file."""
    for fraction in product().verify_fractions:
        asked_w_m2 = fraction * product().channels[channel].nominal_w_m2
        stated, true_w_m2 = run.measure(ByIrradiance({channel: asked_w_m2}))
        yield _case(f"irradiance at {fraction:.0%}", channel, stated, true_w_m2)
        u_rel = run.own.tables[channel].u_rel * U_REL_STEP
        yield Case(
            quantity=f"request at {fraction:.0%}, by the file's u_rel",
            channel=channel,
            error=asked_w_m2 / true_w_m2 - 1,
            u=u_rel / 2,
            expanded=u_rel,
            judged=False,  # the largest over the whole range, so it may cover more
        )


def _judge(
    run: _Run, channel: int, levels: Sequence[Evaluated], rng: np.random.Generator
) -> Judged:
    """Judge a unit whose level is off by chance, as one of a bad production would be."""
    asked_w_m2 = float(rng.choice(JUDGED_AT)) * product().channels[channel].nominal_w_m2
    wanted_w_m2 = asked_w_m2 * (1 + PROCESS_SD * float(rng.normal()))
    drives = [one.drive for one in levels]
    drive = float(np.interp(wanted_w_m2, [one.irradiance.value for one in levels], drives))
    shown, true_w_m2 = run.measure(ByDrive({channel: round(drive * FULL_CODE)}))
    limit = product().limits.irradiance_tolerance
    tolerance = Tolerance(
        lower=asked_w_m2 * (1 - limit),
        upper=asked_w_m2 * (1 + limit),
        process=NormalPrior(mean=asked_w_m2, sd=PROCESS_SD * asked_w_m2),
    )
    decision = decide(shown, tolerance)
    assert decision.global_risk is not None  # a process is stated
    return Judged(
        verdict=decision.verdict,
        expected=decision.global_risk,
        conforms=abs(true_w_m2 / asked_w_m2 - 1) <= limit,
        shown_inside=abs(shown.value / asked_w_m2 - 1) <= limit,
    )


def _true_w_m2(own: InProcess, observation: Observation) -> float:
    """Return the mean true irradiance while the meter looked. [W/m2]"""
    readings = observation.lit.power
    return sum(own.truth.irradiance_w_m2[one.at] for one in readings) / len(readings)


def _true_band(own: InProcess, observation: Observation) -> Band:
    """Return the band of the light that the spectrometer saw, as the rig defines it."""
    spectrum = observation.lit.spectrum
    assert spectrum is not None
    (beam,) = own.truth.beams[spectrum.at]
    return band(beam.emitter, beam.current, beam.junction_degc)


def _case(quantity: str, channel: int, stated: Estimate, true: float) -> Case:
    return Case(
        quantity=quantity,
        channel=channel,
        error=stated.value - true,
        u=stated.u,
        expanded=stated.expanded_uncertainty,
    )
