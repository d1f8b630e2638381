"""Where errors come from: factors that values share and noise that is each value's own.

A spectrum of n values holds n errors that have nothing to do with one another. Elementwise steps
keep them apart; a sum over the spectrum mixes them all, and a spectrum divided by its own sum
holds both. The map from the errors to the values is therefore kept as a diagonal and a few outer
products, which is closed under every step and costs n numbers for each, never n × n.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ledcal.calibration.estimate import Component
from ledcal.calibration.indication import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Factor:
    """One error that all elements of an array share, each with its own sensitivity.

    Attributes:
        name: What varies. A common factor of the same name is the same error everywhere; one
            that is not common is the same only as the same object.
        u_input: Standard uncertainty of the input, in the unit of the input.
        evaluation: "A" by statistics, "B" by other knowledge.
        source: Where the figure comes from.
        common: True when all values of one run share it.
        dof: Degrees of freedom of `u_input`.
        value: Value of the input where it is worth telling.
    """

    name: str
    u_input: float
    evaluation: Literal["A", "B"]
    source: str
    common: bool = True
    dof: float = math.inf
    value: float | None = None

    @property
    def key(self) -> object:
        """What two factors share when they are the same error."""
        return self.name if self.common else self

    def component(self, contribution: float) -> Component:
        """Return it as a component of one value, given its signed contribution."""
        return Component(
            name=self.name,
            value=self.value,
            u_input=self.u_input,
            sensitivity=contribution / self.u_input if self.u_input else 0.0,
            evaluation=self.evaluation,
            common=self.common,
            source=self.source,
            dof=self.dof,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Noise:
    """Errors independent from element to element; each object is an origin of its own.

    Attributes:
        name: What they are, "noise of the spectrum" for example.
        evaluation: "A" by statistics, "B" by other knowledge.
        source: Where the figure comes from.
        dof: Degrees of freedom.
    """

    name: str
    evaluation: Literal["A", "B"]
    source: str
    dof: float = math.inf


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Transfer:
    """The linear map diag(diagonal) + left · right from k errors of unit variance to n values.

    Attributes:
        diagonal: Shape (n,) with n = k, or None when no value is an element's own.
        left: Shape (n, r).
        right: Shape (r, k).
    """

    diagonal: FloatArray | None
    left: FloatArray
    right: FloatArray

    @staticmethod
    def elementwise(u: FloatArray) -> "Transfer":
        """Return the map of values that each hold their own error of standard deviation u."""
        return Transfer(diagonal=u, left=np.zeros((u.size, 0)), right=np.zeros((0, u.size)))

    def scaled(self, factor: FloatArray) -> "Transfer":
        """Return diag(factor) · self; one value and several factors give several values."""
        diagonal = None if self.diagonal is None else self.diagonal * factor
        right = self.right
        left = self.left * factor[:, None]
        if self.diagonal is not None and factor.size > self.diagonal.size:
            # One value with an error of its own, spread over an array: no longer a diagonal.
            left = np.hstack((left, (self.diagonal * factor)[:, None]))
            right, diagonal = np.vstack((right, np.ones((1, 1)))), None
        return Transfer(diagonal=diagonal, left=left, right=right)

    def plus(self, other: "Transfer") -> "Transfer":
        """Return the sum of two maps of the same errors to equally many values."""
        diagonal = self.diagonal
        if diagonal is None:
            diagonal = other.diagonal
        elif other.diagonal is not None:
            diagonal = diagonal + other.diagonal
        if other.left.shape[1] == 0:
            return Transfer(diagonal=diagonal, left=self.left, right=self.right)
        if self.left.shape[1] == 0:
            return Transfer(diagonal=diagonal, left=other.left, right=other.right)
        return Transfer(
            diagonal=diagonal,
            left=np.hstack((self.left, other.left)),
            right=np.vstack((self.right, other.right)),
        )

    def functional(self, gradient: FloatArray) -> "Transfer":
        """Return the map to the one value whose gradient over the n values is given."""
        row = (gradient @ self.left) @ self.right
        if self.diagonal is not None:
            row = row + gradient * self.diagonal
        return Transfer(diagonal=None, left=np.ones((1, 1)), right=row[None, :])

    def variance(self) -> FloatArray:
        """Return the variance of each value, shape (n,)."""
        total = np.zeros(self.left.shape[0])
        if self.left.shape[1]:
            gram = self.right @ self.right.T
            total += np.einsum("ir,rs,is->i", self.left, gram, self.left)
        if self.diagonal is not None:
            total += self.diagonal**2
            if self.left.shape[1]:
                total += 2 * self.diagonal * np.einsum("ir,ri->i", self.left, self.right)
        # What cancels may leave a rounding error below zero.
        return np.asarray(np.maximum(total, 0.0), dtype=np.float64)

    def dense(self) -> FloatArray:
        """Return the map as a matrix, shape (n, k)."""
        matrix = self.left @ self.right
        if self.diagonal is not None:
            matrix = matrix + np.diag(self.diagonal)
        return np.asarray(matrix, dtype=np.float64)
