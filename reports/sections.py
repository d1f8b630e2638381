"""The sections of the certificate: their order is their numbers, and references are made of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from markupsafe import Markup, escape

_TITLES = {
    "item": "Laboratory, customer and item",
    "method": "Method and conditions",
    "instruments": "Instruments used",
    "as_found": "As found: irradiance before adjustment",
    "verification": "As left: irradiance verified after adjustment",
    "channels": "Results by channel",
    "panel": "Results of the whole panel",
    "safety": "Photobiological safety",
    "beam": "Beam parameters for reports of treatments",
    "curves": "Spectra and calibration curves",
    "coefficients": "Coefficients of the calibration file",
    "budget": "Uncertainty budget of the verification",
    "notes": "Deviations and notes",
    "claims": "What this document proves, and what it does not",
    "integrity": "Integrity",
}
_APPENDICES = {"budgets": "Uncertainty budgets of all results"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section or an appendix.

    Attributes:
        number: From 1, or a letter from A for an appendix.
        kind: "section" or "appendix".
    """

    key: str
    number: str
    kind: str
    title: str

    @property
    def reference(self) -> Markup:
        """The words by which another place of the page refers to it, as a link to it."""
        return Markup(f'<a href="#section-{escape(self.key)}">{self.kind}&nbsp;{self.number}</a>')


def _sections() -> Mapping[str, Section]:
    numbered = [
        Section(key=key, number=str(number), kind="section", title=title)
        for number, (key, title) in enumerate(_TITLES.items(), start=1)
    ]
    lettered = [
        Section(key=key, number=letter, kind="appendix", title=title)
        for letter, (key, title) in zip("ABC", _APPENDICES.items(), strict=False)
    ]
    return MappingProxyType({section.key: section for section in (*numbered, *lettered)})


SECTIONS = _sections()
"""Every section by its key, in the order of the page."""
