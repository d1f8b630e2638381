"""Accounts: only added to, unique, told by the log, and useless when changed past it."""

import json
from pathlib import Path

import pytest
from sqlalchemy import select, text

from ledcal.rig.errors import RefusedInput, StationError
from ledcal.rig.people.account import (
    People,
    account_of,
    accounts,
    add_account,
    change_pin,
    disable_account,
    has_accounts,
)
from ledcal.rig.people.sign_on import sign_on
from ledcal.rig.store.schema import ACCOUNT, LOG_ENTRY
from ledcal.rig.verify_archive import verify_data
from tests.rig.people.conftest import PINS, ROLES, badge_of, on

HOSTILE = (
    *("", " ", " Tom", "Tom ", "a\x1b[31mb", "a\u202eb", "a\x00b", "a\nb", "\udc80", "x" * 81),
    *("not recorded", "NOT RECORDED", "--data"),
)


def log_of(people: People) -> list[dict[str, object]]:
    with people.store.reading() as connection:
        return [json.loads(one) for one in connection.execute(select(LOG_ENTRY.c.entry)).scalars()]


def test_every_change_is_in_the_log_and_no_secret_is(people: People) -> None:
    change_pin(people, "tom", badge_of("Tom"), "660412", "Tom")
    disable_account(people, "Tom", "Ada")
    on(people, "Ada")
    told = [(one["kind"], one["subject"], one["who"]) for one in log_of(people)]
    assert told == [
        ("person added", "Ada", "Ada"),
        *(("person added", name, "Ada") for name in ("Eve", "Olu", "Tom")),
        ("PIN changed", "Tom", "Tom"),
        ("person disabled", "Tom", "Ada"),
        ("signed on", "Ada", "Ada"),
    ]
    said = json.dumps(log_of(people))
    with people.store.reading() as connection:
        rows = connection.execute(select(ACCOUNT)).mappings().all()
        assert [one.role for one in accounts(connection)] == list(ROLES.values())
        assert [one.active for one in accounts(connection)] == [True, True, True, False]
    assert len(rows) == 6
    secrets = [*PINS.values(), "660412", *map(badge_of, PINS), "argon2"]
    secrets += [part for row in rows for part in (row["pin"], row["badge"])]
    assert [one for one in secrets if one in said] == []


def test_the_first_person_adds_himself_and_nobody_else_does(nobody: People) -> None:
    with nobody.store.reading() as connection:
        assert not has_accounts(connection)
    with pytest.raises(RefusedInput, match="an approver signs on and adds"):
        add_account(nobody, "Tom", "technician", "B-TOM-77", "907261", "Ada")
    add_account(nobody, "Ada", "approver", "B-ADA-77", "482915", None)
    with pytest.raises(RefusedInput, match="an approver signs on and adds"):
        add_account(nobody, "Bo", "approver", "B-BO-77", "482915", None)
    with nobody.store.reading() as connection:
        assert [one.name for one in accounts(connection)] == ["Ada"]


def test_names_that_nobody_is_given(people: People) -> None:
    for name in (*HOSTILE, "tom", "TOM", "Ｔｏｍ", "Eve"):
        with pytest.raises(RefusedInput) as caught:
            add_account(people, name, "technician", "B-NEW-77", "907262", "Ada")
        assert caught.value.text.isprintable(), ascii(name)


def test_names_that_look_dangerous_are_only_names(people: People) -> None:
    names = ("<script>alert(1)</script>", "=cmd|'/c calc'!A0", "'; DROP TABLE account; --", "Åsa")
    for number, name in enumerate(names):
        add_account(people, name, "technician", f"B-NEW-{number}", "907262", "Ada")
        assert sign_on(people, f"B-NEW-{number}", "907262").name == name


