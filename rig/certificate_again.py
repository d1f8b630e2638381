"""A run's certificate made again from its journal, as a page or as PDF."""

from pathlib import Path

from ledcal.reports.certificate import certificate_html
from ledcal.reports.pdf import PdfUnavailable, certificate_pdf
from ledcal.reports.text import legible
from ledcal.rig.closing import CERTIFICATE, record_bytes
from ledcal.rig.errors import RefusedInput
from ledcal.rig.folder import sha256_hex
from ledcal.rig.journal import read_journal
from ledcal.rig.output import write_output
from ledcal.rig.revision import checkpoint_of, revision_of
from ledcal.rig.summary import record_of, signed_on


def certificate_again(folder: Path) -> tuple[bytes, list[str]]:
    """Return the certificate anew from the journal, and who has signed what since, in words.

    Raises:
        RefusedInput: There is no readable journal.
    """
    record = record_of(folder)
    digest = sha256_hex(record_bytes(read_journal(folder)))
    statements = [(one.statement, one.key_id) for one in signed_on(folder)]
    chain = revision_of(folder)
    page = certificate_html(
        record,
        record_sha256=digest,
        checkpoint=checkpoint_of(folder),
        statements=statements,
        amendments=[(one.amendment, one.key_id) for one in chain.amendments],
    )
    later = [f"{one.meaning} by {one.name}" for one, _ in statements if one.meaning != "performed"]
    later += [f"amended by {one.name}" for one in chain.plain]
    return page.encode(), later


def render_again(folder: Path, output: Path) -> str:
    """Write the certificate anew from the journal; return a sentence on how it compares.

    Raises:
        RefusedInput: There is no readable journal, or the page is not to be written there.
        StationError: The page cannot be written.
    """
    page, later = certificate_again(folder)
    write_output(output, page)
    sealed = folder / CERTIFICATE
    if not sealed.exists():
        return f"{output}: made; the run has no page of its own to compare it with"
    if sealed.read_bytes() == page:
        return f"{output}: identical with the run's page"
    if later:
        words = ", ".join(later)
        return f"{output}: the run's page with what was signed since: {legible(words)}"
    return f"{output}: differs from the run's page; see `ledcal verify {folder}`"


def write_pdf(folder: Path, output: Path) -> str:
    """Write the certificate of a run as PDF; return a sentence on what it is.

    Raises:
        RefusedInput: There is no readable journal, or WeasyPrint cannot be used here, or
            the file is not to be written there.
        StationError: The file cannot be written.
    """
    page, _ = certificate_again(folder)
    record = record_of(folder)
    try:
        made = certificate_pdf(page.decode(), record, record_bytes(read_journal(folder)))
    except PdfUnavailable as error:
        raise RefusedInput(
            "PDF",
            f"PDF needs WeasyPrint, which cannot be used here ({error}): `pip install "
            "'ledcal[pdf]'` and the Pango library of the system, or print the page of `ledcal "
            "report` in a browser",
        ) from error
    write_output(output, made)
    return (
        f"{output}: the certificate as tagged PDF/A-3a with record.json attached; not validated "
        "with veraPDF"
    )
