"""What `ledcal doctor` says of who can sign on."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from ledcal.rig.doctor import examine
from ledcal.rig.doctor_findings import Finding, Findings, exit_code
from ledcal.rig.doctor_people import look_at_people
from ledcal.rig.errors import RefusedInput
from ledcal.rig.people.account import add_account
from ledcal.rig.people.sign_on import WRONG_IN_A_ROW
from ledcal.rig.settings import SettingsFile
from ledcal.rig.station import Station, read_station
from ledcal.rig.station_lock import hold_station
from ledcal.rig.store.opened import STORE, store_url
from tests.rig.people.conftest import WRONG, badge_of, on, people_at

Look = Callable[..., tuple[Finding, ...]]


@pytest.fixture
def look(station: SettingsFile[Station]) -> Look:
    """Look at the people of a station that asks for badge and PIN, or of one that does not."""

    def looked(*, asks: bool = True) -> tuple[Finding, ...]:
        if asks and read_station(station.path).settings.sign_on is None:
            station.path.write_text(f'sign_on = "required"\n{station.path.read_text()}')
        findings = Findings()
        look_at_people(read_station(station.path), findings)
        return tuple(findings.found)

    return looked


def test_where_nobody_is_asked_and_nobody_has_an_account_nothing_is_told(
    look: Look, data_folder: Path
) -> None:
    assert look(asks=False) == ()
    assert not data_folder.exists()


def test_a_station_that_asks_where_nobody_has_an_account(look: Look, data_folder: Path) -> None:
    (found,) = look()
    assert (found.status, exit_code([found])) == ("FAIL", 2)
    assert (
        f"begin with an approver, `ledcal person add NAME --role approver --data {data_folder}`"
        in found.text
    )


def test_a_crew_is_counted_by_role(look: Look, crew: Path) -> None:
    (found,) = look(asks=False)
    first, more = found.text.split("\n")
    assert first == "1 technician, 1 engineer, 1 approver, 1 auditor can sign on"
    assert (found.status, "nobody frees the only approver" in more) == ("WARN", True)
    with people_at(store_url(crew), crew) as people:
        add_account(people, "Bo", "approver", badge_of("Bo"), "318842", "Ada")
    (found,) = look()
    assert found.status == "ok"
    assert found.text == "1 technician, 1 engineer, 2 approvers, 1 auditor can sign on"


def test_locked_accounts_and_a_store_that_somebody_changed(look: Look, crew: Path) -> None:
    def lock(*names: str) -> None:
        with people_at(store_url(crew), crew) as people:
            for name in names:
                for _ in range(WRONG_IN_A_ROW):
                    with pytest.raises(RefusedInput):
                        on(people, name, WRONG)

    lock("Tom")
    (found,) = look()
    assert found.status == "WARN"
    assert f"Tom; an approver frees them, `ledcal person unlock NAME --data {crew}`" in found.text
    lock("Eve", "Ada")
    (found,) = look()
    assert (found.status, exit_code([found])) == ("FAIL", 2)
    assert found.text.startswith(
        "1 auditor can sign on\nnone of them may calibrate: `ledcal person"
    )
    assert "no approver: nobody can add, free, review or release" in found.text
    with closing(sqlite3.connect(crew / STORE)) as connection:
        connection.execute("DROP TRIGGER account_no_update")
        connection.execute("UPDATE account SET role = 'approver' WHERE name = 'Olu'")
        connection.commit()
    (found,) = look()
    assert (found.status, "the accounts were changed past their log" in found.text) == (
        "FAIL",
        True,
    )


def test_it_is_one_line_of_the_screen(station: SettingsFile[Station], crew: Path) -> None:
    with hold_station(station.path):
        names = [one.name for one in examine(station.path, None, None)]
    assert names.count("people") == 1
