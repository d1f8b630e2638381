"""Building blocks of a digital calibration certificate: elements, texts and D-SI quantities.

Names and order are those of PTB's schemas: DCC 3.3.0 (https://ptb.de/dcc) and D-SI 2.2
(https://ptb.de/si).
"""

import math
from collections.abc import Sequence
from decimal import Decimal
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from ledcal.calibration.errors import RecordError
from ledcal.reports.number import decimal, last_place
from ledcal.reports.text import legible

DCC = "https://ptb.de/dcc"
SI = "https://ptb.de/si"
LANGUAGE = "en"
COVERAGE_PROBABILITY = "0.9545"
"""Of every expanded uncertainty in a record: k is that of a normal distribution at 2 (EA-4/02)."""
_LONGEST = 4000
_ONE = r"\one"
# BIPM SI brochure, 9th edition, in D-SI's form; the keys are UCUM, as records have them.
_UNITS = {
    "W/m2": r"\watt\metre\tothe{-2}",
    "W/m2/nm": r"\watt\metre\tothe{-2}\nano\metre\tothe{-1}",
    "W/m2/sr": r"\watt\metre\tothe{-2}\steradian\tothe{-1}",
    "J/m2": r"\joule\metre\tothe{-2}",
    "W": r"\watt",
    "nm": r"\nano\metre",
    "mm": r"\milli\metre",
    "Cel": r"\degreecelsius",
    "K": r"\kelvin",
    "1/K": r"\kelvin\tothe{-1}",
    "s": r"\second",
    "A": r"\ampere",
    "V": r"\volt",
    "1": _ONE,
}
# Suffixes of identifiers, longest first, and the UCUM unit that each stands for.
_SUFFIXES = (
    ("_w_m2_nm", "W/m2/nm"),
    ("_w_m2", "W/m2"),
    ("_j_m2", "J/m2"),
    ("_degc", "Cel"),
    ("_per_k", "1/K"),
    ("_mm", "mm"),
    ("_nm", "nm"),
    ("_w", "W"),
    ("_k", "K"),
    ("_s", "s"),
    ("_v", "V"),
    ("_a", "A"),
)
ElementTree.register_namespace("dcc", DCC)
ElementTree.register_namespace("si", SI)


def element(tag: str, *children: Element | None, **attributes: str) -> Element:
    """Return an element of the DCC with its children; None stands for one that is left out."""
    made = Element(f"{{{DCC}}}{tag}", attributes)
    made.extend(child for child in children if child is not None)
    return made


def string(tag: str, text: str, **attributes: str) -> Element:
    """Return an element that holds a string, legible and never empty."""
    made = element(tag, **attributes)
    made.text = shown(text)
    return made


def words(tag: str, *texts: str) -> Element:
    """Return an element that holds texts in the certificate's language, each as one content."""
    return element(tag, *(string("content", text, lang=LANGUAGE) for text in texts))


def flag(tag: str, value: bool) -> Element:
    """Return an element that holds true or false."""
    return string(tag, "true" if value else "false")


def shown(text: str) -> str:
    """Return a text as XML may hold it: controls as their codes, no blanks at its ends."""
    return legible(text.strip(), longest=_LONGEST)


def release(version: str) -> str:
    """Return a version as PTB's rules want it: a letter, then the numbers."""
    return f"v{version}" if version[:1].isdigit() else version


def unit_of(ucum: str) -> str:
    """Return a UCUM unit in D-SI's form.

    Raises:
        RecordError: D-SI's form of it is not known here.
    """
    if ucum not in _UNITS:
        raise RecordError(
            f"the unit {ucum!r} has no D-SI form here; the record cannot be exported"
        )
    return _UNITS[ucum]


def unit_of_name(name: str) -> tuple[str, str]:
    """Return the words of an identifier and the D-SI unit that its suffix stands for."""
    for suffix, ucum in _SUFFIXES:
        if name.endswith(suffix) and name != suffix:
            return name.removesuffix(suffix).replace("_", " "), unit_of(ucum)
    return name.replace("_", " "), _ONE


def real(value: float, unit: str, expanded_uncertainty: float | None, k: float = 2.0) -> Element:
    """Return one D-SI quantity, with its expanded uncertainty where it has one.

    Raises:
        RecordError: A number is NaN or infinite.
    """
    made = _si("real")
    text, expanded = rounded(value, expanded_uncertainty)
    made.extend([_si("value", text), _si("unit", unit)])
    if expanded is not None:
        outer, inner = _si("measurementUncertaintyUnivariate"), _si("expandedMU")
        inner.extend(
            [
                _si("valueExpandedMU", expanded),
                _si("coverageFactor", _factor(k)),
                _si("coverageProbability", COVERAGE_PROBABILITY),
            ]
        )
        outer.append(inner)
        made.append(outer)
    return made


def real_list(
    values: Sequence[float],
    unit: str,
    *,
    labels: Sequence[str] = (),
    expanded: Sequence[float] = (),
    factors: Sequence[float] = (),
) -> Element:
    """Return a D-SI list of values in one unit; with uncertainties, where there are any.

    Raises:
        RecordError: A number is NaN or infinite.
    """
    made = _si("realListXMLList")
    if labels:
        made.append(_si("labelXMLList", " ".join(labels)))
    uncertainties: Sequence[float | None] = expanded or [None] * len(values)
    texts = [rounded(v, u) for v, u in zip(values, uncertainties, strict=True)]
    made.append(_si("valueXMLList", " ".join(text for text, _ in texts)))
    made.append(_si("unitXMLList", unit))
    if expanded:
        outer = _si("measurementUncertaintyUnivariateXMLList")
        inner = _si("expandedMUXMLList")
        inner.extend(
            [
                _si("valueExpandedMUXMLList", " ".join(u for _, u in texts if u is not None)),
                _si("coverageFactorXMLList", " ".join(map(_factor, factors))),
                _si("coverageProbabilityXMLList", COVERAGE_PROBABILITY),
            ]
        )
        outer.append(inner)
        made.append(outer)
    return made


def rounded(value: float, expanded_uncertainty: float | None) -> tuple[str, str | None]:
    """Return value and expanded uncertainty with the digits of the certificate's page.

    The uncertainty has two digits (ILAC-P14:09/2020, 5.4), the value ends at the same place. A
    value without uncertainty is exact and keeps all that it has.

    Raises:
        RecordError: A number is NaN or infinite.
    """
    if not math.isfinite(value) or not math.isfinite(expanded_uncertainty or 0.0):
        raise RecordError(f"{value} ± {expanded_uncertainty} is no number: nothing is exported")
    if not expanded_uncertainty:
        exact = _plain(decimal(value))
        return exact, None if expanded_uncertainty is None else "0"
    uncertainty = decimal(expanded_uncertainty)
    place = last_place(uncertainty)
    return _plain(round(decimal(value), -place)), _plain(round(uncertainty, -place))


def _factor(k: float) -> str:
    """Return a coverage factor with three digits, which D-SI wants without an exponent."""
    text = f"{k:.2f}"
    return text.rstrip("0").rstrip(".")


def _plain(number: Decimal) -> str:
    return f"{number:f}"


def _si(tag: str, text: str | None = None) -> Element:
    made = Element(f"{{{SI}}}{tag}")
    made.text = text
    return made
