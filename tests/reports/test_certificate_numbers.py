"""What the certificate says of uncertainty, conformity and safety."""

import re
from dataclasses import replace

from ledcal.calibration.outcome import Verdict
from ledcal.calibration.record import Record
from ledcal.reports.certificate import certificate_html

SHA256 = "5a" * 32
HOSTILE = "</table><script>alert(1)</script>\u202e"


def said(record: Record) -> str:
    source = certificate_html(record, record_sha256=SHA256)
    return " ".join(re.sub(r"<[^>]*>", " ", source).replace("&nbsp;", " ").split())


def test_every_result_with_components_has_its_budget(complete: Record) -> None:
    source = certificate_html(complete, record_sha256=SHA256)
    budgeted = [m for m in complete.measured if m.components]
    assert source.count('<tbody id="budget-') == len(budgeted)
    assert source.count('<a href="#budget-') == len(budgeted)


def test_factors_that_differ_have_a_column(complete: Record) -> None:
    same = certificate_html(complete, record_sha256=SHA256)
    assert '<th scope="col" class="n">k</th>' not in same
    odd = [replace(m, k=2.13) if m.step == "verify" else m for m in complete.measured]
    mixed = [*odd[:-1], replace(odd[-1], k=2.0)]
    source = certificate_html(replace(complete, measured=mixed), record_sha256=SHA256)
    assert source.count('<th scope="col" class="n">k</th>') == 1
    assert '<td class="n">2.13</td>' in source
    assert '<td class="n">2.13</td>' not in same


def test_a_non_binary_rule_is_quoted_beside_the_verdict(complete: Record) -> None:
    last = replace(
        complete.measured[-1],
        verdict=Verdict.INCONCLUSIVE,
        rule_kind="non-binary",
        statement=f"conditional pass{HOSTILE}",
    )
    source = certificate_html(
        replace(complete, measured=[*complete.measured[:-1], last]), record_sha256=SHA256
    )
    assert "INCONCLUSIVE<small>conditional pass&lt;/table&gt;" in source
    assert "<script" not in source
    assert "\u202e" not in source


def test_safety_is_stated_or_said_to_be_missing(complete: Record, record: Record) -> None:
    words = said(complete)
    assert "Risk group found RG1 as declared: RG1" in words
    assert "203 s (3 min 23 s) operators must know it" in words
    assert "IEC 62471:2006" in words
    assert "upper end of its interval" in words
    assert "Not assessed" not in words
    assert "Not assessed" in said(record)


def test_the_check_by_propagation_of_distributions_is_stated(
    complete: Record, record: Record
) -> None:
    assert "5 of 15 points (channels 1, 2, 3, 4, 5 at 100 %)" in said(complete)
    assert "distributions (JCGM 101): not recorded" in said(record)


def test_the_name_of_a_statistic_cannot_act(complete: Record) -> None:
    curve = replace(complete.curves[0], statistics={HOSTILE: 1.5})
    source = certificate_html(replace(complete, curves=[curve]), record_sha256=SHA256)
    assert "<script" not in source
    assert "&lt;script&gt;" in source


def test_channels_may_have_models_of_their_own(complete: Record) -> None:
    other = replace(complete.curves[2], model="a spline")
    words = said(replace(complete, curves=[*complete.curves[:2], other, *complete.curves[3:]]))
    assert "Model of the fit, channels 1, 2, 4, 5: E(d, T)" in words
    assert "Model of the fit, channel 3: a spline." in words


def test_no_line_can_end_between_a_number_and_its_unit(complete: Record) -> None:
    body = certificate_html(complete, record_sha256=SHA256).partition("<body>")[2]
    shown = re.sub(r"<[^>]*>", "\n", re.sub(r"<svg.*?</svg>", "", body, flags=re.DOTALL))
    assert re.findall(r"\d (?:%|°C|mW/cm²|W/m²|nm\b|K\b)|[≤≥<>±=] [\d±−+]", shown) == []
    assert "limits ±10\u00a0%" in shown


def test_a_reason_is_told_to_its_end_which_says_what_to_do(complete: Record) -> None:
    text = "the logger does not answer; " * 20 + "switch it on"
    assert text in said(replace(complete, reasons=[{"code": "LINK", "text": text}]))
