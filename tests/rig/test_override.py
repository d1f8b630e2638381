"""A certificate that has run out, used for some days more: by whose word, and for how long."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from ledcal.rig.authorisation import AUTHORISATION, approver, authorise
from ledcal.rig.certificates import certificate_paths, read_certificates
from ledcal.rig.cli import app
from ledcal.rig.errors import StationError
from ledcal.rig.key_file import new_key_file, public_file
from ledcal.rig.logged import enter_action
from ledcal.rig.override import MOST_DAYS, MOST_PAST_DUE, OVERRIDE
from ledcal.rig.register_check import require_usable
from ledcal.rig.settings import SettingsFile
from ledcal.rig.station import Station
from ledcal.rig.store.opened import STORE, open_store_to_read, store_url
from ledcal.rig.store.schema import LOG_ENTRY
from ledcal.rig.trust import retire, trust

Change = Callable[..., Path]
Check = Callable[..., list[tuple[str, str]]]


def in_days(days: int) -> date:
    """Asked for when it is needed: a build that runs over midnight has two todays."""
    return datetime.now(UTC).date() + timedelta(days=days)


@pytest.fixture
def ann(tmp_path: Path, data_folder: Path) -> Path:
    path = tmp_path / "ann.toml"
    new_key_file(path, "Ann", "ENG")
    trust(public_file(path), data_folder)
    return path


@pytest.fixture
def meter(station: SettingsFile[Station], change: Change) -> Path:
    """The power meter's certificate, two days overdue."""
    return change("power_meter", "due", value=in_days(-2))


@pytest.fixture
def check(station: SettingsFile[Station], data_folder: Path) -> Check:
    def ask(mode: str = "DEMO", operator: str = "Tom") -> list[tuple[str, str]]:
        said = station.settings.model_copy(update={"mode": mode, "simulated": mode == "DEMO"})
        return require_usable(read_certificates(station), said, data_folder, operator)

    return ask


def refusal(check: Check, *asked: str) -> str:
    with pytest.raises(StationError) as caught:
        check(*asked)
    assert caught.value.code == "CERTIFICATE_OVERDUE"
    return caught.value.text


def override(file: Path, key: Path, days: int, *more: str, name: str = "Ann") -> tuple[int, str]:
    until = in_days(days).isoformat()
    told = CliRunner().invoke(
        app,
        [
            *("override", str(file), "--reason", "a panel waits", "--until", until),
            *("--name", name, "--key", str(key), "--data", str(file.parent / "data"), *more),
        ],
    )
    return told.exit_code, told.output


def test_a_clock_behind_the_issue_of_a_certificate_measures_nothing(
    change: Change, check: Check
) -> None:
    change("power_meter", "due", value=in_days(400))
    change("power_meter", "issued", value=in_days(1))  # by UTC; where it was written it is today
    check()
    change("power_meter", "issued", value=in_days(2))
    with pytest.raises(
        StationError, match=f"of {in_days(2)}, but by .* it is {in_days(0)}: set the"
    ):
        check()


def test_overdue_certificates_are_named_all(
    station: SettingsFile[Station], change: Change, check: Check
) -> None:
    for role in ("power_meter", "thermocouple_logger"):
        change(role, "due", value=in_days(-2))
    text = refusal(check)
    assert f"power_meter Model M1: certificate C-M1 was due {in_days(-2)} (2 days ago)" in text
    assert "there is no override" in text
    assert "C-L1" in text
    assert "C-S1" not in text
    assert "`ledcal override FILE`" in text


def test_a_certificate_is_in_date_on_its_last_day(
    station: SettingsFile[Station], change: Change, check: Check
) -> None:
    # Tomorrow too, so that midnight between the two lines does no harm.
    today = datetime.now(UTC).date()
    for due in (today, today + timedelta(days=1)):
        change("power_meter", "due", value=due)
        assert check() == []


def test_an_override_lets_it_measure_and_is_told(meter: Path, ann: Path, check: Check) -> None:
    code, told = override(meter, ann, 1)
    assert code == 0, told
    assert "certificate C-M1 of Maker Model M1 may be used until" in told
    ((said, text),) = check()
    assert said == "CERTIFICATE_OVERRIDE"
    for words in (f"was due {in_days(-2)}", "by override of Ann (key ", "reason: a panel waits"):
        assert words in text
    assert "entry 0 of the log" in text


def test_it_counts_for_this_file_this_operator_and_this_mode_only(
    meter: Path, ann: Path, check: Check, change: Change
) -> None:
    assert override(meter, ann, 1)[0] == 0
    assert "who performs the run cannot override for himself" in refusal(check, "DEMO", "ann ")
    assert "its key is for engineering" in refusal(check, "PROD")
    change("power_meter", "due", value=in_days(-1))
    assert "there is no override" in refusal(check)


