"""Digital certificates of all kinds: hostile texts, whatever is missing, and PTB's own schema.

That schema is under the LGPL and not shipped: `LEDCAL_DCC_SCHEMA` names the file dcc.xsd, with
SI_Format.xsd and quantityKind.xsd in the same folder or below.
"""

import os
import re
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from ledcal.calibration.outcome import Outcome, Verdict
from ledcal.calibration.record import Measured, Record
from ledcal.calibration.record_reader import read_record
from ledcal.calibration.statement import Statement
from ledcal.reports.dcc import dcc_xml
from ledcal.rig.dcc_schema import schema_findings
from tests.reports.test_dcc import SHA256, made, require_order, tag, texts

HOSTILE = (
    "]]></dcc:content><!-- -->&evil;<script>alert(1)</script>\"' \x00\x1b[31m\u202e =cmd()|A0\n "
)
KEPT = (
    "at",
    "finished_at",
    "unit",
    "step",
    "due",
    "statement",
    "where",
    "file_sha256",
    "country_code",
)


def infected(value: Any, name: str = "") -> Any:
    """The same with hostile text in every place where a text may come from outside."""
    if isinstance(value, (Outcome, Verdict)) or name in KEPT:
        return value
    if isinstance(value, str):
        return HOSTILE
    if isinstance(value, list):
        return [infected(one) for one in value]
    if isinstance(value, dict):
        return {key: infected(one, key) for key, one in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        named = {one.name: getattr(value, one.name) for one in fields(value)}
        return replace(value, **{key: infected(one, key) for key, one in named.items()})
    return value


def hostile(record: Record) -> Record:
    """Hostile text in all that is printed; measurands keep apart what is a list of its own."""
    dirty: Record = infected(record)
    results = [
        replace(
            one,
            measurand=one.measurand if one.step == "verify" else one.measurand + HOSTILE,
            where=one.where | {"probe": HOSTILE},
        )
        for one in record.measured
    ]
    found = [replace(m, where=m.where | {"probe": HOSTILE}) for m in record.measured_as_found]
    return replace(dirty, measured=results, measured_as_found=found, outcome=record.outcome)


@pytest.fixture
def back(recalibrated_events: list[dict[str, Any]]) -> Record:
    """A run that has results as found beside all others."""
    return read_record(recalibrated_events)


def probed(results: list[Measured]) -> list[Measured]:
    return [replace(m, where=m.where | {"probe": "x"}) for m in results]


def test_hostile_text_in_any_field_stays_text(back: Record) -> None:
    harmless = replace(
        back, measured=probed(back.measured), measured_as_found=probed(back.measured_as_found)
    )
    clean, dirty = made(harmless), made(hostile(back))
    require_order(dirty)
    assert sorted(map(tag, dirty.iter())) == sorted(map(tag, clean.iter()))
    content = dcc_xml(hostile(back), record_sha256=SHA256)
    assert b"<script" not in content
    assert b"&evil;" not in content.replace(b"&amp;evil;", b"")
    held = "".join(dirty.itertext())
    assert all(c.isprintable() for c in held.replace("\n", ""))
    assert r"\u202e" in held
    for one in dirty.iter():
        if len(one) == 0 and one.text is not None:
            assert re.fullmatch(r"\S+(\s+\S+)*", one.text), one.tag
    operator = texts(dirty, ".//dcc:person/dcc:name/dcc:content")[0]
    assert operator.startswith("]]></dcc:content><!-- -->&evil;<script>alert(1)</script>")
    long = replace(back, run=replace(back.run, operator="x" * 10_000))
    assert "(10000 characters" in texts(made(long), ".//dcc:person/dcc:name/dcc:content")[0]


def signed_in_a_laboratory(record: Record) -> Record:
    said = {"name": "L", "country_code": "DE", "city": "J", "post_code": "0", "street": "S"}
    return replace(record, run=replace(record.run, laboratory=said, simulated=False, mode="PROD"))


def inconclusive(record: Record) -> Record:
    results = [replace(m, verdict=Verdict.INCONCLUSIVE, statement=None) for m in record.measured]
    reasons = [{"code": "CLOSE", "text": "within U of a limit"}]
    return replace(record, measured=results, outcome=Outcome.INCONCLUSIVE, reasons=reasons)


def bare(record: Record) -> Record:
    """Only results that nothing judges; neither panel nor instruments were identified."""
    results = [replace(m, lower=None, upper=None) for m in record.measured if m.channel is None]
    return replace(record, panel=None, instruments=[], calibration_file=None, measured=results)


@pytest.mark.skipif(
    "LEDCAL_DCC_SCHEMA" not in os.environ,
    reason="PTB's dcc.xsd is not shipped; LEDCAL_DCC_SCHEMA names it",
)
@pytest.mark.parametrize("change", [None, hostile, signed_in_a_laboratory, inconclusive, bare])
def test_ptb_s_schema_accepts_it(
    change: Callable[[Record], Record] | None, record: Record, back: Record
) -> None:
    made_of = record if change is None else change(back)
    facts: dict[str, Any] = {"run": record.run.run, "record_sha256": SHA256, "at": "2026-03-05"}
    signed = [(Statement(meaning="approved", name="B", **facts), "00112233aabbccdd")]
    document = dcc_xml(made_of, record_sha256=SHA256, statements=signed)
    assert schema_findings(document, Path(os.environ["LEDCAL_DCC_SCHEMA"])) == []


@pytest.mark.parametrize("change", [signed_in_a_laboratory, inconclusive, bare])
def test_order_of_elements_holds_whatever_is_missing(
    change: Callable[[Record], Record], complete: Record
) -> None:
    require_order(made(change(complete)))
