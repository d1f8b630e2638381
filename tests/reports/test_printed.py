"""What stands on each printed page, by the browser and by WeasyPrint; the PDF holds its record."""

import io
import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pypdf
import pypdf.generic
import pytest

from ledcal.calibration.record import Record
from ledcal.calibration.record_reader import read_record
from ledcal.calibration.statement import Statement
from ledcal.reports.certificate import certificate_html
from ledcal.reports.pdf import PdfUnavailable, certificate_pdf

SHA256 = "5a" * 32
ATTACHED = json.dumps({"format": "ledcal-record/1"}).encode()
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
RUN = "20260304T091200Z-DEMO-0001-1"
WEASYPRINT_LEAVES_A_FILE_OPEN = "ignore:.*sRGB2014.icc:pytest.PytestUnraisableExceptionWarning"


def by_browser(page: str, folder: Path) -> bytes:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium here")
    source, made = folder / "page.html", folder / "page.pdf"
    source.write_text(page, encoding="utf-8")
    subprocess.run(
        [
            *(CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
            *("--disable-background-networking", f"--user-data-dir={folder / 'profile'}"),
            *("--no-pdf-header-footer", f"--print-to-pdf={made}", source.as_uri()),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    return made.read_bytes()


@pytest.fixture
def recalibrated(recalibrated_events: list[dict[str, Any]]) -> Record:
    """With the budgets of two results only: the more there are, the longer it takes to print."""
    whole = read_record(recalibrated_events)
    first = {id(m) for m in [m for m in whole.measured if m.components][:2]}
    return replace(
        whole,
        measured=[m if id(m) in first else replace(m, components=[]) for m in whole.measured],
        measured_as_found=[replace(m, components=[]) for m in whole.measured_as_found],
    )


def require_one_document(reader: pypdf.PdfReader, title: str) -> list[str]:
    """See that every page names the document, its number and what it is not; return the texts."""
    pages = [" ".join(page.extract_text().split()) for page in reader.pages]
    for number, text in enumerate(pages, start=1):
        assert title in text
        assert f"page {number} of {len(pages)}" in text
        assert "panel DEMO-0001" in text
        assert "SIMULATED · DEMONSTRATION: NOT FOR RELEASE" in text
        # The watermark across the page, beside the words in its margin; slanted letters are apart.
        assert text.replace(" ", "").count("SIMULATED") >= 2
    ends = [f"End of document {RUN}" in text for text in pages]
    assert ends == [False] * (len(pages) - 1) + [True]
    # Tagged, so that a screen reader can follow it.
    marked = reader.root_object["/MarkInfo"]
    assert isinstance(marked, pypdf.generic.DictionaryObject)
    assert marked["/Marked"]
    return pages


def test_the_first_printed_page_alone_tells_what_matters(
    recalibrated: Record, tmp_path: Path
) -> None:
    signed = Statement(
        run=RUN,
        record_sha256=SHA256,
        meaning="approved",
        name="E. Ross",
        at="2026-03-04T10:00:00+00:00",
        remark="",
    )
    source = certificate_html(recalibrated, record_sha256=SHA256, statements=[(signed, "00" * 8)])
    reader = pypdf.PdfReader(io.BytesIO(by_browser(source, tmp_path)))
    front, second, *_ = require_one_document(reader, f"Calibration certificate {RUN}, revision 0")
    for words in (
        *("PASS", "Out of tolerance", "8 of 10 points", "channel 3 at", "limits ±10 %"),
        *("Adjusted", "In tolerance", "15 of 15 points"),
        *("Performed by m.keller", "Authorised by E. Ross", "Signed approved"),
        *("PM103 M01023481", "Park Clinic", "ledcal panel calibration", "LTP-5"),
    ):
        assert words in front, words
    assert "Laboratory, customer and item" in second


@pytest.mark.filterwarnings(WEASYPRINT_LEAVES_A_FILE_OPEN)
def test_the_pdf_is_one_document_holds_its_record_and_is_always_the_same(killed: Record) -> None:
    page = certificate_html(killed, record_sha256=SHA256)
    try:
        made = certificate_pdf(page, killed, ATTACHED)
    except PdfUnavailable as error:
        pytest.skip(f"WeasyPrint cannot be used here: {error}")
    reader = pypdf.PdfReader(io.BytesIO(made))
    assert reader.attachments == {"record.json": [ATTACHED]}
    require_one_document(reader, f"Report of a calibration run {RUN}, revision 0")
    metadata = reader.root_object["/Metadata"].get_object()
    assert isinstance(metadata, pypdf.generic.StreamObject)
    assert "pdfaid:part" in metadata.get_data().decode()
    assert made == certificate_pdf(page, killed, ATTACHED)


def test_without_weasyprint_it_is_said_so(killed: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    page = certificate_html(killed, record_sha256=SHA256)
    with pytest.raises(PdfUnavailable):
        certificate_pdf(page, killed, ATTACHED)
