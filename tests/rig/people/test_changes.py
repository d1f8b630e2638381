"""The commands `ledcal person`: who adds, frees, disables; and what is told of it."""

import json
from pathlib import Path

from tests.rig.people.conftest import WRONG, Tell, badge_of, ledcal, log_of, said_by


def test_people_are_added_changed_freed_and_listed(crew: Path, tell: Tell, tmp_path: Path) -> None:
    data = ("--data", crew)
    said_by(tell, "Ada", "B-BO-77", "660412")
    code, told = ledcal("person", "add", "Bo", "--role", "approver", *data)
    assert (code, told) == (0, f"Bo: approver, entry {len(log_of(crew)) - 1} of the log\n")
    said_by(tell, "Tom", "118822")
    assert ledcal("person", "change-pin", "tom", *data) == (0, "Tom: has another PIN\n")
    for _ in range(5):
        said_by(tell, "Tom", pin=WRONG)
        assert ledcal("person", "change-pin", "Tom", *data)[0] == 2
    assert "Tom: technician, locked" in ledcal("person", "list", *data)[1]
    tell("B-BO-77", "660412")
    assert ledcal("person", "unlock", "Tom", *data) == (0, "Tom: is free again\n")
    said_by(tell, "Ada", badge_of("Tom"), "552190")
    assert ledcal("person", "change-pin", "Tom", *data)[0] == 0
    said_by(tell, "Ada")
    assert ledcal("person", "disable", "Olu", *data)[0] == 0
    said = json.loads(ledcal("person", "list", "--json", *data)[1])["people"]
    assert [(one["name"], one["state"]) for one in said] == [
        *(("Ada", "active"), ("Eve", "active"), ("Olu", "disabled")),
        *(("Tom", "active"), ("Bo", "active")),
    ]
    assert {name for one in said for name in one} == {"name", "role", "state"}


def test_the_first_person_of_a_folder(tell: Tell, tmp_path: Path) -> None:
    data = ("--data", tmp_path / "new")
    for command in (("sign-on",), ("sign-off",), ("person", "unlock", "Ada")):
        code, told = ledcal(*command, *data)
        assert (code, "begin with an approver" in told) == (2, True)
    tell("B-ADA-77", "482915")
    code, told = ledcal("person", "add", "Ada", "--role", "technician", *data)
    assert (code, "begin with --role approver" in told) == (2, True)
    assert not (tmp_path / "new").exists()
    tell("B-ADA-77", "111111")
    assert ledcal("person", "add", "Ada", "--role", "approver", *data)[0] == 2
    assert "nobody has an account here" in ledcal("person", "list", *data)[1]
    tell("B-ADA-77", "482915")
    code, told = ledcal("person", "add", "Ada", "--role", "approver", *data)
    assert code == 0, told
    assert "add a second approver" in told
    assert (tmp_path / "new" / "records.sqlite").stat().st_mode & 0o007 == 0
