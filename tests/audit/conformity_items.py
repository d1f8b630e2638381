"""Items 11 to 20: standards, as found and as left, conformity, people, amendments, plots."""

import json
import re
from importlib.resources import files

from tests.audit.certificate_items import fact
from tests.audit.evidence import APPROVER, REVIEWER, Evidence
from tests.audit.item import Absent, item, need


@item(11, "standards: identity, certificate, due date, chain to SI", "code: record against page")
def standards(evidence: Evidence) -> str:
    instruments = evidence.of_kind("instrument")
    roles = {one["role"] for one in instruments}
    need(len(roles) >= 3, f"record.json names only {sorted(roles)}")
    for one in instruments:
        certificate = one["certificate"]
        for key in ("number", "laboratory", "issued", "due"):
            need(certificate.get(key), f"{one['role']}: its certificate has no {key}")
            need(certificate[key] in evidence.page, f"{one['role']}: the page lacks its {key}")
        need(one["serial"] in evidence.page, f"{one['role']}: the page lacks its serial")
        copy = evidence.run / f"certificate-{one['role']}.toml"
        need(copy.is_file(), f"{copy.name} is not kept with the run")
    need("raceability" in evidence.page, "the certificate says nothing of traceability")
    need(re.search(r"\bSI\b", evidence.page), "the certificate does not name the SI")
    return "certificate.html section 3; certificate-*.toml in the run's folder"


@item(12, "as found and as left, adjustment named", "code: results before and after")
def as_found(evidence: Evidence) -> str:
    for words in ("As found", "Action taken", "As left"):
        need(words in evidence.page, f"the certificate lacks {words!r}")
    found = evidence.of_kind("measured_as_found")
    need(found, "record.json has no result as found: the panel was not measured before adjustment")
    left = [one for one in evidence.of_kind("measured") if one["step"] == "verify"]
    need(left, "record.json has no result as left")
    need(
        {one["channel"] for one in found} == {one["channel"] for one in left},
        "not every channel was measured as found and as left",
    )
    need(min(one["n"] for one in left) > max(one["n"] for one in found), "wrong order")
    return "certificate.html sections 1 and as found; record.json measured_as_found, verify"


@item(13, "conformity: which results, limits, rule and its risk", "code: every judged result")
def conformity(evidence: Evidence) -> str:
    judged = [one for one in evidence.of_kind("measured") if one["step"] == "verify"]
    need(judged, "record.json has no verified result")
    for one in judged:
        for key in ("lower", "upper", "rule", "verdict", "specific_risk", "tur"):
            need(one.get(key) is not None, f"{one['measurand']}, event {one['n']}: has no {key}")
        inside = one["acceptance_lower"] <= one["value"] <= one["acceptance_upper"]
        need(
            (one["verdict"] == "PASS") == inside,
            f"event {one['n']}: verdict {one['verdict']} is not what its limits say",
        )
    for words in ("Decision rule", "ILAC-G8", "risk", "TUR"):
        need(words in evidence.page, f"the certificate lacks {words!r}")
    return "certificate.html sections 2 and 4; record.json measured.rule, .specific_risk"


@item(14, "verdict in word and shape, computed, never a literal", "code: template and two runs")
def verdict(evidence: Evidence) -> str:
    outcome = evidence.of_kind("run_finished")[-1]["outcome"]
    need(
        re.search(rf"<svg[^>]*>.*?</svg>\s*<span><strong[^>]*>{outcome}</strong>", evidence.html),
        f"the certificate does not show {outcome} as a word beside a shape",
    )
    source = files("ledcal.reports")
    for path in source.iterdir():
        if path.name.startswith("certificate") and path.name.endswith(".html"):
            text = path.read_text(encoding="utf-8")
            literal = re.search(r">\s*(PASS|FAIL|INCONCLUSIVE)\s*<", text)
            need(literal is None, f"{path.name}: has the verdict as a literal")
    others = 0
    for other in evidence.run.parent.glob("*Z-*/certificate.html"):
        record = json.loads((other.parent / "record.json").read_bytes())
        ended = record["events"][-1]["outcome"]
        if ended != outcome:
            shown = re.search(r"<strong[^>]*>([A-Z]+)</strong>", other.read_text())
            need(shown and shown[1] == ended, f"{other}: shows another verdict than its record")
            others += 1
    need(others, "there is no run with another outcome to compare with")
    return f"certificate.html front page: {outcome}; {others} pages with another verdict"


