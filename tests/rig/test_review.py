"""Performed, reviewed, approved: by whom, in which order, and bound to one record."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ledcal.rig.cli import app
from ledcal.rig.closing import CERTIFICATE, RECORD, SEAL, seal_bytes
from ledcal.rig.key_file import new_key_file, public_file
from ledcal.rig.keys import SigningKey
from ledcal.rig.statements import PERFORMED, RECORD_ENVELOPE, STATEMENTS
from ledcal.rig.trust import trust
from ledcal.rig.verify import verify_run
from ledcal.rig.verify_archive import verify_data

OTHER = "20260301T130000000Z-TEST-0001"


@pytest.fixture
def run(make_run: Callable[..., Path]) -> Path:
    return make_run(operator="Tom")


@pytest.fixture
def person(tmp_path: Path, data_folder: Path) -> Path:
    """A person's key, trusted in the data folder."""
    path = tmp_path / "ann.toml"
    new_key_file(path, "Ann", "ENG")
    trust(public_file(path), data_folder)
    return path


def ledcal(*arguments: str | Path) -> tuple[int, str]:
    told = CliRunner().invoke(app, [*map(str, arguments)])
    return told.exit_code, told.output


def say(meaning: str, run: Path, name: str, key: Path, *more: str) -> tuple[int, str]:
    data_folder = run.parent.parent
    return ledcal(meaning, run, "--name", name, "--key", key, "--data", data_folder, *more)


def findings(run: Path) -> dict[str, str]:
    return {one.file: one.text for one in verify_run(run, run.parent.parent).findings}


def test_three_people_stand_for_a_run(run: Path, person: Path, tmp_path: Path) -> None:
    data_folder = run.parent.parent
    sealed = (run / CERTIFICATE).read_text()
    assert "performed" in sealed
    assert "approved" not in sealed.split("Signature means")[1].split("</table>")[0]
    assert say("review", run, "Ann", person, "--remark", "all limits looked at")[0] == 0
    code, told = say("approve", run, "Bob", person)
    assert code == 0, told
    assert "entry 3 of the log" in told
    code, told = ledcal("report", run, "--output", tmp_path / "p.html", "--data", data_folder)
    assert code == 0, told
    assert "with what was signed since: reviewed by Ann, approved by Bob" in told
    page = (tmp_path / "p.html").read_text()
    for words in ("Tom", "reviewed", "Ann", "all limits looked at", "Authorised by</dt><dd>Bob"):
        assert words in page
    assert (run / CERTIFICATE).read_text() == sealed
    assert not any(one.findings for one in verify_data(data_folder))


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ([("approve", "Bob")], "was not reviewed"),
        ([("review", "tom")], "performed the run: another person"),
        ([("review", "Ann"), ("review", "Bob")], "was reviewed already, by Ann"),
        ([("review", "Ann"), ("approve", "TOM")], "performed the run: another person"),
        ([("review", " ")], "not all blank"),
        ([("review", "x" * 201)], "has 201 characters"),
    ],
)
def test_out_of_turn_or_by_the_wrong_person(
    run: Path, person: Path, said: list[tuple[str, str]], words: str
) -> None:
    *before, (meaning, name) = said
    for one, who in before:
        assert say(one, run, who, person)[0] == 0
    code, told = say(meaning, run, name, person)
    assert code == 2
    assert words in told


def test_a_stranger_or_an_altered_run_is_refused(run: Path, tmp_path: Path, person: Path) -> None:
    new_key_file(tmp_path / "eve.toml", "Eve", "ENG")
    code, told = say("review", run, "Eve", tmp_path / "eve.toml")
    assert code == 2
    assert "ledcal key trust" in told
    (run / CERTIFICATE).write_text("PASS")
    code, told = say("review", run, "Ann", person)
    assert code == 2
    assert f"{CERTIFICATE} was altered" in told


def test_a_statement_cannot_be_lifted_onto_another_run(
    run: Path, person: Path, make_run: Callable[..., Path]
) -> None:
    data_folder = run.parent.parent
    other = make_run(OTHER, operator="Tom")
    assert say("review", run, "Ann", person)[0] == 0
    there = data_folder / STATEMENTS / OTHER
    shutil.copytree(data_folder / STATEMENTS / run.name, there)
    assert findings(other) == {
        "01-reviewed.dsse.json": f"is about run {run.name} and another record"
    }
    (there / "01-reviewed.dsse.json").write_bytes((other / RECORD_ENVELOPE).read_bytes())
    assert "is no statement but" in findings(other)["01-reviewed.dsse.json"]


def test_a_changed_statement_is_found(run: Path, person: Path) -> None:
    assert say("review", run, "Ann", person)[0] == 0
    (path,) = (run.parent.parent / STATEMENTS / run.name).iterdir()
    path.write_bytes(path.read_bytes().replace(b"payloadType", b"payloadtype"))
    assert "is no DSSE envelope" in findings(run)[path.name]


def test_the_envelope_holds_this_record(run: Path, key: SigningKey, person: Path) -> None:
    content = (run / RECORD_ENVELOPE).read_bytes()
    for changed, words in (
        (content.replace(b"vnd.ledcal.record", b"vnd.ledcal.other!"), "holds another record"),
        (content.replace(b'"sig":"', b'"sig":"*'), "is no DSSE envelope"),
        (content.replace(key.key_id.hex().encode(), b"0" * 16), "signed with no key"),
    ):
        (run / RECORD_ENVELOPE).write_bytes(changed)
        (run / SEAL).write_bytes(seal_bytes(run, key))
        assert words in findings(run)[RECORD_ENVELOPE]


def test_nobody_is_said_to_have_performed_it_when_nobody_is_known(
    make_run: Callable[..., Path],
) -> None:
    run = make_run()
    assert not (run / PERFORMED).exists()
    assert "Nobody has signed for this run" in (run / CERTIFICATE).read_text()
    assert (run / RECORD).exists()
