"""The published schemas: made from the classes, and no stricter than the readers."""

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from ledcal.calibration.amendment import Amendment, Change, read_amendment
from ledcal.calibration.errors import RecordError
from ledcal.calibration.json_schema import SCHEMAS, record_schema
from ledcal.calibration.record import RECORD_FORMAT
from ledcal.calibration.record_reader import EVENTS, read_record_file
from ledcal.calibration.statement import Statement, read_statement
from ledcal.rig.cli import app
from tests.reports.conftest import _COMPLETED_RUN

PUBLISHED = Path(__file__).resolve().parents[2] / "docs" / "schema"
VALIDATORS = {name: Draft202012Validator(make()) for name, make in SCHEMAS.items()}
Path_ = tuple[str | int, ...]


def small() -> dict[str, Any]:
    """The record of a run with an event of each kind, and short lists."""
    events: dict[str, dict[str, Any]] = {}
    for event in _COMPLETED_RUN:
        told = {k: v[:2] if isinstance(v, list) else v for k, v in event.items()}
        if event.get("monte_carlo") or event["event"] not in events:
            events[event["event"]] = told
    events["note"] = {"event": "note", "code": "SMALL", "text": "µ"}
    events["run_finished"] |= {"reasons": [{"code": "X", "text": "y"}]}
    events["observation"] = {"event": "observation", "lit": {"power_w": [0.1, None]}}
    events["as_found"] = {"event": "as_found", "verdict": None, "reason": "x", "sequence": 0}
    events["as_found"] |= {"file_sha256": ""}
    events["measured_as_found"] = events["measured"] | {"event": "measured_as_found"}
    assert set(EVENTS) <= set(events)
    numbered = [
        event | {"n": n, "at": "2026-03-04T09:12:00+00:00"}
        for n, event in enumerate(events.values(), start=1)
    ]
    return {"format": RECORD_FORMAT, "events": numbered}


SMALL = small()
SIGNED: dict[str, Amendment | Statement] = {
    "amendment": Amendment(
        run="R",
        record_sha256="ab" * 32,
        number=2,
        previous_sha256="cd" * 32,
        changes=[Change(field="customer", old="a", new="b")],
        reason="r",
        name="n",
        at="2026-03-04T09:12:00+00:00",
    ),
    "statement": Statement(
        run="R",
        record_sha256="ab" * 32,
        meaning="reviewed",
        name="n",
        at="2026-03-04T09:12:00+00:00",
    ),
}
SAMPLES = {"record": SMALL} | {name: json.loads(one.payload()) for name, one in SIGNED.items()}
READERS = {
    "record": read_record_file,
    "amendment": read_amendment,
    "statement": read_statement,
}


def is_read(what: str, value: object) -> bool:
    try:
        READERS[what](json.dumps(value).encode())
    except RecordError:
        return False
    return True


