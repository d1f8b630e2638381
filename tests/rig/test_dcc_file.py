"""`ledcal dcc`, and the schema that the user has: here small ones of our own."""

import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from ledcal.calibration.outcome import Outcome
from ledcal.rig.amend import amend
from ledcal.rig.cli import app
from ledcal.rig.closing import close_run, finished
from ledcal.rig.dcc_file import dcc_of
from ledcal.rig.dcc_schema import schema_findings
from ledcal.rig.errors import RefusedInput
from ledcal.rig.journal import Journal, read_journal
from ledcal.rig.key_file import new_key_file, public_file
from ledcal.rig.keys import SigningKey
from ledcal.rig.product import Product
from ledcal.rig.review import state_on
from ledcal.rig.run import Request, start_run
from ledcal.rig.settings import SettingsFile
from ledcal.rig.station import Station, read_station
from ledcal.rig.summary import record_of
from ledcal.rig.trust import trust
from tests.rig.test_touched import closed, result

StartRun = Callable[..., tuple[Path, Journal]]
HEAD = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" elementFormDefault="qualified" '
OUTER = (
    HEAD + 'targetNamespace="urn:outer" xmlns:in="urn:inner">'
    '<xs:import namespace="urn:inner" schemaLocation="http://127.0.0.1:9/inner.xsd"/>'
    '<xs:element name="all"><xs:complexType><xs:sequence><xs:element ref="in:one"/></xs:sequence>'
    "</xs:complexType></xs:element></xs:schema>"
)
INNER = HEAD + 'targetNamespace="urn:inner"><xs:element name="one" type="xs:integer"/></xs:schema>'
DCC = "{https://ptb.de/dcc}"
NAME = f".//{DCC}person/{DCC}name/{DCC}content"
VALID = b'<all xmlns="urn:outer"><one xmlns="urn:inner">1</one></all>'


@pytest.fixture
def schema(tmp_path: Path) -> Path:
    folder = tmp_path / "schemas"
    (folder / "si").mkdir(parents=True)
    (folder / "si" / "any name.xsd").write_text(INNER)
    (folder / "broken.xsd").write_text("<xs:schema")
    (folder / "outer.xsd").write_text(OUTER)
    return folder / "outer.xsd"


@pytest.fixture
def run(begin_run: StartRun, key: SigningKey) -> Path:
    folder = closed(begin_run(), key, result(99.0, 90.0, 110.0))
    assert read_journal(folder)[-1]["outcome"] == "PASS"
    return folder


def test_an_amended_run_is_that_of_its_newest_revision(run: Path, tmp_path: Path) -> None:
    data_folder, person, file = run.parent.parent, tmp_path / "ann.toml", tmp_path / "d.xml"
    new_key_file(person, "Ann", "ENG")
    trust(public_file(person), data_folder)
    state_on(run, "reviewed", "Cid", "", person, data_folder)
    amend(run, {"customer": "Clinic <North>"}, "forgotten", "Ann", person, data_folder)
    assert dcc(run, "--output", file, "--data", data_folder).exit_code == 0
    root = ElementTree.parse(file).getroot()
    texts = [text.strip() for text in root.itertext()]
    assert "Clinic <North>" in texts
    assert any("customer was not recorded, is Clinic <North>; forgotten" in one for one in texts)
    assert "Cid" not in texts  # reviewed revision 0 only


def test_a_performer_named_by_an_amendment_is_the_one_who_performed(
    begin_run: StartRun, key: SigningKey, tmp_path: Path
) -> None:
    run = closed(begin_run(operator="Eve"), key, result(99.0, 90.0, 110.0))
    assert roles(run) == ["performed"]
    person, data_folder = tmp_path / "ann.toml", run.parent.parent
    new_key_file(person, "Ann", "ENG")
    trust(public_file(person), data_folder)
    amend(run, {"operator": "Dora"}, "the other shift", "Ann", person, data_folder)
    assert roles(run) == ["performed", "performed as first recorded, amended since"]
    names = [one.text for one in ElementTree.fromstring(dcc_of(run)).iterfind(NAME)]
    assert names == ["Dora", "Eve"]


def roles(run: Path) -> list[str | None]:
    return [one.text for one in ElementTree.fromstring(dcc_of(run)).iter(f"{DCC}role")]


def dcc(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["dcc", *map(str, arguments)])


def test_a_document_is_held_against_a_schema_and_what_lies_beside_it(schema: Path) -> None:
    assert schema_findings(VALID, schema) == []
    (finding,) = schema_findings(VALID.replace(b">1<", b">x<"), schema)
    assert finding.startswith("/")
    assert "'x'" in finding


def test_nothing_is_fetched(schema: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert schema_findings(VALID, schema) == []
    (schema.parent / "si" / "any name.xsd").unlink()
    with pytest.raises(RefusedInput, match=r"have to lie in its folder"):
        schema_findings(VALID, schema)


@pytest.mark.parametrize("content", [None, "", "<a/>", "\0", HEAD + ">"])
def test_what_is_no_schema_is_refused(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "x.xsd"
    if content is not None:
        path.write_text(content)
    with pytest.raises(RefusedInput, match=r"x\.xsd"):
        schema_findings(VALID, path)


def test_without_its_package_the_option_says_what_to_install(
    schema: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "xmlschema", None)  # as Python marks what is not there
    with pytest.raises(RefusedInput, match=r"ledcal\[dcc\]"):
        schema_findings(VALID, schema)


def test_the_command_writes_the_certificate_of_a_closed_run(run: Path, tmp_path: Path) -> None:
    path = tmp_path / "dcc.xml"
    done = dcc(run, "--output", path)
    assert done.exit_code == 0, done.output
    assert "not held against a schema" in done.output
    root = ElementTree.parse(path).getroot()
    assert root.get("schemaVersion") == "3.3.0"
    assert "".join(root.itertext()).count(run.name) == 1


def test_what_the_schema_refuses_is_not_written(run: Path, schema: Path, tmp_path: Path) -> None:
    path = tmp_path / "dcc.xml"
    done = dcc(run, "--output", path, "--schema", schema)
    assert done.exit_code == 1
    assert "digitalCalibrationCertificate" in done.output
    assert not path.exists()


def test_a_run_without_an_end_is_refused(begin_run: StartRun, key: SigningKey) -> None:
    folder, journal = begin_run()
    journal.append("measured", result(99.0, 90.0, 110.0))
    journal.append("run_finished", finished(Outcome.PASS, []))
    journal.close()
    done = dcc(folder)
    assert done.exit_code == 2
    assert "no seal yet" in done.output
    close_run(folder, key)
    aborted, journal = begin_run("20260302T120000000Z-TEST-0001")
    journal.close()
    close_run(aborted, key)
    done = dcc(aborted)
    assert done.exit_code == 2
    assert "the run ended ABORTED" in done.output


def test_laboratory_of_the_station_file_is_in_the_record(
    station: SettingsFile[Station],
    product: SettingsFile[Product],
    change: Callable[..., Path],
    tmp_path: Path,
) -> None:
    said = {"name": "Lab", "country_code": "DE", "city": "Jena"}
    changed = read_station(change("station", "laboratory", value=said))
    request = Request(serial="TEST-0001")
    for number, (one, wanted) in enumerate(((station, {}), (changed, said))):
        folder = tmp_path / str(number)
        folder.mkdir()
        start_run(folder, request, one, product).close()
        assert record_of(folder).run.laboratory == wanted
