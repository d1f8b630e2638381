import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from ledcal.calibration.curve import Point, ReferenceCondition, fit_channel
from ledcal.calibration.curve_points import point_arrays
from ledcal.calibration.drive_shape import PhysicalShape, predicted
from ledcal.calibration.errors import EvaluationError, FitError
from ledcal.calibration.estimate import Component, Estimate, covariance
from ledcal.calibration.least_squares import nonlinear
from ledcal.calibration.monotone_spline import MonotoneSpline

Array = NDArray[np.float64]
REFERENCE = ReferenceCondition(t_ref_degc=40.0, t_min_degc=20.0, t_max_degc=55.0)
BETA = np.array([6e-3, 5e-5, 8e-4, 2e-4, 2e-3, 4.2e-3, 9e-6])
PHYSICAL = PhysicalShape()
U_REL, COMMON, OTHER, U_BOARD_K = 4e-4, 0.0125, 2e-4, 0.03
# A warm-up at full drive, then eight settled levels.
PLAN = [(1.0, board_degc) for board_degc in np.linspace(28, 46, 6)] + [
    (drive, 38.0 + drive) for drive in (0.08, 0.13, 0.2, 0.3, 0.43, 0.58, 0.78, 1.0)
]
WARM = 6


def _true_w_m2(drive: float, board_degc: float) -> float:
    return float(predicted(PHYSICAL, np.array([[drive], [board_degc - 40.0]]), BETA)[0])


def _component(
    name: str, u_input: float, dof: float = math.inf, common: bool = False
) -> Component:
    return Component(
        name=name,
        u_input=u_input,
        evaluation="A" if math.isfinite(dof) else "B",
        dof=dof,
        common=common,
        source="test",
    )


def _point(drive: float, board_degc: float, e: float, u_rel: float = U_REL) -> Point:
    """A point whose scatter is known as if from very many readings."""
    components = (
        _component("repeatability", u_rel * e, dof=1e6),
        _component("meter", COMMON * e, common=True),
    )
    irradiance = Estimate(value=e, unit="W/m2", components=components)
    return Point(
        drive=drive, board_degc=board_degc, irradiance=irradiance, u_drive=0.0, u_board_k=0.0
    )


def _points(rng: np.random.Generator | None = None) -> list[Point]:
    scatter = np.zeros(len(PLAN)) if rng is None else rng.normal(0, U_REL, len(PLAN))
    return [
        _point(drive, degc, _true_w_m2(drive, degc) * (1 + off))
        for (drive, degc), off in zip(PLAN, scatter, strict=True)
    ]


def _panel(rng: np.random.Generator) -> list[Point]:
    """A calibration with every kind of error: three readings a point, certificate and wavelength
    shared (the latter with the other sign during the warm-up), board sensor, one error more."""
    meter, wavelength = COMMON * rng.normal(), 3e-4 * rng.normal()
    points = []
    for n, (drive, board_degc) in enumerate(PLAN):
        sign = -1.0 if n < WARM else 1.0
        true = _true_w_m2(drive, board_degc)
        readings = true * (1 + rng.normal(0, U_REL * math.sqrt(3), 3))
        e = float(np.mean(readings)) * (1 + meter + sign * wavelength + rng.normal(0, OTHER))
        u = float(np.std(readings, ddof=1)) / math.sqrt(3)
        components = (
            _component("repeatability", u, dof=2.0),
            _component("noise of the spectrum", OTHER * e),
            _component("meter", COMMON * e, common=True),
            replace(_component("wavelength", 3e-4, common=True), sensitivity=sign * e),
        )
        points.append(
            Point(
                drive=drive,
                board_degc=board_degc + rng.normal(0, U_BOARD_K),
                irradiance=Estimate(value=e, unit="W/m2", components=components),
                u_drive=0.0,
                u_board_k=U_BOARD_K,
            )
        )
    return points


def test_points_without_error_give_their_own_curve() -> None:
    curve = fit_channel(1, _points(), REFERENCE, 0.2)
    assert isinstance(curve.shape, PhysicalShape)
    for drive in (0.08, 0.1, 0.5, 0.95):
        for degc in (20.0, 40.0, 55.0):
            assert curve.irradiance_w_m2(drive, degc) == pytest.approx(
                _true_w_m2(drive, degc), rel=1e-6
            )
    np.testing.assert_allclose(curve.coefficients[-2:], BETA[-2:], rtol=1e-5)
    assert curve.statistics.chi2 < 1e-6
    assert curve.statistics.dof == 7
    assert not curve.strained
    assert (curve.drive_min, curve.drive_max) == (0.08, 1.0)
    assert max(map(abs, curve.residual_rel)) < 1e-7


