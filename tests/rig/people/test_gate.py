"""The gate: which commands ask, what they take for an answer, and what they refuse."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ledcal.rig.cli import app
from ledcal.rig.errors import RefusedInput
from ledcal.rig.key_file import new_key_file, public_file
from ledcal.rig.people.ask import PIN_FILE
from ledcal.rig.people.gate import permitted_request, require_permit
from ledcal.rig.people.rights import Action
from ledcal.rig.run import Request
from ledcal.rig.settings import SettingsFile
from ledcal.rig.statements import read_signed, statement_files
from ledcal.rig.station import Station, read_station
from ledcal.rig.trust import trust
from ledcal.rig.verify_archive import verify_data
from tests.rig.people.conftest import PINS, WRONG, Tell, badge_of, ledcal, log_of, said_by

SERIAL = "TEST-0001"


@pytest.fixture
def asking(station: SettingsFile[Station], crew: Path) -> SettingsFile[Station]:
    """A station that asks, with the data folder of the crew."""
    text = station.path.read_text()
    station.path.write_text(f'sign_on = "required"\n{text}')
    return read_station(station.path)


def test_a_station_that_does_not_ask_believes_what_is_typed(
    station: SettingsFile[Station],
) -> None:
    typed = Request(serial=SERIAL, operator="Tom", engineer="Eve")
    assert permitted_request(typed, station, Action.CALIBRATE) is typed
    assert require_permit(typed, station, Action.CALIBRATE, None) is typed


def test_the_operator_is_the_account_and_the_process_reads_it_from_the_log(
    asking: SettingsFile[Station], tell: Tell
) -> None:
    said_by(tell, "Tom")
    request = permitted_request(Request(serial=SERIAL), asking, Action.CALIBRATE)
    entry = int(request.performer["log_entry"])
    assert request.operator == "Tom"
    assert request.performer["signed_on"] == "badge and PIN"
    handed = Request(serial=SERIAL, operator="Tom")
    assert require_permit(handed, asking, Action.CALIBRATE, entry) == request
    for wrong, action, number in (
        (Request(serial=SERIAL, operator="Eve"), Action.CALIBRATE, entry),
        (Request(serial="TEST-0002", operator="Tom"), Action.CALIBRATE, entry),
        (handed, Action.PROVE, entry),
        (handed, Action.CALIBRATE, entry - 1),
        (handed, Action.CALIBRATE, None),
    ):
        with pytest.raises(RefusedInput) as caught:
            require_permit(wrong, asking, action, number)
        assert caught.value.code == "SIGN_ON"


@pytest.mark.parametrize(
    ("name", "request_", "action", "code"),
    [
        ("Tom", {"operator": "Tom"}, Action.CALIBRATE, "TYPED_NAME"),
        ("Ada", {}, Action.CALIBRATE, "RIGHTS"),
        ("Olu", {}, Action.CALIBRATE, "RIGHTS"),
        ("Tom", {}, Action.DRIVE, "RIGHTS"),
        ("Tom", {"engineer": "Eve"}, Action.CALIBRATE, "ENGINEER"),
        ("Tom", {"engineer": "Tom"}, Action.CALIBRATE, "RIGHTS"),
    ],
)
def test_who_may_not(
    asking: SettingsFile[Station],
    tell: Tell,
    name: str,
    request_: dict[str, Any],
    action: Action,
    code: str,
) -> None:
    said_by(tell, name)
    with pytest.raises(RefusedInput) as caught:
        permitted_request(Request(serial=SERIAL, **request_), asking, action)
    assert caught.value.code == code


def test_an_engineer_answers_in_the_own_name(asking: SettingsFile[Station], tell: Tell) -> None:
    said_by(tell, "Eve")
    asked = Request(serial=SERIAL, engineer="Eve")
    assert permitted_request(asked, asking, Action.CALIBRATE).engineer == "Eve"


def test_accounts_of_another_folder_do_not_count(
    asking: SettingsFile[Station], tell: Tell, tmp_path: Path
) -> None:
    tell("B-MAL-77", "338190")
    code, told = ledcal("person", "add", "Mal", "--role", "approver", "--data", tmp_path / "mine")
    assert code == 0, told
    tell("B-MAL-77", "338190")
    code, told = ledcal(
        *("read-back", SERIAL, "--station", asking.path, "--data", tmp_path / "mine")
    )
    assert code == 2
    assert "badge or PIN is not right" in told


def test_nobody_has_an_account_yet(
    station: SettingsFile[Station], data_folder: Path, tell: Tell
) -> None:
    station.path.write_text(f'sign_on = "required"\n{station.path.read_text()}')
    said_by(tell, "Tom")
    code, told = ledcal("calibrate", SERIAL, "--station", station.path, "--json")
    assert code == 2
    assert '"code": "NO_ACCOUNTS"' in told
    assert "ledcal person add NAME --role approver" in told
    assert not (data_folder / "runs").exists()


def test_who_is_not_there_cannot_be_asked(crew: Path) -> None:
    # No terminal and nothing handed over: refused at once, never read from standard input.
    told = CliRunner().invoke(
        app, ["key", "retire", "0" * 16, "--data", str(crew)], input="B-ADA-77\n482915\n"
    )
    assert told.exit_code == 2
    assert "there is no terminal here" in told.output
    assert [one["kind"] for one in log_of(crew)] == ["person added"] * 4


def test_a_file_on_disk_lets_nobody_sign(
    crew: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_run: Callable[..., Path]
) -> None:
    run = make_run(operator="Tom")
    pins = tmp_path / "pins"
    pins.write_text(f"{badge_of('Ada')}\n{PINS['Ada']}\n")
    for mode, words in (
        (0o644, "open to others"),
        (0o600, "never from a file that lies on a disk"),
    ):
        pins.chmod(mode)
        monkeypatch.setenv(PIN_FILE, str(pins))
        code, told = ledcal("review", run, "--key", "absent.toml", "--data", crew)
        assert (code, words in told.replace("\n", " ")) == (2, True), told
    for named in ("/dev/null", "absent", str(tmp_path)):
        monkeypatch.setenv(PIN_FILE, named)
        code, told = ledcal("review", run, "--key", "absent.toml", "--data", crew)
        assert (code, PIN_FILE in told) == (2, True), told


def test_a_shift_lets_a_line_work_and_a_signature_asks_again(
    crew: Path,
    tell: Tell,
    tmp_path: Path,
    make_run: Callable[..., Path],
    asking: SettingsFile[Station],
) -> None:
    run = make_run(operator="Tom")
    new_key_file(tmp_path / "eve.toml", "Eve", "ENG")
    trust(public_file(tmp_path / "eve.toml"), crew)
    sign = ("review", run, "--key", tmp_path / "eve.toml", "--data", crew)
    said_by(tell, "Eve")
    assert ledcal("sign-on", "--station", asking.path)[0] == 0
    assert permitted_request(Request(serial=SERIAL), asking, Action.DRIVE).operator == "Eve"
    code, told = ledcal(*sign)
    assert code == 2
    assert "PIN of Eve: must be asked for, and there is no terminal here" in told
    code, told = ledcal(*sign, "--name", "Ada")
    assert (code, "leave --name out" in told) == (2, True)
    said_by(tell, "Eve", pin=WRONG)
    assert ledcal(*sign)[0] == 2
    said_by(tell, "Tom")
    code, told = ledcal(*sign)
    assert (code, "'Tom' is a technician" in told) == (2, True)
    said_by(tell, "Eve")
    code, told = ledcal(*sign)
    assert code == 0, told
    *_, path = statement_files(run, crew)
    publics = [(tmp_path / "eve.toml.pub").read_text().split('public_key = "')[1][:64]]
    kept = read_signed(
        path.read_bytes(),
        run.name,
        (run / "record.json").read_bytes(),
        map(bytes.fromhex, publics),
    )
    assert (kept.statement.name, kept.statement.meaning) == ("Eve", "reviewed")
    assert "Eve: signed off" in ledcal("sign-off", "--station", asking.path)[1]
    assert "nobody was signed on" in ledcal("sign-off", "--station", asking.path)[1]
    assert all(not one.findings for one in verify_data(crew))
    kinds = [one["kind"] for one in log_of(crew)][4:]
    assert kinds == [
        *("run closed", "run sealed"),
        *("signed on", "action permitted"),
        *("wrong PIN", "signed on", "action refused"),
        *("signed on", "action permitted", "run reviewed", "signed off"),
    ]


BY_ADA = ("--name", "Ada", "--key", "k.toml")
UNTIL = ("--until", "2026-12-01", "--reason", "x")


@pytest.mark.parametrize(
    ("arguments", "who", "ends"),
    [
        (("key", "trust", "k.toml.pub"), "Eve", "'Eve' is an engineer"),
        (("key", "retire", "0" * 16), "Tom", "'Tom' is a technician"),
        (("key", "trust", "k.toml.pub"), "Ada", ""),
        (("unlock", SERIAL, "--reason", "x"), "Tom", "'Tom' is a technician"),
        (("unlock", SERIAL, "--reason", "x"), "Eve", "is not locked in"),
        (("admit", "bench3", "--key", "k.toml.pub"), "Eve", "'Eve' is an engineer"),
        (("product", "release", "p.toml", "--key", "k.toml"), "Tom", "'Tom' is a technician"),
        (("product", "release", "p.toml", "--key", "k.toml"), "Eve", "p.toml: cannot be read"),
        (("instrument", "add", "c.toml"), "Eve", "'Eve' is an engineer"),
        (("instrument", "add", "c.toml", *BY_ADA), "Ada", "is no person's that"),
        (("instrument", "retire", "M1", "--reason", "x"), "Tom", "'Tom' is a technician"),
        (("override", "c.toml", *UNTIL, *BY_ADA), "Eve", "'Eve' is an engineer"),
        (("retention", "--years", "3", "--reason", "x", *BY_ADA), "Tom", "'Tom' is a technician"),
        (("log", "--reviewed-by", "Tom"), "Tom", "'Tom' is a technician"),
        (("log", "--reviewed-by", "Ada"), "Olu", "--reviewed-by 'Ada': 'Olu' is signed on"),
        (("log", "--reviewed-by", "olu"), "Olu", ""),
        (("person", "add", "Bo", "--role", "auditor"), "Eve", "'Eve' is an engineer"),
        (("person", "disable", "Tom"), "Olu", "'Olu' is an auditor"),
        (("person", "unlock", "Tom"), "Ada", "is not locked"),
        (("person", "change-pin", "Tom"), "Eve", "'Eve' is an engineer"),
    ],
    ids=lambda one: one if isinstance(one, str) else " ".join(one[:2]),
)
def test_each_command_asks(
    crew: Path, tell: Tell, tmp_path: Path, arguments: tuple[str, ...], who: str, ends: str
) -> None:
    new_key_file(tmp_path / "k.toml", "k", "RELEASE")
    said_by(tell, who)
    code, told = ledcal(*arguments, "--data", crew)
    assert code == (2 if ends else 0), told
    assert ends in told
