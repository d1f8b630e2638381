import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from ledcal.calibration.curve import Point, ReferenceCondition, fit_channel
from ledcal.calibration.drive_model import predicted
from ledcal.calibration.errors import EvaluationError, FitError
from ledcal.calibration.estimate import Component, Estimate

REFERENCE = ReferenceCondition(t_ref_degc=40.0, t_min_degc=20.0, t_max_degc=55.0)
BETA = np.array([6e-3, 5e-5, 8e-4, 4.2e-3, 9e-6])
U_REL, COMMON = 5e-4, 0.0125
# A warm-up at full drive, then eight settled levels.
PLAN = [(1.0, board_degc) for board_degc in np.linspace(28, 46, 10)] + [
    (drive, 38.0 + drive) for drive in (0.08, 0.13, 0.2, 0.3, 0.43, 0.58, 0.78, 1.0)
]


def _true_w_m2(drive: float, board_degc: float) -> float:
    return float(predicted(np.array([[drive], [board_degc - 40.0]]), BETA)[0])


def _point(drive: float, board_degc: float, irradiance_w_m2: float, u_rel: float = U_REL) -> Point:
    components = (
        Component(
            name="scatter",
            u_input=u_rel * irradiance_w_m2,
            evaluation="A",
            common=False,
            source="test",
        ),
        Component(
            name="meter",
            u_input=COMMON * irradiance_w_m2,
            evaluation="B",
            common=True,
            source="test",
        ),
    )
    irradiance = Estimate(value=irradiance_w_m2, unit="W/m2", components=components)
    return Point(drive=drive, board_degc=board_degc, irradiance=irradiance)


def _points(rng: np.random.Generator | None = None) -> list[Point]:
    scatter = np.zeros(len(PLAN)) if rng is None else rng.normal(0, U_REL, len(PLAN))
    return [
        _point(drive, degc, _true_w_m2(drive, degc) * (1 + off))
        for (drive, degc), off in zip(PLAN, scatter, strict=True)
    ]


def test_points_without_error_give_their_own_coefficients() -> None:
    curve = fit_channel(1, _points(), REFERENCE, 0.2)
    np.testing.assert_allclose(curve.coefficients, BETA, rtol=1e-5)
    assert curve.chi2 < 1e-6
    assert curve.dof == 13
    assert curve.u_model == 0
    assert curve.u_common == pytest.approx(COMMON)
    assert (curve.drive_min, curve.drive_max) == (0.08, 1.0)
    assert max(map(abs, curve.residual_rel)) < 1e-8


def test_the_stated_uncertainty_of_the_fit_covers_in_95_percent_of_panels() -> None:
    """The coverage of 400 synthetic calibrations; the common part plays no role in it."""
    places = [(0.1, 40.0), (0.35, 40.0), (0.9, 40.0), (0.35, 22.0), (0.9, 54.0)]
    inside, chi2 = [], []
    for seed in range(400):
        curve = fit_channel(1, _points(np.random.default_rng(seed)), REFERENCE, 0.0)
        chi2.append(curve.chi2)
        for drive, degc in places:
            found = curve.estimate(drive, degc)
            off = found.value - _true_w_m2(drive, degc)
            inside.append(abs(off) < 1.96 * found.u_independent)
    # Binomial scatter of 400 panels with correlated places: about 1 %. Birge's ratio and the
    # model's component only ever widen, so that more than 95 % are expected.
    assert 0.94 < np.mean(inside) < 1.0
    assert np.mean(chi2) == pytest.approx(13, abs=1.0)


def test_what_the_model_cannot_follow_is_stated() -> None:
    wavy = [
        _point(p.drive, p.board_degc, p.irradiance.value * (1 + 0.005 * math.sin(9 * p.drive)))
        for p in _points()
    ]
    curve = fit_channel(1, wavy, REFERENCE, 0.0)
    assert curve.chi2 > 5 * curve.dof
    assert 0.001 < curve.u_model < 0.005
    for point in wavy:
        true = curve.irradiance_w_m2(point.drive, point.board_degc)
        assert abs(point.irradiance.value / true - 1) < 3 * curve.u_model + 1e-4