def test_the_stated_uncertainty_covers_in_95_percent_of_panels() -> None:
    """300 synthetic calibrations with errors of every kind, at places inside and beside them."""
    places = [(0.1, 40.0), (0.35, 40.0), (0.9, 40.0), (0.35, 22.0), (0.9, 54.0)]
    inside, own, chi2, slope, physical = [], [], [], [], 0
    for seed in range(300):
        meter = COMMON * np.random.default_rng(seed).normal()
        curve = fit_channel(1, _panel(np.random.default_rng(seed)), REFERENCE, 0.0)
        physical += isinstance(curve.shape, PhysicalShape) and not curve.strained
        chi2.append(curve.statistics.chi2 / curve.statistics.dof)
        b1 = curve.coefficient("b1")
        slope.append(abs(b1.value - BETA[-2]) < b1.coverage_factor * b1.u)
        for drive, degc in places:
            found = curve.estimate(drive, degc)
            inside.append(abs(found.value - _true_w_m2(drive, degc)) < 2 * found.u)
            # With the certificate's error, the first that was drawn, out of both:
            rest = math.sqrt(found.u**2 - found.common_contributions["meter"] ** 2)
            error = found.value / _true_w_m2(drive, degc) / (1 + meter) - 1
            own.append(abs(error) < 2 * rest / found.value)
    assert np.mean(inside) == pytest.approx(0.954, abs=0.035)
    assert np.mean(own) == pytest.approx(0.954, abs=0.025)
    assert np.mean(slope) == pytest.approx(0.954, abs=0.035)
    # Three readings a point: variances known with 28 degrees of freedom, F(7, 28+) near 1.1.
    assert np.mean(chi2) == pytest.approx(1.05, abs=0.15)
    assert physical / 300 > 0.88


def test_the_fit_alone_covers_when_nothing_is_shared() -> None:
    places = [(0.1, 40.0), (0.35, 40.0), (0.9, 40.0), (0.35, 22.0), (0.9, 54.0)]
    inside = []
    for seed in range(200):
        curve = fit_channel(1, _points(np.random.default_rng(seed)), REFERENCE, 0.0)
        for drive, degc in places:
            found = curve.estimate(drive, degc)
            inside.append(abs(found.value - _true_w_m2(drive, degc)) < 1.96 * found.u_independent)
    assert np.mean(inside) == pytest.approx(0.95, abs=0.04)


def test_it_is_the_fit_with_errors_in_the_temperature_by_odrpack() -> None:
    """Where no error is shared, the slopes' way and orthogonal distances agree."""
    points = [replace(p, u_board_k=U_BOARD_K) for p in _points(np.random.default_rng(4))]
    curve = fit_channel(1, points, REFERENCE, 0.0)
    measured = point_arrays(points, 40.0)
    free = [0, 1, 2, 3, 4, 5, 6] if curve.coefficients[1] else [0, 2, 3, 4, 5, 6]

    def model(x: Array, b: Array) -> Array:
        beta = np.zeros(7)
        beta[free] = b
        return predicted(PHYSICAL, x, beta)

    found = nonlinear(
        model,
        measured.x,
        measured.y,
        np.array(curve.coefficients)[free],
        u_y=measured.scatter * measured.y,
        u_x=np.array([np.full(len(points), 1e-9), measured.u_board_k]),
    )
    for at in ((0.1, -18.0), (0.5, 0.0), (0.9, 14.0)):
        wanted = float(model(np.array(at)[:, np.newaxis], found.value)[0])
        estimate = curve.estimate(at[0], 40 + at[1])
        assert estimate.value == pytest.approx(wanted, abs=0.1 * estimate.u_independent)
    assert curve.statistics.chi2 == pytest.approx(found.chi2, rel=0.02, abs=0.05)


def test_what_the_points_share_keeps_its_name_and_sign() -> None:
    """An error of the meter shifts all of the curve; two channels' curves are correlated by it."""
    curve = fit_channel(1, _panel(np.random.default_rng(1)), REFERENCE, 0.2)
    shared = curve.estimate(0.5, 40.0).common_contributions
    assert set(shared) == {"meter", "wavelength"}
    value = curve.irradiance_w_m2(0.5, 40.0)
    assert shared["meter"] / value == pytest.approx(COMMON, rel=1e-3)
    # The wavelength's error went the other way in the warm-up, and is no mere factor.
    assert 0 < shared["wavelength"] / value < 4e-4
    other = fit_channel(2, _panel(np.random.default_rng(2)), REFERENCE, 0.2)
    pair = [one.estimate(0.5, 40.0) for one in (curve, other)]
    matrix = covariance(pair)
    assert matrix[0, 1] / (pair[0].u * pair[1].u) > 0.98


