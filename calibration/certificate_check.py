"""What the values of a certificate must be to mean anything; each refusal names the value."""

import math
from collections.abc import Callable, Mapping

import numpy as np

from ledcal.calibration.errors import EvaluationError, OutsideCertificate
from ledcal.calibration.indication import FloatArray


def require_positive(where: str, **positive: float) -> None:
    """Refuse what is not a finite number above 0."""
    for name, number in positive.items():
        if not (math.isfinite(number) and number > 0):
            raise EvaluationError(f"{where}: {name} = {number} is not a finite number above 0")


def require_u(where: str, **uncertainties: float) -> None:
    """Refuse what is not a finite number of at least 0."""
    for name, u in uncertainties.items():
        if not (math.isfinite(u) and u >= 0):
            raise EvaluationError(f"{where}: {name} = {u} is not a finite number of at least 0")


def require_finite(where: str, **numbers: float) -> None:
    """Refuse what is not a finite number."""
    for name, number in numbers.items():
        if not math.isfinite(number):
            raise EvaluationError(f"{where}: {name} = {number} is not finite")


def require_table(
    where: str, wavelength_nm: FloatArray, positive: Mapping[str, FloatArray], u_rel: FloatArray
) -> None:
    """Refuse a table whose wavelengths do not rise or whose columns do not fit them."""
    rising = np.all(np.isfinite(wavelength_nm)) and np.all(np.diff(wavelength_nm) > 0)
    if wavelength_nm.ndim != 1 or len(wavelength_nm) < 2 or not rising:
        raise EvaluationError(f"{where}: wavelength_nm is not at least 2 rising, finite numbers")
    require_columns(where, wavelength_nm, positive, require_positive)
    require_columns(where, wavelength_nm, {"u_rel": u_rel}, require_u)


def require_columns(
    where: str,
    wavelength_nm: FloatArray,
    columns: Mapping[str, FloatArray],
    require: Callable[..., None],
) -> None:
    """Refuse columns that do not fit the wavelengths or hold what one of them must not be."""
    for name, column in columns.items():
        if column.shape != wavelength_nm.shape:
            raise EvaluationError(
                f"{where}: {name} has {column.size} values for {wavelength_nm.size} wavelengths"
            )
        for at_nm, number in zip(wavelength_nm, column, strict=True):
            require(f"{where}, {at_nm:g} nm", **{name: float(number)})


def require_covered(what: str, wavelength_nm: FloatArray, covered_nm: FloatArray) -> None:
    """Refuse wavelengths beyond the ends of a table."""
    inside = (wavelength_nm >= covered_nm[0]) & (wavelength_nm <= covered_nm[-1])
    if not np.all(inside):
        at = float(wavelength_nm[int(np.argmin(inside))])
        raise OutsideCertificate(
            f"{at:g} nm is outside {covered_nm[0]:g} to {covered_nm[-1]:g} nm, which certificate "
            f"{what} covers"
        )
