"""Certificates in service and out of it, and what a run may measure with."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ledcal.rig.authorisation import approver
from ledcal.rig.certificates import certificate_paths, read_certificates
from ledcal.rig.cli import app
from ledcal.rig.errors import StationError
from ledcal.rig.folder import sha256_hex
from ledcal.rig.key_file import new_key_file, public_file, public_key_toml, read_key_file
from ledcal.rig.key_listing import enter_key
from ledcal.rig.register import newest, put_in_service, put_out_of_service
from ledcal.rig.register_check import require_usable
from ledcal.rig.settings import SettingsFile
from ledcal.rig.station import Station
from ledcal.rig.trust import TRUSTED, trust
from ledcal.rig.verify_archive import verify_data

Change = Callable[..., Path]
Check = Callable[..., list[tuple[str, str]]]
HOSTILE = "=1+1\x1b[2J\u202e<script>"


def ledcal(*arguments: str | Path) -> tuple[int, str]:
    told = CliRunner().invoke(app, [*map(str, arguments)])
    return told.exit_code, told.output


@pytest.fixture
def ann(tmp_path: Path, data_folder: Path) -> Path:
    """An approver's key, trusted in the data folder."""
    path = tmp_path / "ann.toml"
    new_key_file(path, "Ann", "PROD")
    trust(public_file(path), data_folder, lambda one: enter_key(data_folder, one, "Ann", ""))
    return path


@pytest.fixture
def check(station: SettingsFile[Station], data_folder: Path) -> Check:
    """Ask whether the station's instruments may measure, in a mode."""

    def ask(mode: str = "PROD", operator: str = "Tom") -> list[tuple[str, str]]:
        said = station.settings.model_copy(update={"mode": mode, "simulated": mode == "DEMO"})
        return require_usable(read_certificates(station), said, data_folder, operator)

    return ask


def refusal(check: Check, *asked: str) -> str:
    with pytest.raises(StationError) as caught:
        check(*asked)
    return f"{caught.value.code}: {caught.value.text}"


def files(station: SettingsFile[Station]) -> list[Path]:
    return list(certificate_paths(station).values())


def serve(station: SettingsFile[Station], data_folder: Path, ann: Path) -> None:
    put_in_service(files(station), data_folder, by=approver("Ann", ann, data_folder))


def test_production_wants_every_certificate_in_service_and_signed_for(
    station: SettingsFile[Station], data_folder: Path, ann: Path, check: Check
) -> None:
    said = refusal(check)
    assert said.startswith("INSTRUMENT_REGISTER: ")
    assert said.count("is in no register") == 3
    assert "`ledcal instrument add FILE --name NAME --key FILE`" in said
    put_in_service(files(station), data_folder, "Tom")
    assert refusal(check).count("but nobody has signed it: production asks") == 3
    serve(station, data_folder, ann)
    assert check() == []
    assert not any(one.findings for one in verify_data(data_folder))


def test_other_modes_are_told_and_go_on(
    station: SettingsFile[Station], data_folder: Path, check: Check
) -> None:
    notes = check("ENG")
    assert [code for code, _ in notes] == ["INSTRUMENT_REGISTER"] * 3
    assert "not refused in ENG" in notes[0][1]
    # Nobody has a certificate of an emulated instrument on paper.
    assert check("DEMO") == []
    put_in_service(files(station), data_folder, "Tom")
    assert check("ENG") == []
    put_out_of_service("M1", "fell down", data_folder)
    ((_, text),) = check("DEMO")
    assert "power_meter Model M1: is out of service since" in text
    assert "(fell down)" in text


def test_a_file_that_was_changed_afterwards_is_not_the_one_in_service(
    station: SettingsFile[Station], data_folder: Path, ann: Path, check: Check, change: Change
) -> None:
    serve(station, data_folder, ann)
    path = change("spectrometer", "table", "correction_factor", 1, value=1.05)
    said = refusal(check)
    assert "the file of certificate C-S1 is not the one in service" in said
    assert sha256_hex(path.read_bytes()) in said
    assert "M1" not in said


def test_a_key_for_engineering_does_not_count_in_production(
    station: SettingsFile[Station], data_folder: Path, tmp_path: Path, check: Check
) -> None:
    path = tmp_path / "eve.toml"
    new_key_file(path, "Eve", "ENG")
    trust(public_file(path), data_folder)
    serve(station, data_folder, path)
    assert "signed with an ENG key" in refusal(check)