@item(15, "deviations, skipped steps, overrides, with reason", "code: every note on the page")
def deviations(evidence: Evidence) -> str:
    need("eviations" in evidence.page, "the certificate has no section of deviations")
    for one in evidence.of_kind("note"):
        need(one["code"] in evidence.page, f"note {one['code']} is not on the certificate")
    need(evidence.has_command("override"), "there is no `ledcal override`")
    return "certificate.html, section of deviations; `ledcal override`"


@item(16, "relates only to the item; not except in full", "code: words")
def relates_only(evidence: Evidence) -> str:
    text = evidence.page.lower()
    need(re.search(r"relate[s]? only to", text), "does not say that results relate only to it")
    need(re.search(r"(except|but) in full", text), "does not say how it may be reproduced")
    return "certificate.html: statements"


@item(17, "performer and authoriser named, and not the same", "code: refused and accepted")
def authoriser(evidence: Evidence) -> str:
    performer = evidence.started["operator"]
    need(performer != "not recorded", "record.json names nobody who performed the run")
    keys = evidence.key_files
    told = evidence.ledcal("review", evidence.run, "--name", performer, "--key", keys[REVIEWER])
    need(told.code == 2, "`ledcal review` lets the performer review the own run")
    early, review, approve = evidence.stated
    need(early.code == 2, "`ledcal approve` does not ask for a review first")
    need(review.code == 0 and approve.code == 0, f"{review.text}{approve.text}")
    need(performer in fact(evidence, "Performed by", "Authorised by"), "no performer on the page")
    need(fact(evidence, "Authorised by", "Station").startswith(APPROVER), "no authoriser")
    return "certificate.html front page: Performed by, Authorised by"


@item(18, "no recalibration interval", "code: words; eye: nothing that reads like one")
def no_interval(evidence: Evidence) -> str:
    wrong = re.search(r"(recalibrat\w+|calibration) (is )?due|next calibration", evidence.page)
    need(wrong is None, f"the certificate says {wrong and wrong[0]!r}")
    need(re.search(r"[Nn]o (recalibration|calibration) interval", evidence.page), "says nothing")
    return "certificate.html: statements"


@item(19, "an amendment names old, new and why; the old stays readable", "code: one is made")
def amendment(evidence: Evidence) -> str:
    need(evidence.has_command("amend"), "there is no `ledcal amend`")
    key = evidence.key_files[APPROVER]  # trusted before the copy is made
    data = evidence.copy()
    run = evidence.in_copy(data)
    before = (run / "certificate.html").read_bytes()
    change = ("--reason", "typing error", "--set", "customer=Clinic North")
    who = ("--name", APPROVER, "--key", key)
    told = evidence.ledcal("amend", run, *change, *who, data=data)
    need(told.code == 0, f"`ledcal amend` is refused: {told.text}")
    refused = evidence.ledcal("amend", run, *change[:2], "--set", "verdict=PASS", *who, data=data)
    need(refused.code == 2, "`ledcal amend` takes a change of a verdict")
    page = evidence.scratch / "amended.html"
    need(evidence.ledcal("report", run, "--output", page, data=data).code == 0, "no amended page")
    text = page.read_text(encoding="utf-8")
    for words in ("Amendment", "Clinic North", "typing error", APPROVER):
        need(words in text, f"the amended certificate lacks {words!r}")
    need((run / "certificate.html").read_bytes() == before, "the old page was written over")
    need(evidence.ledcal("verify", data, data=data).code == 0, "does not verify after it")
    return "`ledcal amend`, `ledcal report`: certificate of the next revision"


@item(
    20,
    "plots: axes, units, limits, text alternative, numbers in the record",
    "code: labels; eye: section 6, each curve within its axes and readable in grey",
)
def plots(evidence: Evidence) -> str:
    drawn = re.findall(r"<svg\b[^>]*role=\"img\".*?</svg>", evidence.html, re.DOTALL)
    need(len(drawn) >= 3, f"the certificate has {len(drawn)} plots")
    for number, one in enumerate(drawn, start=1):
        said = re.search(r"aria-label=\"[^\"]{10,}|<title[^>]*>[^<]{3,}", one)
        need(said, f"plot {number} has no text alternative")
        words = " ".join(re.findall(r"<text[^>]*>([^<]+)", one))
        need(re.search(r"nm|W/m²|mW/cm²|%|°C", words), f"plot {number}: no axis names a unit")
    need("limit" in evidence.html, "no plot shows a limit")
    if not (evidence.of_kind("curve") and evidence.of_kind("spectrum")):
        raise Absent("record.json lacks the numbers of curves or spectra")
    return f"certificate.html: {len(drawn)} plots; record.json curve, spectrum, measured"