def test_the_budget_adds_up_to_the_covariance() -> None:
    curve = fit_channel(1, _panel(np.random.default_rng(3)), REFERENCE, 0.2)
    value, u = curve.evaluate(np.array([0.3, 0.9]), np.array([22.0, 50.0]))
    for n, (drive, degc) in enumerate(((0.3, 22.0), (0.9, 50.0))):
        estimate = curve.estimate(drive, degc)
        assert estimate.value == pytest.approx(value[n])
        assert estimate.u == pytest.approx(u[n])
        assert curve.u_rel(drive, degc) == pytest.approx(u[n] / value[n])
    b1 = curve.coefficient("b1")
    assert b1.u == pytest.approx(math.sqrt(curve.covariance[-2, -2]))
    assert (b1.value, b1.unit) == (curve.b1_per_k, "K-1")


def _bent(share: float) -> list[Point]:
    """A channel with a kink at half drive that no diode has."""
    return [
        _point(p.drive, p.board_degc, p.irradiance.value * (1 + share * max(0, p.drive - 0.4)))
        for p in _points(np.random.default_rng(5))
    ]


def test_a_channel_that_the_physical_shape_cannot_follow_gets_a_spline() -> None:
    curve = fit_channel(1, _bent(0.05), REFERENCE, 0.0)
    assert isinstance(curve.shape, MonotoneSpline)
    assert not curve.strained
    assert curve.statistics.chi2_probability >= 0.05
    at = np.linspace(0.08, 1.0, 200)
    e, _ = curve.evaluate(at, np.full_like(at, 40.0))
    assert np.all(np.diff(e) > 0)
    for point in _bent(0.05):
        found = curve.irradiance_w_m2(point.drive, point.board_degc)
        assert found == pytest.approx(point.irradiance.value, rel=4 * U_REL)


def test_points_that_no_model_follows_are_refused() -> None:
    points = _points(np.random.default_rng(6))
    points[9] = _point(*PLAN[9], 1.01 * points[9].irradiance.value)
    points[11] = _point(*PLAN[11], 0.99 * points[11].irradiance.value)
    with pytest.raises(
        FitError,
        match=r"channel 4: no model agrees.*physical: chi-square \d+.*residual .* at point \d+.*"
        r"spline: chi-square",
    ):
        fit_channel(4, points, REFERENCE, 0.0)


def test_irradiance_that_falls_with_drive_is_refused() -> None:
    falling = [
        _point(d, t, p.irradiance.value * (1 if d < 0.5 else 0.9 - 0.6 * d))
        for (d, t), p in zip(PLAN, _points(), strict=True)
    ]
    with pytest.raises(FitError, match="channel 5: no model agrees"):
        fit_channel(5, falling, REFERENCE, 0.0)


def test_a_strained_fit_is_marked_and_widened() -> None:
    """Between 95 % and 99.99 % the first model is kept, its own errors widened by chi2/dof."""
    for seed in range(400):
        points = _points(np.random.default_rng(seed))
        curve = fit_channel(1, points, REFERENCE, 0.0)
        if curve.strained:
            break
    assert curve.strained
    judged = curve.statistics
    assert 1e-4 <= judged.chi2_probability
    scatter = curve.estimate(0.5, 40.0).components[0]
    others = [fit_channel(1, _points(np.random.default_rng(n)), REFERENCE, 0.0) for n in (0, 1)]
    calm = next(one for one in others if not one.strained).estimate(0.5, 40.0).components[0]
    widened = math.sqrt(judged.chi2 / judged.dof)
    assert scatter.u == pytest.approx(widened * calm.u, rel=0.35)


def test_a_lucky_scatter_does_not_take_the_fit_over() -> None:
    """Few readings may agree by chance: the scatter of all points is pooled."""
    points = _panel(np.random.default_rng(1))
    lucky = points[12].irradiance
    none = (replace(lucky.components[0], u_input=1e-12 * lucky.value), *lucky.components[1:])
    points[12] = replace(points[12], irradiance=replace(lucky, components=none))
    measured = point_arrays(points, 40.0)
    assert measured.scatter[12] == pytest.approx(measured.scatter[0])
    assert measured.scatter[12] == pytest.approx(U_REL, rel=0.3)
    assert measured.scatter_dof == 28


def test_a_scatter_beyond_chance_stays_its_own() -> None:
    points = _panel(np.random.default_rng(1))
    noisy = points[12].irradiance
    much = (replace(noisy.components[0], u_input=0.01 * noisy.value), *noisy.components[1:])
    points[12] = replace(points[12], irradiance=replace(noisy, components=much))
    measured = point_arrays(points, 40.0)
    assert measured.scatter[12] == pytest.approx(0.01)


def test_the_temperature_of_the_board_enters_by_its_slope() -> None:
    sharp, blunt = (fit_channel(1, _points(), REFERENCE, u_board_k) for u_board_k in (0.0, 0.5))
    extra = math.sqrt(blunt.u_rel(0.5, 40.0) ** 2 - sharp.u_rel(0.5, 40.0) ** 2)
    assert extra == pytest.approx(0.5 * BETA[-2], rel=1e-3)


