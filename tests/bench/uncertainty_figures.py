"""What the numbers cost, beside GTC doing the same."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import GTC
import numpy as np

from ledcal.calibration.curve import fit_channel
from ledcal.calibration.decision import Rule, Tolerance, decide
from ledcal.calibration.estimate import Component, Estimate
from ledcal.calibration.influence import Factor, Noise
from ledcal.calibration.monte_carlo import simulate, validate
from ledcal.calibration.uncertain import UncertainArray, uncertain
from tests.bench import samples
from tests.bench.figure import Figure, Row
from tests.bench.stopwatch import cost_of

WAVELENGTHS, FACTORS, OBSERVATIONS, RECORD_TRIALS = 2000, 16, 60, 200_000


def irradiance_figures(folder: Path) -> Iterator[Figure]:
    """Spectral irradiance with common factors, its total and its centroid, exactly correlated."""
    rng = np.random.default_rng(1)
    axis_nm = np.linspace(600.0, 900.0, WAVELENGTHS)
    lit = np.exp(-(((axis_nm - 750) / 40) ** 2)) + 0.01
    blank = np.full(WAVELENGTHS, 0.01)
    modes = rng.normal(0.0, 1.0, (WAVELENGTHS, FACTORS))
    u_noise = np.full(WAVELENGTHS, 1e-4)
    factors = [
        Factor(name=f"mode {n}", u_input=1e-3, evaluation="B", source="bench")
        for n in range(FACTORS)
    ]
    names = ("lit", "blank")
    noises = [Noise(name=name, evaluation="A", source="bench") for name in names]
    width_nm = np.full(WAVELENGTHS, axis_nm[1] - axis_nm[0])

    def ours() -> tuple[UncertainArray, UncertainArray]:
        net = uncertain(lit, noise=noises[0], u_independent=u_noise) - uncertain(
            blank, noise=noises[1], u_independent=u_noise
        )
        spectrum = net * uncertain(np.ones(WAVELENGTHS), factors, modes)
        return spectrum.sum(width_nm), spectrum.centroid(axis_nm, width_nm)

    def theirs() -> tuple[object, object]:
        shared = [GTC.ureal(0.0, 1e-3) for _ in range(FACTORS)]
        total, moment = 0.0, 0.0
        for n in range(WAVELENGTHS):
            net = GTC.ureal(lit[n], u_noise[n]) - GTC.ureal(blank[n], u_noise[n])
            response = 1.0 + sum(float(modes[n, m]) * shared[m] for m in range(FACTORS))
            part = net * response * float(width_nm[n])
            total, moment = total + part, moment + part * float(axis_nm[n])
        return total, moment / total

    (one,) = cost_of(ours, count=100)
    (other,) = cost_of(theirs, count=1)
    yield Figure(
        title=f"irradiance at {WAVELENGTHS} wavelengths, {FACTORS} common factors: sum, centroid",
        rows=[Row(text="UncertainArray (limit 2 ms)", cost=one)],
        bare=Row(text="GTC, element by element", cost=other),
    )


def monte_carlo_figures(folder: Path) -> Iterator[Figure]:
    """A million draws of one verified irradiance, with inputs that are not normal."""
    result = _result()
    rng = np.random.default_rng(1)
    u = np.array([one.u for one in result.components])

    def bare() -> object:
        drawn = sum((part * rng.standard_normal(1_000_000) for part in u), np.zeros(1_000_000))
        return np.quantile(drawn, (0.025, 0.975))

    one, other = cost_of(lambda: simulate(result, seed=1), bare, count=5)
    yield Figure(
        title=f"Monte Carlo, 10⁶ trials, {u.size} inputs",
        rows=[Row(text="simulate (limit 400 ms)", cost=one)],
        bare=Row(text="numpy: a normal draw for each input, two quantiles", cost=other),
    )


def record_figures(folder: Path) -> Iterator[Figure]:
    """All computation of a record: observations, fits, tables, decisions, interval checks."""
    evaluator = samples.evaluator()
    seen = [samples.observation(channel) for channel in samples.CHANNELS]
    points = {channel: samples.points(channel) for channel in samples.CHANNELS}
    result = _result()
    tolerance = Tolerance(lower=90.0, upper=110.0, guard_factor=1.0, rule=Rule.GUARD_BAND)

    def whole() -> None:
        for n in range(OBSERVATIONS):
            evaluator.evaluate(seen[n % len(seen)])
        for channel, found in points.items():
            samples.table(fit_channel(channel, found, samples.REFERENCE, samples.U_BOARD_K))
            validate(result, seed=channel, trials=RECORD_TRIALS)
        for _ in range(OBSERVATIONS):
            decide(result, tolerance)

    (one,) = cost_of(whole, count=5)
    text = f"{OBSERVATIONS} observations, 5 fits and tables, 5 x {RECORD_TRIALS} draws"
    yield Figure(
        title="a whole record's computation (limit 500 ms)", rows=[Row(text=text, cost=one)]
    )


def _result() -> Estimate:
    """Return an irradiance with a dozen inputs, as a verification has them."""
    scale = [("certificate", 0.0125), ("aperture", 0.002), ("distance", 0.0015)]
    parts = [
        Component(
            name=name,
            u_input=u_rel,
            sensitivity=100.0,
            evaluation="B",
            common=True,
            source="bench",
            relation="product",
        )
        for name, u_rel in scale
    ]
    own = Component(
        name="repeatability", u_input=0.05, evaluation="A", common=False, source="bench", dof=3.0
    )
    parts += [own, replace(own, name="drift", distribution="rectangular")]
    return Estimate(value=100.0, unit="W/m2", components=tuple(parts))
