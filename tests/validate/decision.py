"""Conformity, gauges, thermocouples and safety of light: published figures."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy.optimize import brentq

from ledcal.calibration.conformity import GammaPrior, global_risk
from ledcal.calibration.gauge_study import gauge_study
from ledcal.calibration.hazard import Hazard, retinal_thermal_weight
from ledcal.calibration.safety import permitted_s
from ledcal.calibration.thermocouple import emf_v, hot_junction_degc
from tests.validate.check import Check, digits, printed

GAUGE = Path(__file__).parents[1] / "data" / "gauge_study.csv"


def checks() -> Iterator[Check]:
    """Return every reference of this module."""
    yield _bearings()
    yield from _gauge()
    yield from _thermocouple()
    yield from _safety()


def _bearings() -> Check:
    process, u = GammaPrior(mean=1.0, sd=0.5), 0.25
    at_limit = global_risk(process, u, (None, 2.0), (None, 2.0))

    def excess(limit: float) -> float:
        return global_risk(process, u, (None, 2.0), (None, limit)).false_accept - 1e-3

    return printed(
        "JCGM 106 9.5.4, ball bearings",
        "JCGM 106:2012",
        [
            ("nonconforming, %", 100 * at_limit.nonconforming, "4.24"),
            ("consumer's risk, %", 100 * at_limit.false_accept, "0.80"),
            ("acceptance limit for 0.1 %", float(brentq(excess, 1.0, 2.0)), "1.672"),
        ],
    )


def _gauge() -> Iterator[Check]:
    lines = [line for line in GAUGE.read_text().splitlines() if not line.startswith("#")]
    readings = np.array([[float(word) for word in line.split(",")[2:]] for line in lines])
    found = gauge_study(readings.reshape(3, 3, 10))
    reference, source = "AIAG gauge study, 10 × 3 × 3", "AIAG MSA, 4th edition, III B"
    yield printed(
        reference,
        source,
        [
            ("%GRR", 100 * found.gauge_fraction, "26.68"),
            ("distinct categories", float(found.distinct_categories), "5"),
        ],
    )
    # Worked by hand there, from averages and ranges rounded to four decimals.
    yield Check(
        reference=reference,
        what="EV, AV, GRR, PV, TV (worked by hand there)",
        source=source,
        digits=digits(
            [found.repeatability, found.reproducibility, found.gauge, found.parts, found.total],
            [0.20188, 0.22963, 0.30575, 1.10456, 1.14610],
        ),
        required=3.5,
    )


# NIST Monograph 175, table of type K, mV.
_TABLE = {
    **{-250: "-6.404", -200: "-5.891", -100: "-3.554", -50: "-1.889", 25: "1.000"},
    **{50: "2.023", 100: "4.096", 150: "6.138", 200: "8.138", 500: "20.644"},
    **{1000: "41.276", 1372: "54.886"},
}


def _thermocouple() -> Iterator[Check]:
    yield printed(
        "ITS-90, type K table",
        "NIST Monograph 175",
        [(f"{degc} °C", 1e3 * emf_v(degc), text) for degc, text in _TABLE.items()],
    )
    temperatures = np.linspace(-240.0, 1372.0, 807)
    back = [hot_junction_degc(emf_v(t) - emf_v(23.0), 23.0) for t in temperatures.tolist()]
    yield Check(
        reference="ITS-90, type K inverse",
        what="there and back, reference junction at 23 °C",
        source="NIST Monograph 175",
        digits=digits(np.array(back) + 273.15, temperatures + 273.15),
        required=9.0,
    )


def _safety() -> Iterator[Check]:
    source = "IEC 62471:2006; Directive 2006/25/EC, annex I"
    times = {200: "403", 300: "235", 500: "119", 1000: "47"}
    yield printed(
        "IEC 62471, cornea and lens, permitted s",
        source,
        [
            (f"{level} W/m2", permitted_s(Hazard.CORNEA_LENS, level, 0.1), text)
            for level, text in times.items()
        ],
    )
    weights = {660: "1.0000", 810: "0.6026", 830: "0.5495", 850: "0.5012", 940: "0.3311"}
    yield printed(
        "IEC 62471, R(λ)",
        source,
        [
            (f"{nm} nm", float(retinal_thermal_weight(np.array([float(nm)]))[0]), text)
            for nm, text in weights.items()
        ],
    )
