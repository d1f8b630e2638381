"""NIST Statistical Reference Datasets and the worked examples of ISO/TS 28037."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ledcal.calibration.fit_statistics import analyse_variance
from ledcal.calibration.least_squares import generalised, nonlinear
from tests.validate.check import Check, digits, printed

Array = NDArray[np.float64]

STRD = Path(__file__).parents[1] / "data" / "nist-strd"
NIST = "NIST StRD, itl.nist.gov/div898/strd"
ISO = "ISO/TS 28037:2010"
LINEAR_DIGITS, NONLINEAR_DIGITS = 9.0, 7.0

MODELS: dict[str, Callable[[Array, Array], Array]] = {
    "Misra1a": lambda x, b: b[0] * (1 - np.exp(-b[1] * x)),
    "Misra1b": lambda x, b: b[0] * (1 - (1 + b[1] * x / 2) ** -2),
    "Misra1c": lambda x, b: b[0] * (1 - (1 + 2 * b[1] * x) ** -0.5),
    "Misra1d": lambda x, b: b[0] * b[1] * x / (1 + b[1] * x),
    "Chwirut2": lambda x, b: np.exp(-b[0] * x) / (b[1] + b[2] * x),
    "DanWood": lambda x, b: b[0] * x ** b[1],
    "Eckerle4": lambda x, b: b[0] / b[1] * np.exp(-0.5 * ((x - b[2]) / b[1]) ** 2),
    "Gauss1": lambda x, b: (
        b[0] * np.exp(-b[1] * x)
        + b[2] * np.exp(-((x - b[3]) ** 2) / b[4] ** 2)
        + b[5] * np.exp(-((x - b[6]) ** 2) / b[7] ** 2)
    ),
}


def checks() -> Iterator[Check]:
    """Return every reference of this module."""
    yield _norris()
    yield _sirstv()
    for name, model in MODELS.items():
        for start in (0, 1):
            yield _nonlinear(name, model, start)
    yield _line("example 1", [3.3, 5.6, 7.1, 9.3, 10.7, 12.1], [0.5] * 6, _EXAMPLE_1)
    yield _line("example 2", [3.2, 4.3, 7.6, 8.6, 11.7, 12.8], [0.5] * 3 + [1.0] * 3, _EXAMPLE_2)
    yield _both_variables()


_EXAMPLE_1 = ("1.867", "1.757", "0.465", "0.120", "-0.050", "1.665")
_EXAMPLE_2 = ("0.885", "2.057", "0.530", "0.178", "-0.082", "4.131")


def _line(name: str, y: list[float], u_y: list[float], published: tuple[str, ...]) -> Check:
    x = np.arange(1.0, len(y) + 1)
    found = generalised(np.column_stack([np.ones_like(x), x]), np.array(y), np.array(u_y))
    figures = [*found.value, *found.u, found.covariance[0, 1], found.chi2]
    names = ("a", "b", "u(a)", "u(b)", "cov(a, b)", "chi-square")
    return printed(
        f"ISO/TS 28037 clause 6, {name}",
        ISO,
        [
            (what, float(figure), text)
            for what, figure, text in zip(names, figures, published, strict=True)
        ],
    )


def _both_variables() -> Check:
    """Return clause 7: both variables have errors; 4 digits as printed."""
    found = nonlinear(
        lambda x, b: b[0] + b[1] * x,
        np.array([1.2, 1.9, 2.9, 4.0, 4.7, 5.9]),
        np.array([3.4, 4.4, 7.2, 8.5, 10.8, 13.5]),
        np.array([1.0, 2.0]),
        u_x=np.full(6, 0.2),
        u_y=np.array([0.2, 0.2, 0.2, 0.4, 0.4, 0.4]),
    )
    figures = (
        ("a", float(found.value[0]), "0.5788"),
        ("u(a)", float(found.u[0]), "0.4764"),
        ("u(b)", float(found.u[1]), "0.1355"),
        ("cov(a, b)", float(found.covariance[0, 1]), "-0.0577"),
        ("chi-square", found.chi2, "2.743"),
    )
    return printed("ISO/TS 28037 clause 7, errors in both variables", ISO, figures)


def _norris() -> Check:
    lines = _lines("Norris")
    y, x = _data(lines, 61).T
    found = generalised(np.column_stack([np.ones_like(x), x]), y, np.ones_like(y))
    scale = np.sqrt(found.chi2 / found.dof)
    # Certified values stand in the file's table: B0, B1, then the sum of squares.
    rows = [line.split() for line in lines if re.match(r"\s+B[01]\s", line)]
    certified = np.array([[float(word) for word in row[1:3]] for row in rows])
    reached = min(digits(found.value, certified[:, 0]), digits(found.u * scale, certified[:, 1]))
    return Check(
        reference="NIST Norris",
        what="2 coefficients, their standard deviations",
        source=NIST,
        digits=reached,
        required=LINEAR_DIGITS,
    )


def _sirstv() -> Check:
    lines = _lines("SiRstv")
    rows = _data(lines, 61)
    found = analyse_variance([rows[rows[:, 0] == one, 1] for one in np.unique(rows[:, 0])])
    table = {
        line.split()[0]: line.split() for line in lines if re.match(r"(Between|Within)", line)
    }
    between, within = table["Between"], table["Within"]
    reached = min(
        digits(found.between, float(between[3])),
        digits(found.within, float(within[3])),
        digits(found.f, float(between[5])),
    )
    return Check(
        reference="NIST SiRstv",
        what="sums of squares between and within, F",
        source=NIST,
        digits=reached,
        required=LINEAR_DIGITS,
    )


def _nonlinear(name: str, model: Callable[[Array, Array], Array], start: int) -> Check:
    lines = _lines(name)
    y, x = _data(lines, 61).T
    rows = [line.split("=")[1] for line in lines if re.match(r"\s*b\d\s*=", line)]
    certified = np.array([[float(word) for word in row.split()] for row in rows])
    found = nonlinear(model, x, y, certified[:, start])
    scale = np.sqrt(found.chi2 / found.dof)
    reached = min(digits(found.value, certified[:, 2]), digits(found.u * scale, certified[:, 3]))
    return Check(
        reference=f"NIST {name}, start {start + 1}",
        what=f"{len(rows)} coefficients, their standard deviations",
        source=NIST,
        digits=reached,
        required=NONLINEAR_DIGITS,
    )


def _lines(name: str) -> list[str]:
    return (STRD / f"{name}.dat").read_text(encoding="ascii").splitlines()


def _data(lines: list[str], first: int) -> Array:
    rows = [line.split() for line in lines[first - 1 :] if line.strip()]
    return np.array([[float(word) for word in row] for row in rows])
