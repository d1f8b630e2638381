from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ledcal.calibration.errors import EvaluationError
from ledcal.calibration.gauge_study import gauge_study

FILE = Path(__file__).parents[1] / "data" / "gauge_study.csv"


def _readings() -> NDArray[np.float64]:
    lines = [line for line in FILE.read_text().splitlines() if not line.startswith("#")]
    rows = [[float(word) for word in line.split(",")[2:]] for line in lines]
    return np.array(rows).reshape(3, 3, 10)


def test_the_worked_example_of_aiag() -> None:
    # The printed figures were worked by hand from averages rounded to four decimals.
    study = gauge_study(_readings())
    assert study.repeatability == pytest.approx(0.20188, abs=5e-5)
    assert study.reproducibility == pytest.approx(0.22963, abs=5e-5)
    assert study.gauge == pytest.approx(0.30575, abs=5e-5)
    assert study.parts == pytest.approx(1.10456, abs=5e-5)
    assert study.total == pytest.approx(1.14610, abs=5e-5)
    assert round(100 * study.gauge_fraction, 2) == 26.68
    assert study.distinct_categories == 5


def test_appraisers_that_agree_add_nothing() -> None:
    one = _readings()[:1]
    study = gauge_study(np.concatenate([one, one]))
    assert study.reproducibility == 0.0
    assert study.gauge == study.repeatability


def test_a_known_gauge_is_found_again() -> None:
    rng = np.random.default_rng(4)
    found = []
    for _ in range(300):
        parts = rng.normal(0.0, 3.0, (1, 1, 10))
        appraisers = rng.normal(0.0, 1.0, (3, 1, 1))
        found.append(gauge_study(parts + appraisers + rng.normal(0.0, 0.5, (3, 3, 10))))
    assert np.mean([one.repeatability for one in found]) == pytest.approx(0.5, rel=0.01)
    assert np.mean([one.parts for one in found]) == pytest.approx(3.0, rel=0.05)
    assert np.mean([one.reproducibility for one in found]) == pytest.approx(1.0, rel=0.15)


@pytest.mark.parametrize("shape", [(4, 3, 10), (3, 1, 10), (3, 3, 11), (1, 3, 10)])
def test_a_size_without_a_constant_is_refused(shape: tuple[int, int, int]) -> None:
    with pytest.raises(EvaluationError, match="the method holds for"):
        gauge_study(np.ones(shape))


def test_what_cannot_be_judged_is_refused() -> None:
    with pytest.raises(EvaluationError, match="dimensions"):
        gauge_study(np.ones((3, 3)))
    with pytest.raises(EvaluationError, match="do not scatter"):
        gauge_study(np.ones((3, 3, 10)))
    broken = _readings()
    broken[1, 2, 3] = np.nan
    with pytest.raises(EvaluationError, match=r"\[1, 2, 3\] is not finite"):
        gauge_study(broken)