def test_a_lucky_scatter_does_not_take_the_fit_over() -> None:
    points = _points(np.random.default_rng(1))
    wrong = points[12].irradiance.value * 1.01
    points[12] = _point(points[12].drive, points[12].board_degc, wrong, u_rel=1e-9)
    curve = fit_channel(1, points, REFERENCE, 0.0)
    assert abs(curve.residual_rel[12]) > 0.004


def test_the_temperature_of_the_board_enters_by_its_slope() -> None:
    sharp, blunt = (fit_channel(1, _points(), REFERENCE, u_board_k) for u_board_k in (0.0, 0.5))
    extra = math.sqrt(blunt.u_rel(0.5, 40.0) ** 2 - sharp.u_rel(0.5, 40.0) ** 2)
    assert extra == pytest.approx(0.5 * BETA[3], rel=1e-3)


def test_extrapolated_temperature_costs_uncertainty() -> None:
    curve = fit_channel(1, _points(np.random.default_rng(2)), REFERENCE, 0.0)
    own = [curve.estimate(1.0, degc).u_independent for degc in (40.0, 47.0, 55.0)]
    assert own[0] < own[1] < own[2]


def test_drive_for_an_irradiance_is_the_inverse() -> None:
    curve = fit_channel(1, _points(np.random.default_rng(3)), REFERENCE, 0.0)
    for drive in np.linspace(0.08, 1.0, 40).tolist():
        for degc in (20.0, 40.0, 55.0):
            irradiance_w_m2 = curve.irradiance_w_m2(drive, degc)
            if drive not in (0.08, 1.0):
                assert curve.drive_for(irradiance_w_m2, degc) == pytest.approx(drive, rel=1e-12)


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


@pytest.mark.parametrize("irradiance_w_m2", [0.0, -5.0, 1.0, 500.0, 2e4, math.nan])
def test_an_irradiance_beyond_the_measured_drives_is_refused(irradiance_w_m2: float) -> None:
    curve = fit_channel(1, _points(), REFERENCE, 0.0)
    with pytest.raises(EvaluationError, match=r"outside 0\.08 to 1, the measured range"):
        curve.drive_for(irradiance_w_m2, 40.0)


def _changed(n: int, **change: float) -> list[Point]:
    points = _points()
    points[n] = replace(points[n], **change)  # type: ignore[arg-type]  # one of its two floats
    return points


@pytest.mark.parametrize(
    ("points", "words"),
    [
        (_points()[-6:], "6 points for 5 coefficients; measure at least 7"),
        ([], "0 points"),
        (_points()[10:], "the points span 0.9 K .* at least 5 K"),
        (_changed(4, drive=1.01), "point 5: drive 1.01"),
        (_changed(4, drive=0.0), "point 5: drive 0.0"),
        (_changed(0, drive=math.nan), "point 1: drive nan"),
        (_changed(2, board_degc=math.nan), "point 3: board temperature nan"),
        ([_point(1.0, 40.0, 100.0, u_rel=0.0), *_points()], "point 1: it has no uncertainty"),
        (_points()[:10], "do not tell the coefficients"),
    ],
)
def test_points_that_give_no_curve_are_refused(points: Sequence[Point], words: str) -> None:
    with pytest.raises(FitError, match=f"channel 2.*{words}"):
        fit_channel(2, points, REFERENCE, 0.2)


def test_an_irradiance_that_is_not_positive_is_refused() -> None:
    dark = Estimate(value=-1.0, unit="W/m2", components=())
    points = [*_points(), Point(drive=0.5, board_degc=40.0, irradiance=dark)]
    with pytest.raises(FitError, match=r"point 19: irradiance -1\.0 is not > 0"):
        fit_channel(1, points, REFERENCE, 0.2)


def test_an_unknown_uncertainty_of_the_board_is_refused() -> None:
    with pytest.raises(FitError, match="u_board_k = nan"):
        fit_channel(1, _points(), REFERENCE, math.nan)


def test_a_reference_outside_its_range_is_refused() -> None:
    with pytest.raises(EvaluationError, match=r"t_ref_degc = 60\.0 is not within"):
        ReferenceCondition(t_ref_degc=60.0, t_min_degc=20.0, t_max_degc=55.0)
