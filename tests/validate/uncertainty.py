"""The worked examples of the GUM."""

from collections.abc import Iterator
from typing import Literal

import numpy as np

from ledcal.calibration.estimate import Component, Estimate, coverage_factor
from ledcal.calibration.influence import Factor
from ledcal.calibration.monte_carlo import TRIALS, simulate
from ledcal.calibration.uncertain import UncertainArray, uncertain
from tests.validate.check import Check, digits, printed

Distribution = Literal["normal", "rectangular"]
NORMAL: Distribution = "normal"
RECTANGULAR: Distribution = "rectangular"
GUM = "JCGM 100:2008, annex H"


def checks() -> Iterator[Check]:
    """Return every reference of this module."""
    yield _gauge_block()
    yield from _impedance()
    yield from _additive()


def _gauge_block() -> Check:
    """Return H.1: a gauge block of 50 mm by comparison; lengths in nm, temperatures in degC."""
    standard_nm, difference_nm = 50_000_623.0, 215.0
    expansion_per_k, room_k = 11.5e-6, -0.1
    inputs = (
        # name, u of the input, sensitivity, degrees of freedom: table H.1
        ("standard", 25.0, 1.0, 18.0),
        ("comparison, repeated", 5.8, 1.0, 24.0),
        ("comparator, random", 3.9, 1.0, 5.0),
        ("comparator, systematic", 6.7, 1.0, 8.0),
        ("difference of expansion", 0.58e-6, -standard_nm * room_k, 50.0),
        ("difference of temperature", 0.029, -standard_nm * expansion_per_k, 2.0),
    )
    found = Estimate(
        value=standard_nm + difference_nm,
        unit="nm",
        components=tuple(
            Component(
                name=name,
                u_input=u,
                sensitivity=sensitivity,
                dof=dof,
                evaluation="B",
                common=False,
                source="GUM H.1",
            )
            for name, u, sensitivity, dof in inputs
        ),
    )
    # The GUM rounds u to 32 nm and the degrees of freedom down before it goes on.
    k99 = coverage_factor(float(int(found.dof)), 0.99)
    return printed(
        "GUM H.1, gauge block",
        GUM,
        [
            ("l", found.value, "50000838"),
            ("u", found.u, "32"),
            ("k for 99 %", k99, "2.92"),
            ("U99", k99 * round(found.u), "93"),
            ("effective degrees of freedom", float(int(found.dof)), "16"),
        ],
    )


# GUM table H.2: five simultaneous readings of voltage [V], current [mA] and phase [rad].
_READINGS = np.array(
    [
        [5.007, 4.994, 5.005, 4.990, 4.999],
        [19.663, 19.639, 19.640, 19.685, 19.678],
        [1.0456, 1.0438, 1.0468, 1.0428, 1.0433],
    ]
)


def _impedance() -> Iterator[Check]:
    """Return H.2: resistance, reactance and impedance from correlated readings."""
    covariance = np.cov(_READINGS) / _READINGS.shape[1]
    factors = tuple(
        Factor(name=name, u_input=1.0, evaluation="A", source="GUM H.2", common=True, dof=4.0)
        for name in ("first", "second", "third")
    )
    # Three errors of unit variance that together have the covariance of the three means.
    of_factors = np.linalg.cholesky(covariance)
    voltage, milliampere, phase = (
        uncertain(mean, factors, row[np.newaxis])
        for mean, row in zip(_READINGS.mean(axis=1), of_factors, strict=True)
    )
    impedance = voltage / (milliampere * 1e-3)
    resistance = impedance * phase.apply(np.cos, lambda x: -np.sin(x))
    reactance = impedance * phase.apply(np.sin, np.cos)
    three = (resistance, reactance, impedance)
    figures = []
    for name, quantity, value, u in zip(
        ("R", "X", "Z"),
        three,
        ("127.732", "219.847", "254.260"),
        ("0.071", None, "0.236"),
        strict=True,
    ):
        figures.append((name, float(quantity.value[0]), value))
        if u is not None:
            figures.append((f"u({name})", float(quantity.u[0]), u))
    for name, one, other, text in (
        ("r(R, X)", resistance, reactance, "-0.588"),
        ("r(R, Z)", resistance, impedance, "-0.485"),
        ("r(X, Z)", reactance, impedance, "0.993"),
    ):
        figures.append((name, _correlation(one, other), text))
    reference = "GUM H.2, resistance and reactance"
    yield printed(reference, GUM, figures)
    # 0.295 is printed, worked there from rounded correlations; the readings give 0.2956.
    yield Check(
        reference=reference,
        what="u(X), printed from rounded correlations",
        source=GUM,
        digits=digits(reactance.u, 0.295),
        required=2.5,
    )


def _additive() -> Iterator[Check]:
    """Return 9.2.2 and 9.2.3 of GUM supplement 1: the sum of four inputs of mean 0 and u 1."""
    source = "JCGM 101:2008, tables 2 and 3"
    for example, distribution, end in (
        ("9.2.2, four normal inputs", NORMAL, 3.92),
        ("9.2.3, four rectangular inputs", RECTANGULAR, 3.88),
    ):
        sum_of_four = _sum_of_four(distribution)
        drawn = simulate(sum_of_four, seed=101, trials=TRIALS, probability=0.95)
        yield Check(
            reference=f"GUM-S1 {example}",
            what="u and both ends of the 95 % interval, 10⁶ trials",
            source=source,
            digits=digits([drawn.u, drawn.lower, drawn.upper], [2.00, -end, end]),
            # Of 10⁶ trials the ends scatter by 0.005.
            required=2.3,
        )
    by_propagation = _sum_of_four(NORMAL)
    k = coverage_factor(by_propagation.dof, 0.95)
    yield printed(
        "GUM-S1 9.2.2, law of propagation",
        source,
        [("u", by_propagation.u, "2.00"), ("k·u", k * by_propagation.u, "3.92")],
    )


def _sum_of_four(distribution: Distribution) -> Estimate:
    inputs = tuple(
        Component(
            name=f"X{number}",
            u_input=1.0,
            evaluation="B",
            common=False,
            source="GUM-S1 9.2",
            distribution=distribution,
        )
        for number in range(1, 5)
    )
    return Estimate(value=0.0, unit="1", components=inputs)


def _correlation(one: UncertainArray, other: UncertainArray) -> float:
    """Return the correlation of two single values from the variance of their sum."""
    variance = float((one + other).u[0]) ** 2 - float(one.u[0]) ** 2 - float(other.u[0]) ** 2
    return variance / (2 * float(one.u[0]) * float(other.u[0]))
