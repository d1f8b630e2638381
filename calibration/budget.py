"""The uncertainty budget of one result as a table, by GTC."""

import math
from dataclasses import dataclass

import GTC

from ledcal.calibration.estimate import COVERAGE_PROBABILITY, Component, Estimate, united
from ledcal.calibration.record import Measured


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetRow:
    """One input quantity in the budget.

    Attributes:
        component: What varies.
        value: Value of the input, None where none is told.
        u_input: Its standard uncertainty, in the unit of the input.
        sensitivity: Derivative of the result with respect to it.
        contribution: What it contributes, |sensitivity| · u_input, in the unit of the result.
        share: Its part of the combined variance, a fraction.
        dof: Its degrees of freedom.
        evaluation: Type "A" or "B".
        common: True when all results of the run share the error.
        source: Where the figure comes from.
    """

    component: str
    value: float | None
    u_input: float
    sensitivity: float
    contribution: float
    share: float
    dof: float
    evaluation: str
    common: bool
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The budget of one result.

    Attributes:
        rows: The inputs, the largest contribution first.
        value: The measured quantity value.
        unit: Its UCUM unit.
        u: Combined standard uncertainty.
        dof: Effective degrees of freedom.
        coverage_factor: k for the coverage probability.
        probability: Coverage probability, a fraction.
        expanded_uncertainty: U = k·u.
    """

    rows: tuple[BudgetRow, ...]
    value: float
    unit: str
    u: float
    dof: float
    coverage_factor: float
    probability: float
    expanded_uncertainty: float


def budget(estimate: Estimate, probability: float = COVERAGE_PROBABILITY) -> Budget:
    """Return the budget of a result.

    The modes of one certificate ("name [1]", "name [2]", ...) make one row; its input is an
    error of unit variance. The result is formed once more in GTC, whose degrees of freedom and
    coverage factor stand here: a second implementation of JCGM 100 G.4.

    Args:
        estimate: The result with its inputs.
        probability: Coverage probability of the expanded uncertainty, a fraction.
    """
    components = united(estimate.components)
    total = GTC.constant(estimate.value)
    for one in components:
        if one.u > 0:
            # GTC keeps the influences apart by identity; each call makes a new one.
            total = total + one.sensitivity * GTC.ureal(0.0, one.u_input, one.dof, label=one.name)
    u = float(total.u)
    dof = float(GTC.dof(total)) if u > 0 else math.inf
    k = round(float(GTC.rp.k_factor(dof, 100 * probability)), 2)
    rows = [_row(group, u) for group in _groups(components)]
    return Budget(
        rows=tuple(sorted(rows, key=lambda row: -row.contribution)),
        value=estimate.value,
        unit=estimate.unit,
        u=u,
        dof=dof,
        coverage_factor=k,
        probability=probability,
        expanded_uncertainty=k * u,
    )


def recorded_estimate(result: Measured) -> Estimate:
    """Return a recorded result as it was when it was recorded, to compute it again.

    Records of ledcal 0.1 keep only what each input contributed.
    """
    components = (
        Component(
            name=str(part["name"]),
            value=part.get("value"),
            u_input=float(part.get("u_input", part["u"])),
            sensitivity=float(part.get("sensitivity", 1.0)),
            dof=math.inf if part.get("dof") is None else float(part["dof"]),
            evaluation=part["evaluation"],
            common=bool(part["common"]),
            source=str(part["source"]),
            distribution=part.get("distribution", "normal"),
            relation=part.get("relation", "sum"),
        )
        for part in result.components
    )
    return Estimate(value=result.value, unit=result.unit, components=tuple(components))


def _groups(components: tuple[Component, ...]) -> list[list[Component]]:
    groups: dict[object, list[Component]] = {}
    for number, one in enumerate(components):
        name, mode, _ = one.name.partition(" [")
        groups.setdefault((name, one.source) if mode else number, []).append(one)
    return list(groups.values())


def _row(group: list[Component], u: float) -> BudgetRow:
    first = group[0]
    contribution = math.hypot(*(one.contribution for one in group))
    single = len(group) == 1
    return BudgetRow(
        component=first.name.partition(" [")[0],
        value=first.value if single else None,
        u_input=first.u_input if single else 1.0,
        sensitivity=first.sensitivity if single else contribution,
        contribution=contribution,
        share=(contribution / u) ** 2 if u > 0 else 0.0,
        dof=min(one.dof for one in group),
        evaluation=first.evaluation,
        common=first.common,
        source=first.source,
    )