def test_it_ends_with_its_day(
    meter: Path, ann: Path, data_folder: Path, check: Check, station: SettingsFile[Station]
) -> None:
    """Written as the command would have written it a week ago."""
    by = approver("Ann", ann, data_folder)
    facts = {
        **{"maker": "Maker", "model": "Model", "number": "C-M1", "kind": "optical_power"},
        **{"file_sha256": read_certificates(station).file_sha256["power_meter"], "reason": "x"},
    }
    yesterday = in_days(-1).isoformat()
    authorise(data_folder, OVERRIDE, "M1", facts | {"until": yesterday}, by)
    assert f"it ended on {yesterday}" in refusal(check)
    # Signed past the command, for longer than anybody may.
    far = in_days(MOST_DAYS + 1).isoformat()
    authorise(data_folder, OVERRIDE, "M1", facts | {"until": far}, by)
    assert f"it reaches to {far}" in refusal(check)


@pytest.mark.parametrize(
    ("role", "past_due", "days", "words"),
    [
        ("power_meter", 0, 1, "is in date until"),
        ("power_meter", 2, -1, "is past; today is"),
        ("power_meter", 2, 6, "too far; at most 7 days from today"),
        ("power_meter", 8, 0, "cannot be overridden any more; send the instrument"),
        ("spectrometer", 8, 8, "too far"),
        ("thermocouple_logger", 27, 2, "and 28 days past due"),
        ("power_meter", 2, 5, ""),
        ("spectrometer", 8, 7, ""),
        ("thermocouple_logger", 27, 1, ""),
    ],
)
def test_how_far_an_override_reaches(
    station: SettingsFile[Station],
    change: Change,
    ann: Path,
    role: str,
    past_due: int,
    days: int,
    words: str,
) -> None:
    change(role, "due", value=in_days(-past_due if past_due else 30))
    code, told = override(certificate_paths(station)[role], ann, days)
    assert code == (2 if words else 0), told
    assert words in told


def test_the_absolute_scale_is_overridden_for_the_shortest_time() -> None:
    assert MOST_PAST_DUE["optical_power"] == min(MOST_PAST_DUE.values()) == MOST_DAYS


@pytest.mark.parametrize("why", ["unknown", "retired", "own", "nobody"])
def test_who_may_not_override(
    meter: Path, ann: Path, data_folder: Path, tmp_path: Path, why: str, check: Check
) -> None:
    key, name = ann, "Ann"
    if why == "unknown":
        key = tmp_path / "eve.toml"
        new_key_file(key, "Eve", "PROD")
    elif why == "retired":
        key_id = next((data_folder / "keys/trusted").glob("*.toml")).stem
        retire(key_id, data_folder)
    elif why == "nobody":
        name = " "
    else:
        key = data_folder / "keys/engineering.pem"
    code, told = override(meter, key, 1, name=name)
    assert code == 2, told
    refusal(check)


def entry_of_log(data_folder: Path) -> dict[str, object]:
    with open_store_to_read(store_url(data_folder)) as store, store.reading() as connection:
        content = connection.execute(select(LOG_ENTRY.c.entry)).scalar_one()
    return dict(json.loads(content))


def test_a_signature_is_not_lifted_onto_another_entry(
    meter: Path, ann: Path, data_folder: Path, check: Check, change: Change
) -> None:
    assert override(meter, ann, 1)[0] == 0
    facts = dict(entry_of_log(data_folder)["facts"])  # type: ignore[call-overload]
    change("power_meter", "number", value="C-M1-new")
    change("power_meter", "due", value=in_days(-2))
    path = change("power_meter", "due", value=in_days(-1))
    facts["file_sha256"] = read_sha256(path)
    enter_action(data_folder, OVERRIDE, "M1", who="Ann", facts=facts)
    assert "its signature is over something else" in refusal(check)
    del facts[AUTHORISATION]
    enter_action(data_folder, OVERRIDE, "M1", who="Ann", facts=facts)
    assert "nobody has signed it" in refusal(check)
    enter_action(data_folder, OVERRIDE, "M1", who="Ann", facts=facts | {AUTHORISATION: ["x"]})
    assert "is no DSSE envelope" in refusal(check)
    told = CliRunner().invoke(app, ["log", "--data", str(data_folder)]).output
    assert told.count("✔ signed with key") == 1
    assert told.count("✘ its signature does not count") == 2


def read_sha256(path: Path) -> str:
    from ledcal.rig.certificate_file import read_any_certificate

    return read_any_certificate(path)[2]


def test_an_entry_written_past_the_log_stops_the_run(
    meter: Path, ann: Path, data_folder: Path, check: Check
) -> None:
    assert override(meter, ann, 1)[0] == 0
    with closing(sqlite3.connect(data_folder / STORE)) as connection:
        connection.execute("DROP TRIGGER checkpoint_no_delete")
        connection.execute("DELETE FROM checkpoint")
        connection.commit()
    with pytest.raises(StationError, match="entry 0 of the log was altered") as caught:
        check()
    assert caught.value.code == "LOG"