def test_a_key_counts_until_it_was_retired(
    station: SettingsFile[Station], data_folder: Path, ann: Path, check: Check
) -> None:
    serve(station, data_folder, ann)
    (path,) = (data_folder / TRUSTED).glob("*.toml")
    public, now = read_key_file(ann).public, datetime.now(UTC)
    path.write_bytes(public_key_toml("Ann", "PROD", public, now + timedelta(minutes=1)))
    assert check() == []
    path.write_bytes(public_key_toml("Ann", "PROD", public, now - timedelta(minutes=1)))
    assert "was retired before" in refusal(check)
    path.unlink()
    assert "its key is not trusted" in refusal(check)


def test_the_commands(
    station: SettingsFile[Station],
    data_folder: Path,
    ann: Path,
    change: Change,
    check: Check,
    tmp_path: Path,
) -> None:
    there = ("--data", data_folder)
    now = datetime.now(UTC).date()
    change("power_meter", "due", value=now + timedelta(days=12))
    change("spectrometer", "due", value=now - timedelta(days=3))
    code, told = ledcal("instrument", "add", *files(station), *there, "--operator", "Tom")
    assert code == 0, told
    assert "certificate C-M1 of Maker Model M1 is in service, due" in told
    assert "overdue by 3 days" in told
    code, told = ledcal("instrument", "list", *there)
    assert code == 1, told
    assert told.index("✘ overdue by 3 days") < told.index("▲ 12 days") < told.index("✔ ")
    assert "3 in service, 1 of them overdue" in told
    code, told = ledcal("instrument", "retire", "S1", "--reason", HOSTILE, *there)
    assert code == 0, told
    assert ledcal("instrument", "list", *there)[0] == 0
    change("power_meter", "number", value="C-M1-2027")
    code, told = ledcal(
        *("instrument", "add", tmp_path / "power_meter.toml", *there),
        *("--name", "Ann", "--key", ann),
    )
    assert code == 0, told
    _, told = ledcal("instrument", "list", "--json", *there)
    found = {one["serial"]: one for one in json.loads(told)["instruments"]}
    assert found["M1"]["number"] == "C-M1-2027"
    assert (found["S1"]["in_service"], found["S1"]["reason"]) == (False, HOSTILE)
    _, told = ledcal("instrument", "history", "M1", *there)
    assert told.index("C-M1 of") < told.index("C-M1-2027 of")
    assert "by Tom, computer " in told
    assert "nobody has signed it" in told
    assert "by Ann, computer " in told
    assert "signed with key" in told
    _, told = ledcal("instrument", "history", "S1", *there)
    assert "out of service: =1+1\\u001b[2J\\u202e<script>" in told
    _, told = ledcal("log", *there, "--subject", "M1")
    assert told.count("instrument in service") == 2


@pytest.mark.parametrize(
    ("words", "more"),
    [
        ("'M9': is not in service; in service are: L1, M1, S1", ("retire", "M9", "--reason", "x")),
        ("--reason: has 0 characters", ("retire", "M1", "--reason", "  ")),
        ("was never in service here", ("history", "M9")),
        ("is in service already, entry 0", ("add", "power_meter.toml")),
        ("--name and --key go together", ("add", "power_meter.toml", "--name", "Ann")),
        ("station.toml:", ("add", "station.toml")),
        ("absent.toml: cannot be read", ("add", "absent.toml")),
    ],
)
def test_what_the_register_refuses(
    station: SettingsFile[Station],
    data_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    words: str,
    more: tuple[str, ...],
) -> None:
    monkeypatch.chdir(tmp_path)
    put_in_service(files(station), data_folder)
    code, told = ledcal("instrument", *more, "--data", data_folder)
    assert code == 2, told
    assert words in told
    assert len(newest(data_folder)) == 3


def test_an_older_certificate_does_not_replace_a_newer_one(
    station: SettingsFile[Station], data_folder: Path, change: Change
) -> None:
    put_in_service(files(station), data_folder)
    path = change("power_meter", "issued", value=date(2025, 1, 1))
    code, told = ledcal("instrument", "add", path, "--data", data_folder)
    assert code == 2
    assert "issued 2025-01-01: certificate C-M1 of Maker Model M1 in service is of" in told
    other = change("power_meter", "serial", value="M2")
    code, told = ledcal("instrument", "add", other, other, "--data", data_folder)
    assert "is a second certificate of Model M2" in told


def test_two_instruments_with_one_serial_are_told_apart(
    station: SettingsFile[Station], data_folder: Path, change: Change, check: Check
) -> None:
    put_in_service(files(station), data_folder)
    other = change("power_meter", "model", value="Other")
    put_in_service([other], data_folder)
    code, told = ledcal("instrument", "retire", "M1", "--reason", "x", "--data", data_folder)
    assert code == 2
    assert "there are several, Model, Other; say --model" in told
    put_out_of_service("M1", "x", data_folder, model="Model")
    assert check("ENG") == []
    change("power_meter")
    assert "is out of service" in check("ENG")[0][1]
