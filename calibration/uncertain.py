"""Arrays of quantity values with their uncertainties, correlated exactly to first order.

The law of propagation (JCGM 100 5.2.2, JCGM 102 6.2) for arrays that share a few named errors -
a certificate, an aperture, a distance - and hold noise of their own besides:
value + Σ contribution · (error of unit variance) + noise. Every step multiplies by derivatives
at the value, so that x − x is zero without uncertainty and a spectrum divided by its own sum
sums to one without any.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ledcal.calibration.errors import EvaluationError
from ledcal.calibration.estimate import Component, Estimate
from ledcal.calibration.indication import FloatArray
from ledcal.calibration.influence import Factor, Noise, Transfer


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class UncertainArray:
    """Values with their shared errors and their noise; one value has shape (1,).

    Attributes:
        value: Shape (n,).
        factors: The shared errors, m of them.
        contribution: Sensitivity × standard uncertainty of each factor, signed, in the unit of
            the value, shape (n, m).
        noise: Errors independent from element to element, each with its map to the values.
    """

    value: FloatArray
    factors: tuple[Factor, ...] = ()
    contribution: FloatArray
    noise: tuple[tuple[Noise, Transfer], ...] = ()

    def __post_init__(self) -> None:
        """Refuse values that are not finite and shapes that do not fit."""
        if self.value.ndim != 1 or self.contribution.shape != (self.value.size, len(self.factors)):
            raise EvaluationError(
                f"{self.value.shape} values and {len(self.factors)} factors do not go with "
                f"contributions of shape {self.contribution.shape}"
            )
        for what, numbers in (("value", self.value), ("contribution", self.contribution)):
            finite = np.isfinite(numbers)
            if not np.all(finite):
                at = int(np.argwhere(~finite)[0][0])
                raise EvaluationError(f"the {what} of element {at} is not finite")

    @property
    def u_independent(self) -> FloatArray:
        """Standard uncertainty by what is no common factor, shape (n,)."""
        own = [n for n, factor in enumerate(self.factors) if not factor.common]
        variance = np.sum(self.contribution[:, own] ** 2, axis=1)
        for _, transfer in self.noise:
            variance = variance + transfer.variance()
        return np.asarray(np.sqrt(variance), dtype=np.float64)

    @property
    def u_common(self) -> FloatArray:
        """Standard uncertainty by the common factors, shape (n,)."""
        shared = [n for n, factor in enumerate(self.factors) if factor.common]
        return np.asarray(np.linalg.norm(self.contribution[:, shared], axis=1), dtype=np.float64)

    @property
    def u(self) -> FloatArray:
        """Combined standard uncertainty of each value, shape (n,)."""
        return np.hypot(self.u_independent, self.u_common)

    def covariance(self) -> FloatArray:
        """Return the covariance matrix of the values, shape (n, n)."""
        total = self.contribution @ self.contribution.T
        for _, transfer in self.noise:
            dense = transfer.dense()
            total = total + dense @ dense.T
        return np.asarray(total, dtype=np.float64)

    def apply(
        self,
        function: Callable[[FloatArray], FloatArray],
        slope: Callable[[FloatArray], FloatArray],
    ) -> "UncertainArray":
        """Return a function of each element.

        Args:
            function: From values to values, elementwise.
            slope: Its derivative.
        """
        return combined(function(self.value), (self, slope(self.value)))

    def functional(self, gradient: FloatArray, value: float) -> "UncertainArray":
        """Return one value that depends on all elements.

        Args:
            gradient: Its derivative with respect to each element, shape (n,).
            value: The value itself.

        Raises:
            EvaluationError: The gradient has another length.
        """
        self._require_fit(gradient)
        return UncertainArray(
            value=np.array([value]),
            factors=self.factors,
            contribution=(gradient @ self.contribution)[None, :],
            noise=tuple((noise, transfer.functional(gradient)) for noise, transfer in self.noise),
        )

    def sum(self, weight: FloatArray | None = None) -> "UncertainArray":
        """Return the sum of the elements, each times its weight, shape (1,)."""
        each = np.ones_like(self.value) if weight is None else weight
        self._require_fit(each)
        return self.functional(each, float(each @ self.value))

    def centroid(self, axis: FloatArray, weight: FloatArray) -> "UncertainArray":
        """Return Σ weight·value·axis / Σ weight·value, the first moment, shape (1,).

        Raises:
            EvaluationError: The weighted sum of the values is not positive.
        """
        self._require_fit(weight)
        total = float(weight @ self.value)
        if not total > 0:
            raise EvaluationError(f"the sum {total:g} of the values is not > 0: no centroid")
        centroid = float((weight * self.value) @ axis) / total
        return self.functional(weight * (axis - centroid) / total, centroid)

    def estimate(self, unit: str) -> Estimate:
        """Return the one value with its budget.

        Raises:
            EvaluationError: There is more than one value.
        """
        if self.value.size != 1:
            raise EvaluationError(f"{self.value.size} values are not one estimate")
        shared = [
            factor.component(float(of))
            for factor, of in zip(self.factors, self.contribution[0], strict=True)
        ]
        own = [
            Component(
                name=noise.name,
                u_input=float(np.sqrt(transfer.variance()[0])),
                evaluation=noise.evaluation,
                common=False,
                source=noise.source,
                dof=noise.dof,
            )
            for noise, transfer in self.noise
        ]
        return Estimate(value=float(self.value[0]), unit=unit, components=(*own, *shared))

    def _require_fit(self, weight: FloatArray) -> None:
        if weight.shape != self.value.shape:
            raise EvaluationError(f"{weight.size} weights do not go with {self.value.size} values")

    def __add__(self, other: "UncertainArray | FloatArray | float") -> "UncertainArray":
        """Return the sum, elementwise."""
        left, right = self, uncertain(other)
        return combined(left.value + right.value, (left, _ONE), (right, _ONE))

    def __sub__(self, other: "UncertainArray | FloatArray | float") -> "UncertainArray":
        """Return the difference, elementwise."""
        left, right = self, uncertain(other)
        return combined(left.value - right.value, (left, _ONE), (right, -_ONE))

    def __mul__(self, other: "UncertainArray | FloatArray | float") -> "UncertainArray":
        """Return the product, elementwise."""
        left, right = self, uncertain(other)
        return combined(left.value * right.value, (left, right.value), (right, left.value))

    def __truediv__(self, other: "UncertainArray | FloatArray | float") -> "UncertainArray":
        """Return the quotient, elementwise.

        Raises:
            EvaluationError: A divisor is zero.
        """
        left, right = self, uncertain(other)
        if not np.all(right.value):
            raise EvaluationError(f"the divisor's element {int(np.argmin(right.value != 0))} is 0")
        value = left.value / right.value
        return combined(value, (left, 1 / right.value), (right, -value / right.value))

    def __rsub__(self, other: "FloatArray | float") -> "UncertainArray":
        """Return the difference, elementwise."""
        return uncertain(other) - self

    def __rtruediv__(self, other: "FloatArray | float") -> "UncertainArray":
        """Return the quotient, elementwise."""
        return uncertain(other) / self

    __radd__ = __add__
    __rmul__ = __mul__
    __array_ufunc__ = None  # an array on the left leaves the operation to this class


_ONE = np.ones(1)


def uncertain(
    value: "UncertainArray | FloatArray | float",
    factors: Sequence[Factor] = (),
    sensitivity: FloatArray | None = None,
    noise: Noise | None = None,
    u_independent: FloatArray | None = None,
) -> UncertainArray:
    """Return values with their uncertainties; an uncertain array is returned as it is.

    Args:
        value: Shape (n,), or one number.
        factors: The errors that the values share.
        sensitivity: Derivative of each value with respect to each factor, shape (n, m).
        noise: What the noise is.
        u_independent: Its standard uncertainty in each value, shape (n,).

    Raises:
        EvaluationError: Something is not finite, or negative, or has another length.
    """
    if isinstance(value, UncertainArray):
        return value
    values = np.atleast_1d(np.asarray(value, dtype=np.float64))
    if sensitivity is None:
        sensitivity = np.zeros((values.size, len(factors)))
    maps: tuple[tuple[Noise, Transfer], ...] = ()
    if noise is not None and u_independent is not None:
        if u_independent.shape != values.shape:
            raise EvaluationError(
                f"{u_independent.size} uncertainties do not go with {values.size} values"
            )
        good = np.isfinite(u_independent) & (u_independent >= 0)
        if not np.all(good):
            raise EvaluationError(
                f"{noise.name}: the uncertainty of element {int(np.argmin(good))} is not a finite "
                "number of at least 0"
            )
        maps = ((noise, Transfer.elementwise(u_independent)),)
    return UncertainArray(
        value=values,
        factors=tuple(factors),
        contribution=sensitivity * np.array([factor.u_input for factor in factors]),
        noise=maps,
    )


def uncertain_value(estimate: Estimate) -> UncertainArray:
    """Return an estimate as an array of one value.

    Its common components become common factors. The others become errors that belong to what
    this call returns: convert an estimate once and use the result, or it counts as two.
    """
    factors = tuple(
        Factor(
            name=one.name,
            u_input=one.u_input,
            evaluation=one.evaluation,
            source=one.source,
            common=one.common,
            dof=one.dof,
            value=one.value,
        )
        for one in estimate.components
    )
    sensitivity = np.array([[one.sensitivity for one in estimate.components]])
    given = uncertain(estimate.value, factors, sensitivity.reshape(1, len(factors)))
    # Once more through the sum, which unites common factors of one name.
    return combined(given.value, (given, _ONE))


def combined(value: FloatArray, *parts: tuple[UncertainArray, FloatArray]) -> UncertainArray:
    """Return values that depend on arrays through the derivatives given, element by element.

    Args:
        value: The values, shape (n,).
        parts: Each array, of n values or of one, with the derivative of each result with
            respect to its element, shape (n,) or (1,).
    """
    place: dict[object, int] = {}
    factors: list[Factor] = []
    for array, _ in parts:
        for factor in array.factors:
            if factor.key not in place:
                place[factor.key] = len(factors)
                factors.append(factor)
    contribution = np.zeros((value.size, len(factors)))
    noise: dict[Noise, Transfer] = {}
    for array, derivative in parts:
        at = [place[factor.key] for factor in array.factors]
        first, last = (at[0], at[-1] + 1) if at else (0, 0)
        if at == list(range(first, last)):
            # The usual case; a slice is several times as fast as a list of columns.
            contribution[:, first:last] += derivative[:, None] * array.contribution
        else:
            for column, of in zip(at, array.contribution.T, strict=True):
                contribution[:, column] += derivative * of
        rows = np.broadcast_to(derivative, value.shape)
        for origin, transfer in array.noise:
            scaled = transfer.scaled(rows)
            noise[origin] = noise[origin].plus(scaled) if origin in noise else scaled
    return UncertainArray(
        value=value,
        factors=tuple(factors),
        contribution=contribution,
        noise=tuple(noise.items()),
    )


def mean_of(estimates: Sequence[Estimate]) -> Estimate:
    """Return the mean of results of one measurand, with what they share counted once.

    Raises:
        EvaluationError: There is none, or they differ in unit.
    """
    units = {estimate.unit for estimate in estimates}
    if len(units) != 1:
        raise EvaluationError(f"{len(estimates)} results with {len(units)} units have no mean")
    total = uncertain_value(estimates[0])
    for estimate in estimates[1:]:
        total = total + uncertain_value(estimate)
    return (total / float(len(estimates))).estimate(units.pop())
