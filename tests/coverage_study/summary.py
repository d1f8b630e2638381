"""What many virtual panels say together: coverage of each quantity, and the risk of decisions."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ledcal.calibration.outcome import Verdict
from tests.coverage_study.panel import Case, Judged, PanelResult

WANTED, BAND = 0.95, 0.015
"""Stated 95 % intervals are to hold the truth in 95 ± 1.5 % of cases: wider ones fail too."""
WORST_FALSE_ACCEPT = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How often the stated intervals of one quantity held the truth.

    Attributes:
        quantity: The quantity.
        panels: How many panels they come from.
        cases: How many intervals were stated.
        covered: Fraction that held the truth.
        u_covered: Standard uncertainty of that fraction; the channels of one panel share their
            instruments' errors, so it comes from the scatter between panels.
        z_mean, z_sd: Mean and standard deviation of error over stated standard uncertainty.
        judged: Whether the fraction has to lie in the wanted band.
    """

    quantity: str
    panels: int
    cases: int
    covered: float
    u_covered: float
    z_mean: float
    z_sd: float
    judged: bool

    @property
    def ok(self) -> bool:
        """Whether the fraction is what was stated."""
        return abs(self.covered - WANTED) <= BAND


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """How often units at the product's limit were judged wrongly, as fractions of all judged.

    Attributes:
        units: How many were judged.
        nonconforming: Truly outside the limit.
        false_accept: Outside, yet passed.
        false_reject: Inside, yet failed.
        inconclusive: Neither passed nor failed.
        simple_false_accept: Outside, yet passed had there been no guard band.
        expected_false_accept: What JCGM 106 expects of the stated uncertainties.
    """

    units: int
    nonconforming: float
    false_accept: float
    false_reject: float
    inconclusive: float
    simple_false_accept: float
    expected_false_accept: float

    @property
    def ok(self) -> bool:
        """Whether false accepts are as rare as promised."""
        return self.false_accept < WORST_FALSE_ACCEPT


def coverages(panels: Sequence[PanelResult]) -> list[Coverage]:
    """Return the coverage of every quantity, in the order in which they are measured."""
    by_quantity: dict[str, list[list[Case]]] = defaultdict(list)
    for panel in panels:
        own: dict[str, list[Case]] = defaultdict(list)
        for case in panel.cases:
            own[case.quantity].append(case)
        for quantity, cases in own.items():
            by_quantity[quantity].append(cases)
    return [_coverage(quantity, groups) for quantity, groups in by_quantity.items()]


def risk(panels: Sequence[PanelResult]) -> Risk:
    """Return what became of the units at the limit."""
    units = [unit for panel in panels for unit in panel.judged]

    def share(*wanted: bool) -> float:
        return sum(wanted) / len(units)

    return Risk(
        units=len(units),
        nonconforming=share(*(not one.conforms for one in units)),
        false_accept=share(*(_said(one, Verdict.PASS) and not one.conforms for one in units)),
        false_reject=share(*(_said(one, Verdict.FAIL) and one.conforms for one in units)),
        inconclusive=share(*(_said(one, Verdict.INCONCLUSIVE) for one in units)),
        simple_false_accept=share(*(one.shown_inside and not one.conforms for one in units)),
        expected_false_accept=float(np.mean([one.expected.false_accept for one in units])),
    )


def _said(unit: Judged, verdict: Verdict) -> bool:
    return unit.verdict is verdict


def _coverage(quantity: str, groups: Sequence[Sequence[Case]]) -> Coverage:
    cases = [case for group in groups for case in group]
    z = np.array([case.error / case.u for case in cases])
    by_panel = [float(np.mean([case.covered for case in group])) for group in groups]
    scatter = float(np.std(by_panel, ddof=1)) if len(groups) > 1 else math.nan
    return Coverage(
        quantity=quantity,
        panels=len(groups),
        cases=len(cases),
        covered=float(np.mean([case.covered for case in cases])),
        u_covered=scatter / math.sqrt(len(groups)),
        z_mean=float(z.mean()),
        z_sd=float(z.std()),
        judged=all(case.judged for case in cases),
    )
