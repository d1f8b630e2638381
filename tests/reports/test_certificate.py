import base64
import hashlib
import math
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from markupsafe import escape

import ledcal.reports.certificate
from ledcal.calibration.errors import RecordError
from ledcal.calibration.outcome import Outcome, Verdict
from ledcal.calibration.record import Record
from ledcal.calibration.record_reader import read_record
from ledcal.reports.certificate import certificate_html
from ledcal.reports.sections import SECTIONS

SHA256 = "5a" * 32
HOSTILE = "</title></style></svg><script>alert(1)</script>\"' onload=x {{ 7*7 }}\u202e\x1b[2J"


class Page(HTMLParser):
    """What a browser makes of the page, as far as these tests ask."""

    VOID = frozenset({"meta", "br"})

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data: str) -> None:
        self.texts.append((self.open[-1] if self.open else "", data))

    def said(self) -> str:
        return " ".join(" ".join(text for tag, text in self.texts if tag != "style").split())


def page_of(record: Record) -> Page:
    page = Page(certificate_html(record, record_sha256=SHA256))
    assert page.open == []
    return page


def of_outcome(record: Record, outcome: Outcome) -> Record:
    return replace(record, outcome=outcome, reasons=[{"code": "WHY", "text": "because of this"}])


def hostile(value: Any) -> Any:
    """Return the value with every text in it, keys excepted, begun by hostile text."""
    if isinstance(value, str):
        return HOSTILE + value
    if isinstance(value, dict):
        return {key: hostile(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [hostile(inner) for inner in value]
    return value


@pytest.mark.parametrize("kind", ["record", "complete", "killed"])
def test_every_section_is_there_in_order(kind: str, request: pytest.FixtureRequest) -> None:
    page = page_of(request.getfixturevalue(kind))
    heads = [text.strip() for tag, text in page.texts if tag == "h2"]
    assert [head for head in heads if head] == [s.title for s in SECTIONS.values()]
    ids = [attrs["id"] for tag, attrs in page.tags if tag == "h2"]
    assert ids == [f"section-{key}" for key in SECTIONS]
    assert page.said().endswith("End of document 20260304T091200Z-DEMO-0001-1, revision 0")


@pytest.mark.parametrize("outcome", [o for o in Outcome if o is not Outcome.PASS])
@pytest.mark.parametrize("kind", ["record", "killed"])
def test_every_outcome_is_named_with_its_reason(
    kind: str, outcome: Outcome, request: pytest.FixtureRequest
) -> None:
    page = page_of(of_outcome(request.getfixturevalue(kind), outcome))
    said = page.said()
    assert ("strong", outcome.value) in page.texts
    titles = [text for tag, text in page.texts if tag == "title"]
    assert titles.pop(0).startswith(outcome.value)
    assert f"{outcome.meaning} WHY because of this" in said
    assert "Calibration certificate" not in said


def test_the_verdict_is_computed(record: Record) -> None:
    bad = replace(record.measured[-1], verdict=Verdict.FAIL)
    failed = replace(of_outcome(record, Outcome.FAIL), measured=[*record.measured[:-1], bad])
    assert "15 of 15" in page_of(record).said()
    assert "14 of 15" in page_of(failed).said()


def test_a_result_without_limits_passes_nothing(record: Record) -> None:
    unlimited = [replace(m, lower=None, upper=None) for m in record.measured]
    page = page_of(replace(record, measured=unlimited))
    assert "0 of 15" in page.said()
    assert page.texts.count(("td", "no limits")) == len(record.measured)
    budgets = sum(bool(m.components) for m in record.measured)
    assert page.texts.count(("i", "no limits")) == budgets


def test_every_result_is_on_the_page(record: Record, events: list[dict[str, Any]]) -> None:
    odd = events[-3] | {
        "event": "measured",
        "step": "soak",
        "measurand": "leak current",
        "unit": "uA",
        "value": 3.25,
        "channel": 9,
        "where": {"turns": 2.0},
    }
    events[-3:-2] = [events[-3], odd]
    events = [event | {"n": n} for n, event in enumerate(events, start=1)]
    page = page_of(read_record(events))
    rows = [tag for tag, _ in page.tags].count("tr")
    assert rows > len(record.measured)
    assert "Leak current" in page.said()
    assert "turns 2" in page.said()
    assert "Channel 9" in page.said()


@pytest.mark.parametrize("kind", ["events", "complete_events", "recalibrated_events"])
def test_hostile_text_in_every_field_stays_text(kind: str, request: pytest.FixtureRequest) -> None:
    events = request.getfixturevalue(kind)
    kept = ("event", "verdict", "outcome")
    worst = [
        {key: value if key in kept else hostile(value) for key, value in event.items()}
        for event in events
    ]
    worst[-1]["reasons"] = [{"code": HOSTILE, "text": HOSTILE + "x" * 9000}]
    source = certificate_html(read_record(worst), record_sha256=HOSTILE)
    page = Page(source)
    assert page.open == []
    clean = {tag for tag, _ in page_of(read_record(events)).tags}
    assert {tag for tag, _ in page.tags} <= clean
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]
    assert not set(source) & {"\u202e", "\x1b"}
    assert r"\u202e\u001b[2J" in page.said()
    assert "{{ 7*7 }}" in page.said()
    assert f"({len(HOSTILE) + 9000} characters, the first 2000 shown)" in page.said()


def test_the_page_can_do_nothing_and_asks_for_nothing(complete: Record) -> None:
    source = certificate_html(complete, record_sha256=SHA256)
    page = Page(source)
    names = [tag for tag, _ in page.tags]
    assert not {"script", "link", "img", "iframe", "object", "embed", "form", "base"} & set(names)
    attributes = [name for _, attrs in page.tags for name in attrs]
    assert not {"style", "src", "action"} & set(attributes)
    assert "url(" not in source
    assert "@import" not in source
    assert re.findall(r"https?://[^\"' ]+", source) == ["http://www.w3.org/2000/svg"] * 7


@pytest.mark.parametrize("kind", ["record", "killed"])
def test_the_policy_allows_this_style_sheet_only(
    kind: str, request: pytest.FixtureRequest
) -> None:
    page = page_of(request.getfixturevalue(kind))
    metas = [attrs for tag, attrs in page.tags if tag == "meta"]
    style = "".join(text for tag, text in page.texts if tag == "style")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert metas[0] == {"charset": "utf-8"}
    assert metas[1] == {
        "http-equiv": "Content-Security-Policy",
        "content": f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; "
        "form-action 'none'",
    }
    assert [tag for tag, _ in page.tags].count("style") == 1


def test_each_printed_page_names_itself(record: Record) -> None:
    style = "".join(text for tag, text in page_of(record).texts if tag == "style")
    named = (
        r'content: "Calibration certificate 20260304T091200Z\2d DEMO\2d 0001\2d 1\2c  revision 0"'
    )
    assert named in style
    assert 'counter(page) " of " counter(pages)' in style
    assert "PAGE-" not in style


@pytest.mark.parametrize(
    ("simulated", "mode", "mark"),
    [
        (True, "DEMO", "SIMULATED · DEMONSTRATION: NOT FOR RELEASE"),
        (True, "PROD", "SIMULATED: NOT FOR RELEASE"),
        (False, "ENG", "ENGINEERING: NOT FOR RELEASE"),
        (False, "XYZ", "XYZ: NOT FOR RELEASE"),
        (False, "PROD", None),
    ],
)
def test_only_production_on_real_instruments_has_no_mark(
    record: Record, simulated: bool, mode: str, mark: str | None
) -> None:
    run = replace(record.run, simulated=simulated, mode=mode)
    said = page_of(replace(record, run=run)).said()
    assert ("NOT FOR RELEASE" in said) == (mark is not None)
    assert mark is None or mark in said
    assert ("the panel were simulated" in said) == simulated


def test_figures_are_xml_with_a_text_alternative(record: Record) -> None:
    source = certificate_html(record, record_sha256=SHA256)
    figures = re.findall(r"<svg xmlns.*?</svg>", source, flags=re.DOTALL)
    assert len(figures) == 7
    ids = []
    for figure in figures:
        root = ElementTree.fromstring(figure)
        title, desc = root[0], root[1]
        assert root.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"
        assert title.text
        assert desc.text
        assert not [e for e in root.iter() if {"class", "style"} & set(e.keys())]
        ids += [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("kind", ["record", "complete", "killed"])
def test_every_link_leads_to_a_place_of_the_page(
    kind: str, request: pytest.FixtureRequest
) -> None:
    page = page_of(request.getfixturevalue(kind))
    places = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(places) == len(set(places))
    targets = {attrs["href"] for _, attrs in page.tags if "href" in attrs}
    assert targets <= {f"#{place}" for place in places}
    assert targets


@pytest.mark.parametrize("kind", ["events", "complete_events", "recalibrated_events"])
def test_the_same_record_gives_the_same_bytes(kind: str, request: pytest.FixtureRequest) -> None:
    events = request.getfixturevalue(kind)
    first = certificate_html(read_record(events), record_sha256=SHA256)
    assert first == certificate_html(read_record(events), record_sha256=SHA256)
    assert len(first.encode()) < 400_000


def test_whole_numbers_as_canonical_json_writes_them_change_nothing(
    events: list[dict[str, Any]],
) -> None:
    def shortened(value: Any) -> Any:
        if isinstance(value, float) and value.is_integer():
            return int(value)
        if isinstance(value, dict):
            return {key: shortened(inner) for key, inner in value.items()}
        return [shortened(inner) for inner in value] if isinstance(value, list) else value

    before = certificate_html(read_record(events), record_sha256=SHA256)
    after = certificate_html(read_record(shortened(events)), record_sha256=SHA256)
    assert after == before


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_number_that_is_none_is_refused_by_name(record: Record, bad: float) -> None:
    broken = replace(record.measured[3], value=bad)
    with pytest.raises(RecordError, match=r"record.measured\[3\].value is (nan|inf)"):
        certificate_html(
            replace(record, measured=[*record.measured[:3], broken]), record_sha256=SHA256
        )


@pytest.mark.parametrize(
    ("due", "state"),
    [("2026-03-04", "in date"), ("2026-03-03", "overdue"), ("soon", "not known whether in date")],
)
def test_certificates_are_judged_on_the_day_of_the_run(
    record: Record, due: str, state: str
) -> None:
    meter = record.instruments[0]
    late = replace(meter, certificate=meter.certificate | {"due": due})
    assert f"{due} {state}" in page_of(replace(record, instruments=[late])).said()


def test_what_is_missing_is_called_not_recorded(killed: Record) -> None:
    bare = replace(killed.run, station={}, product={}, plane={}, software={}, operator="")
    said = page_of(replace(killed, run=bare)).said()
    assert "Performed by not recorded" in said
    assert "Station not recorded" in said
    assert "SHA-256 not recorded" in said


def test_the_clock_of_the_station_is_told_where_the_record_has_it(record: Record) -> None:
    assert "Clock of the station" not in certificate_html(record, record_sha256=SHA256)
    clock = "the computer's own, NOT synchronised: <b>"
    station = record.run.station | {"clock": clock}
    page = certificate_html(
        replace(record, run=replace(record.run, station=station)), record_sha256=SHA256
    )
    assert f"<dt>Clock of the station</dt><dd>{escape(clock)}<small>" in page


def test_every_hash_is_printed_whole(record: Record) -> None:
    said = page_of(record).said()
    made = record.calibration_file
    assert made is not None
    for whole in (SHA256, made.sha256, made.calibration_sha256, made.key_id):
        assert whole in said
    assert record.run.station["file_sha256"] in said
    assert record.instruments[0].certificate["file_sha256"] in said


def test_the_checkpoint_is_printed_to_the_byte(killed: Record) -> None:
    note = "ledcal/1\n1\nab=\n\n— key 5 W/abc=\n— <b> 5 %\n"
    page = certificate_html(killed, record_sha256=SHA256, checkpoint=note)
    assert "<code>— key 5 W/abc=</code><br>" in page
    assert "<code>— &lt;b&gt; 5 %</code><br>" in page


def test_templates_switch_escaping_off_nowhere() -> None:
    folder = Path(ledcal.reports.certificate.__file__).parent
    for template in folder.glob("*.html"):
        source = template.read_text(encoding="utf-8")
        assert not re.search(r"\|\s*safe|autoescape", source), template.name
