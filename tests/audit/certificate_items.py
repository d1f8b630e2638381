"""Items 1 to 10: the certificate's frame, the item, and the conditions."""

import re
from typing import Any

from tests.audit.evidence import Evidence
from tests.audit.item import item, need

_UTC = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+00:00"


def fact(evidence: Evidence, label: str, until: str) -> str:
    """Return what stands after a label on the certificate, up to another label."""
    found = re.search(rf"\b{label}\b(.*?)\b{until}\b", evidence.page)
    need(found, f"the certificate has no {label!r} before {until!r}")
    assert found is not None
    return found[1].strip()


@item(1, "title; id and revision on every printed page, page x of y", "code: printed by Chromium")
def title_and_pages(evidence: Evidence) -> str:
    heading = re.search(r"<h1[^>]*>([^<]+)</h1>", evidence.html)
    need(heading and "ertificate" in heading[1], "the heading does not say certificate")
    pages = evidence.pdf_pages
    run = evidence.started["run"]
    for number, text in enumerate(pages, start=1):
        where = f"printed page {number} of {len(pages)}"
        need(run in text, f"{where} lacks the document's id {run}")
        need(
            re.search(rf"{number}(of|/){len(pages)}(?!\d)", text),
            f"{where} does not say page {number} of {len(pages)}",
        )
        need(re.search(r"[Rr]evision\d+", text), f"{where} lacks the revision of the document")
    return f"certificate.html: h1, and the margin of all {len(pages)} printed pages"


@item(2, "a visible end of the document", "code: last words of page and print")
def end_mark(evidence: Evidence) -> str:
    wanted = f"End of document {evidence.started['run']}"
    end = re.search(rf"{re.escape(wanted)}, revision \d+$", evidence.page)
    need(end, f"the page does not end with '{wanted}, revision N'")
    assert end is not None
    mark = end[0]
    need("".join(mark.split()) in evidence.pdf_pages[-1], "the last printed page lacks the mark")
    return f"certificate.html: its last line, {mark!r}"


@item(3, "laboratory, station, place of the work", "code: record against page")
def laboratory(evidence: Evidence) -> str:
    said: dict[str, str] = evidence.started.get("laboratory", {})
    need(said.get("name"), "record.json names no laboratory (run_started.laboratory.name)")
    station = evidence.started["station"]
    address = [said[key] for key in ("street", "city", "country_code") if said.get(key)]
    need(len(address) >= 2, "record.json has no address of the laboratory")
    for words in (said["name"], *address, station["name"], station["site"]):
        need(words in evidence.page, f"the certificate lacks {words!r}")
    need("place of the work" in evidence.page, "the certificate names no place of the work")
    return "certificate.html section 1; record.json run_started.laboratory, .station"


@item(4, "customer, or internal release", "code: words of section 1")
def customer(evidence: Evidence) -> str:
    text = fact(evidence, "Customer", "Condition")
    named = evidence.started.get("item", {}).get("customer", "internal release")
    need(text.startswith(named), f"the certificate does not begin its customer with {named!r}")
    return f"certificate.html section 1, Customer: {text[:40]}"


@item(5, "method: id, revision, hash of the test sequence", "code: record against page")
def method(evidence: Evidence) -> str:
    said: dict[str, str] = evidence.started.get("method", {})
    need(said.get("id") and said.get("revision"), "record.json has no run_started.method")
    digest = said.get("sha256", "")
    need(re.fullmatch(r"[0-9a-f]{64}", digest), "record.json: the method has no SHA-256")
    for words in (said["id"], said["revision"], digest[:12]):
        need(words in evidence.page, f"the certificate lacks {words!r} of the method")
    return f"certificate.html section 2: {said['id']}, revision {said['revision']}"


