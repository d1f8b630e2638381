"""The calibration certificate of the thermocouple logger with its thermocouples."""

import math
from dataclasses import dataclass

from ledcal.calibration.certificate import CertificateHead
from ledcal.calibration.certificate_check import require_finite, require_u
from ledcal.calibration.errors import EvaluationError
from ledcal.calibration.estimate import Component, Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class ThermocoupleCorrection:
    """One thermocouple: true = indicated + correction.

    Attributes:
        name: What it is called in the station file, "heatsink" for example.
        input: Logger input that it is wired to.
        kind: Thermocouple type letter.
        correction_k: Correction added to the indication. [K]
        u_k: Its standard uncertainty. [K]
    """

    name: str
    input: int
    kind: str
    correction_k: float
    u_k: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ThermocoupleCertificate:
    """Thermocouple logger with its thermocouples.

    Attributes:
        head: Number, instrument, dates.
        corrections: One for each thermocouple.
    """

    head: CertificateHead
    corrections: tuple[ThermocoupleCorrection, ...]

    def __post_init__(self) -> None:
        """Refuse values that no certificate can mean, and two entries of one name."""
        names: set[str] = set()
        for entry in self.corrections:
            where = f"certificate {self.head.number}, thermocouple {entry.name}"
            if entry.name in names:
                raise EvaluationError(f"{where}: stands there twice")
            names.add(entry.name)
            require_u(where, u_k=entry.u_k)
            require_finite(where, correction_k=entry.correction_k)

    def corrected(self, name: str, indicated_degc: float) -> Estimate:
        """Return the temperature of one thermocouple. [degC]

        Args:
            name: Name of the thermocouple.
            indicated_degc: What the logger showed. [degC]

        Raises:
            EvaluationError: No such thermocouple, or the indication is not finite.
        """
        by_name = {c.name: c for c in self.corrections}
        if name not in by_name:
            raise EvaluationError(
                f"certificate {self.head.number} has no thermocouple {name!r}, only "
                f"{', '.join(sorted(by_name))}; correct the station file or the certificate file"
            )
        if not math.isfinite(indicated_degc):
            raise EvaluationError(
                f"thermocouple {name}: the indication {indicated_degc} degC is not finite; "
                "check that it is plugged in"
            )
        entry = by_name[name]
        component = Component(
            name=f"thermocouple {name}",
            value=entry.correction_k,
            u_input=entry.u_k,
            evaluation="B",
            common=True,
            source=self.head.number,
        )
        value_degc = indicated_degc + entry.correction_k
        return Estimate(value=value_degc, unit="Cel", components=(component,))
