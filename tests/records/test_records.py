"""Every record that ledcal ever wrote is read, shown, printed and checked by today's."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from ledcal.calibration.json_schema import record_schema
from ledcal.calibration.record_reader import read_record, read_record_file
from ledcal.rig.cli import app
from ledcal.rig.closing import CERTIFICATE, RECORD, SEAL, record_bytes
from ledcal.rig.journal import read_journal
from ledcal.rig.trust import TRUSTED
from ledcal.rig.verify import verify_run
from ledcal.rig.verify_archive import verify_data
from tests.records.vectors import (
    EARLY,
    HERE,
    LEFT_OUT,
    WHOLE,
    form_digest,
    forms,
    recomputed,
    unpacked,
)

FORMS = forms()
VALIDATOR = Draft202012Validator(record_schema())
DRAWN = [one["name"] for one in FORMS[5:-1]]
"""Whose intervals would be drawn again, which takes seconds: one form is enough for that."""


def ledcal(*arguments: str | Path) -> tuple[int, str]:
    told = CliRunner().invoke(app, [*map(str, arguments)])
    return told.exit_code, told.output


@pytest.fixture(params=FORMS, ids=[one["name"] for one in FORMS])
def form(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = request.param
    return found


def test_a_whole_run_is_still_read_shown_and_printed(form: dict[str, Any], tmp_path: Path) -> None:
    told, page = form[WHOLE], tmp_path / "p.html"
    run = unpacked(form["name"], WHOLE, tmp_path / "runs" / told["run"])
    content = (run / RECORD).read_bytes()
    record = read_record(read_journal(run))
    assert read_record_file(content) == record
    assert (record.outcome, record.events) == (told["outcome"], told["events"])
    assert len(record.measured) == told["count"]
    last = [
        [one.step, one.measurand, one.channel, one.value, one.verdict]
        for one in record.measured[-3:]
    ]
    assert last == told["measured"]
    assert [words.message for words in VALIDATOR.iter_errors(json.loads(content))] == []
    code, shown = ledcal("show", run, "--data", tmp_path)
    assert (code, "✔ PASS" in shown) == (0, True)
    assert told["run"] in ledcal("history", record.run.serial, "--data", tmp_path)[1]
    assert ledcal("report", run, "--output", page, "--data", tmp_path)[0] == 0
    assert page.read_text().count("<h2") == 16
    if form["name"] not in DRAWN:
        # The first ones did not record the rule, two later ones k by other digits.
        assert recomputed(record) == told["recomputed"]
    missing = {one.file for one in verify_run(run, tmp_path).findings}
    assert missing == set(LEFT_OUT) & set(json.loads((run / SEAL).read_bytes())["files"])


def test_an_early_end_is_still_verified(form: dict[str, Any], tmp_path: Path) -> None:
    data_folder = unpacked(form["name"], EARLY, tmp_path)
    (run,) = (data_folder / "runs").iterdir()
    told = form[EARLY]
    record = read_record_file((run / RECORD).read_bytes())
    assert (record.outcome, record.events, run.name) == (
        told["outcome"],
        told["events"],
        told["run"],
    )
    assert verify_run(run, data_folder).findings == ()
    found = [one for each in verify_data(data_folder) for one in each.findings]
    if not (data_folder / TRUSTED).is_dir():
        # Its private key, which stays where it is, was the only place that told the public one.
        assert [(one.file, "does not know" in one.text) for one in found] == [(SEAL, True)]
    else:
        assert found == []
    code, said = ledcal("report", run, "--output", tmp_path / "p.html", "--data", data_folder)
    assert code == 0
    if (data_folder / "statements").is_dir():
        assert "reviewed by Ann, approved by Bob" in said
    if (data_folder / "amendments").is_dir():
        page = (tmp_path / "p.html").read_text()
        assert "customer was Clinic North, is <b>Clinic South</b>" in page
        assert "approved by Bob: covers revision 0, not this one" in page
        assert "reviewed by Ann: covers revision 2</li>" in page
    (run / CERTIFICATE).write_text("PASS")
    assert [one.file for one in verify_run(run, data_folder).findings] == [CERTIFICATE]


def test_a_form_of_today_has_a_vector() -> None:
    assert FORMS[-1]["digest"] == form_digest(), (
        "the form of record, statement or amendment has changed: give it a new version where an "
        "older ledcal could misread it, keep a run of it by tests/records/add_record.py, and "
        "write docs/schema anew"
    )


def test_every_file_is_listed_and_every_form_is_there() -> None:
    named = {f"{one['name']}-{kind}.tar.xz" for one in FORMS for kind in (WHOLE, EARLY)}
    assert {path.name for path in HERE.glob("*.xz")} == named
    assert len({json.dumps(one[WHOLE]) for one in FORMS}) == len(FORMS) >= 10


@pytest.mark.parametrize("form_of_it", ["ledcal-record/2", None, 1])
def test_a_record_of_a_version_to_come_is_refused_in_words(
    form_of_it: object, tmp_path: Path
) -> None:
    run = unpacked(FORMS[0]["name"], EARLY, tmp_path) / "runs" / FORMS[0][EARLY]["run"]
    said = json.loads((run / RECORD).read_bytes()) | {"format": form_of_it}
    (run / RECORD).write_text(json.dumps(said, separators=(",", ":")))
    for command in ("show", "report", "recompute"):
        more = ("--output", tmp_path / "p.html") if command == "report" else ()
        code, told = ledcal(command, run, "--data", tmp_path, *more)
        assert code == 2, command
        assert "install the ledcal that wrote it, or a later one" in told
    assert not (tmp_path / "p.html").exists()
    shutil.rmtree(run)


def test_the_record_is_its_journal_in_every_form(tmp_path: Path, form: dict[str, Any]) -> None:
    run = unpacked(form["name"], WHOLE, tmp_path)
    assert record_bytes(read_journal(run)) == (run / RECORD).read_bytes()
