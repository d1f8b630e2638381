"""The certificate as PDF, by WeasyPrint: the same page, tagged, with its record attached.

WeasyPrint is no dependency: it brings Pango and fonts with it, and every browser prints the page.
"""

import logging
from datetime import datetime
from typing import Any, NoReturn

from ledcal.calibration.record import Record

VARIANT = "pdf/a-3a"
"""Asked of WeasyPrint; nobody has validated what comes."""


class PdfUnavailable(RuntimeError):
    """WeasyPrint is not installed, or lacks a library of the system."""


def certificate_pdf(page: str, record: Record, attached: bytes) -> bytes:
    """Return a certificate's page as PDF/A-3a with the record attached as `record.json`.

    Nothing is fetched. The same page and record give the same bytes, as long as WeasyPrint and the
    fonts of the computer are the same.

    Args:
        page: By `certificate_html`.
        record: The record it was made from.
        attached: The record's file.

    Raises:
        PdfUnavailable: WeasyPrint cannot be used here.
    """
    try:
        # Half a second of CPU: only who makes a PDF pays it.
        import weasyprint
    except (ImportError, OSError) as error:
        raise PdfUnavailable(str(error)) from error
    # It tells of every property that is for browsers only.
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    at = datetime.fromisoformat(record.finished_at)
    file = weasyprint.Attachment(
        string=attached,
        name="record.json",
        description="the record that this certificate was made from",
        created=at,
        modified=at,
        relationship="Source",
    )
    document: bytes = weasyprint.HTML(string=page, url_fetcher=_refuse).write_pdf(
        pdf_variant=VARIANT,
        pdf_identifier=record.run.run.encode(),
        attachments=[file],
    )
    return document


def _refuse(url: str, *_: Any, **__: Any) -> NoReturn:
    raise ValueError(f"{url}: the page asks for nothing from outside")
