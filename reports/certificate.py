"""The certificate: one HTML page that is a pure function of the record of a run.

The page holds no script and asks for nothing from outside; its content security policy says so to
the browser. Whatever is printed passes `_printed`, which makes text from outside legible and lets
no bare number through, so that each number has been rounded for its uncertainty.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from markupsafe import Markup, escape

from ledcal.calibration.amendment import Amendment
from ledcal.calibration.as_found import AsFound
from ledcal.calibration.errors import RecordError
from ledcal.calibration.outcome import Outcome
from ledcal.calibration.record import Measured, Record
from ledcal.calibration.statement import Statement
from ledcal.reports.beam import beams
from ledcal.reports.budget import budget
from ledcal.reports.coefficients import coefficient_table, knot_table, models
from ledcal.reports.conformity import coverage, risk_words
from ledcal.reports.curve_figure import curve_figure, residual_reach
from ledcal.reports.figures import spectra_figure, verification_figure
from ledcal.reports.issuer import issuer, laboratory
from ledcal.reports.monte_carlo import check_words
from ledcal.reports.page import PAGE, csp_hash, source
from ledcal.reports.photobiological import safety_sheet
from ledcal.reports.quantity import facts
from ledcal.reports.result_budgets import result_budgets
from ledcal.reports.results import ResultRow, channel_names, result_row, rule_letters
from ledcal.reports.revision import revision_of
from ledcal.reports.stages import as_found_points, stages
from ledcal.reports.standards import chains, described, standing, with_what
from ledcal.reports.summary import key_figures
from ledcal.reports.text import css_string, instant, legible
from ledcal.reports.verification import verification, verification_rows

_CONDITION_STEPS = ("blank", "warm_up")
_BROKEN_OFF = AsFound(
    verdict=None, reason="the run ended while it was measured", file_sha256="", sequence=0
)


def certificate_html(
    record: Record,
    *,
    record_sha256: str,
    checkpoint: str | None = None,
    statements: Sequence[tuple[Statement, str]] = (),
    amendments: Sequence[tuple[Amendment, str]] = (),
) -> str:
    """Return the certificate of a run as one HTML document.

    Args:
        record: The record, of any outcome and however little it holds.
        record_sha256: SHA-256 of the record file that the page is made from, in hex.
        checkpoint: Signed note of what the log was when the run was in it, None where there is
            no log.
        statements: Who stands for the run, each with the id of the key that signed it.
        amendments: What was put right since, in order, each with the id of the key.

    Raises:
        RecordError: The record holds a number that is NaN or infinite.
    """
    _require_finite(record)
    names = channel_names(record)
    verified = verification(record)
    others = [m for m in record.measured if m not in verified]
    before = [m for m in others if m.step in _CONDITION_STEPS and m.channel is None]
    of_channels = [m for m in others if m.channel is not None]
    of_panel = [m for m in others if m.channel is None and m not in before]
    found = as_found_points(record)
    rules = rule_letters([*record.measured, *found])
    budgeted = [m for m in (*record.measured, *found) if m.components]
    numbers = {id(m): number for number, m in enumerate(budgeted, start=1)}

    def rows(results: Sequence[Measured]) -> list[ResultRow]:
        return [result_row(m, rules, budget=numbers.get(id(m), 0)) for m in results]

    revision = revision_of(record, statements, amendments)
    style = _style(record, revision.margin)
    return PAGE.render(
        record=record,
        run=record.run,
        panel=record.panel,
        title=_title(record),
        marks=_marks(record),
        record_sha256=record_sha256,
        revision=revision,
        issuer=issuer(record.run),
        laboratory=laboratory(record.run),
        stages=stages(record, verified),
        found=record.as_found or _BROKEN_OFF,
        as_found=verification_rows(found, [numbers.get(id(m), 0) for m in found]),
        as_found_k=coverage(found),
        beams=beams(record, names),
        with_what=with_what(record.instruments),
        standing=standing(record),
        chains=chains(record.instruments),
        statements=[(one, instant(one.at), key_id) for one, key_id in statements],
        meanings=", ".join(dict.fromkeys(one.meaning for one, _ in statements)),
        approved=revision.approved,
        # To the byte, since `ledcal verify --checkpoint` reads it from the page.
        checkpoint=[escape(legible(line)) for line in (checkpoint or "").split("\n") if line],
        style=Markup(style),
        style_hash=Markup(csp_hash(style)),
        started_at=instant(record.run.at),
        finished_at=instant(record.finished_at),
        key_figures=key_figures(verified),
        rules=rules,
        verification_rules=rule_letters(verified),
        plane=facts(record.run.plane),
        instruments=[described(i, record.run.at) for i in record.instruments],
        verification=verification_rows(verified, [numbers.get(id(m), 0) for m in verified]),
        verification_k=coverage(verified),
        verification_risks=risk_words(verified),
        verification_checks=check_words(verified),
        verification_figure=verification_figure(verified, names, found) if verified else None,
        conditions=rows(before),
        conditions_k=coverage(before),
        channels=[
            (channel, name, rows([m for m in of_channels if m.channel == channel]))
            for channel, name in names.items()
        ],
        channels_k=coverage(of_channels),
        names=names,
        panel_results=rows(of_panel),
        panel_k=coverage(of_panel),
        safety=safety_sheet(record.safety, record.measured),
        spectra=spectra_figure(record.spectra, names) if record.spectra else None,
        curves=_curve_figures(record, names),
        models=models(record.curves),
        coefficients=coefficient_table(record.curves),
        knots=knot_table(record.curves),
        budget=budget(verified),
        budgets=result_budgets(budgeted, rules),
    )


def _curve_figures(record: Record, names: dict[int, str]) -> list[Markup]:
    reach = residual_reach(record.curves)
    return [curve_figure(curve, names[curve.channel], reach) for curve in record.curves]


def _title(record: Record) -> str:
    """Name the document by what it may claim: only a run that passed gives a certificate."""
    if record.run.proves:
        return f"Proof by light of the file of run {legible(record.run.proves)}"
    if record.outcome is Outcome.PASS:
        return "Calibration certificate"
    return "Report of a calibration run"


def _marks(record: Record) -> list[str]:
    """Return the words that keep this page from being taken for a production certificate."""
    marks = ["SIMULATED"] if record.run.simulated else []
    if record.run.mode != "PROD":
        words = {"ENG": "ENGINEERING", "DEMO": "DEMONSTRATION"}
        marks.append(words.get(record.run.mode, legible(record.run.mode, longest=20)))
    return marks


def _style(record: Record, revision: str) -> str:
    """Return the style sheet with what the margin of every printed page says."""
    marks = " · ".join(_marks(record))
    margins = {
        "PAGE-IDENTITY": f"{_title(record)} {legible(record.run.run, longest=60)}{revision}",
        "PAGE-ITEM": f"panel {legible(record.run.serial, longest=40)}",
        "PAGE-MARK": f"{marks}: NOT FOR RELEASE" if marks else "",
    }
    sheet = source("certificate.css")
    for place, words in margins.items():
        sheet = sheet.replace(f'"{place}"', css_string(words))
    return sheet


def _require_finite(record: Record) -> None:
    for place, number in _not_finite(record):
        raise RecordError(
            f"record{place} is {number}: no page is made from a record with such a number; "
            "check the record with `ledcal verify`"
        )


def _not_finite(value: Any) -> Iterator[tuple[str, float]]:
    """Yield the place of each number that is NaN or infinite, and the number."""
    inside: Iterable[tuple[Any, Any]] = ()
    form = "[{}]" if isinstance(value, list) else ".{}"
    if isinstance(value, list):
        # Spectra are most of a record: one by one they would take longer than the whole page.
        if not (all(type(inner) is float for inner in value) and all(map(math.isfinite, value))):
            inside = enumerate(value)
    elif isinstance(value, dict):
        inside = value.items()
    elif is_dataclass(value):
        inside = ((field.name, getattr(value, field.name)) for field in fields(value))
    for key, inner in inside:
        if isinstance(inner, float):
            if not math.isfinite(inner):
                yield form.format(key), inner
        elif not isinstance(inner, str | int | None):
            for place, number in _not_finite(inner):
                yield form.format(key) + place, number
