"""What the commands `ledcal person`, `sign-on` and `sign-off` do."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.engine import make_url

from ledcal.rig.errors import RefusedInput
from ledcal.rig.folder import require_writable
from ledcal.rig.people.account import (
    Account,
    People,
    account_of,
    accounts,
    add_account,
    change_pin,
    disable_account,
    folded,
    has_accounts,
    require_name_and_role,
    require_new,
)
from ledcal.rig.people.ask import Asker, open_asker
from ledcal.rig.people.gate import (
    BADGE,
    PIN,
    asked,
    is_guarded,
    open_people,
    require_accounts,
    who_is_there,
)
from ledcal.rig.people.rights import Action, require
from ledcal.rig.people.shift import begin_shift, end_shift
from ledcal.rig.people.sign_on import SignedOn, is_locked, unlock_person
from ledcal.rig.station import Station
from ledcal.rig.store.opened import open_store_to_read, store_url

IDLE_S = 1800.0
"""After so long without use a shift ends where no station file says otherwise. [s]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An account as it is listed.

    Attributes:
        account: The account.
        state: "active", "locked" or "disabled".
    """

    account: Account
    state: str

    @property
    def facts(self) -> dict[str, Any]:
        """What other programs are told: no hash of badge or PIN."""
        return {"name": self.account.name, "role": self.account.role, "state": self.state}


def add_person(data_folder: Path, url: str | None, name: str, role: str) -> Account:
    """Add a person, who chooses a PIN on the spot; an approver signs on first.

    The first of a store is an approver, and adds himself or herself.

    Raises:
        RefusedInput: Somebody has no right, or name, role, badge or PIN are refused.
        StationError: The store cannot be used.
    """
    require_name_and_role(name, role)
    is_first = not is_guarded(data_folder, url)
    if is_first and role != "approver":
        raise RefusedInput(
            "ROLE",
            f"{name!r} is the first here, and only an approver can add the others: "
            "begin with --role approver",
        )
    require_writable(data_folder)
    with open_people(data_folder, url=url) as people, open_asker() as asker:
        with people.store.reading() as connection:
            require_new(accounts(connection), name)
        _require_person(asker)
        by = None if is_first else _approver(people, asker, data_folder, url, name)
        badge = asker.ask_new(f"{BADGE} of {name}")
        made = add_account(people, name, role, badge, asker.ask_new(f"new {PIN} of {name}"), by)
    if is_first:
        _keep_from_others(url or store_url(data_folder))
    return made


def disable_person(data_folder: Path, url: str | None, name: str) -> Account:
    """Disable a person's account for good; an approver signs on.

    Raises:
        RefusedInput: Somebody has no right, or the account cannot be disabled.
        StationError: The store cannot be used.
    """
    require_accounts(data_folder, url)
    with open_people(data_folder, url=url) as people, open_asker() as asker:
        _require_there(people, name)
        by = _approver(people, asker, data_folder, url, name)
        return disable_account(people, name, by)


def unlock_account(data_folder: Path, url: str | None, name: str) -> Account:
    """Free a person's account from its lock; an approver signs on.

    Raises:
        RefusedInput: Somebody has no right, or the account is not locked.
        StationError: The store cannot be used.
    """
    require_accounts(data_folder, url)
    with open_people(data_folder, url=url) as people, open_asker() as asker:
        _require_there(people, name)
        by = _approver(people, asker, data_folder, url, name)
        return unlock_person(people, name, by)


def change_own_pin(data_folder: Path, url: str | None, name: str) -> Account:
    """Let a person choose another PIN: after the old one, or in the presence of an approver.

    Raises:
        RefusedInput: The person who signs on is neither, or the new PIN is refused.
        StationError: The store cannot be used.
    """
    require_accounts(data_folder, url)
    with open_people(data_folder, url=url) as people, open_asker() as asker:
        _require_there(people, name)
        _require_person(asker)
        badge = asker.ask(BADGE)
        person = asked(people, asker, badge)
        if folded(person.name) != folded(name):
            require(people, person, Action.ACCOUNTS, name)
            badge = asker.ask(f"{BADGE} of {name}")
        return change_pin(people, name, badge, asker.ask_new(f"new {PIN} of {name}"), person.name)


def standings(data_folder: Path, url: str | None) -> list[Standing]:
    """Return everybody's account with its state, in the order in which they were added.

    Raises:
        RefusedInput: There is no store.
        StationError: It cannot be used, or was changed.
    """
    with open_store_to_read(url or store_url(data_folder)) as store:
        with store.reading() as connection:
            if not has_accounts(connection):
                return []
            return [
                Standing(account=one, state=_state(connection, one))
                for one in accounts(connection)
            ]


def begin(data_folder: Path, url: str | None, station: Station | None) -> SignedOn:
    """Sign a person on for the shift.

    Raises:
        RefusedInput: Badge or PIN are not right.
        StationError: The store cannot be used, or nothing can be kept.
    """
    require_accounts(data_folder, url)
    name, idle_s = ("", IDLE_S) if station is None else (station.name, station.sign_on_idle_s)
    with open_people(data_folder, name, url) as people, open_asker() as asker:
        badge = asker.ask(BADGE)
        return begin_shift(people, url or store_url(data_folder), badge, asker.ask(PIN), idle_s)


def end(data_folder: Path, url: str | None) -> str | None:
    """Sign off whoever is signed on for the shift; return who that was.

    Raises:
        RefusedInput: Nobody has an account here.
        StationError: The store cannot be used.
    """
    require_accounts(data_folder, url)
    with open_people(data_folder, url=url) as people:
        return end_shift(people, url or store_url(data_folder))


def approvers(data_folder: Path, url: str | None) -> int:
    """Return how many approvers can act: a single one who is locked out has nobody to free him."""
    found = standings(data_folder, url)
    return sum(one.account.role == "approver" and one.state == "active" for one in found)


def _approver(people: People, asker: Asker, data_folder: Path, url: str | None, about: str) -> str:
    person = who_is_there(people, asker, Action.ACCOUNTS, url or store_url(data_folder))
    return require(people, person, Action.ACCOUNTS, about).name


def _require_there(people: People, name: str) -> None:
    with people.store.reading() as connection:
        account_of(connection, name)


def _require_person(asker: Asker) -> None:
    if asker.lies_on_disk:
        raise RefusedInput(
            "SIGN_ON", "a new PIN comes from the terminal or through a pipe, never from a file"
        )


def _state(connection: Connection, one: Account) -> str:
    if not one.active:
        return "disabled"
    return "locked" if is_locked(connection, one.name) else "active"


def _keep_from_others(url: str) -> None:
    """Let no other account of the computer read the hashes; PostgreSQL has its own rights."""
    said = make_url(url)
    if said.get_backend_name() == "sqlite" and said.database:
        for tail in ("", "-wal", "-shm"):
            path = Path(said.database + tail)
            with suppress(FileNotFoundError, PermissionError):
                path.chmod(path.stat().st_mode & 0o770)