def test_badge_and_name_are_one_persons_for_ever(people: People) -> None:
    disable_account(people, "Tom", "Ada")
    with pytest.raises(RefusedInput, match="this badge is another account's"):
        add_account(people, "Tim", "technician", badge_of("Tom"), "907262", "Ada")
    with pytest.raises(RefusedInput, match="add a middle name"):
        add_account(people, "Tom", "technician", "B-NEW-77", "907262", "Ada")
    with pytest.raises(RefusedInput, match="is disabled"):
        change_pin(people, "Tom", badge_of("Tom"), "907262", "Ada")
    with pytest.raises(RefusedInput, match="not right"):
        on(people, "Tom")


@pytest.mark.parametrize("role", ["", "Approver", "admin", "\x1b[0m"])
def test_roles_that_are_none(people: People, role: str) -> None:
    with pytest.raises(RefusedInput, match="is none of technician, engineer, approver, auditor"):
        add_account(people, "Tim", role, "B-NEW-77", "907262", "Ada")


def test_the_last_approver_stays(people: People) -> None:
    with pytest.raises(RefusedInput, match="is the only approver"):
        disable_account(people, "Ada", "Ada")
    add_account(people, "Abe", "approver", "B-ABE-77", "907262", "Ada")
    assert not disable_account(people, "Ada", "Abe").active


def test_a_pin_is_changed_with_the_badge_in_hand(people: People) -> None:
    with pytest.raises(RefusedInput, match="is not the badge of 'Tom'"):
        change_pin(people, "Tom", badge_of("Eve"), "660412", "Ada")
    with pytest.raises(RefusedInput, match="choose another"):
        change_pin(people, "Tom", badge_of("Tom"), "222222", "Tom")
    change_pin(people, "Tom", badge_of("Tom"), "660412", "Tom")
    assert on(people, "Tom", "660412").name == "Tom"
    with pytest.raises(RefusedInput, match="not right"):
        on(people, "Tom")
    with (
        people.store.reading() as connection,
        pytest.raises(RefusedInput, match="nobody here has this name"),
    ):
        account_of(connection, "Nemo")


GUARDED = "account_no_update", "account_no_delete"
LOST = ", ".join(GUARDED)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE account SET role = 'approver' WHERE name = 'Tom'",
        "UPDATE account SET pin = (SELECT pin FROM account WHERE name = 'Tom') WHERE name = 'Ada'",
        "DELETE FROM account WHERE name = 'Eve'",
        "DELETE FROM account",
        "DROP TABLE account",
        "UPDATE account SET pin = x'00ff', name = x'ff' WHERE name = 'Tom'",
        "INSERT INTO account SELECT 99, 'Mal', 'approver', 'x', pin, active FROM account "
        "WHERE name = 'Tom'",
    ],
)
def test_accounts_that_were_changed_past_the_log_are_of_no_use(
    people: People, change: str, url: str, tmp_path: Path
) -> None:
    if "x'ff'" in change and not url.startswith("sqlite"):
        pytest.skip("only SQLite takes bytes for a text")
    if url.startswith("sqlite"):
        assert [one.findings for one in verify_data(tmp_path)] == [()]
    with people.store.adding() as connection:
        on_table = " ON account" if connection.dialect.name == "postgresql" else ""
        for guard in GUARDED:
            connection.execute(text(f"DROP TRIGGER {guard}{on_table}"))
        connection.execute(text(change))
    with people.store.reading() as connection:
        assert has_accounts(connection)
    if url.startswith("sqlite"):
        log, *_ = verify_data(tmp_path)
        # A table that is gone as a whole has no guards to miss.
        gone = change.startswith("DROP")
        lost = "its table account is missing" if gone else f"somebody removed its guards {LOST}"
        assert {one.text.partition(":")[0] for one in log.findings} == {
            "its accounts were changed past the log",
            lost,
        }
    with pytest.raises(StationError, match="changed past their log"):
        on(people, "Tom")
    with pytest.raises(StationError, match="changed past their log"):
        add_account(people, "Mal", "approver", "B-MAL-77", "907262", None)