def places(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    yield path
    inside: Any = value.items() if isinstance(value, dict) else ()
    for key, inner in enumerate(value) if isinstance(value, list) else inside:
        yield from places(inner, (*path, key))


def replaced(value: Any, path: Path_, new: Any, *, removed: bool = False) -> Any:
    if not path:
        return new
    changed = copy.deepcopy(value)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    if removed:
        del inner[path[-1]]
    else:
        inner[path[-1]] = new
    return changed


@pytest.mark.parametrize("what", SCHEMAS)
def test_the_published_file_is_what_the_command_prints(what: str) -> None:
    (path,) = PUBLISHED.glob(f"ledcal-{what}-*.schema.json")
    told = CliRunner().invoke(app, ["schema", what])
    assert told.exit_code == 0
    assert path.read_bytes().decode() == told.output, (
        f"ledcal schema {what} > docs/schema/{path.name}"
    )
    schema = json.loads(told.output)
    Draft202012Validator.check_schema(schema)
    version = schema["$id"].rpartition(":")[2]
    assert path.name == f"ledcal-{what}-{version}.schema.json"


def test_another_schema_is_refused_in_words() -> None:
    told = CliRunner().invoke(app, ["schema", "\x1b[31mjournal"])
    assert (told.exit_code, "is one of record, amendment, statement" in told.output) == (2, True)
    assert "\x1b" not in told.output


def test_every_class_and_field_is_described_and_every_quantity_has_its_unit() -> None:
    quiet, unitless = [], []
    for what, make in SCHEMAS.items():
        schema = make()
        kinds = schema["$defs"] | ({what: schema} if "title" in schema else {})
        for kind, of in kinds.items():
            assert of["title"].endswith((".", "journal")), kind
            for name, field in of["properties"].items():
                said = field.get("description", "")
                if kind not in SCHEMAS and not said:
                    quiet.append(f"{kind}.{name}")
                if re.search(r"_(nm|mm|degc|k|s|w_m2)$", name) and field.get("type") == [
                    *("number", "null")
                ]:
                    unitless += [] if said else [f"{kind}.{name}"]
    assert (quiet, unitless) == ([], [])


@pytest.mark.parametrize("what", SCHEMAS)
def test_a_right_one_is_taken_by_both(what: str) -> None:
    assert is_read(what, SAMPLES[what])
    assert [one.message for one in VALIDATORS[what].iter_errors(SAMPLES[what])] == []


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
LONG = st.from_regex(r"\A-?[0-9]{14,20}\n?\Z")


@pytest.mark.parametrize("what", SCHEMAS)
@settings(max_examples=150)
@given(choice=st.data())
def test_what_the_reader_takes_the_schema_takes(what: str, choice: st.DataObject) -> None:
    sample = SAMPLES[what]
    path = choice.draw(st.sampled_from(sorted(places(sample), key=str)))
    siblings = [one for one in places(sample) if one[:-1] == path[:-1]]
    other: Any = sample
    for key in choice.draw(st.sampled_from(siblings)):
        other = other[key]
    new = choice.draw(ANYTHING | LONG | st.just(other))
    mutant = replaced(sample, path, new, removed=bool(path) and choice.draw(st.booleans()))
    if is_read(what, mutant):
        assert VALIDATORS[what].is_valid(mutant), (path, new)


def at(kind: str, *path: str | int) -> Path_:
    events = SMALL["events"]
    return ("events", next(i for i, one in enumerate(events) if one["event"] == kind), *path)


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("format",), "ledcal-record/2"),
        (("events",), []),
        (("events",), {}),
        (at("run_started", "event"), "note"),
        (at("run_started", "serial"), 7),
        (at("run_started", "simulated"), "true"),
        (at("run_started", "software"), {"ledcal": 1}),
        (at("panel", "boot_count"), 1.5),
        (at("panel", "boot_count"), "many"),
        (at("measured", "value"), "61"),
        (at("measured", "value"), True),
        (at("measured", "verdict"), "GOOD"),
        (at("measured", "k"), [2.0]),
        (at("measured", "components"), [1]),
        (at("measured", "where"), {"drive": []}),
        (at("measured", "channel"), "1"),
        (at("spectrum", "wavelength_nm"), [630.0, "631"]),
        (at("curve", "points"), [{"drive": "0"}]),
        (at("curve", "knot_drive_code"), [True]),
        (at("run_finished", "outcome"), "DONE"),
        (at("run_finished", "reasons"), [{"code": "X"}]),
        (at("step_started", "step"), None),
        (at("note", "n"), "3"),
        (at("note", "at"), None),
    ],
)
def test_a_wrong_one_is_refused_by_both(path: Path_, wrong: object) -> None:
    mutant = replaced(SMALL, path, wrong)
    assert (is_read("record", mutant), VALIDATORS["record"].is_valid(mutant)) == (False, False)


@pytest.mark.parametrize("kind", EVENTS)
def test_every_field_that_has_no_default_is_needed_by_both(kind: str) -> None:
    schema = record_schema()["$defs"][EVENTS[kind].__name__]
    assert schema["required"]
    for name in schema["required"]:
        mutant = replaced(SMALL, at(kind, name), None, removed=True)
        assert (is_read("record", mutant), VALIDATORS["record"].is_valid(mutant)) == (False, False)
    for name in set(schema["properties"]) - set(schema["required"]):
        less = SMALL["events"][at(kind)[1]].keys() - {name}
        mutant = replaced(SMALL, at(kind), {k: SMALL["events"][at(kind)[1]][k] for k in less})
        assert (is_read("record", mutant), VALIDATORS["record"].is_valid(mutant)) == (True, True)


def test_only_the_reader_sees_a_gap_in_the_numbers() -> None:
    mutant = replaced(SMALL, ("events", 3, "n"), 40)
    assert (is_read("record", mutant), VALIDATORS["record"].is_valid(mutant)) == (False, True)