def test_temperature_beyond_the_measured_ones_costs_uncertainty() -> None:
    """Measured from 28 to 46 degC: the coefficients' covariance widens the curve outside."""
    curve = fit_channel(1, _points(np.random.default_rng(2)), REFERENCE, 0.0)
    own = [
        curve.estimate(1.0, t).u_independent / curve.irradiance_w_m2(1.0, t)
        for t in (40.0, 48.0, 52.0, 55.0)
    ]
    assert own == sorted(own)
    assert own[-1] > 3 * own[0]
    cold = [
        curve.estimate(1.0, t).u_independent / curve.irradiance_w_m2(1.0, t)
        for t in (28.0, 24.0, 20.0)
    ]
    assert cold == sorted(cold)
    assert cold[-1] > 2 * cold[0]


def test_the_correction_is_the_reciprocal_of_the_fall_with_temperature() -> None:
    curve = fit_channel(1, _points(), REFERENCE, 0.0)
    fall = curve.irradiance_w_m2(0.5, 50.0) / curve.irradiance_w_m2(0.5, 40.0)
    assert curve.correction(50.0) == pytest.approx(1 / fall)
    assert curve.correction(40.0) == 1.0


@pytest.mark.parametrize(
    ("drive", "board_degc", "words"),
    [
        (0.079, 40.0, "drive 0.079 is outside 0.08 to 1"),
        (1.001, 40.0, "drive 1.001"),
        (math.nan, 40.0, "drive nan"),
        (0.5, 19.9, "board temperature 19.9 degC is outside 20 to 55 degC"),
        (0.5, math.nan, "board temperature nan"),
    ],
)
def test_the_curve_is_not_extrapolated(drive: float, board_degc: float, words: str) -> None:
    curve = fit_channel(3, _points(), REFERENCE, 0.0)
    with pytest.raises(EvaluationError, match=f"channel 3: {words}"):
        curve.irradiance_w_m2(drive, board_degc)
    with pytest.raises(EvaluationError, match="channel 3"):
        curve.u_rel(drive, board_degc)


def _changed(n: int, **change: float) -> list[Point]:
    points = _points()
    points[n] = replace(points[n], **change)  # type: ignore[arg-type]  # one of its floats
    return points


@pytest.mark.parametrize(
    ("points", "words"),
    [
        (_points()[-7:], "7 points; measure at least 8"),
        ([], "0 points"),
        (_points()[WARM:], "the points span 0.9 K .* at least 5 K"),
        (_changed(4, drive=1.01), "point 5: drive 1.01"),
        (_changed(4, drive=0.0), "point 5: drive 0.0"),
        (_changed(0, drive=math.nan), "point 1: drive nan"),
        (_changed(2, board_degc=math.nan), "point 3: board temperature nan"),
        (_changed(2, u_board_k=math.nan), "point 3: u_board_k = nan"),
        (_changed(2, u_drive=-1.0), "point 3: u_drive = -1.0"),
        ([_point(1.0, 40.0, 100.0, u_rel=0.0), *_points()][:1] * 9, "point 1: it has no uncer"),
        ((_points()[:WARM] * 2)[:9], "no model agrees.*spline: 1 different drives"),
    ],
)
def test_points_that_give_no_curve_are_refused(points: Sequence[Point], words: str) -> None:
    with pytest.raises(FitError, match=f"channel 2.*{words}"):
        fit_channel(2, points, REFERENCE, 0.2)


def test_an_irradiance_that_is_not_positive_is_refused() -> None:
    dark = Estimate(value=-1.0, unit="W/m2", components=())
    points = [*_points(), replace(_points()[0], irradiance=dark)]
    with pytest.raises(FitError, match=r"point 15: irradiance -1\.0 is not > 0"):
        fit_channel(1, points, REFERENCE, 0.2)


def test_an_unknown_uncertainty_of_the_board_is_refused() -> None:
    with pytest.raises(FitError, match="u_board_k = nan"):
        fit_channel(1, _points(), REFERENCE, math.nan)


def test_a_correction_that_reaches_0_is_refused() -> None:
    steep = [_point(d, t, _true_w_m2(d, 40.0) / (1 + 0.02 * (t - 40))) for d, t in PLAN]
    cold = replace(REFERENCE, t_min_degc=-20.0)
    with pytest.raises(FitError, match="channel 1: the temperature correction falls to -"):
        fit_channel(1, steep, cold, 0.2)


def test_a_reference_outside_its_range_is_refused() -> None:
    with pytest.raises(EvaluationError, match=r"t_ref_degc = 60\.0 is not within"):
        ReferenceCondition(t_ref_degc=60.0, t_min_degc=20.0, t_max_degc=55.0)
