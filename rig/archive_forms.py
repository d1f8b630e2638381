"""The other forms of what a run left, for whoever has no ledcal: CSV, XML, Intel HEX, C."""

import csv
import io
import json
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ledcal.calibration.record import Record
from ledcal.reports.text import legible
from ledcal.rig.certificate_again import render_again
from ledcal.rig.closing import CERTIFICATE, SEAL
from ledcal.rig.dcc_file import dcc_of
from ledcal.rig.deletion_check import DELETION
from ledcal.rig.delivery import deliverable
from ledcal.rig.errors import RefusedInput
from ledcal.rig.export import exported
from ledcal.rig.spectra_file import csv_text, sent_spectra

_LONGEST = 100_000
_FIELDS = {
    "step": "of the procedure",
    "measurand": "what was measured",
    "channel": "LED channel, empty where the result is the panel's",
    "where": "further conditions, JSON",
    "value": "measured",
    "expanded_uncertainty": "U, same unit",
    "k": "coverage factor of U",
    "unit": "UCUM",
    "nominal": "asked for or specified",
    "lower": "tolerance limit, empty where that side is open",
    "upper": "tolerance limit, empty where that side is open",
    "acceptance_lower": "limit drawn in by the guard band",
    "acceptance_upper": "limit drawn in by the guard band",
    "verdict": "PASS, FAIL or INCONCLUSIVE",
    "rule": "decision rule",
    "statement": "the verdict in the words of the rule",
    "conformance_probability": "that the true value lies within the tolerance",
    "tur": "test uncertainty ratio",
    "at": "UTC",
}


def forms_of(folder: Path, record: Record, data_folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each form that a run can be given.

    Args:
        folder: Of the run; one without a seal has its results and spectra only, a deleted one
            its results.
        record: What its journal tells.
        data_folder: Where it is kept.
    """
    yield "results.csv", results_csv(record).encode()
    if (folder / DELETION).exists():
        return  # of which its record tells; what the others are made of is gone
    sent = sent_spectra(folder)
    if sent.spectra:
        yield "spectra.csv", csv_text(sent, record).encode()
    if not (folder / SEAL).exists():
        return
    page = _page(folder)
    if page != (folder / CERTIFICATE).read_bytes():
        yield CERTIFICATE, page
    try:
        yield "dcc.xml", dcc_of(folder)
    except RefusedInput:
        pass  # it has no result that a certificate could state
    try:
        issued = deliverable(folder, data_folder)
    except RefusedInput:
        return  # nobody has answered for its file
    name = folder.resolve().name
    yield "panel.bin", exported("raw", issued.file, None, name)
    yield "panel.hex", exported("hex", issued.file, "0x0", name)
    yield "panel.c", exported("c", issued.file, None, name)


def results_csv(record: Record) -> str:
    """Return every result of a run as CSV (RFC 4180), with a head that explains each column."""
    mark = "SIMULATED: no real instrument took part. " if record.run.simulated else ""
    head = [
        f"{mark}Results of run {record.run.run}, panel {record.run.serial}",
        *(f"column {name}: {text}" for name, text in _FIELDS.items()),
    ]
    return csv_table(
        head, _FIELDS, ([getattr(one, f) for f in _FIELDS] for one in record.measured)
    )


def csv_table(head: Iterable[str], columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    """Return a table as CSV in which no cell can begin a formula or hide a character."""
    out = io.StringIO()
    for line in head:
        out.write(f"# {legible(line, longest=_LONGEST)}\r\n")
    table = csv.writer(out)
    table.writerow(columns)
    table.writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue()


def _cell(value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, int | float):
        return repr(value)
    plain = json.dumps(value, sort_keys=True) if isinstance(value, dict | list) else str(value)
    text = legible(plain, longest=_LONGEST)
    # A spreadsheet takes such a cell for a formula.
    return f"'{text}" if text[0] in "=+-@" else text


def _page(folder: Path) -> bytes:
    """Return a run's page with all that was stated of the run since it was sealed."""
    with tempfile.TemporaryDirectory(prefix="ledcal-") as scratch:
        page = Path(scratch) / CERTIFICATE
        render_again(folder, page)
        return page.read_bytes()