@item(6, "item: model, serial, UDI, firmware, condition on receipt", "code: record against page")
def device(evidence: Evidence) -> str:
    panels = evidence.of_kind("panel")
    need(panels, "record.json has no panel")
    for key in ("model", "serial", "uid", "firmware", "hardware_revision"):
        need(str(panels[-1].get(key, "")).strip(), f"record.json: the panel's {key} is empty")
        need(str(panels[-1][key]) in evidence.page, f"the certificate lacks the panel's {key}")
    need(re.search(r"\bUDI\b|[Uu]nique id", evidence.page), "no unique identification is named")
    need(fact(evidence, "Condition on receipt", "Item"), "no condition on receipt")
    return "certificate.html section 1; record.json panel"


@item(7, "dates received, measured, issued, in UTC with offset", "code: forms of the dates")
def dates(evidence: Evidence) -> str:
    need(re.search(rf"Measured {_UTC} to {_UTC}", evidence.page), "no time of measurement in UTC")
    need(re.search(rf"Issued {_UTC}", evidence.page), "no date of issue in UTC")
    need(
        re.search(r"[Rr]eceived|date of receipt", evidence.page), "no word on the date of receipt"
    )
    for event in evidence.events:
        need(str(event["at"]).endswith("+00:00"), f"event {event['n']}: its time is not UTC")
    return "certificate.html front page and section 1; record.json: at of every event"


def _cells(table: list[list[str]], name: str) -> list[str]:
    """Return the cells of a column whose heading begins so, of full rows only."""
    heading = [" ".join(cell.split()) for cell in table[0]]
    columns = [number for number, cell in enumerate(heading) if cell.startswith(name)]
    full = [row for row in table[1:] if len(row) == len(heading)]
    return [row[column].strip() for column in columns for row in full]


@item(8, "each value has a unit and a sensible number of digits", "code: every table's cells")
def units(evidence: Evidence) -> str:
    checked = 0
    for table in evidence.tables:
        if not table or not any(cell.strip() == "Value" for cell in table[0]):
            continue
        values, named = _cells(table, "Value"), _cells(table, "Unit")
        need(len(named) == len(values), "a table of values has no column of units")
        for value, unit in zip(values, named, strict=True):
            need(unit, f"value {value} has no unit")
            digits = re.sub(r"^0+", "", re.sub(r"[^0-9]", "", value.partition("×")[0]))
            need(len(digits) <= 6, f"value {value} {unit} has {len(digits)} digits")
            checked += 1
    need(checked, "there is no table with values")
    for one in evidence.of_kind("measured"):
        need(one["unit"], f"record.json: {one['measurand']} has no unit")
    return f"certificate.html sections 2 to 5: {checked} values; record.json measured.unit"


def _limited(evidence: Evidence) -> list[dict[str, Any]]:
    found = [
        one for one in evidence.of_kind("measured") if (one["lower"], one["upper"]) != (None, None)
    ]
    need(found, "record.json has no result with limits")
    return found


@item(9, "U, k, level of confidence at each point; budget within reach", "code: each result")
def uncertainty(evidence: Evidence) -> str:
    for one in _limited(evidence):
        where = f"{one['measurand']}, event {one['n']}"
        need(one["expanded_uncertainty"] > 0 and one["k"] > 0, f"{where}: has no U or no k")
        off = abs(one["expanded_uncertainty"] - one["k"] * one["u"])
        need(off <= 1e-9 * one["expanded_uncertainty"], f"{where}: U is not k times u")
        need(one["components"], f"{where}: has no budget")
    for words in ("U, k = 2", "95 %"):
        need(words in evidence.page, f"the certificate lacks {words!r}")
    need(re.search(r"\bA\.1\b", evidence.page), "the certificate has no appendix with budgets")
    return "certificate.html sections 4 and 5, appendix A; record.json measured.components"


@item(10, "ambient, panel temperature, warm-up, geometry, stray light", "code: record and page")
def conditions(evidence: Evidence) -> str:
    measured = {one["measurand"] for one in evidence.of_kind("measured")}
    for name in ("ambient temperature", "ambient irradiance", "board temperature", "stability"):
        need(name in measured, f"record.json has no {name}")
        need(name in evidence.page.lower(), f"the certificate lacks {name}")
    need(re.search(r"distance: \d+ mm", evidence.page), "the certificate has no distance")
    return "certificate.html section 2, conditions and reference plane"
